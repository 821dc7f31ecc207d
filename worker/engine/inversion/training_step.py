"""The report of one optimiser step. It is a plain value without rows and without a reference to the run."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TrainingStep:
    """The state of a run after one optimiser step. The rows are in `Inversion.embedding` and `Inversion.best`."""

    number: int  # optimiser steps taken; step 0 is the initializer before any step
    loss: Tensor  # scalar on the device; reading it waits for the device
    evaluation: float  # newest loss of the validation batch
    warnings: tuple[str, ...] = ()  # since the previous step
    stopped: str | None = None  # why no step follows: LEARNED or OUT_OF_STEPS; None while the run goes on

    @property
    def last(self) -> bool:
        """Whether no other step follows."""
        return self.stopped is not None

    def loss_value(self) -> float:
        """The loss as a number; waits for the device."""
        return self.loss.item()
