"""Prompts with concepts -> conditioning: token ids and row ids in windows, encoded, emphasised, concatenated.

`app.contracts.prompts` has the prompt grammar. No tokenizer is extended. Pictures and sampling are elsewhere.
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

Windows = dict[str, list[Window]]  # for each encoder by name, the same number


@dataclass(frozen=True, eq=False)
class Text:
    """A prompt and the embeddings of its placeholders."""

    prompt: str
    concepts: Mapping[str, Embedding]

    @cached_property
    def key(self) -> Key:
        """The key in the prompt cache: equal for texts with equal prompts and equal rows."""
        named = {placeholder: digest(each) for placeholder, each in self.concepts.items() if placeholder in self.prompt}
        return self.prompt, tuple(sorted(named.items()))


@dataclass
class Overlay:
    """Rows of all concepts of a batch beside one encoder's table, numbered as an extended tokenizer would number them.

    Example with first_row_id = 49408: `<cat>` with 2 rows gets ids 49408 and 49409, `<mug>` with 1 row gets 49410.
    """

    encoder: TextEncoder
    _first: dict[int, int] = field(default_factory=dict)  # id() of an embedding -> id of its first row
    _rows: list[Tensor] = field(default_factory=list)

    def row_ids(self, embedding: Embedding) -> range:
        """Ids of an embedding's rows, assigned at the first call."""
        rows = embedding.rows[self.encoder.name]
        if id(embedding) not in self._first:
            self._first[id(embedding)] = self.encoder.first_row_id + sum(len(part) for part in self._rows)
            self._rows.append(rows)
        first = self._first[id(embedding)]
        return range(first, first + len(rows))

    def rows(self, device: torch.device) -> Tensor | None:
        """All rows  # (n, width); None if there are none."""
        return torch.cat(self._rows).to(device) if self._rows else None

    def windows(self, text: Text, room: int) -> list[Window]:
        """A text as windows of ids, without start, end and padding. Raises DrawingError if the prompt is invalid."""
        concepts = {name: self.row_ids(each) for name, each in text.concepts.items() if name in text.prompt}
        windows = cut(text.prompt, concepts, self.encoder.token_ids, room)
        if (reason := unreadable(windows, room)) is not None:
            raise DrawingError(f"The prompt {reason.detail}")
        return windows


def condition(model: BaseModel, texts: Sequence[Text]) -> list[Conditioning]:
    """Encode texts with any mix of concepts. Equal texts are encoded once, cached texts not at all.

    Returns a conditioning of batch size 1 for each text, with a context of (windows of the text) * (context length).

    Raises DrawingError for a text that is too long, EmbeddingError for an embedding that does not fit the base model.
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
    """A conditioning for each text, from one pass of the encoders over the windows of all texts."""
    overlays = [Overlay(encoder) for encoder in model.encoders]
    room = model.context_length - 2
    windows_of = [_padded({each.encoder.name: each.windows(text, room) for each in overlays}) for text in texts]
    flat = [(text, window) for text, windows in enumerate(windows_of) for window in range(_count(windows))]
    ids, rows = {}, {}
    for overlay in overlays:
        name = overlay.encoder.name
        framed = [overlay.encoder.framed(windows_of[text][name][window].ids) for text, window in flat]
        ids[name] = torch.tensor(framed, device=model.device)
        if (own := overlay.rows(model.device)) is not None:
            rows[name] = own
    # Equal windows are encoded once: `distinct[i]` is the number of window i among the distinct ones.
    _, distinct = torch.unique(torch.cat(list(ids.values()), dim=1), dim=0, return_inverse=True)
    first = torch.stack([(distinct == number).nonzero()[0, 0] for number in range(int(distinct.max()) + 1)])
    conditioning = model.condition({name: value[first] for name, value in ids.items()}, rows)[distinct]
    counts = [_count(windows) for windows in windows_of]
    contexts = torch.split(conditioning.context, counts)
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [
        Conditioning(
            _emphasised(model, context, windows).flatten(0, 1).unsqueeze(0),
            # As in A1111: the pooled output of the first window.
            None if conditioning.pooled is None else conditioning.pooled[start : start + 1],
        )
        for context, windows, start in zip(contexts, windows_of, starts, strict=True)
    ]


def _emphasised(model: BaseModel, context: Tensor, windows: Windows) -> Tensor:
    """z * weight, rescaled to the mean of z  # (windows, length, width).

    This is A1111's "Original" emphasis, applied to each window and to each encoder's part of the width separately. A
    window without emphasis is returned bit for bit.
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


def _padded(windows: Windows) -> Windows:
    """The same number of windows for every encoder, because the encoders' outputs are concatenated along the width."""
    most = max(len(each) for each in windows.values())
    return {name: each + [Window() for _ in range(most - len(each))] for name, each in windows.items()}


def _count(windows: Windows) -> int:
    return len(next(iter(windows.values())))
