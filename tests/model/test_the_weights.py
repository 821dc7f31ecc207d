"""The shipped weights are an ordinary diffusers folder, small enough for git, and safe to read."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open

from models.recipe.word_cost import CASES, SEED, Guesses

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


def test_a_wrong_colour_costs_the_denoiser_something_and_the_same_caption_nothing() -> None:
    random = Random(SEED)
    cases = [CASES["colour"](random) for _ in range(8)]
    guesses = Guesses(DEMO)
    assert guesses.cost(cases) > 0.05
    assert guesses.cost([replace(case, wrong=case.right) for case in cases]) == 0


def test_of_two_things_side_by_side_both_kinds_matter_to_the_denoiser() -> None:
    guesses = Guesses(DEMO)
    for side in ("left of two", "right of two"):
        random = Random(SEED)
        assert guesses.cost([CASES[side](random) for _ in range(16)]) > 0.15, side


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_of_a_words_cost_has_a_picture_and_two_captions(name: str) -> None:
    case = CASES[name](Random(SEED))
    assert case.right != case.wrong
    assert case.picture.size == (64, 64)
