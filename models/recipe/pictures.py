"""The training pictures: drawn by the world on all cores, kept as one array with their captions and with what they
show, as the renderer knows it."""

import json
import multiprocessing
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt

from models.recipe.world import Creature, Individual, Sample, sample

FIRST_SEED = 1000  # of the training; the score, the examples and the tests use other seeds
BLOCK = 500  # pictures of one seed

Pixels = npt.NDArray[np.uint8]


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
    """The pictures' numbers, those twice that show a style, and three times what is learned last: an accessory, a
    pattern, two things at once."""
    return [row for row, label in enumerate(labels) for _ in range(times_shown(label))]


def times_shown(label: Label) -> int:
    if label.wear or label.pattern or label.partner:
        return 3
    return 2 if label.style != "photo" else 1


def worn(it: Individual) -> str:
    return it.wear if isinstance(it, Creature) and it.wear != "none" else ""


@dataclass(frozen=True)
class Pictures:
    pixels: Pixels  # (n, 64, 64, 3)
    captions: list[str]
    labels: list[Label]


def pictures(folder: Path, count: int) -> Pictures:
    """The pictures in the folder; drawn first, or drawn on, if they are fewer. About ten milliseconds each and core."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(FIRST_SEED, FIRST_SEED + max(1, count // BLOCK))
    missing = [(folder, seed) for seed in seeds if not _said(folder, seed).exists()]
    if missing:
        with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
            for number, _ in enumerate(pool.imap_unordered(keep_block, missing), 1):
                print(f"pictures: {number} of {len(missing)} blocks drawn", flush=True)
    blocks = [json.loads(_said(folder, seed).read_text()) for seed in seeds]
    said = [(caption, Label(**label)) for block in blocks for caption, label in block]
    pixels = np.concatenate([np.load(_drawn(folder, seed)) for seed in seeds])
    return Pictures(pixels, [caption for caption, _ in said], [label for _, label in said])


def _drawn(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.npy"


def _said(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.json"


def keep_block(where: tuple[Path, int]) -> None:
    """What is said is written last: a block that has it is whole."""
    folder, seed = where
    pixels, said = draw_block(seed)
    np.save(_drawn(folder, seed), pixels)
    new = folder / f"{seed}.new"
    new.write_text(json.dumps(said))
    os.replace(new, _said(folder, seed))


def draw_block(seed: int) -> tuple[Pixels, list[tuple[str, dict[str, object]]]]:
    random = Random(seed)
    drawn = [sample(random) for _ in range(BLOCK)]
    pixels = np.stack([np.asarray(one.picture.convert("RGB")) for one in drawn])
    return pixels, [(one.caption, asdict(Label.of(one))) for one in drawn]
