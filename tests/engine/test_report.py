"""The report of a teaching: scores that mean what they say, the better checkpoint chosen, and little drawn."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from tests.support.base_models import DEMO
from tests.support.odd_folders import stating, written
from tests.support.reports import candidate
from worker.engine.base_models import BaseModel
from worker.engine.errors import BaseModelError
from worker.engine.evaluation import HELD_OUT, EvaluationPlan, Report, Scorer, evaluate, load_scorer
from worker.engine.evaluation.scores import Scores, score, score_pictures
from worker.engine.inversion.pictures import masked
from worker.engine.inversion.templates import CAPTIONS
from worker.engine.stepwise import run_to_end

CPU = torch.device("cpu")
PLAN = EvaluationPlan(steps=1, seeds=2, compare=True)
X, Y, Z = torch.eye(3)


def draw_report(*arguments: Any, on_step: Callable[[], None] = lambda: None, **options: Any) -> Report:
    return run_to_end(evaluate(*arguments, **options), lambda _: on_step())


@pytest.fixture(scope="module")
def scorer(scorer_folder: Path) -> Scorer:
    return load_scorer(scorer_folder, CPU)


def test_likeness_is_the_mean_over_all_pairs() -> None:
    drawn = torch.stack([X, Y])
    assert score(drawn, drawn, drawn, torch.stack([X, X, Y, Z])).likeness == pytest.approx((2 + 1) / 8)


def test_editability_compares_each_drawing_with_its_own_text_only() -> None:
    assert score(X[None], torch.stack([X, Y]), torch.stack([X, Z]), X[None]).editability == pytest.approx(0.5)


def test_copying_is_how_near_the_nearest_picture_is() -> None:
    assert score(torch.stack([X, X]), X[None], X[None], torch.stack([X, Y, Z])).copying == pytest.approx(1.0)


def test_pictures_are_compared_with_each_other_and_never_with_themselves() -> None:
    half = (X + Y) / 2**0.5
    found = score_pictures(X[None], torch.stack([X, half, Y]))
    assert found.likeness == pytest.approx((0.7071 * 4 + 0) / 6, abs=1e-3)
    assert found.copying == pytest.approx(0.7071, abs=1e-3)


def test_one_picture_is_as_like_as_can_be() -> None:
    assert score_pictures(X[None], X[None]).likeness == 1.0


def test_a_score_below_zero_on_both_sides_is_no_good_product() -> None:
    assert Scores(-0.5, -0.5, 0.0).product == 0.0


def test_no_held_out_prompt_is_trained_on() -> None:
    for kind, every in HELD_OUT.items():
        assert not {held.prompt for held in every} & set(CAPTIONS[kind])


def test_texts_of_held_out_prompts_leave_the_word_out() -> None:
    assert not any("{" in held.text or "<" in held.text for every in HELD_OUT.values() for held in every)


@pytest.mark.parametrize("kind", ["object", "style"])
def test_the_demo_model_knows_every_word_of_the_prompts(demo: BaseModel, kind: str) -> None:
    (encoder,) = demo.encoders
    words = {word for held in HELD_OUT[kind] for word in held.text.split()}
    assert [word for word in words if len(encoder.token_ids(word)) > 1] == []


def test_a_scorer_sees_what_transformers_own_preparation_would_show_it(
    scorer_folder: Path, scorer: Scorer, pictures: list[Image.Image]
) -> None:
    from transformers import CLIPImageProcessorPil, CLIPModel

    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    model = CLIPModel.from_pretrained(scorer_folder)
    pixels = processor(images=pictures[2:3], return_tensors="pt").pixel_values
    with torch.no_grad():
        wanted = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
    assert torch.cosine_similarity(scorer.of_pictures(pictures[2:3]), wanted).item() > 0.999


def test_a_picture_with_a_mask_is_judged_inside_it(scorer: Scorer) -> None:
    thing = Image.new("L", (64, 64), 0)
    thing.paste(255, (16, 16, 48, 48))
    pictures = []
    for background in ("red", "blue"):
        picture = Image.new("RGB", (64, 64), background)
        picture.paste("yellow", (16, 16, 48, 48))
        pictures.append(picture)
    plain = scorer.of_pictures(pictures)
    masked_alike = scorer.of_pictures([masked(picture, thing) for picture in pictures])
    assert not torch.allclose(plain[0], plain[1], atol=1e-4)
    assert torch.equal(masked_alike[0], masked_alike[1])
    whole = Image.new("L", (64, 64), 255)
    torch.testing.assert_close(scorer.of_pictures([masked(picture, whole) for picture in pictures]), plain)


def test_texts_are_encoded_alike_in_any_batch(scorer: Scorer) -> None:
    alone, beside = scorer.of_texts(["a cat"]), scorer.of_texts(["a cat", "a very long text about a house and a tree"])
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_every_family_gets_a_report(
    tiny: Callable[[str], BaseModel], scorer: Scorer, pictures: list[Image.Image], family: str
) -> None:
    model = tiny(family)
    candidates = [candidate(model, 20), candidate(model, 10)]
    report = draw_report(model, scorer, pictures, candidates, kind="object", initializer="cat", plan=PLAN)
    assert set(report.checkpoints) == {10, 20}
    assert report.initializer is not None
    assert report.pictures is not None
    best = max(report.checkpoints, key=lambda step: report.checkpoints[step].scores.product)  # type: ignore[union-attr]
    assert report.chosen.number == best


def test_with_a_preference_for_likeness_the_most_alike_candidate_is_chosen(
    tiny: Callable[[str], BaseModel], pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch, scorer: Scorer
) -> None:
    model = tiny("sd1")
    found = {20: Scores(0.6, 0.5, 0.6), 10: Scores(0.7, 0.1, 0.7)}
    for prefer, number in (("balance", 20), ("likeness", 10)):
        given = iter(found.values())
        monkeypatch.setattr(
            "worker.engine.evaluation.report.score", lambda *_, given=given: next(given, Scores(0, 0, 0))
        )
        candidates = [candidate(model, step) for step in found]
        report = draw_report(
            model, scorer, pictures, candidates, kind="object", initializer="cat", plan=PLAN, prefer=prefer
        )
        assert report.chosen.number == number


def test_the_chosen_candidate_and_the_initializer_draw_every_prompt_with_every_seed(
    tiny: Callable[[str], BaseModel], scorer: Scorer, pictures: list[Image.Image]
) -> None:
    model = tiny("sd1")
    candidates = [candidate(model, 20), candidate(model, 10)]
    report = draw_report(model, scorer, pictures, candidates, kind="object", initializer="cat", plan=PLAN)
    assert report.initializer is not None
    other = next(number for number in report.checkpoints if number != report.chosen.number)
    for scored in (report.checkpoints[report.chosen.number], report.initializer):
        assert sorted(drawing.seed for drawing in scored.drawings) == [0] * 5 + [1] * 5
    assert [drawing.seed for drawing in report.checkpoints[other].drawings] == [0, 1, 0, 0, 0, 0]


def test_own_prompts_are_drawn_beside_the_others_and_score_nothing(
    tiny: Callable[[str], BaseModel], scorer: Scorer, pictures: list[Image.Image]
) -> None:
    made = [
        draw_report(
            tiny("sd1"),
            scorer,
            pictures,
            [candidate(tiny("sd1"), 5)],
            kind="object",
            initializer="cat",
            plan=PLAN,
            **own,
        )
        for own in ({}, {"own_prompts": ["{} on the moon"]})
    ]
    assert made[0].checkpoints[5].scores == made[1].checkpoints[5].scores
    for scored in (made[1].checkpoints[5], made[1].initializer):
        assert scored is not None
        assert [each.seed for each in scored.drawings if each.prompt == "{} on the moon"] == [0, 1]


def test_a_report_is_the_same_each_time(
    tiny: Callable[[str], BaseModel], scorer: Scorer, pictures: list[Image.Image]
) -> None:
    model = tiny("sd1")
    one, other = (
        draw_report(model, scorer, pictures, [candidate(model, 5)], kind="style", initializer="cat", plan=PLAN)
        for _ in range(2)
    )
    assert one.checkpoints[5].scores == other.checkpoints[5].scores


def test_without_a_scorer_the_preferred_checkpoint_is_chosen_and_drawn(
    tiny: Callable[[str], BaseModel], pictures: list[Image.Image]
) -> None:
    model = tiny("sd1")
    candidates = [candidate(model, 20), candidate(model, 10)]
    report = draw_report(model, None, pictures, candidates, kind="object", initializer="cat", plan=PLAN)
    assert report.chosen.number == 20
    assert set(report.checkpoints) == {20}
    assert report.checkpoints[20].scores is None


def test_a_report_can_be_ended_between_two_steps(tiny: Callable[[str], BaseModel], pictures: list[Image.Image]) -> None:
    asked = []

    def stop() -> None:
        asked.append(True)
        raise KeyboardInterrupt

    model = tiny("sd1")
    with pytest.raises(KeyboardInterrupt):
        draw_report(model, None, pictures, [candidate(model, 1)], kind="object", initializer="cat", on_step=stop)
    assert len(asked) == 1


def test_where_drawing_is_dear_only_the_preferred_checkpoint_is_drawn(demo: BaseModel) -> None:
    unet = torch.nn.Module()
    unet.config = SimpleNamespace(sample_size=128)  # type: ignore[assignment]
    large = replace(demo, unet=unet)
    assert not EvaluationPlan.for_model(large).compare
    assert EvaluationPlan.for_model(demo).compare


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is not valid JSON"),
        (
            lambda folder: (folder / "config.json").write_text(json.dumps({"model_type": "bert"})),
            "It is a bert model, and a report needs",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), r"model\.safetensors is missing"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"half"), "cannot be loaded"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"neither tokenizer\.json"),
        (stating("config.json", vision_config=7), "says vision_config is 7"),
        (stating("config.json", vision_config={"image_size": [64, 64]}), r"says image_size is \[64, 64\]"),
        (stating("config.json", text_config={"vocab_size": 8}), "more tokens than its text encoder has vectors"),
        (written("preprocessor_config.json", '{"image_mean": "grey"}'), "says image_mean is 'grey'"),
        (
            written("preprocessor_config.json", '{"image_std": [1.0, 0.0, 1.0]}'),
            r"says image_std is \[1\.0, 0\.0, 1\.0\]",
        ),
        (written("model_index.json", "{}"), "It is a base model's folder, and a report needs a CLIP model"),
        (
            lambda folder: shutil.copyfile(DEMO / "text_encoder/model.safetensors", folder / "model.safetensors"),
            "Its weights lack .* more",
        ),
    ],
)
def test_a_broken_scorer_is_a_sentence(
    scorer_folder: Path, tmp_path: Path, break_it: Callable[[Path], object], said: str
) -> None:
    folder = shutil.copytree(scorer_folder, tmp_path / "scorer")
    break_it(folder)
    with pytest.raises(BaseModelError, match=said):
        load_scorer(folder, CPU)
