"""Where a word starts: at the initializer's own rows, or at what the text encoder makes of them. Nothing is learned."""

import torch
from torch import Tensor

from worker.engine.base_models import TextEncoder
from worker.engine.errors import InversionError


def token_rows(encoder: TextEncoder, initializer: str, vectors: int) -> Tensor:
    """The initializer's own rows, cycled  # (vectors, width) float32.

    A phrase with more tokens than vectors keeps its last ones: there English puts the noun.
    """
    return _cycled(encoder.rows_of(_said(encoder, initializer)), vectors)


@torch.no_grad()
def encoded_rows(encoder: TextEncoder, initializer: str, vectors: int) -> Tensor:
    """Cross Initialization (Pang et al. 2023, arXiv 2312.15905, section 3.3): what the encoder answers where the
    initializer's tokens stand, cycled  # (vectors, width) float32. A word that was learned lies nearer to that."""
    ids = encoder.token_ids(_said(encoder, initializer))[: encoder.context_length - 2]
    answer = encoder.encode(torch.tensor([encoder.framed(ids)], device=encoder.table.weight.device)).last
    return _cycled(answer[0, 1 : 1 + len(ids)].float(), vectors)


def mean_norm(encoder: TextEncoder) -> float:
    """Length of the vocabulary's rows on average."""
    return float(encoder.table.weight.detach().float().norm(dim=-1).mean())


def _said(encoder: TextEncoder, initializer: str) -> str:
    if not initializer.strip():
        raise InversionError("The initializer is empty. Name the nearest thing the model knows, such as mug or cat.")
    if not encoder.token_ids(initializer):
        raise InversionError(f"The initializer {initializer!r} has no token that the model knows. Use a plain word.")
    return initializer


def _cycled(rows: Tensor, vectors: int) -> Tensor:
    rows = rows[-vectors:]
    return rows[torch.arange(vectors) % len(rows)].clone()
