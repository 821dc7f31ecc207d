"""Makes the demo model from this folder alone, or trains existing weights further, in one command:

    python -m models.recipe RUN --minutes N [--older models/demo] [--pictures 60000] [--save models/demo]

Every part is saved in the folder RUN and made once; the denoiser continues from its checkpoint at every call, for the
minutes that the other parts leave. Each part runs in a process of its own, which frees its memory and keeps forks
clean."""

import argparse
import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.recipe.denoiser import TrainingSet

# Shares of the minutes; the denoiser has the rest. A part with share 0 runs every time and makes what is missing.
AUTOENCODER, TEXT_ENCODER, SCORER = 0.12, 0.08, 0.15


def main() -> None:
    asked = arguments()
    run: Path = asked.run
    run.mkdir(parents=True, exist_ok=True)
    left = asked.minutes
    for name, share, part in (
        ("pictures", 0.0, draw),
        ("vae", AUTOENCODER, make_autoencoder),
        ("codes.pt", 0.0, encode),
        ("text_encoder", TEXT_ENCODER, make_text_encoder),
        ("scorer", SCORER, make_scorer),
        ("initial_unet", 0.0, initialize_denoiser),
    ):
        if not (run / name).exists() or not share:
            in_a_process(part, run, asked, share * asked.minutes)
            left -= share * asked.minutes
    if left > 0:
        in_a_process(train_denoiser, run, asked, left)
    if asked.save:
        in_a_process(save, run, asked, 0.0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.recipe", description="Make the demo model, or go on with it."
    )
    parser.add_argument("run", type=Path, help="the folder for everything that is made on the way; not in git")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training, all parts together (%(default)s)")
    parser.add_argument("--pictures", type=int, default=60_000, help="how many to draw (%(default)s)")
    parser.add_argument("--older", type=Path, help="a model of this recipe to go on from instead of from nothing")
    parser.add_argument("--save", type=Path, help="the folder to leave the finished pipeline and the scorer in")
    return parser.parse_args()


Part = Callable[[Path, argparse.Namespace, float], None]


def in_a_process(part: Part, run: Path, asked: argparse.Namespace, minutes: float) -> None:
    child = multiprocessing.get_context("fork").Process(target=part, args=(run, asked, minutes))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{part.__name__} ended with {child.exitcode}; run the command again to go on.")


def device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def cores() -> int:
    return 1 if device() == "cuda" else os.cpu_count() or 1


def draw(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    from models.recipe.pictures import PRACTICE, pictures, practice

    pictures(run / "pictures", asked.pictures)
    for name in PRACTICE:
        practice(run, name)


def make_autoencoder(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    from models.recipe.autoencoder import autoencoder, quality
    from models.recipe.pictures import pictures

    pixels = pictures(run / "pictures", asked.pictures).pixels
    vae = autoencoder(run / "vae", pixels, minutes, device(), asked.older)
    print(f"autoencoder: {quality(vae, pixels[-256:]):.1f} dB", flush=True)


def encode(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    from models.recipe.autoencoder import autoencoder, codes
    from models.recipe.pictures import PRACTICE, pictures, practice

    pixels = pictures(run / "pictures", asked.pictures).pixels
    vae = autoencoder(run / "vae", pixels, 0, device())
    codes(run / "codes.pt", vae, pixels, device())
    for name in PRACTICE:
        codes(run / f"codes-{name}.pt", vae, practice(run, name)[0], device())


def make_text_encoder(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    import torch

    from models.recipe.pictures import PRACTICE, pictures, practice
    from models.recipe.text_encoder import text_encoder
    from models.recipe.tokenizer import token_ids, tokenizer

    data, words = pictures(run / "pictures", asked.pictures), tokenizer(run / "tokenizer")
    z = torch.load(run / "codes.pt", mmap=True, weights_only=True)
    ids = token_ids(words, data.captions)
    practised = {name: token_ids(words, practice(run, name)[1]) for name in PRACTICE}
    has_two = torch.tensor([label.partner is not None for label in data.labels])
    pairs = torch.load(run / "codes-pairs.pt", mmap=True, weights_only=True)
    mixed = torch.randperm(len(pairs) + int(has_two.sum()), generator=torch.Generator().manual_seed(0))
    two = torch.cat([practised["pairs"], ids[has_two]])[mixed], torch.cat([pairs, z[has_two]])[mixed]
    every = torch.cat([*practised.values()])
    text_encoder(run / "text_encoder", words, ids, z, every, two, minutes, device(), asked.older)


def make_scorer(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    from models.recipe.pictures import pictures
    from models.recipe.scorer import scorer
    from models.recipe.text_encoder import loaded
    from models.recipe.tokenizer import tokenizer

    data, text = pictures(run / "pictures", asked.pictures), loaded(run / "text_encoder")
    scorer(run / "scorer", tokenizer(run / "tokenizer"), text.requires_grad_(), data, minutes, device())


def initialize_denoiser(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    """Save the initial weights of the denoiser. In a process of its own, because fitting heads uses autograd, and the
    process that forks the trainers must not have used autograd."""
    from models.recipe.denoiser import denoiser, untrained
    from models.recipe.initial_attention import initialize_attention
    from models.recipe.text_encoder import loaded
    from models.recipe.tokenizer import tokenizer

    if (run / "initial_unet").exists():
        return
    unet = untrained() if asked.older is None else denoiser(asked.older / "unet")
    if initialize_attention(unet, loaded(run / "text_encoder"), training_set(run, asked), tokenizer(run / "tokenizer")):
        print("denoiser: half of the heads start with attention to words", flush=True)
    unet.save_pretrained(run / "initial_unet")


def train_denoiser(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    from models.recipe.denoiser import denoiser
    from models.recipe.parallel_trainers import train
    from models.recipe.text_encoder import loaded

    unet = denoiser(run / "initial_unet")
    train(unet, loaded(run / "text_encoder"), training_set(run, asked), minutes, run, device(), cores())
    unet.float().save_pretrained(run / "unet")


def training_set(run: Path, asked: argparse.Namespace) -> "TrainingSet":
    import torch

    from models.recipe.denoiser import TrainingSet
    from models.recipe.pictures import PRACTICE, pictures, practice, rows_with_the_hard_more_often, with_practice
    from models.recipe.tokenizer import token_ids, tokenizer

    files = ["codes.pt", *(f"codes-{name}.pt" for name in PRACTICE)]
    z = torch.cat([torch.load(run / file, weights_only=True) for file in files])
    data = pictures(run / "pictures", asked.pictures)
    captions = [*data.captions, *(caption for name in PRACTICE for caption in practice(run, name)[1])]
    ids = token_ids(tokenizer(run / "tokenizer"), [*captions, ""])
    rows = with_practice(rows_with_the_hard_more_often(data.labels), len(data.captions))
    return TrainingSet(z, ids[:-1], ids[-1], torch.tensor(rows))


def save(run: Path, asked: argparse.Namespace, minutes: float) -> None:
    from models.recipe.shipping import ship

    ship(run, asked.save)
    if (run / "scorer").exists():
        shutil.copytree(run / "scorer", asked.save / "scorer", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
