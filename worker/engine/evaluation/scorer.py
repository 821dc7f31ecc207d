"""A CLIP model that scores pictures against pictures and texts. It takes no part in drawing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from app.contracts.component_configs import unreadable_tokenizer
from app.contracts.errors import UnfitModel
from app.contracts.scorer_folder import ScorerConfiguration, read_scorer_folder
from app.contracts.weight_files import Weights
from worker.engine.base_models.loading import folder_of, title_of
from worker.engine.errors import BaseModelError

PICTURES_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Scorer:
    """Pictures and texts as unit vectors of one space (Radford et al. 2021, arXiv 2103.00020)."""

    title: str
    model: nn.Module
    tokenizer: Any
    size: int
    mean: Tensor  # (3, 1, 1)
    deviation: Tensor  # (3, 1, 1)

    @property
    def device(self) -> torch.device:
        """The device that it computes on."""
        return self.mean.device

    @torch.no_grad()
    def of_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Unit vectors of pictures  # (n, d) float32 on the CPU.

        Where a picture is transparent, outside its mask, it counts as the mean colour of the scorer's own pictures: a
        concept is judged by what was learned, and not by how well it copies a background.
        """
        parts = []
        for start in range(0, len(pictures), PICTURES_AT_ONCE):
            pixels = torch.stack([self._pixels(picture) for picture in pictures[start : start + PICTURES_AT_ONCE]])
            pooled = self.model.vision_model(pixel_values=pixels).pooler_output  # type: ignore[operator]
            parts.append(self.model.visual_projection(pooled))  # type: ignore[operator]
        return functional.normalize(torch.cat(parts).float(), dim=-1).cpu()

    @torch.no_grad()
    def of_texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors of texts; longer texts are cut  # (n, d) float32 on the CPU."""
        length = self.model.config.text_config.max_position_embeddings  # type: ignore[union-attr]
        encoded = self.tokenizer(list(texts), padding=True, truncation=True, max_length=length, return_tensors="pt")
        ids, mask = encoded.input_ids.to(self.device), encoded.attention_mask.to(self.device)
        pooled = self.model.text_model(input_ids=ids, attention_mask=mask).pooler_output  # type: ignore[operator]
        return functional.normalize(self.model.text_projection(pooled).float(), dim=-1).cpu()  # type: ignore[operator]

    def _pixels(self, picture: Image.Image) -> Tensor:
        """The centred square, scaled and cropped as CLIP's own preprocessing does  # (3, size, size)."""
        width, height = picture.size
        ratio = self.size / min(width, height)
        whole = (max(self.size, int(width * ratio)), max(self.size, int(height * ratio)))
        scaled = self._inside_mask(picture).resize(whole, Image.Resampling.BICUBIC)
        left, top = (whole[0] - self.size) // 2, (whole[1] - self.size) // 2
        array = np.asarray(scaled.crop((left, top, left + self.size, top + self.size)), dtype=np.float32) / 255
        return (torch.from_numpy(array).permute(2, 0, 1).to(self.device) - self.mean) / self.deviation

    def _inside_mask(self, picture: Image.Image) -> Image.Image:
        if "A" not in picture.getbands():
            return picture.convert("RGB")
        mean = [round(255 * min(each, 1.0)) for each in self.mean.flatten().tolist()]
        return Image.composite(
            picture.convert("RGB"), Image.new("RGB", picture.size, tuple(mean)), picture.getchannel("A")
        )


def load_scorer(source: str | Path, device: torch.device, *, offline: bool = True) -> Scorer:
    """Load a folder with a transformers CLIPModel and its tokenizer, or "org/name@revision" from the hub's cache.

    Only safetensors are opened. Raises BaseModelError with a sentence.
    """
    folder, title = folder_of(str(source), offline, what="The scorer"), title_of(source)
    try:
        return _load(folder, title, device)
    except UnfitModel as unfit:
        raise BaseModelError(f"The scorer {title} cannot be loaded. {unfit}") from unfit


def _load(folder: Path, title: str, device: torch.device) -> Scorer:
    configuration, weights = read_scorer_folder(folder)
    model, tokenizer = _read(folder, configuration, weights)

    def colours(values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device).view(3, 1, 1)

    return Scorer(
        title=title,
        model=model.to(device).eval().requires_grad_(False),
        tokenizer=tokenizer,
        size=configuration.size,
        mean=colours(configuration.mean),
        deviation=colours(configuration.deviation),
    )


def _read(folder: Path, configuration: ScorerConfiguration, weights: Weights) -> tuple[nn.Module, Any]:
    from transformers import CLIPModel, CLIPTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model, loaded = CLIPModel.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            variant=weights.variant,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except Exception as error:  # safetensors and transformers each have their own
        raise UnfitModel(f"Its model was refused ({type(error).__name__}: {error}). Copy it again, whole.") from error
    if missing := sorted(loaded["missing_keys"]):  # transformers would fill them with random numbers
        raise UnfitModel(f"Its weights lack {missing[0]} and {len(missing) - 1} more. Copy it again, whole.")
    try:
        return model, CLIPTokenizer.from_pretrained(folder / configuration.tokenizer, local_files_only=True)
    except Exception as error:  # the tokenizers library raises bare Exceptions
        raise unreadable_tokenizer("tokenizer") from error
