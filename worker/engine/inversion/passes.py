"""How the samples of one optimiser step go through the denoiser: how many at once, and with what kept for the gradient.

The gradient is the same in every way to divide them; only memory and time differ. Knows no device and no number of
bytes: `memory.py` chooses.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

SAMPLES_MAX: Final = 2**31  # stands for "all of them"


@dataclass(frozen=True)
class Passes:
    """Samples in one forward and backward pass; in one forward pass of the evaluation; gradient checkpointing."""

    samples: int = SAMPLES_MAX
    evaluated: int = SAMPLES_MAX
    # Keep only the inputs of the denoiser's blocks, and compute the rest again in the backward pass (Chen et al. 2016,
    # arXiv 1604.06174): a tenth of the memory for a third more time.
    checkpointing: bool = False

    def smaller(self, samples: int) -> "Passes | None":
        """The next way that needs less memory, after a pass of `samples` did not fit; None if there is none.

        First half the samples, since that costs almost nothing; then checkpointing, with as many samples as before.
        """
        at_once = min(self.samples, samples)
        if at_once > 1:
            return replace(self, samples=(at_once + 1) // 2)
        return None if self.checkpointing else replace(self, checkpointing=True)

    def least(self, other: "Passes") -> "Passes":
        """The way that needs no more memory than either."""
        return Passes(
            min(self.samples, other.samples),
            min(self.evaluated, other.evaluated),
            self.checkpointing or other.checkpointing,
        )


def parts(count: int, at_once: int) -> Iterator[slice]:
    """Slices of at most `at_once` of `count` samples, nearly equal in size."""
    number = -(-count // min(count, at_once))
    for index in range(number):
        yield slice(count * index // number, count * (index + 1) // number)
