"""Prompts with concepts -> what the UNet is told: token ids and row ids in windows, encoded, emphasised, joined.

How a prompt is read is in `prompting`. No tokenizer is extended. Knows nothing of pictures or of how they are drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from app.contracts.prompts import Window, cut, unreadable
from worker.engine.base_models import BaseModel, Conditioning, TextEncoder
from worker.engine.embeddings.formats import Embedding, check_fits
from worker.engine.errors import DrawingError
from worker.engine.generation.prompt_cache import Key, cache_of, digest

Windows = dict[str, list[Window]]  # for each encoder by name, equally many


@dataclass(frozen=True, eq=False)
class Text:
    """A prompt and what the placeholders in it stand for."""

    prompt: str
    concepts: Mapping[str, Embedding]

    @cached_property
    def key(self) -> Key:
        """Equal for texts that mean the same."""
        named = {written: digest(each) for written, each in self.concepts.items() if written in self.prompt}
        return self.prompt, tuple(sorted(named.items()))


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

    def windows(self, text: Text, room: int) -> list[Window]:
        """A text as windows of ids, without start, end and padding. Raises DrawingError if it cannot be read."""
        concepts = {written: self.row_ids(each) for written, each in text.concepts.items() if written in text.prompt}
        windows = cut(text.prompt, concepts, self.encoder.token_ids, room)
        if (reason := unreadable(windows, room)) is not None:
            raise DrawingError(f"The prompt {reason.detail}")
        return windows


def condition(model: BaseModel, texts: Sequence[Text]) -> list[Conditioning]:
    """Encode texts, whatever concepts they name; equal ones once, and none that is remembered.

    For each text one of batch size 1, whose context is as long as the text has windows.

    Raises DrawingError for a text that is too long, EmbeddingError for a concept of another kind of base model.
    """
    for text in texts:
        for placeholder, embedding in text.concepts.items():
            check_fits(embedding, model.widths, placeholder, model.title)
    cache = cache_of(model)
    distinct = {text.key: text for text in texts}
    known = {key: found for key in distinct if (found := cache.get(key)) is not None}
    unknown = [text for key, text in distinct.items() if key not in known]
    for text, conditioning in zip(unknown, _encoded(model, unknown) if unknown else (), strict=True):
        cache.put(text.key, conditioning)
        known[text.key] = conditioning
    return [known[text.key] for text in texts]


def _encoded(model: BaseModel, texts: Sequence[Text]) -> list[Conditioning]:
    """Each text by itself, from one pass of the encoders over all their windows."""
    overlays = [Overlay(encoder) for encoder in model.encoders]
    room = model.context_length - 2
    cut_up = [_side_by_side({each.encoder.name: each.windows(text, room) for each in overlays}) for text in texts]
    flat = [(index, place) for index, windows in enumerate(cut_up) for place in range(_count(windows))]
    ids, rows = {}, {}
    for overlay in overlays:
        name = overlay.encoder.name
        framed = [overlay.encoder.framed(cut_up[index][name][place].ids) for index, place in flat]
        ids[name] = torch.tensor(framed, device=model.device)
        if (own := overlay.rows(model.device)) is not None:
            rows[name] = own
    every = torch.cat(list(ids.values()), dim=1)
    _, places = torch.unique(every, dim=0, return_inverse=True)
    first = torch.stack([(places == place).nonzero()[0, 0] for place in range(int(places.max()) + 1)])
    conditioning = model.condition({name: value[first] for name, value in ids.items()}, rows)[places]
    counts = [_count(windows) for windows in cut_up]
    contexts = torch.split(conditioning.context, counts)
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [
        Conditioning(
            _emphasised(model, context, windows).flatten(0, 1).unsqueeze(0),
            # As in A1111: the pooled text is that of the first window.
            None if conditioning.pooled is None else conditioning.pooled[start : start + 1],
        )
        for context, windows, start in zip(contexts, cut_up, starts, strict=True)
    ]


def _emphasised(model: BaseModel, context: Tensor, windows: Windows) -> Tensor:
    """z * weight, scaled back to the mean that z had  # (windows, length, width).

    This is A1111's "Original" emphasis, for each window and for each encoder's part of the width by itself. A window
    without emphasis stays as it is, to the bit.
    """
    if all(window.plain for each in windows.values() for window in each):
        return context
    parts = torch.split(context, [encoder.width for encoder in model.encoders], dim=-1)
    return torch.cat(
        [
            torch.stack([_weighted(z, window) for z, window in zip(part, windows[encoder.name], strict=True)])
            for part, encoder in zip(parts, model.encoders, strict=True)
        ],
        dim=-1,
    )


def _weighted(z: Tensor, window: Window) -> Tensor:
    if window.plain:
        return z
    weights = torch.ones(len(z), device=z.device)  # start, end and padding count once
    weights[1 : 1 + len(window.weights)] = torch.tensor(window.weights, device=z.device)
    emphasised = z.float() * weights.unsqueeze(-1)
    return (emphasised * (z.float().mean() / emphasised.mean())).to(z.dtype)


def _side_by_side(windows: Windows) -> Windows:
    """Equally many windows for each encoder, whose answers stand side by side."""
    most = max(len(each) for each in windows.values())
    return {name: each + [Window() for _ in range(most - len(each))] for name, each in windows.items()}


def _count(windows: Windows) -> int:
    return len(next(iter(windows.values())))
