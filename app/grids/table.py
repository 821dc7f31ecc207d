"""A grid as a table: one axis across, the others down, the first of them outermost.

Axes with a single value are no rows or columns: they hold for every cell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

Axis = Mapping[str, Any]  # `name` and `values`


@dataclass(frozen=True)
class Table:
    """The axes of a grid, and the name of the one that runs across."""

    axes: Sequence[Axis]
    columns: str | None = None  # None: the last axis with several values

    @cached_property
    def across(self) -> Axis | None:
        """The axis of the columns; None for a grid of one column."""
        several = [axis for axis in self.axes if len(axis["values"]) > 1]
        named = next((axis for axis in several if axis["name"] == self.columns), None)
        return named or (several[-1] if several else None)

    @cached_property
    def down(self) -> list[Axis]:
        """The axes of the rows, outermost first."""
        return [axis for axis in self.axes if len(axis["values"]) > 1 and axis is not self.across]

    @property
    def column_labels(self) -> list[str]:
        """What stands above each column."""
        return [""] if self.across is None else [label(self.across, value) for value in self.across["values"]]

    def rows(self) -> list[tuple[list[str], list[int]]]:
        """The labels of each row, outermost first, and the indices of its cells."""
        found = []
        for places in product(*(range(len(axis["values"])) for axis in self.down)):
            at = {axis["name"]: place for axis, place in zip(self.down, places, strict=True)}
            labels = [label(axis, axis["values"][place]) for axis, place in zip(self.down, places, strict=True)]
            found.append((labels, [self._index(at, column) for column in range(len(self.column_labels))]))
        return found

    def _index(self, at: Mapping[str, int], column: int) -> int:
        index = 0
        for axis in self.axes:
            place = column if axis is self.across else at.get(axis["name"], 0)
            index = index * len(axis["values"]) + place
        return index


def label(axis: Axis, value: object) -> str:
    """A value of an axis in words: `seed 7`, `guidance 3.5`, `version 2`, or the prompt or concept itself."""
    name = {"versions": "version ", "guidance": "guidance ", "seeds": "seed "}.get(axis["name"], "")
    return f"{name}{value:g}" if isinstance(value, float) else f"{name}{value}"
