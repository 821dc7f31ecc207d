"""Runs a script of diffusers as it is. Without torchvision, stands in for the one thing it takes from it.

python -m benchmarks.reference_script PATH ARGUMENTS…
"""

import importlib.util
import random
import runpy
import sys
import types
from pathlib import Path

import diffusers  # noqa: F401 (before the stand-in: it would take that for the real thing)
import transformers  # noqa: F401
from diffusers import StableDiffusionPipeline  # noqa: F401
from PIL import Image, ImageOps
from transformers import CLIPTextModel, CLIPTokenizer  # noqa: F401


class RandomHorizontalFlip:
    """As torchvision's, for PIL pictures."""

    def __init__(self, p: float) -> None:
        self._p = p

    def __call__(self, picture: Image.Image) -> Image.Image:
        return ImageOps.mirror(picture) if random.random() < self._p else picture


def main() -> None:
    """Hand over to the script."""
    if importlib.util.find_spec("torchvision") is None:
        stand_in = types.ModuleType("torchvision")
        transforms = types.ModuleType("torchvision.transforms")
        transforms.RandomHorizontalFlip = RandomHorizontalFlip  # type: ignore[attr-defined]
        stand_in.transforms = transforms  # type: ignore[attr-defined]
        sys.modules["torchvision"], sys.modules["torchvision.transforms"] = stand_in, transforms
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(Path(sys.argv[0]).parent))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
