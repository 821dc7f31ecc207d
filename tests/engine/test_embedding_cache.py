"""What a worker remembers between two drawings with the same words: their rows, and how their texts are read."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from app.core.errors import NotFound
from app.core.storage import Storage, open_storage
from worker.embedding_files import OVERHEAD_BYTES, EmbeddingCache
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding, write_native

ROW_BYTES = 8 * 4


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Three words of one row each."""
    storage = open_storage(str(tmp_path))
    for number, key in enumerate("abc"):
        storage.put(key, write_native(Embedding({"text_encoder": torch.full((1, 8), float(number))}), "<c>", {}))
    return storage


def first_number(embedding: Embedding) -> float:
    return float(embedding.rows["text_encoder"][0, 0])


def test_a_word_is_read_once(storage: Storage) -> None:
    shelf = EmbeddingCache(storage)
    first = shelf.get("b")
    storage.delete("b")
    assert shelf.get("b") is first
    assert first_number(first) == 1.0


def test_the_word_that_was_not_used_for_longest_makes_room(storage: Storage) -> None:
    shelf = EmbeddingCache(storage, bytes_max=2 * (ROW_BYTES + OVERHEAD_BYTES))
    for key in "abac":
        shelf.get(key)
    for key in "abc":
        storage.delete(key)
    assert [first_number(shelf.get(key)) for key in "ac"] == [0.0, 2.0]
    with pytest.raises(NotFound):
        shelf.get("b")


def test_a_word_larger_than_all_the_room_is_read_all_the_same(storage: Storage) -> None:
    shelf = EmbeddingCache(storage, bytes_max=1)
    assert [first_number(shelf.get(key)) for key in "cc"] == [2.0, 2.0]


def test_a_text_is_tokenised_once_and_nobody_can_change_what_is_remembered(demo: BaseModel) -> None:
    asked: list[str] = []

    def tokenizer(text: str, **options: Any) -> Any:
        asked.append(text)
        return demo.encoders[0].tokenizer(text, **options)

    encoder = replace(demo.encoders[0], tokenizer=tokenizer)
    first = encoder.token_ids("a photo of a cat")
    first.append(0)
    assert encoder.token_ids("a photo of a cat") == demo.encoders[0].token_ids("a photo of a cat") == first[:-1]
    assert asked == ["a photo of a cat"]
