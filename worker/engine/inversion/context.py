"""Context regularisation (CoRe, Wu et al. 2024, arXiv 2408.15914, section 4.1): the other words keep their meaning.

In prompts without pictures, the loss keeps the text encoder's outputs at all other tokens near the outputs for the
initializer's rows. Of the paper's two terms this is the term on embeddings; the term on attention maps costs two more
passes of the UNet and is left out.
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
    """Prompts that contain the concept, and the encoder outputs for them with the initializer's rows."""

    ids: Mapping[str, Tensor]  # (p, length) for each encoder
    anchor: Tensor  # (p, length, width of the cross-attention), outputs with the initializer's rows
    others: Tensor  # (p, length), 0 at the tokens of the concept, 1 at all others
    weight: float

    @classmethod
    def around(cls, model: BaseModel, rows: Mapping[str, Tensor], kind: str, weight: float) -> "Context":
        """All context prompts of a kind, anchored at the outputs for `rows`, (n, width) for each encoder."""
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
        """weight * mean over the other tokens of (1 - cosine)  # scalar; `context` is the present encoder output."""
        distance = (1 - cosine_similarity(context.float(), self.anchor.float(), dim=-1)) * self.others
        return self.weight * distance.sum() / self.others.sum()


def _others(encoder: TextEncoder, ids: Mapping[str, Tensor]) -> Tensor:
    return (ids[encoder.name] < encoder.first_row_id).float()
