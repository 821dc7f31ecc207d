"""The training pictures: drawn by the world on all cores, kept as one array with their captions and with what they
show, as the renderer knows it. Beside them those for practice, of which nobody asks what they show."""

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from models.recipe.world import (
    Creature,
    Individual,
    Practice,
    Sample,
    accessory,
    cloth,
    halves,
    of_a_kind,
    plain_pair,
    sample,
    shade,
)

FIRST_SEED = 1000  # of the training; the score, the examples and the tests use other seeds
BLOCK = 500  # pictures of one seed

# What is practised beside them: how it is drawn, how many there are, and how often it is shown for one of the others.
PRACTICE: dict[str, tuple[Callable[[Random], Practice], int, float]] = {
    "cloth": (cloth, 6000, 0.1),
    "pairs": (plain_pair, 36000, 0.26),
    "halves": (halves, 3000, 0.03),
    "of a kind": (of_a_kind, 22000, 0.16),
    "shades": (shade, 24000, 0.6),
    "accessories": (accessory, 12000, 0.2),
}

Pixels = npt.NDArray[np.uint8]
Drawn = tuple[Pixels, list[Any]]  # one block's pictures, and what is said of each


@dataclass(frozen=True)
class Label:
    """What a picture shows, whether its caption says so or not."""

    kind: str
    colour: str
    pattern: str  # "" for none
    wear: str  # "" for none
    place: str  # as a caption says it; "" for an unnamed gray
    style: str
    quality: str
    partner: tuple[str, str] | None  # kind and colour of who stands at the right

    @classmethod
    def of(cls, drawn: Sample) -> "Label":
        it, partner = drawn.individual, drawn.partner
        beside = (partner.kind, partner.colour) if partner else None
        return cls(it.kind, it.colour, it.pattern or "", worn(it), drawn.place, drawn.style, drawn.quality, beside)


def rows_with_the_hard_more_often(labels: list[Label]) -> list[int]:
    """The pictures' numbers, twice each, those three times that show what is learned last, an accessory, a pattern, two
    things at once, five times a pattern and nothing else that is special, and eight times a style, as two that are
    alike, a comic and a poster, are told apart by little."""
    return [row for row, label in enumerate(labels) for _ in range(times_shown(label))]


def times_shown(label: Label) -> int:
    if label.pattern and label.style == "photo" and not label.quality and not label.partner:
        return 5
    if label.style != "photo":
        return 8
    return 3 if label.wear or label.pattern or label.partner else 2


def with_practice(rows: list[int], pictures: int) -> list[int]:
    """And the numbers of those for practice, which come after so many pictures, each as often as PRACTICE says."""
    all_rows, first = list(rows), pictures
    for _, count, share in PRACTICE.values():
        all_rows += list(range(first, first + count)) * max(1, round(share * len(rows) / count))
        first += count
    return all_rows


def worn(it: Individual) -> str:
    return it.wear if isinstance(it, Creature) and it.wear != "none" else ""


@dataclass(frozen=True)
class Pictures:
    pixels: Pixels  # (n, 64, 64, 3)
    captions: list[str]
    labels: list[Label]


def pictures(folder: Path, count: int) -> Pictures:
    """The pictures in the folder; drawn first, or drawn on, if they are fewer. About ten milliseconds each and core."""
    pixels, said = kept(folder, count, draw_block)
    return Pictures(pixels, [caption for caption, _ in said], [Label(**label) for _, label in said])


def practice(run: Path, name: str) -> tuple[Pixels, list[str]]:
    """Pictures of PRACTICE and their captions, drawn and kept in a folder of the run likewise."""
    draw, count, _ = PRACTICE[name]
    return kept(run / name, count, partial(draw_practice, draw))


def kept(folder: Path, count: int, draw: Callable[[int], Drawn]) -> Drawn:
    """All blocks of a folder together; those that are missing are drawn first."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(FIRST_SEED, FIRST_SEED + max(1, count // BLOCK))
    missing = [seed for seed in seeds if not _said(folder, seed).exists()]
    if missing:
        with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
            for number, _ in enumerate(pool.imap_unordered(partial(keep_block, folder, draw), missing), 1):
                print(f"{folder.name}: {number} of {len(missing)} blocks drawn", flush=True)
    pixels = np.concatenate([np.load(_drawn(folder, seed)) for seed in seeds])
    return pixels, [said for seed in seeds for said in json.loads(_said(folder, seed).read_text())]


def _drawn(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.npy"


def _said(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.json"


def keep_block(folder: Path, draw: Callable[[int], Drawn], seed: int) -> None:
    """What is said is written last: a block that has it is whole."""
    pixels, said = draw(seed)
    np.save(_drawn(folder, seed), pixels)
    new = folder / f"{seed}.new"
    new.write_text(json.dumps(said))
    os.replace(new, _said(folder, seed))


def draw_block(seed: int) -> Drawn:
    random = Random(seed)
    drawn = [sample(random) for _ in range(BLOCK)]
    pixels = np.stack([np.asarray(one.picture.convert("RGB")) for one in drawn])
    return pixels, [(one.caption, asdict(Label.of(one))) for one in drawn]


def draw_practice(draw: Callable[[Random], Practice], seed: int) -> Drawn:
    random = Random(seed)
    drawn = [draw(random) for _ in range(BLOCK)]
    return np.stack([np.asarray(one.picture) for one in drawn]), [one.caption for one in drawn]
