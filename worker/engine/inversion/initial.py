"""Initial rows of a concept: the initializer's own rows, or the text encoder's output for them."""

import torch
from torch import Tensor

from worker.engine.base_models import TextEncoder
from worker.engine.errors import InversionError


def token_rows(encoder: TextEncoder, initializer: str, vectors: int) -> Tensor:
    """The initializer's own rows, repeated in turn to fill all vectors  # (vectors, width) float32.

    A phrase with more tokens than vectors keeps its last tokens, because an English phrase ends with its noun.
    """
    return _cycled(encoder.rows_of(_checked(encoder, initializer)), vectors)


@torch.no_grad()
def encoded_rows(encoder: TextEncoder, initializer: str, vectors: int) -> Tensor:
    """Cross Initialization (Pang et al. 2023, arXiv 2312.15905, section 3.3): the encoder's output at the positions of
    the initializer's tokens, repeated in turn  # (vectors, width) float32. Trained rows end nearer to this output than
    to the initializer's own rows."""
    ids = encoder.token_ids(_checked(encoder, initializer))[: encoder.context_length - 2]
    output = encoder.encode(torch.tensor([encoder.framed(ids)], device=encoder.table.weight.device)).last
    return _cycled(output[0, 1 : 1 + len(ids)].float(), vectors)


def mean_norm(encoder: TextEncoder) -> float:
    """Mean Euclidean norm of the vocabulary's rows."""
    return float(encoder.table.weight.detach().float().norm(dim=-1).mean())


def _checked(encoder: TextEncoder, initializer: str) -> str:
    """The initializer, or an InversionError if it is empty or has no token."""
    if not initializer.strip():
        raise InversionError("The initializer is empty. Name the nearest thing the model knows, such as mug or cat.")
    if not encoder.token_ids(initializer):
        raise InversionError(f"The initializer {initializer!r} has no token that the model knows. Use a plain word.")
    return initializer


def _cycled(rows: Tensor, vectors: int) -> Tensor:
    rows = rows[-vectors:]
    return rows[torch.arange(vectors) % len(rows)].clone()
