"""Runs diffusers' textual_inversion.py as it is. Without torchvision, stands in for the one thing it takes from it.

python -m benchmarks.reference_script PATH ARGUMENTS…
"""

import importlib.util
import os
import random
import runpy
import subprocess
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers  # noqa: F401 (before the stand-in: it would take that for the real thing)
import transformers  # noqa: F401
from diffusers import StableDiffusionPipeline  # noqa: F401
from PIL import Image, ImageOps
from transformers import CLIPTextModel, CLIPTokenizer  # noqa: F401

from app.core.settings import REPOSITORY

PLACEHOLDER = "<reference>"


class RandomHorizontalFlip:
    """As torchvision's, for PIL pictures."""

    def __init__(self, p: float) -> None:
        self._p = p

    def __call__(self, picture: Image.Image) -> Image.Image:
        return ImageOps.mirror(picture) if random.random() < self._p else picture


@dataclass(frozen=True)
class Ran:
    """What a run of the script left."""

    saves: list[Path]  # embeddings, in the order they were written
    memory: float  # GB at the peak of its process

    def seconds_per_step(self) -> float:
        """Between its first save and its last: without imports, loading and the first step."""
        span = (self.saves[-1].stat().st_mtime_ns - self.saves[0].stat().st_mtime_ns) / 1e9
        return span / (step_of(self.saves[-1]) - step_of(self.saves[0]))


def step_of(save: Path) -> int:
    """The step that an embedding was saved at."""
    return int(save.stem.rsplit("-", 1)[1])


def run(script: Path, model: Path, pictures: Sequence[Image.Image], folder: Path, **arguments: Any) -> Ran:
    """Learn `<reference>` with the script in a process of its own; `folder` is for what it reads and writes."""
    shown, out = folder / "pictures", folder / "out"
    shown.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        picture.save(shown / f"{number}.png")
    steps = arguments["max_train_steps"]
    arguments = {
        "pretrained_model_name_or_path": model,
        "train_data_dir": shown,
        "output_dir": out,
        "placeholder_token": PLACEHOLDER,
        "checkpointing_steps": steps + 1,
        "lr_scheduler": "constant",
        "learning_rate": "5.0e-04",  # the example command of the script's own documentation; scaled by the batch
        "seed": 0,
        "report_to": "all",
        **arguments,
    }
    command = [sys.executable, "-m", "benchmarks.reference_script", str(script), "--scale_lr", "--center_crop"]
    command += [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
    running = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"the script ended with {running.returncode}")
    return Ran(sorted(out.glob("learned_embeds-steps-*.safetensors"), key=step_of), usage.ru_maxrss / 1e6)


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
