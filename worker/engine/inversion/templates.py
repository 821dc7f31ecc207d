"""The neutral captions y of the paper, with {} for the concept.

Gal et al. 2022 (arXiv 2208.01618), supplementary material, as its reference code lists them: 27 for objects, 19 for
styles. They are a subset of CLIP's ImageNet captions (Radford et al. 2021).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.engine.base_models import TextEncoder
from worker.engine.errors import InversionError

OBJECT = (
    "a photo of a {}",
    "a rendering of a {}",
    "a cropped photo of the {}",
    "the photo of a {}",
    "a photo of a clean {}",
    "a photo of a dirty {}",
    "a dark photo of the {}",
    "a photo of my {}",
    "a photo of the cool {}",
    "a close-up photo of a {}",
    "a bright photo of the {}",
    "a cropped photo of a {}",
    "a photo of the {}",
    "a good photo of the {}",
    "a photo of one {}",
    "a close-up photo of the {}",
    "a rendition of the {}",
    "a photo of the clean {}",
    "a rendition of a {}",
    "a photo of a nice {}",
    "a good photo of a {}",
    "a photo of the nice {}",
    "a photo of the small {}",
    "a photo of the weird {}",
    "a photo of the large {}",
    "a photo of a cool {}",
    "a photo of a small {}",
)

STYLE = (
    "a painting in the style of {}",
    "a rendering in the style of {}",
    "a cropped painting in the style of {}",
    "the painting in the style of {}",
    "a clean painting in the style of {}",
    "a dirty painting in the style of {}",
    "a dark painting in the style of {}",
    "a picture in the style of {}",
    "a cool painting in the style of {}",
    "a close-up painting in the style of {}",
    "a bright painting in the style of {}",
    "a cropped painting in the style of {}",
    "a good painting in the style of {}",
    "a close-up painting in the style of {}",
    "a rendition in the style of {}",
    "a nice painting in the style of {}",
    "a small painting in the style of {}",
    "a weird painting in the style of {}",
    "a large painting in the style of {}",
)

CAPTIONS = {"object": OBJECT, "style": STYLE}

# Prompts as people write them, about scenes that no training picture shows. Only context regularisation uses them.
CONTEXTS = {
    "object": (
        "a photo of {} on the beach",
        "a photo of {} in the snow",
        "a drawing of {} at night",
        "{} in the forest at sunset",
        "a red {} on a blue background",
        "a sketch of {} with a hat",
        "a watercolor of {} in the desert",
        "a small {} beside a large tree",
    ),
    "style": (
        "a photo of a cat in the style of {}",
        "a house on the beach in the style of {}",
        "a car in the snow in the style of {}",
        "a blue mug in the style of {}",
        "a tree at night in the style of {}",
        "a boat in the sea in the style of {}",
        "a bird with a hat in the style of {}",
        "a flower in the desert in the style of {}",
    ),
}


def captioned(encoder: TextEncoder, templates: Sequence[str], caption: str, vectors: int) -> tuple[str, ...]:
    """The templates for a picture that shows more than the concept, each as long as the encoder reads.

    "on a table" -> "a photo of a {}, on a table" and so on, or "{}, on a table" where that is too long. A caption with
    {} in it is the whole prompt.
    """
    if not caption:
        return tuple(templates)
    if "{}" in caption:
        return (caption,) * len(templates)
    whole = [f"{template}, {caption}" for template in templates]
    room = encoder.context_length - 2
    return tuple(text if len(_ids(encoder, text, vectors)) <= room else f"{{}}, {caption}" for text in whole)


def caption_ids(encoder: TextEncoder, templates: Sequence[str], vectors: int, device: torch.device) -> Tensor:
    """Token ids of every template with the concept's row ids at each {}  # (templates, context length).

    Raises InversionError for a template that is too long.
    """
    captions = []
    for template in templates:
        ids = _ids(encoder, template, vectors)
        if len(ids) > encoder.context_length - 2:
            raise InversionError(
                f"A caption is too long: “{template}” has {len(ids)} tokens with the word in it, and "
                f"{encoder.context_length - 2} are read. Shorten it."
            )
        captions.append(encoder.framed(ids))
    return torch.tensor(captions, device=device)


def _ids(encoder: TextEncoder, template: str, vectors: int) -> list[int]:
    """The token ids of a template, with the concept's row ids at each {}."""
    rows = range(encoder.first_row_id, encoder.first_row_id + vectors)
    first, *others = template.split("{}")
    return [*encoder.token_ids(first), *(id for text in others for id in (*rows, *encoder.token_ids(text)))]
