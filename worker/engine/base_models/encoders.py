"""A frozen text encoder with its tokenizer, and learned rows beside its token embedding.

The tokenizer and the embedding matrix never change. The ids of learned rows start where the vocabulary ends, and a
forward hook on the embedding puts the rows in place of what the table returned for these ids. With 49,408 tokens and
two rows, the rows have the ids 49,408 and 49,409. This module knows nothing of prompts, pictures or training.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

TEXTS_MAX: Final = 4096  # size of an encoder's cache of token ids, in texts; a few MB


@dataclass(frozen=True)
class Encoded:
    """One text encoder's output for a batch of token ids."""

    last: Tensor  # (b, length, width), after the final layer norm
    penultimate: Tensor  # (b, length, width), which SDXL's UNet was trained on
    pooled: Tensor | None  # (b, projection), at the end-of-text token; None for encoders without projection


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
        """Width of a row."""
        return self.table.embedding_dim

    @property
    def context_length(self) -> int:
        """Tokens that the encoder reads at once, start and end included."""
        return int(self.module.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]

    @property
    def first_row_id(self) -> int:
        """Id of the first learned row: the next id of an extended tokenizer."""
        return len(self.tokenizer)

    def token_ids(self, text: str) -> list[int]:
        """Ids of `text` alone, without start, end and padding."""
        return list(self._tokenize(text))

    @cached_property
    def _tokenize(self) -> Callable[[str], tuple[int, ...]]:
        """The tokenizer with a cache: tokenizing takes most of the time that a prompt's text costs, and texts recur."""

        def tokenize(text: str) -> tuple[int, ...]:
            return tuple(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)

        return lru_cache(TEXTS_MAX)(tokenize)

    def framed(self, ids: Sequence[int]) -> list[int]:
        """`ids` between start and end tokens, padded to the context length, into which they must fit."""
        frame = [self.tokenizer.bos_token_id, *ids, self.tokenizer.eos_token_id]
        return frame + [self.tokenizer.pad_token_id] * (self.context_length - len(frame))

    def rows_of(self, text: str) -> Tensor:
        """The table's own rows for the tokens of `text`  # (tokens, width) float32."""
        ids = torch.tensor(self.token_ids(text), device=self.table.weight.device)
        return self.table.weight.detach()[ids].float()

    def encode(self, ids: Tensor, rows: Tensor | None = None) -> Encoded:
        """Encode `ids` (b, length); ids from `first_row_id` on stand for `rows` (n, width)."""
        # The model gets id 0 in place of a learned row: some CLIP configurations take the highest id for the end of
        # the text, which would be a learned row.
        known_ids = ids.masked_fill(ids >= self.first_row_id, 0)
        with self._overlay(ids, rows):
            output = self.module(input_ids=known_ids, output_hidden_states=True)
        return Encoded(output.last_hidden_state, output.hidden_states[-2], getattr(output, "text_embeds", None))

    @contextmanager
    def _overlay(self, ids: Tensor, rows: Tensor | None) -> Iterator[None]:
        """Make the token embedding return `rows` for learned ids inside the block. The hook is removed at its end."""
        if rows is None:
            yield
            return
        learned = (ids >= self.first_row_id).unsqueeze(-1)  # (b, length, 1)
        index = (ids - self.first_row_id).clamp(min=0)

        def splice(table: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            # Not rows[index]: the order of the sums in its backward pass varies with the threads, and so the result.
            return torch.where(learned, functional.embedding(index, rows.to(output.dtype)), output)

        hook = self.table.register_forward_hook(splice)
        try:
            yield
        finally:
            hook.remove()
