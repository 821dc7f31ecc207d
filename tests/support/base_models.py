"""The demo model's folder, and tiny random models of every family with real tokenizer files."""

import json
import shutil
from pathlib import Path
from typing import Any

from app.core.settings import REPOSITORY

DEMO = REPOSITORY / "models" / "demo"
WIDTHS = {"sd1": 32, "sd2": 1024, "sdxl": 32}  # 1024 is what makes a model an SD2
CONTEXT = 32


def build_tiny_model(family: str, folder: Path) -> Path:
    """Write a tiny random model of `family` into `folder`, each component by its own library."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    torch.manual_seed(0)
    double = family == "sdxl"
    text_width = WIDTHS[family]
    AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=32,
    ).save_pretrained(folder / "vae")
    special: dict[str, Any] = {}
    if double:  # pooled text (16) and six sizes of 8 numbers each
        special = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 16 + 6 * 8,
        }
    UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64 + 32 if double else text_width,
        **special,
    ).save_pretrained(folder / "unet")
    prediction = "v_prediction" if family == "sd2" else "epsilon"
    DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=prediction,
    ).save_pretrained(folder / "scheduler")
    _build_encoder(folder, "text_encoder", "CLIPTextModel", text_width)
    shutil.copytree(DEMO / "tokenizer", folder / "tokenizer")
    if double:
        _build_encoder(folder, "text_encoder_2", "CLIPTextModelWithProjection", 64)
        shutil.copytree(DEMO / "tokenizer", folder / "tokenizer_2")
        # SDXL's second tokenizer pads with "!" where the first repeats the end of the text.
        settings = folder / "tokenizer_2" / "tokenizer_config.json"
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "pad_token": "!"}))
    _write_index(folder, double)
    return folder


def vocabulary() -> dict[str, int]:
    """What a text encoder's settings say of the demo model's tokenizer; its last two tokens begin and end a text."""
    size = len(json.loads((DEMO / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"])
    return {"vocab_size": size, "bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}


def _build_encoder(folder: Path, name: str, kind: str, width: int) -> None:
    import transformers

    config = transformers.CLIPTextConfig(
        **vocabulary(),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
        projection_dim=16,
    )
    getattr(transformers, kind)(config).save_pretrained(folder / name)


def _write_index(folder: Path, double: bool) -> None:
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionXLPipeline" if double else "StableDiffusionPipeline",
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if double:
        index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
        index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
        index["force_zeros_for_empty_prompt"] = True
    else:
        index |= {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
    (folder / "model_index.json").write_text(json.dumps(index))


def write_card(folder: Path, **changes: Any) -> None:
    """Change some values of a model's `oneword.json`."""
    path = folder / "oneword.json"
    card = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(card | changes))


def copy_demo(folder: Path, steps: int, **teaching: Any) -> Path:
    """A copy of the demo model whose previews, reports and drawings take fewer steps than its 20; its path.

    `teaching` changes what its card recommends for a training. Its name stays `demo`.
    """
    copy = shutil.copytree(DEMO, folder / DEMO.name)
    write_card(copy, steps=steps, teaching=json.loads((DEMO / "oneword.json").read_text())["teaching"] | teaching)
    return copy
