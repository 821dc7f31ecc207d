"""Base models for the engine's tests: the demo model, and tiny ones of every family with real tokenizer files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from tests.support.base_models import CONTEXT, DEMO, build_tiny_model, vocabulary
from worker.engine.base_models import BaseModel, load

torch.set_num_threads(1)  # models this small lose more by waiting for each other


@pytest.fixture(scope="session")
def demo() -> BaseModel:
    """The model that ships. Shared by all tests: nothing may change it."""
    return load(DEMO, device="cpu")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a tiny random model of a family, in the layout of the real ones."""
    built: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in built:
            built[family] = build_tiny_model(family, tmp_path_factory.mktemp(family))
        return built[family]

    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Callable[[str], Path]) -> Callable[[str], BaseModel]:
    """A tiny random model of a family, loaded once."""
    loaded: dict[str, BaseModel] = {}

    def model(family: str) -> BaseModel:
        if family not in loaded:
            loaded[family] = load(tiny_folder(family), device="cpu")
        return loaded[family]

    return model


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Four pictures of one thing, the last two not square."""
    drawn = []
    for size, background in (((64, 64), "skyblue"), ((64, 64), "tan"), ((90, 64), "gray"), ((64, 80), "olive")):
        picture = Image.new("RGB", size, background)
        x, y = size[0] // 2, size[1] // 2
        ImageDraw.Draw(picture).rounded_rectangle((x - 14, y - 16, x + 14, y + 16), 6, fill="navy", outline="black")
        drawn.append(picture)
    return drawn


@pytest.fixture(scope="session")
def scorer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny random CLIP model with a real tokenizer."""
    import transformers

    folder = tmp_path_factory.mktemp("scorer")
    torch.manual_seed(0)
    text = {
        **vocabulary(),
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": CONTEXT,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    transformers.CLIPModel(config).save_pretrained(folder)
    shutil.copytree(DEMO / "tokenizer", folder, dirs_exist_ok=True)
    return folder
