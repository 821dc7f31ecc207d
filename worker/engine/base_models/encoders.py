"""A frozen text encoder with its tokenizer, and learned rows beside its table.

A concept's rows live in no tokenizer and in no matrix: their ids start where the vocabulary ends, and a look-up
overlay puts them in after the table has been asked. Knows nothing of prompts, pictures or training.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

TEXTS_MAX: Final = 4096  # whose ids one encoder remembers; a few MB


@dataclass(frozen=True)
class Encoded:
    """What one text encoder makes of a batch of token ids."""

    last: Tensor  # (b, length, width), after the final layer norm
    penultimate: Tensor  # (b, length, width), what SDXL's UNet was trained on
    pooled: Tensor | None  # (b, projection), at the end-of-text token; only encoders with a projection have it


@dataclass(frozen=True)
class TextEncoder:
    """One tokenizer and its CLIP text model; `name` is the component's name in the diffusers folder."""

    name: str
    tokenizer: Any
    module: nn.Module

    @property
    def table(self) -> nn.Embedding:
        """The frozen token embedding."""
        table: nn.Embedding = self.module.get_input_embeddings()  # type: ignore[operator]
        return table

    @property
    def width(self) -> int:
        """Numbers in one row."""
        return self.table.embedding_dim

    @property
    def context_length(self) -> int:
        """Tokens that the encoder reads at once, with its start and end."""
        return int(self.module.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]

    @property
    def first_row_id(self) -> int:
        """Id of the first learned row: the one that an extended tokenizer would give out next."""
        return len(self.tokenizer)

    def token_ids(self, text: str) -> list[int]:
        """Ids of `text` alone, without start, end and padding."""
        return list(self._read(text))

    @cached_property
    def _read(self) -> Callable[[str], tuple[int, ...]]:
        """A tokenizer takes longer than all else that is done with a prompt's text, and most texts come again."""

        def read(text: str) -> tuple[int, ...]:
            return tuple(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)

        return lru_cache(TEXTS_MAX)(read)

    def framed(self, ids: Sequence[int]) -> list[int]:
        """`ids` between start and end, padded to the context length. They must fit."""
        frame = [self.tokenizer.bos_token_id, *ids, self.tokenizer.eos_token_id]
        return frame + [self.tokenizer.pad_token_id] * (self.context_length - len(frame))

    def rows_of(self, text: str) -> Tensor:
        """The table's own rows for the tokens of `text`  # (tokens, width) float32."""
        ids = torch.tensor(self.token_ids(text), device=self.table.weight.device)
        return self.table.weight.detach()[ids].float()

    def encode(self, ids: Tensor, rows: Tensor | None = None) -> Encoded:
        """Encode `ids` (b, length); those from `first_row_id` on stand for `rows` (n, width)."""
        # The model itself sees a plain word in place of a row: some CLIP configurations find the end of the text
        # as the highest id, and would take a learned row for it.
        words = ids.masked_fill(ids >= self.first_row_id, 0)
        with self._overlay(ids, rows):
            output = self.module(input_ids=words, output_hidden_states=True)
        return Encoded(output.last_hidden_state, output.hidden_states[-2], getattr(output, "text_embeds", None))

    @contextmanager
    def _overlay(self, ids: Tensor, rows: Tensor | None) -> Iterator[None]:
        """While open, the table's answer for learned ids is taken from `rows`. Nothing is left behind."""
        if rows is None:
            yield
            return
        learned = (ids >= self.first_row_id).unsqueeze(-1)  # (b, length, 1)
        index = (ids - self.first_row_id).clamp(min=0)

        def splice(table: nn.Module, asked: tuple[Tensor, ...], answer: Tensor) -> Tensor:
            # Not rows[index]: its backward pass adds up in the order the threads come, so no run could be repeated.
            return torch.where(learned, functional.embedding(index, rows.to(answer.dtype)), answer)

        hook = self.table.register_forward_hook(splice)
        try:
            yield
        finally:
            hook.remove()
