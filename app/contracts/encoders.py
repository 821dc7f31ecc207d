"""Names of a pipeline's text encoders, and which base models have encoders of a given width.

An embedding stores its rows under these names. They are also the names of the components in a diffusers folder.
"""

from collections.abc import Mapping
from typing import Final

FIRST: Final = "text_encoder"
SECOND: Final = "text_encoder_2"  # Stable Diffusion XL only
ENCODER_NAMES: Final[tuple[str, ...]] = (FIRST, SECOND)

# Width of a row -> the text encoder that reads rows of this width. For error messages.
OWNERS: Final[Mapping[int, str]] = {
    768: "Stable Diffusion 1 (CLIP-L)",
    1024: "Stable Diffusion 2",
    1280: "SDXL's CLIP-G",
    4096: "a T5 model",
}


def tokenizer_of(encoder: str) -> str:
    """The folder of an encoder's tokenizer: `text_encoder_2` -> `tokenizer_2`."""
    return encoder.replace("text_encoder", "tokenizer")


def described_widths(widths: Mapping[str, int]) -> str:
    """Widths of rows for an error message: `768 wide (Stable Diffusion 1 (CLIP-L)) and 1280 wide (SDXL's CLIP-G)`."""
    parts = [f"{width} wide ({OWNERS[width]})" if width in OWNERS else f"{width} wide" for width in widths.values()]
    return " and ".join(parts)
