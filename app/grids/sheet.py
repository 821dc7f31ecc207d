"""A grid as one picture: the cells in their table, with the values of the axes beside them.

Cells are reduced so that the sheet stays below PIXELS_MAX pixels, whatever the size and number of its pictures.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from app.grids.table import Table

PIXELS_MAX: Final = 24_000_000
CELL_MIN: Final = 24  # pixels of the longer side
GAP: Final = 8
MARGIN: Final = 24
PAPER: Final = (255, 255, 255)
INK: Final = (38, 34, 30)
EMPTY: Final = (236, 233, 228)
LINES_MAX: Final = 6  # of one label

Load = Callable[[int], bytes | None]  # the PNG of a cell, or None while it is not drawn


@dataclass(frozen=True)
class _Layout:
    """Where everything stands, in pixels."""

    cell: tuple[int, int]
    label: int  # width of one column of row labels
    levels: int  # columns of row labels
    head: int  # height of the column labels
    top: int  # where the column labels begin
    size: int  # of the letters

    def left(self, column: int) -> int:
        return MARGIN + self.levels * (self.label + GAP) + column * (self.cell[0] + GAP)

    def above(self, row: int) -> int:
        return self.top + self.head + GAP + row * (self.cell[1] + GAP)


def sheet(table: Table, title: str, width: int, height: int, load: Load) -> bytes:
    """The PNG of a grid whose cells are `width` × `height` pixels. Takes about 10 ms for each small cell."""
    columns, rows = table.column_labels, table.rows()
    cell = _cell_size(width, height, len(columns), len(rows))
    size = max(11, min(40, cell[0] // 11))
    font, heading = _font(size), _font(round(size * 1.4))
    layout = _Layout(
        cell=cell,
        label=max(90, min(cell[0], 18 * size)),
        levels=len(table.down),
        head=max((len(_wrapped(text, font, cell[0])) for text in columns if text), default=0) * round(size * 1.3),
        top=MARGIN + (round(size * 2.2) if title else 0),
        size=size,
    )
    paper = Image.new("RGB", (layout.left(len(columns)) - GAP + MARGIN, layout.above(len(rows)) - GAP + MARGIN), PAPER)
    pen = ImageDraw.Draw(paper)
    if title:
        room = paper.width - 2 * MARGIN
        pen.text((MARGIN, MARGIN), _wrapped(title, heading, room)[0], fill=INK, font=heading)
    for column, text in enumerate(columns):
        _write(pen, text, font, (layout.left(column), layout.top), cell[0], layout)
    before: list[str] = []
    for row, (labels, indices) in enumerate(rows):
        for level, text in enumerate(labels):
            if labels[: level + 1] != before[: level + 1]:
                at = (MARGIN + level * (layout.label + GAP), layout.above(row))
                _write(pen, text, font, at, layout.label, layout)
        before = labels
        for column, index in enumerate(indices):
            paper.paste(_picture(load(index), cell), (layout.left(column), layout.above(row)))
    content = io.BytesIO()
    paper.save(content, "PNG", compress_level=4)
    return content.getvalue()


def _cell_size(width: int, height: int, columns: int, rows: int) -> tuple[int, int]:
    """The size of a cell on the sheet: its own, or at least 160 pixels wide, reduced to what the sheet has room for."""
    scale = max(1.0, 160 / width)
    scale = min(scale, (PIXELS_MAX / (columns * rows * width * height)) ** 0.5)
    scale = max(scale, CELL_MIN / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _picture(png: bytes | None, size: tuple[int, int]) -> Image.Image:
    if png is None:
        return Image.new("RGB", size, EMPTY)
    with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
        return opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    at: tuple[int, int],
    room: int,
    layout: _Layout,
) -> None:
    for number, line in enumerate(_wrapped(text, font, room) if text else ()):
        pen.text((at[0], at[1] + number * round(layout.size * 1.3)), line, fill=INK, font=font)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> list[str]:
    """A label in lines of at most `room` pixels; the last of LINES_MAX ends with dots if there are more."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text[:400].split(), font, room):
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > room:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    return lines if len(lines) <= LINES_MAX else [*lines[: LINES_MAX - 1], lines[LINES_MAX - 1][:-1] + "…"]


def _pieces(words: Sequence[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> list[str]:
    """Words, those that are wider than a line cut into parts that fit."""
    found = []
    for word in words:
        letters = max(1, int(room / max(1.0, font.getlength("n"))))
        found += [word[start : start + letters] for start in range(0, len(word), letters)]
    return found


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The letters that come with Pillow."""
    return ImageFont.load_default(size)
