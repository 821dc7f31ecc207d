"""The web service counts a prompt as the worker lays it out."""

import pytest
import torch

from app.base_models.tokenizer import Tokenizer
from app.contracts.prompts import cut
from tests.support.base_models import DEMO
from worker.engine.base_models import BaseModel, load
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation.prompts import Overlay, Text


@pytest.fixture(scope="module")
def model() -> BaseModel:
    return load(DEMO, device="cpu")


@pytest.mark.parametrize(
    "prompt",
    [
        "a photo of a <mug>",
        "a (photo:1.3) of [a] <mug@2>, <mug>",
        "a cat, " * 30 + "<mug>",
        "naïve café BREAK (<mug>:0.7) ☕ " * 3,
        r"\(brackets\) and  spaces" + " x" * 70,
    ],
)
def test_both_sides_cut_a_prompt_alike(model: BaseModel, prompt: str) -> None:
    width = model.encoders[0].width
    concepts = {
        "<mug>": Embedding({"text_encoder": torch.zeros(16, width)}),
        "<mug@2>": Embedding({"text_encoder": torch.zeros(3, width)}),
    }
    room = model.context_length - 2
    theirs = Overlay(model.encoders[0]).windows(Text(prompt, concepts), room)
    vectors = {written: range(10_000, 10_000 + each.vectors) for written, each in concepts.items()}
    ours = cut(prompt, vectors, Tokenizer.from_folder(DEMO / "tokenizer").ids, room)
    first = model.encoders[0].first_row_id
    assert [len(window.ids) for window in ours] == [len(window.ids) for window in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert [id for id in one.ids if id < 10_000] == [id for id in other.ids if id < first]
        assert one.weights == other.weights
