"""A prompt with concepts as token ids: text between placeholders is tokenised, row ids are put in between.

No tokenizer is extended. Knows nothing of pictures or of how they are drawn.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from worker.base_models import BaseModel, Conditioning, TextEncoder
from worker.formats import Embedding, check_fits
from worker.sentences import DrawingError


@dataclass(frozen=True, eq=False)
class Text:
    """A prompt and what the placeholders in it stand for."""

    prompt: str
    concepts: Mapping[str, Embedding]


@dataclass
class Overlay:
    """Rows of every concept in a batch beside one encoder's table, numbered as an extended tokenizer would."""

    encoder: TextEncoder
    _first: dict[int, int] = field(default_factory=dict)  # id() of an embedding -> id of its first row
    _rows: list[Tensor] = field(default_factory=list)

    def row_ids(self, embedding: Embedding) -> range:
        """Ids of an embedding's rows; laid out when they are first asked for."""
        rows = embedding.rows[self.encoder.name]
        if id(embedding) not in self._first:
            self._first[id(embedding)] = self.encoder.first_row_id + sum(len(part) for part in self._rows)
            self._rows.append(rows)
        first = self._first[id(embedding)]
        return range(first, first + len(rows))

    def rows(self, device: torch.device) -> Tensor | None:
        """All rows  # (n, width); None without any."""
        return torch.cat(self._rows).to(device) if self._rows else None


def prompt_ids(text: Text, overlay: Overlay) -> list[int]:
    """Ids of a text, without start, end and padding."""
    ids: list[int] = []
    for piece in split_at_placeholders(text.prompt, text.concepts):
        if piece in text.concepts:
            ids.extend(overlay.row_ids(text.concepts[piece]))
        else:
            ids.extend(overlay.encoder.token_ids(piece))
    return ids


def split_at_placeholders(prompt: str, placeholders: Iterable[str]) -> list[str]:
    """The prompt in pieces: placeholders, and the text between them."""
    # Longest first, so that no placeholder is taken for the beginning of another.
    pattern = "|".join(re.escape(placeholder) for placeholder in sorted(placeholders, key=len, reverse=True))
    return [piece for piece in re.split(f"({pattern})", prompt) if piece] if pattern else [prompt]


def framed_ids(text: Text, overlay: Overlay, context_length: int) -> list[int]:
    """Ids of a text between start and end, padded. Raises DrawingError with the count if it is too long."""
    ids, room = prompt_ids(text, overlay), context_length - 2
    if len(ids) > room:
        raise DrawingError(
            f"The prompt has {len(ids)} tokens, and this base model reads at most {room}. "
            f"Shorten it by {len(ids) - room}."
        )
    return overlay.encoder.framed(ids)


def condition(model: BaseModel, texts: Sequence[Text]) -> Conditioning:
    """Encode texts, whatever concepts they name; equal ones once  # context (texts, length, width).

    Raises DrawingError for a text that is too long, EmbeddingError for a concept of another kind of base model.
    """
    for text in texts:
        for placeholder, embedding in text.concepts.items():
            check_fits(embedding, model.widths, placeholder, model.title)
    ids: dict[str, Tensor] = {}
    rows: dict[str, Tensor] = {}
    for encoder in model.encoders:
        overlay = Overlay(encoder)
        framed = [framed_ids(text, overlay, model.context_length) for text in texts]
        ids[encoder.name] = torch.tensor(framed, device=model.device)
        if (own := overlay.rows(model.device)) is not None:
            rows[encoder.name] = own
    every = torch.cat(list(ids.values()), dim=1)
    _, places = torch.unique(every, dim=0, return_inverse=True)
    first = torch.stack([(places == place).nonzero()[0, 0] for place in range(int(places.max()) + 1)])
    return model.condition({name: value[first] for name, value in ids.items()}, rows)[places]
