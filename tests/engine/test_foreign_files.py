"""Files exactly as each tool writes them are read, and draw what the same rows draw."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save

from app.contracts.embeddings import ImportFile, ImportSpec
from worker.engine.base_models import BaseModel
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import Request, SamplerSettings, draw
from worker.handlers.embeddings import joined

FIRST = torch.randn(2, 32, generator=torch.Generator().manual_seed(0)) * 0.1
SECOND = torch.randn(2, 64, generator=torch.Generator().manual_seed(1)) * 0.1
Files = list[tuple[str, bytes]]


def pickled(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def legacy(content: Any) -> bytes:
    """As PyTorch before 1.6 wrote it, which the oldest files are."""
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def official() -> dict[str, Any]:
    """embedding_manager.py, `save`."""
    parameters = torch.nn.ParameterDict({"*": torch.nn.Parameter(FIRST)})
    return {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": parameters}


def a1111() -> dict[str, Any]:
    """textual_inversion.py, `Embedding.save`."""
    return {
        "string_to_token": {"*": 265},
        "string_to_param": {"*": FIRST},
        "name": "my-mug",
        "step": 500,
        "sd_checkpoint": "cc6cb27103",
        "sd_checkpoint_name": "v1-5-pruned-emaonly",
    }


def card() -> bytes:
    """image_embedding.py, `embedding_to_b64`."""
    content = {**a1111(), "string_to_param": {"*": {"TORCHTENSOR": FIRST.tolist()}}}
    info = PngInfo()
    info.add_text("sd-ti-embedding", base64.b64encode(json.dumps(content).encode()).decode())
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "tan").save(file, "PNG", pnginfo=info)
    return file.getvalue()


# textual_inversion.py, `save_progress`; its sister for SDXL writes one such file for each encoder.
DIFFUSERS = save({"<my-mug>": FIRST}, {"format": "pt"})

ONE_ENCODER: dict[str, Files] = {
    "reference script": [("learned_embeds.safetensors", DIFFUSERS)],
    "reference script, as .bin": [("learned_embeds.bin", pickled({"<my-mug>": FIRST}))],
    "official": [("embeddings_gs-5000.pt", pickled(official()))],
    "an old notebook": [("learned_embeds.bin", legacy({"<my-mug>": FIRST}))],
    "AUTOMATIC1111": [("my-mug.pt", pickled(a1111()))],
    "AUTOMATIC1111's card": [("my-mug.png", card())],
    "kohya": [("my-mug.safetensors", save({"emb_params": FIRST}, {"ss_training_comment": "None"}))],
    "kohya, as .pt": [("my-mug.pt", pickled({"emb_params": FIRST}))],
    "OneTrainer": [("my-mug.safetensors", save({"emp_params": FIRST}))],
    "OneTrainer, with outputs": [("my-mug.safetensors", save({"emp_params": FIRST, "emp_params_out": FIRST + 1}))],
    "ComfyUI": [("my-mug.safetensors", save({"clip_l": FIRST}))],
}
TWO_ENCODERS: dict[str, Files] = {
    "the script's sister for SDXL": [
        ("learned_embeds_2.safetensors", save({"<my-mug>": SECOND}, {"format": "pt"})),
        ("learned_embeds.safetensors", DIFFUSERS),
    ],
    "AUTOMATIC1111, ComfyUI, kohya": [("my-mug.safetensors", save({"clip_g": SECOND, "clip_l": FIRST}))],
    "OneTrainer": [
        (
            "my-mug.safetensors",
            save({"clip_l": FIRST, "clip_g": SECOND, "clip_l_out": FIRST + 1, "clip_g_out": SECOND + 1}),
        )
    ],
    "cog-sdxl": [("embeddings.pti", save({"text_encoders_0": FIRST, "text_encoders_1": SECOND}))],
}


def imported(files: Files) -> Embedding:
    """What an import makes of the files."""
    spec = ImportSpec(
        concept_id="c",
        version_id="v",
        base_model="tiny",
        placeholder="<my-mug>",
        kind="object",
        files=[ImportFile(key=name, name=name) for name, _ in files],
    )
    return joined([formats.read(content, name) for name, content in files], spec)


def drawn(model: BaseModel, embedding: Embedding) -> Any:
    request = Request("a photo of a <my-mug>", concepts={"<my-mug>": embedding}, seed=3, guidance=4.0)
    return np.asarray(draw(model, [request], SamplerSettings(2, "ddim", 32, 32))[0])


@pytest.mark.parametrize("tool", ONE_ENCODER)
def test_a_file_for_one_encoder_draws_what_its_rows_draw(tiny: Callable[[str], BaseModel], tool: str) -> None:
    found = imported(ONE_ENCODER[tool])
    assert torch.equal(found.rows["text_encoder"], FIRST)
    expected = drawn(tiny("sd1"), Embedding({"text_encoder": FIRST}))
    assert np.array_equal(drawn(tiny("sd1"), found), expected)


@pytest.mark.parametrize("tool", TWO_ENCODERS)
def test_files_for_two_encoders_draw_what_their_rows_draw(tiny: Callable[[str], BaseModel], tool: str) -> None:
    found = imported(TWO_ENCODERS[tool])
    expected = drawn(tiny("sdxl"), Embedding({"text_encoder": FIRST, "text_encoder_2": SECOND}))
    assert np.array_equal(drawn(tiny("sdxl"), found), expected)
