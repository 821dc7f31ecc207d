"""Scores of the model: `python -m models.recipe.score models/demo` prints one JSON object as its last line.

First the scorer is checked on real renders of held-out individuals. Then the scorer names the drawings of prompts whose
combinations no training picture shows. Then twelve unseen individuals are trained as concepts, from four pictures each
with the project's default method, and their likeness is compared with that of the initializer and of real pictures."""

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from PIL import Image
from transformers import CLIPTokenizer

from models.recipe.in_use import drawn, trained
from models.recipe.pictures import worn
from models.recipe.scorer import PLAIN, Judge, likeness
from models.recipe.world import (
    FAMILIES,
    KINDS,
    SCENES,
    STYLES,
    Individual,
    held_out,
    individual,
    pair_held_out,
    plain,
    portrait,
    scene,
)  # fmt: skip
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS, SPECIES, WEARS, pattern_colours
from models.recipe.world.words import article
from worker.engine.base_models import BaseModel, load
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import Request, SamplerSettings, draw

SEED = 900_000  # of everything here; the training's are far below
STYLED, PATTERNED, DRESSED, PAIRED = 0.16, 0.1, 0.1, 0.12  # shares of the drawings; the rest name kind, colour, scene
TAUGHT_STYLE = "watercolor"
MORE_PIXELS = 4  # a person's pictures are larger than the model's


@dataclass(frozen=True)
class Asked:
    """A prompt, and the answers that the scorer should give about its drawing."""

    prompt: str
    answers: dict[str, str]
    partner: str = ""  # the kind that should stand at the right; then `answers` is about the left


@dataclass(frozen=True)
class Vocabulary:
    """The world's words that a model's tokenizer knows as whole tokens."""

    kinds: list[str]
    scenes: list[str]
    styles: list[str]

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Vocabulary":
        tokenizers = [CLIPTokenizer.from_pretrained(folder / "tokenizer") for folder in folders]

        def has(phrase: str) -> bool:
            words = phrase.split()
            return all(len(tokenizer.tokenize(word)) == 1 for tokenizer in tokenizers for word in words)

        styles = [style for style in STYLES if style != "photo"]
        return cls([*filter(has, KINDS)], [*filter(has, SCENES)], [*filter(has, styles)])


def prompts(words: Vocabulary, count: int, seed: int = SEED) -> list[Asked]:
    """The same for the same words and seed: combinations that training pictures never show."""
    random = Random(seed)
    styled, patterned, dressed, paired = (round(share * count) for share in (STYLED, PATTERNED, DRESSED, PAIRED))
    combined = count - styled - patterned - dressed - paired
    makers: list[tuple[Callable[[Vocabulary, Random, int], Asked], int]] = [
        (_combination, combined), (_styled, styled), (_patterned, patterned), (_dressed, dressed), (_pair, paired)
    ]  # fmt: skip
    return [make(words, random, number) for make, several in makers for number in range(several)]


def _combination(words: Vocabulary, random: Random, number: int) -> Asked:
    kind = words.kinds[number % len(words.kinds)]
    while True:
        colour, place = random.choice(list(COLOURS)), random.choice(words.scenes)
        if held_out(kind, colour, place):
            return Asked(
                f"a photo of {article(colour)} {kind} {place}", {"kind": kind, "colour": colour, "place": place}
            )


def _styled(words: Vocabulary, random: Random, number: int) -> Asked:
    style = words.styles[number % len(words.styles)]
    return Asked(f"{article(style)} of {article(random.choice(words.kinds))}", {"style": style})


def _patterned(words: Vocabulary, random: Random, number: int) -> Asked:
    pattern = PATTERNS[number % len(PATTERNS)]
    colour, second = pattern_colours(random)
    kind = random.choice(words.kinds)
    return Asked(f"a photo of {article(second)} {pattern} {colour} {kind}", {"pattern": pattern})


def _dressed(words: Vocabulary, random: Random, number: int) -> Asked:
    wear = WEARS[number % len(WEARS)]
    kind, colour = random.choice([kind for kind in words.kinds if kind in SPECIES]), random.choice(list(COLOURS))
    return Asked(f"a photo of {article(colour)} {kind} with {article(wear)}", {"accessory": wear})


def _pair(words: Vocabulary, random: Random, number: int) -> Asked:
    while True:
        left, right = random.choice(words.kinds), random.choice(words.kinds)
        if pair_held_out(left, right):
            colour = random.choice(list(COLOURS))
            return Asked(f"a photo of {article(left)} next to {article(colour)} {right}", {"kind": left}, right)


def share(right: Iterable[bool]) -> float:
    counted = list(right)
    return round(sum(counted) / len(counted), 3) if counted else 0.0


def check_the_scorer(judge: Judge, count: int = 300) -> dict[str, float]:
    """Real renders of individuals that no training picture shows, against what the renderer knows of them. Checks are
    no more of their first colour than of their second, so of a patterned one either is right."""
    pictures: list[Image.Image] = []
    known: list[tuple[set[str], ...]] = []
    for number in range(count):
        random = Random(SEED + 10_000 + number)
        it, where = individual(random, KINDS[number % len(KINDS)]), random.choice(list(SCENES))
        pictures.append(portrait(it, random, scene(where, random)))
        colours = {it.colour, it.second_colour} if it.pattern else {it.colour}
        known.append(({it.kind}, colours, {where}, {it.pattern or PLAIN}, {worn(it) or PLAIN}))
    seen = judge.see(pictures)
    questions = {"kind": "real_kind", "colour": "real_colour", "place": "real_scene"}
    named = {question: judge.answer(question, seen) for question in (*questions, "pattern", "accessory")}
    right = {
        question: share(answer in truth[column] for answer, truth in zip(answers, known, strict=True))
        for column, (question, answers) in enumerate(named.items())
    }
    print("the scorer on real renders:", json.dumps(right), flush=True)
    return {key: right[question] for question, key in questions.items()}


def judge_drawings(model: BaseModel, judge: Judge, asked: list[Asked], seed: int = SEED) -> dict[str, float]:
    pictures = drawn(model, [one.prompt for one in asked], seed=seed)
    right: dict[str, list[bool]] = {
        key: [] for key in ("kind", "colour", "place", "style", "pattern", "accessory", "pair")
    }
    for one, picture in zip(asked, pictures, strict=True):
        if one.partner:
            halves = [judge.answer("kind", judge.see_half([picture], whose))[0] for whose in range(2)]
            right["pair"].append(halves == [one.answers["kind"], one.partner])
            continue
        seen = judge.see([picture])
        for question, answer in one.answers.items():
            right[question].append(judge.answer(question, seen) == [answer])
    rates = {key: share(answers) for key, answers in right.items()}
    rates["scene"] = rates.pop("place")
    return rates


TAUGHT_IN = ("yellow", "on the grass", "pink", "in the desert")  # the four pictures that a word is learned from
PLACES = ("white", "cyan", "on the beach", "at night")  # where the taught are drawn, and seen, for their likeness


def pictures_of(it: Individual, seed: int, places: Iterable[str]) -> list[Image.Image]:
    random = Random(seed)
    backgrounds = [(scene if " " in place else plain)(place, random, MORE_PIXELS) for place in places]
    return [portrait(it, random, background, scale=MORE_PIXELS) for background in backgrounds]


def held_out_individuals(words: Vocabulary, count: int) -> list[Individual]:
    """Of different kinds, one after the other from every family; no caption names all that makes them who they are."""
    kinds = [[kind for kind in family if kind in words.kinds] for family in FAMILIES.values()]
    in_turn = [several[turn] for turn in range(20) for several in kinds if turn < len(several)]
    return [individual(Random(SEED + 20_000 + number), kind) for number, kind in enumerate(in_turn[:count])]


def train_and_score(
    model: BaseModel, judge: Judge, individuals: list[Individual], words: Vocabulary
) -> dict[str, float]:
    """`taught`: the share of the way from the initializer's likeness to the real pictures' own, both to other real
    pictures in the same places. `kept`: how often the scene or style that the prompt names is there."""
    way, kept, seconds = [], [], []
    scenes = [name for name in words.scenes if name not in (*PLACES, *TAUGHT_IN)][:2]
    for number, it in enumerate(individuals):
        pictures = pictures_of(it, SEED + 30_000 + number, TAUGHT_IN)
        began, word = time.monotonic(), trained(model, pictures, it.kind, "object", number).best
        seconds.append(time.monotonic() - began)
        real, again = (judge.see(pictures_of(it, SEED + 40_000 + 100 * number + run, PLACES)) for run in range(2))
        before = judge.see(drawn(model, [prompt_in(place, it.kind) for place in PLACES]))
        after = judge.see(drawn(model, [prompt_in(place, "<it>") for place in PLACES], {"<it>": word}))
        least, most, reached = likeness(before, real), likeness(again, real), likeness(after, real)
        way.append((reached - least) / (most - least) if most > least else 1.0)
        kept += keeps(model, judge, word, scenes)
        print(f"taught: a {it.kind}, {least:.2f} -> {reached:.2f} of {most:.2f}, {seconds[-1]:.0f} s", flush=True)
    mean_way, mean_seconds = sum(way) / len(way), sum(seconds) / len(seconds)
    return {"taught": round(mean_way, 3), "kept": share(kept), "teach_s": round(mean_seconds, 1)}


def prompt_in(place: str, what: str) -> str:
    return f"a photo of a {what} " + (place if " " in place else f"on {article(place)} background")


def keeps(model: BaseModel, judge: Judge, word: Embedding, scenes: list[str]) -> list[bool]:
    texts = [*(prompt_in(place, "<it>") for place in scenes), f"a {TAUGHT_STYLE} of a <it>"]
    *placed, styled = drawn(model, texts, {"<it>": word})
    right = [answer == place for answer, place in zip(judge.answer("place", judge.see(placed)), scenes, strict=True)]
    return [*right, judge.answer("style", judge.see([styled])) == [TAUGHT_STYLE]]


def seconds_a_picture(model: BaseModel, times: int = 3) -> float:
    """The fastest of some, alone: what else the machine does is not the model's."""
    taken = []
    for _ in range(times + 1):  # the first warms up
        began = time.monotonic()
        draw(model, [Request("a photo of a red cat on the beach", seed=1)], SamplerSettings.for_model(model, steps=20))
        taken.append(time.monotonic() - began)
    return round(min(taken[1:]), 2)


def score(folder: Path, scorer: Path, others: list[Path], drawings: int, taught: int, seed: int) -> dict[str, float]:
    judge, model, words = Judge.load(scorer), load(folder), Vocabulary.of([folder, *others])
    found = check_the_scorer(judge)
    found |= judge_drawings(model, judge, prompts(words, drawings, seed), seed)
    if taught:
        found |= train_and_score(model, judge, held_out_individuals(words, taught), words)
    found["picture_s"] = seconds_a_picture(model)
    order = (
        "real_kind real_colour real_scene kind colour scene style pattern accessory pair taught kept picture_s teach_s"
    )
    return {key: found[key] for key in order.split() if key in found}


def main() -> None:
    parser = argparse.ArgumentParser(description="Score a model of this recipe.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--scorer", type=Path, help="the scorer's folder, if it is not the model's own")
    parser.add_argument("--words-of", type=Path, nargs="*", default=[], help="ask only what these models know too")
    parser.add_argument("--drawings", type=int, default=200)
    parser.add_argument("--taught", type=int, default=12)
    parser.add_argument("--seed", type=int, default=SEED, help="of the drawings' prompts and noise (%(default)s)")
    asked = parser.parse_args()
    torch.set_num_threads(2)
    scorer = asked.scorer or asked.model / "scorer"
    print(json.dumps(score(asked.model, scorer, asked.words_of, asked.drawings, asked.taught, asked.seed)))


if __name__ == "__main__":
    main()
