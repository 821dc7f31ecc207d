"""The axes of a grid and the order of its cells.

A grid has a cell for each combination of the values on its axes. The last axis runs fastest: with 3 prompts and 4
seeds, cell 5 has prompt 1 and seed 1 (counted from 0).
"""

from typing import Final, Literal, get_args

AxisName = Literal["prompts", "concepts", "versions", "guidance", "seeds"]
AXES: Final[tuple[AxisName, ...]] = get_args(AxisName)

THE_CONCEPT: Final = "<*>"  # in a prompt of a grid: the concept of the cell
