"""Small, whole files of every format that the studio reads from outside."""

import base64
import io
import json
import pickle
from functools import cache
from typing import Any

import torch
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save

from tests.support.pictures import photo


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def _texts(zip: bool) -> PngInfo:
    info = PngInfo()
    info.add_text("parameters", PARAMETERS[0], zip=zip)
    info.add_text("oneword", json.dumps(RECIPE), zip=zip)
    info.add_itxt("comment", "grüße", zip=zip)
    return info


RECIPE: dict[str, Any] = {
    "prompt": "a <my-mug@2>", "negative_prompt": "", "base_model": "demo", "seed": 7, "steps": 2, "guidance": 3.0,
    "scheduler": "ddim", "width": 64, "height": 64, "init_image": None, "mask": None, "strength": None,
    "concepts": [{"placeholder": "<my-mug>", "version": 2, "concept_id": "01jz"}],
}  # fmt: skip
PARAMETERS = (
    "a mug\nNegative prompt: blurry\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 5, Size: 512x512, Model: demo",
    'a\nSteps: 4, Sampler: DPM++ 2M, Schedule type: Karras, Hires: "a, b: \\"c\\"", Denoising strength: 0.5, Seed: 1',
)


@cache
def pictures() -> tuple[bytes, ...]:
    """JPEG, PNG and WebP of every mode and with every kind of metadata, and what else such files may hold."""
    size = (48, 40)
    colour, grey = Image.open(io.BytesIO(photo(0, size, "PNG"))), Image.new("L", size, 99)
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frames = {"save_all": True, "append_images": [colour.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]}
    transparent = colour.convert("RGBA")
    transparent.putalpha(grey)
    return (
        _saved(colour, "JPEG", exif=exif, icc_profile=profile),
        _saved(colour, "JPEG", progressive=True),
        _saved(colour.convert("CMYK"), "JPEG"),
        _saved(grey, "JPEG"),
        _saved(colour, "MPO", **frames),
        _saved(colour, "PNG", pnginfo=_texts(zip=False), icc_profile=profile, exif=exif),
        _saved(transparent, "PNG", pnginfo=_texts(zip=True)),
        _saved(colour.quantize(16), "PNG", transparency=3),
        _saved(grey.convert("I;16"), "PNG"),
        _saved(grey.convert("1"), "PNG"),
        _saved(colour, "PNG", **frames),
        _saved(transparent, "WEBP", exif=exif, icc_profile=profile),
        _saved(colour, "WEBP", lossless=True),
        _saved(colour, "WEBP", **frames),
        _saved(colour, "GIF"),
    )


@cache
def embeddings() -> dict[str, tuple[bytes, ...]]:
    """Embedding files of every tool, by the ending of their names."""
    rows, second = torch.full((2, 128), 0.25), torch.full((2, 160), 0.5)
    a1111 = {"string_to_token": {"*": 265}, "string_to_param": {"*": rows}, "name": "mug", "step": 500,
             "sd_checkpoint": "cc6cb27103", "sd_checkpoint_name": "v1-5"}  # fmt: skip
    named = torch.nn.ParameterDict({"*": torch.nn.Parameter(rows)})
    return {
        "safetensors": (
            save({"emb_params": rows}, {"ss_training_comment": "None"}),
            save({"clip_l": rows, "clip_g": second}),
            save({"text_encoder": rows.half()}, {"placeholder": "<my-mug>", "format": "oneword"}),
            save({"<my-mug>": rows[0]}, {"format": "pt"}),
        ),
        "pt": (
            _pickled(a1111),
            _pickled({"string_to_param": named}),
            _pickled({"<my-mug>": rows}),
            _pickled(a1111, _use_new_zipfile_serialization=False),
        ),
        "png": (_card(a1111 | {"string_to_param": {"*": {"TORCHTENSOR": [[0.5] * 128]}}}), pictures()[6]),
    }


@cache
def model_files() -> dict[str, bytes]:
    """The JSON files of the demo model's folder, by their names in it."""
    from tests.support.base_models import DEMO

    found = sorted(path for path in DEMO.rglob("*.json") if path.stat().st_size < 100_000)
    return {path.relative_to(DEMO).as_posix(): path.read_bytes() for path in found}


def _card(content: dict[str, Any]) -> bytes:
    info = PngInfo()
    info.add_text("sd-ti-embedding", base64.b64encode(json.dumps(content).encode()).decode())
    return _saved(Image.new("RGB", (64, 64), "tan"), "PNG", pnginfo=info)


def _pickled(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, pickle_module=pickle, **options)
    return file.getvalue()
