"""Ways to learn a word: each option reaches what is learned, and does what its paper says."""

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
import torch
from PIL import Image, ImageDraw
from torch.nn.functional import normalize

from app.contracts.training import Method, Prefer, StartMethod, Tuning
from app.contracts.training_options import CHOICES
from worker.engine.base_models import BaseModel, Conditioning, NoiseSchedule
from worker.engine.errors import InversionError
from worker.engine.evaluation import Prefer as Preferred
from worker.engine.inversion import Inversion, Options, advance
from worker.engine.inversion.batch import Batch
from worker.engine.inversion.context import Context
from worker.engine.inversion.directional import Directional
from worker.engine.inversion.initial import encoded_rows, mean_norm, token_rows
from worker.engine.inversion.loss import losses, min_snr_weight
from worker.engine.inversion.pictures import encode_pictures, masked
from worker.engine.inversion.samples import Samples
from worker.engine.inversion.trainable_concept import KEPT_MAX

Tiny = Callable[[str], BaseModel]
Pictures = list[Image.Image]

SHORT = Options(steps_max=4, batch=2, evaluation_batch=2, evaluate_every=2, vectors=2, seed=11)
DIRECTIONAL = replace(SHORT, method="directional", angle=0.05)
STOPPING = replace(SHORT, steps_max=12, evaluate_every=1, stop_window=3, stop_ratio=1.0)

# For every option: a run in which it matters, and another value for it.
OTHERWISE: dict[str, tuple[Options, Any]] = {
    "kind": (SHORT, "style"),
    "method": (SHORT, "directional"),
    "start": (SHORT, "encoded"),
    "vectors": (SHORT, 3),
    "steps_max": (SHORT, 3),
    "batch": (SHORT, 3),
    "resolution": (SHORT, 16),
    "angle": (DIRECTIONAL, 0.1),
    "kappa": (DIRECTIONAL, 1.0),
    "context_weight": (SHORT, 10.0),
    "snr_gamma": (SHORT, 0.1),
    "learning_rate": (SHORT, 0.1),
    "beta_1": (SHORT, 0.5),
    "beta_2": (SHORT, 0.5),
    "epsilon": (SHORT, 0.1),
    "weight_decay": (SHORT, 0.9),
    "seed": (SHORT, 12),
    "mirror": (SHORT, True),
    "evaluate_every": (SHORT, 1),
    "evaluation_batch": (SHORT, 3),
    "stop_window": (STOPPING, 8),
    "stop_ratio": (STOPPING, 0.0),
}


def trained(model: BaseModel, pictures: Pictures, options: Options, resume: bytes | None = None) -> Inversion:
    """A run that has ended."""
    run = Inversion(model, pictures, "mug", options)
    deque(run.steps(resume), maxlen=0)
    return run


def traced(run: Inversion) -> tuple[Any, ...]:
    """The result of a run."""
    rows = {name: value.tolist() for name, value in run.embedding.rows.items()}
    return rows, run.number, run.concept.evaluations


def test_every_option_has_a_run_in_which_it_matters() -> None:
    assert OTHERWISE.keys() == {field.name for field in fields(Options)}


def test_what_can_be_asked_over_rest_are_options_of_the_same_names() -> None:
    assert Tuning.model_fields.keys() - {"prefer"} <= OTHERWISE.keys()
    assert "prefer" not in Tuning(prefer="likeness").set_options()
    assert (get_args(Method), get_args(StartMethod)) == (CHOICES["method"], CHOICES["start"])
    assert get_args(Prefer) == get_args(Preferred)


@pytest.mark.parametrize("name", OTHERWISE)
def test_another_value_of_an_option_learns_another_word(tiny: Tiny, pictures: Pictures, name: str) -> None:
    options, value = OTHERWISE[name]
    runs = [trained(tiny("sd1"), pictures, each) for each in (options, replace(options, **{name: value}))]
    assert traced(runs[0]) != traced(runs[1])


@pytest.mark.parametrize(
    "options",
    [DIRECTIONAL, replace(DIRECTIONAL, start="encoded", context_weight=1.0), replace(SHORT, snr_gamma=5.0)],
    ids=["directional", "encoded with context", "min-SNR"],
)
def test_every_way_to_learn_is_resumed_bit_for_bit(tiny: Tiny, pictures: Pictures, options: Options) -> None:
    run = Inversion(tiny("sdxl"), pictures, "mug", options)
    checkpoint = next(run.checkpoint() for step in run.steps() if step.number == 3)
    whole = trained(tiny("sdxl"), pictures, options)
    assert traced(trained(tiny("sdxl"), pictures, options, resume=checkpoint)) == traced(whole)


def test_words_that_learn_in_different_ways_do_not_mind_each_other(tiny: Tiny, pictures: Pictures) -> None:
    model = tiny("sdxl")
    ways = [replace(SHORT, context_weight=1.0), DIRECTIONAL, replace(SHORT, snr_gamma=1.0, vectors=1)]
    alone = [trained(model, pictures, options) for options in ways]
    together = [Inversion(model, pictures, "mug", options) for options in ways]
    for inversion in together:
        inversion.begin()
    for _ in range(SHORT.steps_max):
        advance(model, together)
    for expected, inversion in zip(alone, together, strict=True):
        for name, rows in expected.embedding.rows.items():
            torch.testing.assert_close(inversion.embedding.rows[name], rows, rtol=1e-3, atol=1e-4)


# --- Directional ---


def test_a_directional_step_turns_a_row_along_the_tangent_and_keeps_its_length() -> None:
    row = torch.tensor([[3.0, 0.0]], requires_grad=True)
    row.grad = torch.tensor([[7.0, -2.0]])  # the part along the row itself is no direction
    Directional([row], [torch.tensor([[1.0, 0.0]])], lr=0.1, kappa=0.0).step()
    torch.testing.assert_close(row.detach(), 3 * normalize(torch.tensor([[1.0, 0.1]]), dim=-1))


def test_the_prior_pulls_a_row_towards_its_mean_direction() -> None:
    mu = torch.tensor([[0.0, 1.0]])
    row = torch.tensor([[2.0, 0.0]], requires_grad=True)
    row.grad = torch.tensor([[0.0, 0.25]])  # pulls the other way
    for kappa, turned in ((0.9, -1.0), (1.1, 1.0)):
        other = row.detach().clone().requires_grad_()
        other.grad = row.grad.clone()
        Directional([other], [mu], lr=0.1, kappa=kappa).step()
        assert torch.sign(other.detach()[0, 1]).item() == turned


def test_directional_rows_keep_the_mean_length_of_the_vocabulary(tiny: Tiny, pictures: Pictures) -> None:
    model = tiny("sdxl")
    end = trained(model, pictures, DIRECTIONAL)
    for encoder in model.encoders:
        lengths = end.embedding.rows[encoder.name].norm(dim=-1)
        torch.testing.assert_close(lengths, torch.full_like(lengths, mean_norm(encoder)))


# --- Where a word starts ---


def test_cross_initialization_starts_at_what_the_encoder_answers(tiny: Tiny) -> None:
    (encoder,) = tiny("sd1").encoders
    answer = encoder.encode(torch.tensor([encoder.framed(encoder.token_ids("cat mug"))])).last[0]
    torch.testing.assert_close(encoded_rows(encoder, "cat mug", 2), answer[1:3])


# --- Context ---


def test_a_context_is_undisturbed_by_the_initializer_and_disturbed_by_another_word(tiny: Tiny) -> None:
    model = tiny("sd1")
    (encoder,) = model.encoders
    rows = {encoder.name: token_rows(encoder, "mug", 2)}
    context = Context.around(model, rows, "object", weight=3.0)
    assert context.loss(context.anchor).item() == pytest.approx(0.0, abs=1e-5)
    other = model.condition(context.ids, {encoder.name: 5 * token_rows(encoder, "cat", 2)}).context
    assert context.loss(other).item() > 1e-3
    assert context.others.sum(dim=-1).tolist() == [encoder.context_length - 2] * len(context)


# --- Min-SNR ---


@pytest.mark.parametrize(("prediction", "expected"), [("epsilon", [1.0, 0.5]), ("v_prediction", [1 / 2, 2 / 5])])
def test_min_snr_weights_are_the_papers(prediction: str, expected: list[float]) -> None:
    snr = torch.tensor([1.0, 4.0])
    schedule = NoiseSchedule((snr / (1 + snr)).sqrt(), (1 / (1 + snr)).sqrt(), prediction)
    torch.testing.assert_close(min_snr_weight(schedule, torch.tensor([0, 1]), gamma=2.0), torch.tensor(expected))


# --- Masks ---


def half_transparent(hidden: str) -> Image.Image:
    """Navy on the left; on the right transparent, whatever colour lies there."""
    picture = Image.new("RGBA", (64, 64), hidden)
    picture.putalpha(0)
    ImageDraw.Draw(picture).rectangle((0, 0, 31, 63), fill="navy")
    return picture


def test_what_is_transparent_is_neither_seen_nor_counted(tiny: Tiny) -> None:
    model = tiny("sd1")
    red, green = (encode_pictures(model, [half_transparent(hidden)], mirror=False) for hidden in ("red", "lime"))
    assert torch.equal(red.mean, green.mean)
    half = red.weight.shape[-1] // 2
    assert red.weight.mean().item() == pytest.approx(1.0)
    assert (red.weight[..., :half] == 2).all()
    assert (red.weight[..., half:] == 0).all()


def test_a_mirrored_picture_is_counted_where_its_mirror_image_is_opaque(tiny: Tiny) -> None:
    latents = encode_pictures(tiny("sd1"), [half_transparent("red")], mirror=True)
    assert torch.equal(latents.weight[1], latents.weight[0].flip(-1))


def test_an_error_where_nothing_counts_is_no_loss() -> None:
    schedule = NoiseSchedule(torch.ones(1), torch.zeros(1), "epsilon")
    weight = torch.tensor([0.0, 2.0]).view(1, 1, 1, 2)
    eps = torch.tensor([9.0, 3.0]).view(1, 1, 1, 2)
    samples = Samples(torch.zeros_like(eps), eps, torch.tensor([0]), torch.tensor([0]), weight)
    model = SimpleNamespace(
        noise_schedule=schedule,
        predict_for_training=lambda z, t, c: torch.zeros_like(z),
        device=torch.device("cpu"),
        encoders=(),
        condition=lambda ids, rows: Conditioning(torch.empty(1, 1, 1)),
    )
    (loss,) = losses(cast(BaseModel, model), [Batch(samples, {}, {})])
    assert loss.item() == 9.0  # 3 squared, twice as heavy, over two places


def test_a_picture_without_anything_opaque_is_a_sentence(tiny: Tiny) -> None:
    empty = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    with pytest.raises(InversionError, match="transparent everywhere"):
        Inversion(tiny("sd1"), [half_transparent("red"), empty], "mug", SHORT)


def test_a_mask_of_another_size_is_a_sentence_with_both_sizes(pictures: Pictures) -> None:
    with pytest.raises(InversionError, match="32×64 pixels and its picture 64×64"):
        masked(pictures[0], Image.new("L", (32, 64), 255))


# --- What is kept, and what the loop may not do ---


def test_a_run_keeps_its_best_rows_and_a_few_evenly_spaced_ones(tiny: Tiny, pictures: Pictures) -> None:
    end = trained(tiny("sd1"), pictures, replace(SHORT, steps_max=26, stop_ratio=0.0))
    best, *others = end.candidates
    assert best.evaluation == min(end.concept.evaluations)
    assert 1 <= len(others) <= KEPT_MAX
    spacing = end.concept.kept[0].number
    assert all(each.number % spacing == 0 for each in end.concept.kept)
    assert len({each.number for each in end.candidates}) == len(end.candidates)


def test_between_evaluations_nothing_waits_for_the_device(
    tiny: Tiny, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked = tiny("sd1"), []
    inversions = [Inversion(model, pictures, "mug", replace(each, evaluate_every=50)) for each in (SHORT, DIRECTIONAL)]

    def spy(name: str, original: Any) -> Any:
        def call(tensor: torch.Tensor, *arguments: Any, **named: Any) -> Any:
            caller = sys._getframe(1).f_globals["__name__"]
            if caller.startswith("worker."):
                asked.append(f"{name} in {caller}")
            return original(tensor, *arguments, **named)

        return call

    for inversion in inversions:
        inversion.begin()
    for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__", "nonzero"):
        monkeypatch.setattr(torch.Tensor, name, spy(name, getattr(torch.Tensor, name)))
    for _ in range(3):
        advance(model, inversions)
    assert asked == []


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # torch's own, while it traces
@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")  # of diffusers, for bf16
def test_a_compiled_unet_is_made_once_for_each_size_and_teaches_the_same(
    tiny: Tiny, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def backend(graph: torch.fx.GraphModule, _: Any) -> Any:
        made.append(1)
        return graph.forward

    compiler = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module, **named: compiler(module, backend=backend, **named))
    model = replace(tiny("sd1"), compiled=True)
    options = replace(SHORT, evaluate_every=50, steps_max=50)
    words = [Inversion(model, pictures, "mug", replace(options, seed=seed)) for seed in range(2)]
    for word in words:
        word.begin()
    advance(model, words)
    first = len(made)
    for _ in range(2):
        advance(model, words)
    assert first == len(made) > 0
    plain = Inversion(tiny("sd1"), pictures, "mug", replace(options, seed=0))
    plain.begin()
    for _ in range(3):
        advance(tiny("sd1"), [plain])
    for name, rows in plain.concept.rows.items():
        torch.testing.assert_close(words[0].concept.rows[name], rows, rtol=1e-3, atol=1e-4)
