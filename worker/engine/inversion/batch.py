"""The samples that one concept contributes to a pass, and the common encoding of several concepts' captions.

This is bookkeeping around the loss and no part of the method: `loss.py` has the equation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

import torch
from torch import Tensor

from worker.engine.base_models import BaseModel, Conditioning, joined
from worker.engine.inversion.context import Context
from worker.engine.inversion.samples import Samples


@dataclass(frozen=True)
class Batch:
    """Samples of one concept, the captions that name the concept, and its rows."""

    samples: Samples
    ids: Mapping[str, Tensor]  # (b, length), token ids of the captions, for each encoder
    rows: Mapping[str, Tensor]  # (n, width) for each encoder
    snr_gamma: float = 0.0  # of min-SNR weighting; 0 turns the weighting off
    context: Context | None = None  # of context regularisation; None turns it off
    loss_scale: Tensor | None = None  # scalar, for float16; None: 1

    def scaled(self, loss: Tensor) -> Tensor:
        """A loss of this batch as the backward pass begins with it."""
        return loss if self.loss_scale is None else loss * self.loss_scale


def joint_samples(batches: Sequence[Batch]) -> Samples:
    """The samples of all batches, one batch after another."""
    samples = [batch.samples for batch in batches]
    return Samples(*(torch.cat([getattr(part, field.name) for part in samples]) for field in fields(Samples)))


def encode_captions(model: BaseModel, batches: Sequence[Batch]) -> tuple[Conditioning, list[Tensor]]:
    """Encode the captions of all batches, and the prompts of each batch's context.

    Returns the conditioning of all captions, in the order of `joint_samples`, and for each batch the encoder outputs of
    its context prompts  # (p, length, width), with p = 0 for a batch without context.

    On a GPU all batches are encoded in one call. On a CPU each batch is encoded in a call of its own: there the size of
    a call decides the last digit of a matrix product, the bf16 UNet amplifies the difference, and a concept trained
    beside others would end with other rows than one trained alone.
    """
    calls = [[batch] for batch in batches] if model.device.type == "cpu" else [batches]
    encoded = [_encode_in_one_call(model, call) for call in calls]
    return joined([captions for captions, _ in encoded]), [output for _, outputs in encoded for output in outputs]


def _encode_in_one_call(model: BaseModel, batches: Sequence[Batch]) -> tuple[Conditioning, list[Tensor]]:
    """All captions first, then the context prompts of each batch.

    Every batch numbers its own rows from the encoder's `first_row_id`. In one call the rows of all batches form one
    matrix, so the row ids of a batch move up by the number of rows before its own. Example with first_row_id = 100: the
    first batch has 2 rows (ids 100 and 101), the second 3 rows, whose ids 100, 101, 102 become 102, 103, 104.
    """
    ids: dict[str, Tensor] = {}
    rows: dict[str, Tensor] = {}
    for encoder in model.encoders:
        name, first = encoder.name, encoder.first_row_id
        rows_before = list(accumulate((len(batch.rows[name]) for batch in batches), initial=0))[:-1]
        texts = [(batch.ids[name], moved) for batch, moved in zip(batches, rows_before, strict=True)]
        texts += [
            (batch.context.ids[name], moved)
            for batch, moved in zip(batches, rows_before, strict=True)
            if batch.context is not None
        ]
        ids[name] = torch.cat([own + moved * (own >= first) for own, moved in texts])
        rows[name] = torch.cat([batch.rows[name] for batch in batches])
    conditioning = model.condition(ids, rows)
    captions = sum(len(batch.samples.t) for batch in batches)
    prompts = [0 if batch.context is None else len(batch.context) for batch in batches]
    return conditioning[:captions], list(torch.split(conditioning.context[captions:], prompts))
