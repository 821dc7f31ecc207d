"""Where a run is after an optimiser step: what its caller may show, keep or resume from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from worker.engine.embeddings.formats import Embedding
from worker.engine.inversion.checkpoint import Checkpoint, pack
from worker.engine.inversion.trainable_concept import EmbeddingCandidate, embedding_of

if TYPE_CHECKING:
    from worker.engine.inversion.invert import Inversion


@dataclass(frozen=True)
class TrainingStep:
    """Rows and checkpoint are read when they are asked for, so ask before the next step is taken."""

    inversion: "Inversion"
    number: int  # optimiser steps taken; the first Step is number 0, the initializer itself
    loss: Tensor  # scalar on the device: reading it waits for the device
    warnings: tuple[str, ...] = ()  # since the step before
    stopped: str | None = None  # why this Step is the last one, if it is

    @property
    def last(self) -> bool:
        """Whether no other Step follows."""
        return self.stopped is not None

    @property
    def steps_max(self) -> int:
        """Steps after which the run ends at the latest."""
        return self.inversion.options.steps_max

    @property
    def vectors(self) -> int:
        """Rows per text encoder."""
        return self.inversion.options.vectors

    @property
    def evaluation(self) -> float:
        """The newest loss of the fixed evaluation batch."""
        return self.inversion.concept.evaluations[-1]

    @property
    def best_evaluation(self) -> float:
        """The lowest loss of the fixed evaluation batch so far."""
        return self.inversion.concept.best_evaluation

    @property
    def embedding(self) -> Embedding:
        """The rows as they are now."""
        return embedding_of(self.inversion.concept.rows)

    @property
    def best(self) -> Embedding:
        """The rows with the lowest evaluation so far: the result, if the run ended here."""
        return embedding_of(self.inversion.concept.best)

    @property
    def candidates(self) -> list[EmbeddingCandidate]:
        """What the word may end as, the rows with the lowest evaluation first."""
        return self.inversion.concept.candidates()

    def loss_value(self) -> float:
        """The loss of this step's samples; waits for the device."""
        return self.loss.item()

    def checkpoint(self) -> Checkpoint:
        """Bytes from which `invert(..., resume=...)` goes on; bit for bit on a CPU."""
        return pack(self.inversion.concept, self.number, self.inversion.options)
