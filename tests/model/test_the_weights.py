"""The shipped weights are an ordinary diffusers folder, small enough for git, and safe to read."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open

DEMO = Path(__file__).parents[2] / "models" / "demo"


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    loaded = StableDiffusionPipeline.from_pretrained(DEMO, dtype=torch.float32, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def test_the_folder_is_under_forty_megabytes() -> None:
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 40e6


def test_every_weight_is_a_half_precision_safetensor() -> None:
    assert not [*DEMO.rglob("*.bin"), *DEMO.rglob("*.pt"), *DEMO.rglob("*.ckpt")]
    for path in DEMO.rglob("*.safetensors"):
        with safe_open(path, framework="np") as tensors:
            kinds = {str(tensors.get_slice(name).get_dtype()) for name in tensors.keys()}  # noqa: SIM118
        assert kinds <= {"F16", "I64"}, path


def test_no_file_says_where_it_was_made() -> None:
    for path in DEMO.rglob("*.json"):
        assert "_name_or_path" not in path.read_text(), path


def test_diffusers_draws_with_it_and_no_code_of_ours(pipeline: StableDiffusionPipeline) -> None:
    prompts = ["a photo of a cat on a red background", "a photo of a cat on a blue background"]
    generators = [torch.Generator().manual_seed(3) for _ in prompts]
    drawn = pipeline(prompts, num_inference_steps=6, guidance_scale=4.0, generator=generators).images
    red, blue = (np.asarray(picture, float)[:6].mean((0, 1)) for picture in drawn)
    assert drawn[0].size == (64, 64)
    assert red[0] > red[2] + 60
    assert blue[2] > blue[0] + 60
