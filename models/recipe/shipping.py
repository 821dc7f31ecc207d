"""The finished parts as one ordinary diffusers folder: half precision, safetensors, nothing about where it was made."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.denoiser import noise_schedule


def ship(run: Path, folder: Path) -> None:
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(run / "vae"),
        text_encoder=CLIPTextModel.from_pretrained(run / "text_encoder", dtype=torch.float32),
        tokenizer=CLIPTokenizer.from_pretrained(run / "tokenizer"),
        unet=UNet2DConditionModel.from_pretrained(run / "unet"),
        scheduler=noise_schedule(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(dtype=torch.float16).save_pretrained(folder)
    for file in folder.rglob("*.json"):
        forget_where(file)


def forget_where(file: Path) -> None:
    said = json.loads(file.read_text())
    parts = [said, *said.values()] if isinstance(said, dict) else []
    found = [part.pop("_name_or_path", None) for part in parts if isinstance(part, dict)]
    if any(place is not None for place in found):
        file.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n")
