"""Suggests words of a base model that are near to a text: by spelling, and by meaning through its token embedding.

The embedding table is read in slices with numpy: a suggestion takes a few MB of memory, and no torch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rapidfuzz import fuzz, process
from safetensors import safe_open

from app.base_models.tokenizer import Tokenizer
from app.contracts.safetensors_header import read_header

_TABLE: Final = "text_model.embeddings.token_embedding.weight"
_TABLE_NAMES: Final = (_TABLE, "embeddings.token_embedding.weight")
_READABLE: Final = ("F16", "F32")
_ROWS: Final = 8192  # per slice
_SIMILARITY_MIN: Final = 70.0  # of 100, between two spellings


class Vocabulary:
    """The words of one text encoder and their embeddings."""

    def __init__(self, weights: Sequence[Path], tokenizer: Tokenizer) -> None:
        self._weights = weights  # of the text encoder
        self._tokenizer = tokenizer

    def near(self, text: str, count: int = 6) -> list[str]:
        """Words that are one token each and near `text`: first those of a similar spelling, then of a near meaning."""
        written = text.lower().split()
        whole = [word for word in written if self._tokenizer.knows(word) and word in self._tokenizer.words]
        spelt = [like for word in written if word not in whole for like in self._spelt_like(word, count)]
        meant = self._meaning_like([self._tokenizer.words[word] for word in whole], count) if whole else []
        # The last word of a phrase usually names the thing: "coffee mug".
        found = [*reversed(whole), *spelt, *meant] if len(written) > 1 else [*spelt, *meant]
        return [word for word in dict.fromkeys(found) if word != text.lower()][:count]

    def _table(self) -> tuple[Path, str] | None:
        """The file with the token embedding, and its name there. None if numpy cannot read its numbers (bf16)."""
        for path in self._weights:
            tensors = read_header(path).tensors
            for name in _TABLE_NAMES:
                if name in tensors:
                    return (path, name) if tensors[name].dtype in _READABLE else None
        return None

    def _spelt_like(self, word: str, count: int) -> list[str]:
        found = process.extract(
            word, self._tokenizer.words.keys(), scorer=fuzz.ratio, limit=count, score_cutoff=_SIMILARITY_MIN
        )
        return [match[0] for match in found]

    def _meaning_like(self, ids: list[int], count: int) -> list[str]:
        """Words whose rows have the highest cosine with the mean of the rows `ids`."""
        by_id = {id: word for word, id in self._tokenizer.words.items()}
        scored: list[tuple[float, str]] = []
        found = self._table()
        if found is None:
            return []
        path, name = found
        with safe_open(path, framework="numpy") as file:
            rows = file.get_slice(name)
            query = _unit(np.stack([rows[id : id + 1][0] for id in ids]).astype(np.float32)).mean(axis=0)
            total = rows.get_shape()[0]
            for start in range(0, total, _ROWS):
                part = _unit(rows[start : min(start + _ROWS, total)].astype(np.float32))  # (rows, width)
                for offset, score in enumerate(part @ query):
                    if (word := by_id.get(start + offset)) is not None and start + offset not in ids:
                        scored.append((float(score), word))
        return [word for _, word in sorted(scored, reverse=True)[:count]]


def _unit(rows: Any) -> Any:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-8)
