"""Weights between those of two runs: `python -m models.recipe.mean LATER EARLIER --share 0.7 --save models/demo`.

Two ends of one training lie in one valley, and each is better at what it practised last; their mean can keep what both
are good at (Wortsman et al. 2022, arXiv 2203.05482). Only denoisers are mixed; all else has to be the same in both."""

import argparse
from pathlib import Path

from safetensors.torch import load_file, save_file

WEIGHTS = Path("unet") / "diffusion_pytorch_model.safetensors"


def mean(later: Path, earlier: Path, share: float, save: Path) -> None:
    """Leave `share` of the later model's denoiser and the rest of the earlier one's in a third folder, which may be
    either's. Raises ValueError if they are not of one shape."""
    one, other = load_file(later / WEIGHTS), load_file(earlier / WEIGHTS)
    if {name: part.shape for name, part in one.items()} != {name: part.shape for name, part in other.items()}:
        raise ValueError(f"{later} and {earlier} are not of one shape.")
    mixed = {
        name: (part.float() * share + other[name].float() * (1 - share)).to(part.dtype) for name, part in one.items()
    }
    save_file(mixed, save / WEIGHTS, {"format": "pt"})


def main() -> None:
    parser = argparse.ArgumentParser(description="Mix the denoisers of two models of this recipe.")
    parser.add_argument("later", type=Path)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the later one (%(default)s)")
    parser.add_argument("--save", type=Path, required=True, help="a whole model's folder, whose denoiser is replaced")
    asked = parser.parse_args()
    mean(asked.later, asked.earlier, asked.share, asked.save)


if __name__ == "__main__":
    main()
