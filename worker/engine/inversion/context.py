"""Context regularisation (CoRe, Wu et al. 2024, arXiv 2408.15914, section 4.1): the other words keep their meaning.

In prompts that need no pictures, the text encoder's answers at all other tokens stay near those that it gives while
the word still means its initializer. Of the paper's two terms this is the one on embeddings; the one on attention maps
would cost two more passes of the UNet.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from worker.engine.base_models import BaseModel, TextEncoder
from worker.engine.inversion.templates import CONTEXTS, caption_ids


@dataclass(frozen=True)
class Context:
    """Prompts around a word, and what the encoder made of them at the start."""

    ids: Mapping[str, Tensor]  # (p, length) for each encoder
    anchor: Tensor  # (p, length, width of the cross-attention)
    others: Tensor  # (p, length), 1 where a token is not the word's, else 0
    weight: float

    @classmethod
    def around(cls, model: BaseModel, rows: Mapping[str, Tensor], kind: str, weight: float) -> "Context":
        """Every prompt of a kind, while the word is `rows`, (n, width) for each encoder."""
        ids = {
            encoder.name: caption_ids(encoder, CONTEXTS[kind], len(rows[encoder.name]), model.device)
            for encoder in model.encoders
        }
        with torch.no_grad():
            anchor = model.condition(ids, rows).context
        return cls(ids, anchor, _others(model.encoders[0], ids), weight)

    def __len__(self) -> int:
        return len(self.anchor)

    def loss(self, context: Tensor) -> Tensor:
        """weight * mean over the other tokens of (1 - cosine)  # scalar, for what the encoders answer now."""
        away = (1 - cosine_similarity(context.float(), self.anchor.float(), dim=-1)) * self.others
        return self.weight * away.sum() / self.others.sum()


def _others(encoder: TextEncoder, ids: Mapping[str, Tensor]) -> Tensor:
    return (ids[encoder.name] < encoder.first_row_id).float()
