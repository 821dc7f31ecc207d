"""Limits that both the API and the worker check."""

from typing import Final

# Generation
GENERATION_STEPS_MAX: Final = 200
GUIDANCE_MAX: Final = 50.0
SEED_MAX: Final = 2**31 - 1
SIDE_MIN: Final = 64  # pixels, in a request; a base model's own resolution may be smaller
SIDE_MAX: Final = 2048  # pixels
SIDE_MULTIPLE: Final = 8  # pixels along one side of a latent, in every family
STRENGTH: Final = 0.75  # default for an init image
STRENGTH_IN_MASK: Final = 1.0  # default for an init image with a mask

CONCEPTS_MAX: Final = 300  # different names in one prompt: four windows of 75 tokens hold no more
RECIPE_CONCEPTS_MAX: Final = 2 * CONCEPTS_MAX  # of a prompt and a negative prompt

# Training
VECTORS_MAX: Final = 16  # per text encoder
TRAINING_STEPS_MAX: Final = 10_000
TRAINING_BATCH_MAX: Final = 32  # samples in one step
TRAINING_SIDE_RATIO: Final = 4  # of a model's own side to the smallest that it learns at
KAPPA_MAX: Final = 1.0
LOSS_WEIGHT_MAX: Final = 100.0  # of `context_weight` and `snr_gamma`

CAPTION_CHARACTERS_MAX: Final = 300  # of what a training picture shows beside the concept
REPORT_PROMPTS_MAX: Final = 4  # of one's own, in a report
REPORT_PROMPT_CHARACTERS_MAX: Final = 300

# Embedding files of other tools
EMBEDDING_SUFFIXES: Final = (".safetensors", ".pt", ".bin", ".pti", ".png", ".webp")
EMBEDDING_BYTES_MAX: Final = 1_000_000
CARD_SUFFIXES: Final = (".png", ".webp")  # pictures that carry an embedding
CARD_BYTES_MAX: Final = 8_000_000
FOREIGN_VECTORS_MAX: Final = 75  # as many as fit into one prompt of Stable Diffusion


def embedding_bytes_max(file_name: str) -> int:
    """The largest size of an embedding file, by its name."""
    return CARD_BYTES_MAX if file_name.lower().endswith(CARD_SUFFIXES) else EMBEDDING_BYTES_MAX
