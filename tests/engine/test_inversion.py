"""Training a concept: what changes, what must not change, and what a step reports."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isfinite
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from PIL import Image

from worker.engine.base_models import BaseModel, Conditioning, NoiseSchedule
from worker.engine.base_models.precision import Precision
from worker.engine.errors import InversionError
from worker.engine.inversion import LEARNED, OUT_OF_STEPS, Inversion, Options, TrainingStep, advance
from worker.engine.inversion.batch import Batch
from worker.engine.inversion.checkpoint import Checkpoint
from worker.engine.inversion.loss import losses
from worker.engine.inversion.samples import Samples

Tiny = Callable[[str], BaseModel]
Pictures = list[Image.Image]

SHORT = Options(steps_max=6, batch=2, evaluation_batch=2, evaluate_every=2, vectors=2, seed=11)
FAMILIES = ("sd1", "sd2", "sdxl")
PRECISIONS = (torch.float32, torch.bfloat16)


def taught_in(teaching: torch.dtype, model: BaseModel) -> BaseModel:
    """The model as on a CPU that teaches in this precision, whatever this machine's does."""
    return replace(model, precision=Precision(torch.float32, teaching))


def last(steps: Iterator[TrainingStep]) -> TrainingStep:
    """Run to the end."""
    *_, step = steps
    return step


def trained(
    model: BaseModel, pictures: Pictures, options: Options, initializer: str = "mug", resume: Checkpoint | None = None
) -> Inversion:
    """A run that has ended."""
    run = Inversion(model, pictures, initializer, options)
    last(run.steps(resume))
    return run


def checkpoint_at(step: int, run: Inversion) -> Checkpoint:
    """Train as far as a step and take a checkpoint there."""
    return next(run.checkpoint() for each in run.steps() if each.number == step)


def same_rows(one: Inversion, other: Inversion) -> bool:
    a, b = one.embedding.rows, other.embedding.rows
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_moves_the_rows_of_every_encoder_and_nothing_else(tiny: Tiny, pictures: Pictures, family: str) -> None:
    model = tiny(family)
    before = model.state_hash()
    run = Inversion(model, pictures, "mug", SHORT)
    steps = run.steps()
    next(steps)
    initial = run.embedding
    end = last(steps)
    assert end.number == 6
    assert end.stopped == OUT_OF_STEPS
    assert {name: tuple(rows.shape) for name, rows in run.best.rows.items()} == {
        name: (2, width) for name, width in model.widths.items()
    }
    assert all(not torch.equal(run.embedding.rows[name], initial.rows[name]) for name in model.widths)
    assert model.state_hash() == before
    assert all(parameter.grad is None for parameter in model.unet.parameters())
    assert all(len(encoder.tokenizer) == encoder.table.num_embeddings for encoder in model.encoders)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("teaching", PRECISIONS)
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(
    tiny: Tiny, pictures: Pictures, family: str, teaching: torch.dtype
) -> None:
    model = taught_in(teaching, tiny(family))
    checkpoint = checkpoint_at(3, Inversion(model, pictures, "mug", SHORT))
    whole = trained(model, pictures, SHORT)
    resumed = trained(model, pictures, SHORT, resume=checkpoint)
    assert same_rows(whole, resumed)
    assert whole.best_evaluation == resumed.best_evaluation
    assert whole.concept.evaluations == resumed.concept.evaluations


def test_the_same_step_has_the_same_gradient_on_several_threads(demo: BaseModel, pictures: Pictures) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        options = Options.for_model(demo, steps_max=3, evaluation_batch=1)
        runs = [trained(demo, pictures, options) for _ in range(4)]
    finally:
        torch.set_num_threads(threads)
    assert all(same_rows(runs[0], run) for run in runs[1:])


def test_a_checkpoint_is_some_tens_of_kilobytes(demo: BaseModel, pictures: Pictures) -> None:
    options = replace(SHORT, steps_max=1, vectors=16)
    assert len(trained(demo, pictures, options).checkpoint()) < 50_000


def test_a_checkpoint_of_another_run_is_refused(tiny: Tiny, pictures: Pictures) -> None:
    checkpoint = checkpoint_at(0, Inversion(tiny("sd1"), pictures, "mug", SHORT))
    with pytest.raises(InversionError, match="other options"):
        trained(tiny("sd1"), pictures, replace(SHORT, seed=12), resume=checkpoint)
    with pytest.raises(InversionError, match="shape"):
        trained(tiny("sd2"), pictures, SHORT, resume=checkpoint)
    with pytest.raises(InversionError, match="cannot be read"):
        trained(tiny("sd1"), pictures, SHORT, resume=checkpoint[:100])


def test_the_same_seed_learns_the_same_rows_and_another_does_not(tiny: Tiny, pictures: Pictures) -> None:
    runs = [trained(tiny("sd1"), pictures, options) for options in (SHORT, SHORT, replace(SHORT, seed=12))]
    assert same_rows(runs[0], runs[1])
    assert not same_rows(runs[0], runs[2])


def test_a_word_learned_in_bf16_is_nearly_the_word_learned_in_float32(tiny: Tiny, pictures: Pictures) -> None:
    full, half = (trained(taught_in(each, tiny("sd1")), pictures, SHORT) for each in PRECISIONS)
    assert half.concept.evaluations[-1] == pytest.approx(full.concept.evaluations[-1], rel=1e-2)
    assert {rows.dtype for rows in half.embedding.rows.values()} == {torch.float32}
    for name, rows in full.embedding.rows.items():
        assert torch.cosine_similarity(rows, half.embedding.rows[name]).min() > 0.9


def test_a_run_leaves_the_global_generator_alone(tiny: Tiny, pictures: Pictures) -> None:
    before = torch.get_rng_state()
    trained(tiny("sd1"), pictures, SHORT)
    assert torch.equal(torch.get_rng_state(), before)


def test_learning_lowers_the_evaluation_on_the_demo_model(demo: BaseModel, pictures: Pictures) -> None:
    options = Options.for_model(demo, steps_max=10, batch=4, evaluate_every=5)
    run = Inversion(demo, pictures, "mug", options)
    steps = run.steps()
    before = next(steps).evaluation
    last(steps)
    assert run.best_evaluation < before


def test_every_option_reaches_the_optimiser(tiny: Tiny, pictures: Pictures) -> None:
    options = replace(SHORT, learning_rate=0.011, beta_1=0.81, beta_2=0.97, epsilon=1e-5, weight_decay=0.03)
    inversion = Inversion(tiny("sd1"), pictures, "mug", options)
    (group,) = inversion.concept.optimiser.param_groups
    reached = {name: group[name] for name in ("lr", "betas", "eps", "weight_decay")}
    assert reached == {"lr": 0.011, "betas": (0.81, 0.97), "eps": 1e-5, "weight_decay": 0.03}
    assert [id(row) for row in group["params"]] == [id(row) for row in inversion.concept.rows.values()]


def test_every_other_option_reaches_the_run(tiny: Tiny, pictures: Pictures) -> None:
    options = Options(
        kind="style", vectors=3, steps_max=4, batch=5, mirror=True, evaluate_every=3, evaluation_batch=7, seed=1
    )
    inversion = Inversion(tiny("sd1"), pictures, "mug", options)
    assert len(inversion.captions["text_encoder"]) == 19
    assert len(inversion.concept.rows["text_encoder"]) == 3
    assert len(inversion.latents) == 2 * len(pictures)
    assert len(inversion.next_batch().samples.t) == 5
    assert len(inversion.validation_batch.samples.t) == 7
    steps = list(inversion.steps())
    assert [step.number for step in steps] == [0, 1, 2, 3, 4]
    assert len(inversion.concept.evaluations) == 3  # at 0, 3 and the end


@pytest.mark.parametrize(
    ("name", "value"),
    [("vectors", 0), ("vectors", 17), ("steps_max", 10_001), ("batch", 0), ("learning_rate", 0.0), ("kind", "person")],
)
def test_an_option_out_of_range_is_named_with_its_value(demo: BaseModel, name: str, value: Any) -> None:
    with pytest.raises(InversionError, match=str(value)):
        Options.for_model(demo, **{name: value})


def test_the_best_rows_are_kept_and_not_the_last(tiny: Tiny, pictures: Pictures) -> None:
    inversion = Inversion(tiny("sd1"), pictures, "mug", SHORT)
    inversion.concept.record_evaluation(1.0, 0)
    good = inversion.concept.rows["text_encoder"].detach().clone()
    advance(tiny("sd1"), [inversion])
    inversion.concept.record_evaluation(2.0, 1)
    assert torch.equal(inversion.concept.best["text_encoder"], good)
    assert inversion.concept.best_evaluation == 1.0


def test_rows_that_run_away_go_back_to_the_best_and_on_more_carefully(tiny: Tiny, pictures: Pictures) -> None:
    run = Inversion(tiny("sd1"), pictures, "mug", SHORT)
    steps, concept = run.steps(), run.concept
    next(steps)
    next(steps)
    concept.rows["text_encoder"].data.fill_(float("nan"))
    step = next(steps)
    assert step.warnings == (
        "Learning ran away by step 2. It goes on from the best rows so far, with a quarter of the learning rate.",
    )
    assert torch.equal(run.embedding.rows["text_encoder"], run.best.rows["text_encoder"])
    assert concept.optimiser.param_groups[0]["lr"] == pytest.approx(SHORT.learning_rate / 4)
    last(steps)
    assert run.embedding.rows["text_encoder"].isfinite().all()


def test_rows_that_run_away_twice_end_with_a_sentence(tiny: Tiny, pictures: Pictures) -> None:
    with pytest.raises(InversionError, match="lower learning rate than 10"):
        trained(tiny("sd1"), pictures, replace(SHORT, learning_rate=10.0, evaluate_every=1, steps_max=50))


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_one_evaluation_that_is_no_number_is_not_taken_for_convergence(
    tiny: Tiny, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, number: float
) -> None:
    run = Inversion(tiny("sd1"), pictures, "mug", replace(SHORT, evaluate_every=1, stop_window=2, stop_ratio=0.1))
    steps = run.steps()
    for _ in range(3):
        next(steps)
    with monkeypatch.context() as once:
        once.setattr("worker.engine.inversion.inversion.losses", lambda *_: [torch.tensor(number)])
        step = next(steps)
    assert (step.stopped, len(step.warnings)) == (None, 1)
    assert all(isfinite(each) for each in run.concept.evaluations)
    assert isfinite(last(steps).evaluation)


def test_a_loss_that_is_no_number_before_the_first_step_is_a_sentence(
    tiny: Tiny, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Inversion(tiny("sd1"), pictures, "mug", SHORT)
    monkeypatch.setattr("worker.engine.inversion.inversion.losses", lambda *_: [torch.tensor(float("inf"))])
    with pytest.raises(InversionError, match="not a finite number before the first step"):
        run.begin()


def test_a_few_step_model_is_not_trained_on(tiny: Tiny, pictures: Pictures) -> None:
    with pytest.raises(InversionError, match=r"^x is a few-step model\.$"):
        Inversion(replace(tiny("sd1"), not_teachable_reason="x is a few-step model."), pictures, "mug", SHORT)


@pytest.mark.parametrize("batch", [0, 33, -1, 2.5, "8", True])
def test_a_batch_out_of_range_is_a_sentence(tiny: Tiny, pictures: Pictures, batch: Any) -> None:
    with pytest.raises(InversionError, match=r"batch is .*, and has to be a whole number from 1 to 32"):
        Inversion(tiny("sd1"), pictures, "mug", replace(SHORT, batch=batch))


def test_a_batch_of_32_is_trained(tiny: Tiny, pictures: Pictures) -> None:
    assert trained(tiny("sd1"), pictures, replace(SHORT, batch=32, steps_max=1)).number == 1


def test_a_run_stops_when_its_evaluation_does_not_move(tiny: Tiny, pictures: Pictures) -> None:
    options = replace(SHORT, steps_max=60, evaluate_every=1, stop_window=4, stop_ratio=1.0)
    end = last(Inversion(tiny("sd1"), pictures, "mug", options).steps())
    assert end.stopped == LEARNED
    assert 4 <= end.number < 60


@pytest.mark.parametrize(("initializer", "said"), [("", "empty"), ("  ", "empty")])
def test_an_initializer_that_says_nothing_is_a_sentence(
    tiny: Tiny, pictures: Pictures, initializer: str, said: str
) -> None:
    with pytest.raises(InversionError, match=said):
        Inversion(tiny("sd1"), pictures, initializer, SHORT)


def test_no_pictures_are_a_sentence(tiny: Tiny) -> None:
    with pytest.raises(InversionError, match="no pictures"):
        Inversion(tiny("sd1"), [], "mug", SHORT)


@pytest.mark.parametrize("teaching", PRECISIONS)
def test_words_learned_together_are_the_words_learned_alone(
    tiny: Tiny, pictures: Pictures, teaching: torch.dtype
) -> None:
    model = taught_in(teaching, tiny("sdxl"))
    plans = [("mug", replace(SHORT, seed=1)), ("cat", replace(SHORT, seed=2, vectors=3)), ("car", SHORT)]
    alone = [trained(model, pictures, options, initializer) for initializer, options in plans]
    together = [Inversion(model, pictures, initializer, options) for initializer, options in plans]
    for inversion in together:
        inversion.begin()
    advance(model, together[:1])  # the others join later, and the first leaves before they do
    while active := [inversion for inversion in together if inversion.stopped is None]:
        advance(model, active)
    for expected, inversion in zip(alone, together, strict=True):
        for name, rows in expected.embedding.rows.items():
            torch.testing.assert_close(inversion.embedding.rows[name], rows, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_loss_of_a_perfect_prediction_is_zero(prediction: str) -> None:
    alphas_cumprod = torch.linspace(0.99, 0.01, 10)
    schedule = NoiseSchedule(alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt(), prediction)
    noise = torch.randn(2, 3, 4, 2, 2)
    samples = Samples(*noise, torch.tensor([0, 4, 9]), torch.zeros(3), torch.ones(3, 1, 2, 2))
    alpha, sigma = (value[samples.t].view(-1, 1, 1, 1) for value in (schedule.alpha, schedule.sigma))
    perfect = {"epsilon": samples.eps, "v_prediction": alpha * samples.eps - sigma * samples.z_0}[prediction]

    def predict(z_t: torch.Tensor, t: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        torch.testing.assert_close(z_t, alpha * samples.z_0 + sigma * samples.eps)
        return perfect

    model = SimpleNamespace(
        noise_schedule=schedule,
        predict_for_training=predict,
        device=torch.device("cpu"),
        encoders=(),
        condition=lambda ids, rows: Conditioning(torch.empty(3, 1, 1)),
    )
    (loss,) = losses(cast(BaseModel, model), [Batch(samples, {}, {})])
    assert loss.item() == 0.0
