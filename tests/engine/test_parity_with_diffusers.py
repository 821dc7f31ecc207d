"""Drawing with a concept is what diffusers does after `load_textual_inversion` on the file that we wrote."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from app.embeddings.exporting.formats import formats_for
from app.embeddings.exporting.stored import StoredEmbedding
from tests.support.base_models import DEMO
from tests.support.odd_folders import linked_copy, stating
from worker.engine.base_models import BaseModel, load
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import SCHEDULERS, Request, SamplerSettings, draw
from worker.engine.generation.batch_invariant import batch_invariant
from worker.engine.generation.prompts import Overlay, Text, condition
from worker.engine.generation.schedulers import scheduler_for


@pytest.fixture(scope="module")
def demo_tokens() -> Any:
    """diffusers' pipeline, to load words into that have a name each."""
    return pipeline(DEMO, "StableDiffusionPipeline")


PROMPTS = (
    "a photo of a <my-mug>",
    "<my-mug>",
    "a photo of a <my-mug> on the beach, at night",
    "a <my-mug>'s photo of <my-mug> (dark)",
    "two<my-mug>glued words",
    "  a  Photo of\n<my-mug> ",
    "a photo of a mug",
    "",
)


def rows(width: int, vectors: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.randn(vectors, width, generator=torch.Generator().manual_seed(seed)) * 0.1


def pipeline(folder: Path, kind: str) -> Any:
    """diffusers' own pipeline on the same folder."""
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = getattr(diffusers, kind).from_pretrained(folder, use_safetensors=True, local_files_only=True)
        loaded = loaded.to(torch.float32)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def exported(folder: Path, embedding: Embedding, placeholder: str, format: str) -> Path:
    """The file that somebody downloads."""
    stored = StoredEmbedding.read(formats.write_native(embedding, placeholder, {}))
    chosen = next(each for each in formats_for(len(embedding.rows)) if each.name == format)
    path = folder / chosen.file_name.format("my-mug")
    path.write_bytes(chosen.writer(stored, placeholder))
    return path


@pytest.fixture
def demo_pipeline(tmp_path: Path) -> tuple[Any, Embedding]:
    """diffusers with a concept of two vectors loaded from our file, and the same concept for us."""
    embedding = Embedding({"text_encoder": rows(128)})
    exported(tmp_path, embedding, "<my-mug>", "diffusers")
    theirs = pipeline(DEMO, "StableDiffusionPipeline")
    theirs.load_textual_inversion(str(tmp_path), local_files_only=True, use_safetensors=True)
    return theirs, embedding


def test_ids_and_embeddings_are_diffusers_own_bit_for_bit(
    demo: BaseModel, demo_pipeline: tuple[Any, Embedding]
) -> None:
    theirs, embedding = demo_pipeline
    for prompt in PROMPTS:
        converted = theirs.maybe_convert_prompt(prompt, theirs.tokenizer)
        expected_ids = theirs.tokenizer(converted, add_special_tokens=False).input_ids
        # Theirs knows no emphasis: what is a bracket there is written \( here.
        text = Text(prompt.replace("(", r"\(").replace(")", r"\)"), {"<my-mug>": embedding})
        (window,) = Overlay(demo.encoders[0]).windows(text, demo.context_length - 2)
        assert window.ids == expected_ids, prompt
        with torch.no_grad():
            expected, _ = theirs.encode_prompt(prompt, "cpu", 1, False)
            ours = condition(demo, [text])[0].context
        assert torch.equal(ours, expected), prompt


def test_a_seed_draws_the_picture_that_diffusers_draws(demo: BaseModel, demo_pipeline: tuple[Any, Embedding]) -> None:
    theirs, embedding = demo_pipeline
    with batch_invariant(theirs.unet, theirs.vae, theirs.text_encoder):  # rounds as ours does
        expected = theirs(
            "a photo of a <my-mug> at night",
            negative_prompt="a dark photo",
            num_inference_steps=4,
            guidance_scale=4.0,
            generator=torch.Generator().manual_seed(3),
        ).images[0]
    request = Request("a photo of a <my-mug> at night", "a dark photo", {"<my-mug>": embedding}, seed=3, guidance=4.0)
    (ours,) = draw(demo, [request], SamplerSettings(4, "ddim", 64, 64))
    assert np.array_equal(np.asarray(ours), np.asarray(expected))


@pytest.fixture(scope="module")
def picture(demo: BaseModel) -> Image.Image:
    """A picture of the demo model's own."""
    return draw(demo, [Request("a photo of a red cat on the beach", seed=3)], SamplerSettings(4, "ddim", 64, 64))[0]


@pytest.fixture(scope="module")
def image_to_image() -> Any:
    return pipeline(DEMO, "StableDiffusionImg2ImgPipeline")


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_picture_becomes_what_diffusers_makes_of_it(
    demo: BaseModel, image_to_image: Any, picture: Image.Image, scheduler: str
) -> None:
    asked = {"num_inference_steps": 5, "strength": 0.6, "guidance_scale": 4.0}
    image_to_image.scheduler = scheduler_for(scheduler, demo.scheduler_config, 5, demo.device)
    generator = torch.Generator().manual_seed(5)
    expected = image_to_image("a photo of a blue dog", image=picture, generator=generator, **asked).images[0]
    request = Request("a photo of a blue dog", seed=5, guidance=4.0, init_image=picture, strength=0.6)
    (ours,) = draw(demo, [request], SamplerSettings(5, scheduler, 64, 64))
    assert far(ours, expected) <= 1


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_a_masked_part_becomes_what_diffusers_makes_of_it(
    tiny: Callable[[str], BaseModel], tiny_folder: Callable[[str], Path], strength: float
) -> None:
    # diffusers wants a UNet of four channels, which the demo model's is not.
    before = Image.effect_noise((32, 32), 90).convert("RGB")
    mask = Image.new("L", (32, 32))
    mask.paste(255, (8, 8, 24, 28))
    components = pipeline(tiny_folder("sd1"), "StableDiffusionPipeline").components
    theirs = diffusers.StableDiffusionInpaintPipeline(**components, requires_safety_checker=False)
    theirs.set_progress_bar_config(disable=True)
    expected = theirs(
        "a cat",
        image=before,
        mask_image=mask,
        strength=strength,
        num_inference_steps=4,
        guidance_scale=4.0,
        width=32,
        height=32,
        generator=torch.Generator().manual_seed(5),
    ).images[0]
    request = Request("a cat", seed=5, guidance=4.0, init_image=before, mask=mask, strength=strength)
    (ours,) = draw(tiny("sd1"), [request], SamplerSettings(4, "ddim", 32, 32))
    drawn = np.asarray(mask) > 0
    assert np.abs(np.asarray(ours, dtype=int) - np.asarray(expected, dtype=int))[drawn].max() <= 1
    assert np.array_equal(np.asarray(ours)[~drawn], np.asarray(before)[~drawn])


def far(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pictures, of 255."""
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


@pytest.mark.parametrize("format", ["diffusers", "diffusers-bin", "a1111", "kohya", "onetrainer"])
def test_diffusers_reads_every_file_that_it_knows_how_to_read(
    demo: BaseModel, demo_tokens: Any, tmp_path: Path, format: str
) -> None:
    embedding, placeholder = Embedding({"text_encoder": rows(128)}), f"<{format}>"
    path = exported(tmp_path, embedding, placeholder, format)
    token = placeholder if format in ("kohya", "onetrainer") else None  # those files hold no name
    demo_tokens.load_textual_inversion(str(tmp_path), token=token, weight_name=path.name, local_files_only=True)
    with torch.no_grad():
        expected, _ = demo_tokens.encode_prompt(f"a photo of {placeholder}", "cpu", 1, False)
    (ours,) = condition(demo, [Text(f"a photo of {placeholder}", {placeholder: embedding})])
    assert torch.equal(ours.context, expected)


@pytest.mark.parametrize(("negative", "zeros"), [("", True), ("", False), ("a dark photo", True)])
def test_sdxl_draws_what_diffusers_draws_with_both_files(
    tiny_folder: Callable[[str], Path], tmp_path: Path, negative: str, zeros: bool
) -> None:
    folder = linked_copy(tiny_folder("sdxl"), tmp_path / "model")
    stating("model_index.json", force_zeros_for_empty_prompt=zeros)(folder)
    embedding = Embedding({"text_encoder": rows(32), "text_encoder_2": rows(64)})
    theirs = pipeline(folder, "StableDiffusionXLPipeline")
    for format, encoder, tokenizer in (
        ("diffusers", theirs.text_encoder, theirs.tokenizer),
        ("diffusers-2", theirs.text_encoder_2, theirs.tokenizer_2),
    ):
        path = exported(tmp_path, embedding, "<x>", format)
        options = {"weight_name": path.name, "local_files_only": True, "use_safetensors": True}
        theirs.load_textual_inversion(str(tmp_path), text_encoder=encoder, tokenizer=tokenizer, **options)
    expected = theirs(
        "a photo of a <x>",
        negative_prompt=negative or None,
        num_inference_steps=3,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(5),
    ).images[0]
    request = Request("a photo of a <x>", negative, {"<x>": embedding}, seed=5, guidance=4.0)
    (ours,) = draw(load(folder, device="cpu"), [request], SamplerSettings(3, "ddim", 32, 32))
    # The encoders see both texts in one batch here and one by one there, which moves the last bits.
    difference = np.abs(np.asarray(ours, dtype=int) - np.asarray(expected, dtype=int))
    assert difference.max() <= 1
