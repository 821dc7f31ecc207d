"""What a word is worth to the denoiser: `python -m models.recipe.word_cost models/demo` prints, for groups of words, by
how much its guess of the velocity is worse when the caption says another word of the group.

A word that costs nothing is not drawn, long before a drawing shows it; what costs more from one checkpoint to the next
is being learned. Patterns were drawn two times in three when they cost 16 %, and always when they cost 27 %."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor
from transformers import CLIPTokenizer

from models.recipe.autoencoder import as_tensor
from models.recipe.denoiser import denoiser, noise_schedule
from models.recipe.text_encoder import loaded
from models.recipe.tokenizer import token_ids
from models.recipe.world import KINDS, SCENES, individual, pair, plain, portrait, scene
from models.recipe.world.colours import COLOURS, varied
from models.recipe.world.individuals import PATTERNS, SPECIES, WEARS, Wear
from models.recipe.world.words import article

SEED = 950_000  # the training's are far below
NEAR = (("gold", "yellow"), ("beige", "white"), ("orange", "gold"), ("teal", "cyan"))  # what is taken for what
TIMESTEP = 750  # of 1000: shapes are there and what is on them is not


@dataclass(frozen=True)
class Case:
    picture: Image.Image
    right: str
    wrong: str


def _colour(random: Random) -> Case:
    it, place = individual(random, pattern=None), random.choice(list(SCENES))
    said = "a photo of {} " + f"{it.kind} {place}"
    return Case(portrait(it, random, scene(place, random)), *_said(said, it.colour, list(COLOURS), random))


def _near_colour(random: Random) -> Case:
    (right, wrong), place = random.choice(NEAR), random.choice(list(SCENES))
    it = individual(random, colour=right, rgb=varied(COLOURS[right], random), pattern=None)
    said = [f"a photo of {article(colour)} {it.kind} {place}" for colour in (right, wrong)]
    return Case(portrait(it, random, scene(place, random)), *said)


def _pattern(random: Random) -> Case:
    it, place = individual(random, pattern=random.choice(PATTERNS)), random.choice(list(SCENES))
    said = "a photo of {} " + f"{it.colour} {it.kind} {place}"
    return Case(portrait(it, random, scene(place, random)), *_said(said, str(it.pattern), PATTERNS, random))


def _worn(wear: Wear, random: Random) -> Case:
    """The wrong caption leaves it out."""
    it, place = individual(random, random.choice(list(SPECIES)), pattern=None, wear=wear), random.choice(list(SCENES))
    one = f"a photo of {article(it.colour)} {it.kind}"
    right = f"{one} with {article(wear)} {place}"
    return Case(portrait(it, random, scene(place, random)), right, f"{one} {place}")


def _one_of_two(whose: int, random: Random) -> Case:
    both = [individual(random, pattern=None) for _ in range(2)]
    words = [f"{it.colour} {it.kind}" for it in both]
    words[whose] = f"{both[whose].colour} {{}}"
    said = " next to ".join(["a photo of a " + words[0], "a " + words[1]])
    right, wrong = (said.format(kind) for kind in (both[whose].kind, _other(both[whose].kind, KINDS, random)))
    return Case(pair(both[0], both[1], random, plain("gray", random)), right, wrong)


def _said(caption: str, word: str, group: tuple[str, ...] | list[str], random: Random) -> tuple[str, str]:
    return caption.format(article(word)), caption.format(article(_other(word, group, random)))


def _other(word: str, group: tuple[str, ...] | list[str], random: Random) -> str:
    return random.choice([other for other in group if other != word])


CASES: dict[str, Callable[[Random], Case]] = {
    "colour": _colour,
    "pattern": _pattern,
    **{wear: partial(_worn, wear) for wear in WEARS},
    "left of two": partial(_one_of_two, 0),
    "right of two": partial(_one_of_two, 1),
    "near colour": _near_colour,
}


class Guesses:
    """How well a model guesses the velocity of noisy pictures."""

    def __init__(self, folder: Path) -> None:
        self.unet = denoiser(folder / "unet")
        self.text = loaded(folder / "text_encoder")
        self.words = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)

    def cost(self, cases: list[Case]) -> float:
        """By which share the mean squared error is larger with the wrong captions."""
        z = self._codes([case.picture for case in cases])
        right, wrong = (self._error(z, [getattr(case, which) for case in cases]) for which in ("right", "wrong"))
        return wrong / right - 1

    @torch.no_grad()
    def _error(self, z: Tensor, captions: list[str]) -> float:
        noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(SEED))
        t, schedule = torch.full((len(z),), TIMESTEP), noise_schedule()
        states = self.text(token_ids(self.words, captions)).last_hidden_state
        guess = self.unet(schedule.add_noise(z, noise, t), t, states).sample
        return float((guess - schedule.get_velocity(z, noise, t)).square().mean())

    @torch.no_grad()
    def _codes(self, pictures: list[Image.Image]) -> Tensor:
        x = as_tensor(np.stack([np.asarray(picture.convert("RGB")) for picture in pictures]), "cpu")
        z: Tensor = self.vae.encode(x).latent_dist.mean * self.vae.config.scaling_factor
        return z


def word_costs(guesses: Guesses, count: int) -> dict[str, float]:
    """Of each group, over so many pictures."""
    random = Random(SEED)
    return {name: round(guesses.cost([make(random) for _ in range(count)]), 4) for name, make in CASES.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a wrong word costs the denoiser.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--pictures", type=int, default=64, help="for each group of words (%(default)s)")
    asked = parser.parse_args()
    print(json.dumps(word_costs(Guesses(asked.model), asked.pictures)))


if __name__ == "__main__":
    main()
