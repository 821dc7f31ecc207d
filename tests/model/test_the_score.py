"""How the model is judged: what is asked, what counts as an answer, and that the judge is asked what it was taught."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel

from models.recipe.pictures import Label
from models.recipe.score import Vocabulary, held_out_individuals, prompts, share
from models.recipe.scorer import (
    PHRASES,
    QUESTIONS,
    UNKNOWN,
    answers,
    half_of_a_pair,
    likeness,
    naming_loss,
    untrained,
    without_padding,
)  # fmt: skip
from models.recipe.tokenizer import token_ids, tokenizer
from models.recipe.world import KINDS, SCENES, STYLES, held_out, individual, pair, pair_held_out, plain, portrait

DEMO = Path(__file__).parents[2] / "models" / "demo"
ALL = Vocabulary([*KINDS], [*SCENES], [style for style in STYLES if style != "photo"])


def label(**said: object) -> Label:
    known = {"kind": "cat", "colour": "red", "pattern": "", "wear": "", "place": "on the beach", "style": "photo"}
    return Label(**{**known, "quality": "", "partner": None, **said})  # type: ignore[arg-type]


def test_two_hundred_prompts_ask_for_everything_that_the_table_of_rates_has() -> None:
    asked = prompts(ALL, 200)
    assert len(asked) == 200
    assert {question for one in asked for question in one.answers} == {
        "kind", "colour", "place", "style", "pattern", "accessory"
    }  # fmt: skip
    assert sum(bool(one.partner) for one in asked) == 24
    assert asked == prompts(ALL, 200)
    assert asked != prompts(ALL, 200, seed=1)


def test_what_is_asked_was_held_out_of_training() -> None:
    for one in prompts(ALL, 100):
        if "place" in one.answers:
            assert held_out(one.answers["kind"], one.answers["colour"], one.answers["place"])
        elif one.partner:
            assert pair_held_out(one.answers["kind"], one.partner)


def test_a_model_is_asked_only_for_what_it_has_words_for() -> None:
    known = Vocabulary.of([DEMO])
    assert "cat" in known.kinds
    assert {"kind": "cat"}.items() <= prompts(known, 50)[0].answers.items()
    assert {one.answers["kind"] for one in prompts(known, 50) if "kind" in one.answers} <= set(known.kinds)


def test_the_individuals_that_are_taught_are_of_different_kinds_from_every_family() -> None:
    chosen = held_out_individuals(ALL, 12)
    assert len({it.kind for it in chosen}) == 12
    assert [it.kind for it in chosen[:7]] == ["cat", "monster", "car", "tree", "cake", "house", "mug"]


def test_the_renderers_answers_are_places_in_the_questions() -> None:
    said = dict(zip(QUESTIONS, answers(label(wear="crown", pattern="dotted")), strict=True))
    assert {name: list(QUESTIONS[name])[place] for name, place in said.items()} == {
        "kind": "cat", "colour": "red", "place": "on the beach", "style": "photo", "pattern": "dotted",
        "accessory": "crown",
    }  # fmt: skip


def test_of_two_things_each_is_asked_about_alone_and_a_sketch_not_about_its_colour() -> None:
    two = label(partner=("mug", "blue"))
    kind, colour, *_, pattern, accessory = answers(two, whose=1)
    assert (list(QUESTIONS["kind"])[kind], list(QUESTIONS["colour"])[colour]) == ("mug", "blue")
    assert (pattern, accessory) == (UNKNOWN, UNKNOWN)
    assert answers(label(style="sketch"))[1] == UNKNOWN


def test_half_of_a_pair_looks_like_a_picture_of_the_one() -> None:
    ball, house = (individual(Random(1), kind, pattern=None) for kind in ("ball", "house"))

    def pixels(picture: object) -> torch.Tensor:
        return torch.from_numpy(np.asarray(picture, dtype="float32")).permute(2, 0, 1)[None] / 127.5 - 1

    two = pixels(pair(ball, house, Random(1), plain("white", Random(0))))
    for whose, it in enumerate((ball, house)):
        alone = pixels(portrait(it, Random(1), plain("white", Random(0))))
        other = half_of_a_pair(two, 1 - whose)
        assert (half_of_a_pair(two, whose) - alone).abs().mean() < 0.6 * (other - alone).abs().mean()


def test_a_question_is_judged_over_its_own_phrases_only() -> None:
    logits = torch.zeros(1, len(PHRASES))
    logits[0, 0] = 50.0  # the first kind; another question's phrases may not compete with it
    right, wrong = (naming_loss(logits, torch.tensor([[kind] + [UNKNOWN] * 5])) for kind in (0, 1))
    assert right < 1e-3 < wrong


def test_a_new_scorer_hears_edges_as_loudly_as_colours(tmp_path: Path) -> None:
    words = tokenizer(tmp_path / "tokenizer")
    text = CLIPTextModel(
        CLIPTextConfig(vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                       num_attention_heads=2, max_position_embeddings=32, eos_token_id=words.eos_token_id)
    )  # fmt: skip
    pixels = np.stack(
        [np.asarray(portrait(individual(Random(n)), Random(n), plain("red", Random(n)))) for n in range(24)]
    )
    embeddings = untrained(text, pixels).vision_model.embeddings
    x = torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        heard = embeddings.patch_embedding(x).flatten(2).mT.flatten(0, 1).std(0)
    assert 0.3 < float(heard[0]) < 1.2
    assert float(heard[12]) > 0.3
    assert without_padding(token_ids(words, ["a cat", "a photo of a cat"])).shape == (2, 7)


def test_likeness_does_not_pair_a_picture_with_itself() -> None:
    seen = torch.eye(3)
    assert likeness(seen, seen) == 0.0
    assert likeness(seen, torch.eye(3)) == pytest.approx(1 / 3)
    assert share([True, False, True, True]) == 0.75
