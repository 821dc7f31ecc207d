"""The families of base models: Stable Diffusion 1, 2 and XL, and the classes that a diffusers folder names for each.

How a family conditions its UNet is in `worker.engine.base_models.families`. Knows no file and no tensor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.contracts.encoders import FIRST, SECOND

SD2_CONTEXT_WIDTH: Final = 1024  # width of OpenCLIP ViT-H/14; Stable Diffusion 1 reads texts 768 wide
UNET: Final = "unet"
VAE: Final = "vae"


@dataclass(frozen=True)
class ModelFamily:
    """One family. An embedding fits every base model of its family whose text encoders have the same widths."""

    name: str  # in the API and in the database
    title: str  # for people
    pipeline: str  # `_class_name` in model_index.json
    encoder_classes: Mapping[str, str]  # text encoder's name -> class in transformers
    unet_class: str = "UNet2DConditionModel"
    vae_class: str = "AutoencoderKL"

    @property
    def encoder_names(self) -> tuple[str, ...]:
        """The text encoders in the order in which they stand side by side."""
        return tuple(self.encoder_classes)

    @property
    def component_classes(self) -> dict[str, str]:
        """Every component that has weights -> its class in diffusers or transformers."""
        return {**self.encoder_classes, UNET: self.unet_class, VAE: self.vae_class}


SD1: Final = ModelFamily("sd1", "Stable Diffusion 1", "StableDiffusionPipeline", {FIRST: "CLIPTextModel"})
SD2: Final = ModelFamily("sd2", "Stable Diffusion 2", "StableDiffusionPipeline", {FIRST: "CLIPTextModel"})
SDXL: Final = ModelFamily(
    "sdxl",
    "Stable Diffusion XL",
    "StableDiffusionXLPipeline",
    {FIRST: "CLIPTextModel", SECOND: "CLIPTextModelWithProjection"},
)
FAMILIES: Final[Mapping[str, ModelFamily]] = {family.name: family for family in (SD1, SD2, SDXL)}
PIPELINES: Final = tuple(dict.fromkeys(family.pipeline for family in FAMILIES.values()))


def family_of(pipeline: str, context_width: int) -> ModelFamily | None:
    """The family of a pipeline class whose UNet reads texts `context_width` wide. None for an unknown class."""
    if pipeline == SDXL.pipeline:
        return SDXL
    if pipeline == SD1.pipeline:
        return SD2 if context_width == SD2_CONTEXT_WIDTH else SD1
    return None


def described(family: str, widths: Mapping[str, int]) -> str:
    """A family and its widths for an error message: `Stable Diffusion XL, vectors 768 and 1280 wide`."""
    title = FAMILIES[family].title if family in FAMILIES else family
    return f"{title}, vectors {' and '.join(str(width) for width in widths.values())} wide"
