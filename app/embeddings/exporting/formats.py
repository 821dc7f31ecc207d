"""The file formats of a stored embedding: the file name and the content for each tool.

Pure functions of arrays and texts. `folders` writes folders of the concepts library, `cards` writes picture cards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from safetensors.numpy import save

from app.contracts.encoders import FIRST, SECOND
from app.contracts.texts import whole_number
from app.embeddings.exporting import pickles
from app.embeddings.exporting.stored import StoredEmbedding

OCTETS: Final = "application/octet-stream"
ANY_TOKEN: Final = 265  # "*" in CLIP's vocabulary, which AUTOMATIC1111 and the official implementation train on


@dataclass(frozen=True)
class Format:
    """One tool's file. `{}` in the file name stands for the bare placeholder, `encoders` counts the text encoders."""

    name: str
    encoders: int
    file_name: str
    writer: Callable[[StoredEmbedding, str], bytes]
    media_type: str = OCTETS


def formats_for(encoders: int) -> tuple[Format, ...]:
    """The formats for embeddings of this many text encoders."""
    return tuple(each for each in FORMATS if each.encoders == encoders)


def _native(stored: StoredEmbedding, placeholder: str) -> bytes:
    return stored.content


def _diffusers(encoder: str) -> Callable[[StoredEmbedding, str], bytes]:
    """A safetensors file for one encoder, with the placeholder as the key."""
    return lambda stored, placeholder: save({placeholder: stored.rows[encoder]}, dict(stored.metadata))


def _diffusers_bin(stored: StoredEmbedding, placeholder: str) -> bytes:
    return pickles.write({placeholder: stored.rows[FIRST]})


def _keyed(**keys: str) -> Callable[[StoredEmbedding, str], bytes]:
    """A safetensors file with the tool's fixed key for each encoder."""
    return lambda stored, _: save({key: stored.rows[encoder] for key, encoder in keys.items()}, dict(stored.metadata))


def a1111_content(stored: StoredEmbedding, placeholder: str) -> dict[str, Any]:
    """AUTOMATIC1111's dictionary. That tool takes the embedding's name from the file name, diffusers from `name`."""
    return {
        "string_to_token": {"*": ANY_TOKEN},
        "string_to_param": {"*": stored.rows[FIRST]},
        "name": placeholder,
        "step": whole_number(stored.metadata.get("steps", "")) or 0,
        "sd_checkpoint": stored.metadata.get("base_model_hash", "")[:10],
        "sd_checkpoint_name": stored.metadata.get("base_model", ""),
    }


def _a1111(stored: StoredEmbedding, placeholder: str) -> bytes:
    return pickles.write(a1111_content(stored, placeholder))


def _official(stored: StoredEmbedding, placeholder: str) -> bytes:
    """The format of Gal et al.'s repository: without a name, and with a module where others have a dictionary."""
    parameters = pickles.ParameterDict({"*": stored.rows[FIRST]})
    return pickles.write({"string_to_token": {"*": np.array(ANY_TOKEN)}, "string_to_param": parameters})


FORMATS: Final[tuple[Format, ...]] = (
    Format("oneword", 1, "{}.safetensors", _native),
    Format("diffusers", 1, "learned_embeds.safetensors", _diffusers(FIRST)),
    Format("diffusers-bin", 1, "learned_embeds.bin", _diffusers_bin),
    Format("a1111", 1, "{}.pt", _a1111),
    Format("kohya", 1, "{}.safetensors", _keyed(emb_params=FIRST)),
    Format("onetrainer", 1, "{}.safetensors", _keyed(emp_params=FIRST)),
    Format("official", 1, "{}.pt", _official),
    Format("oneword", 2, "{}.safetensors", _native),
    Format("diffusers", 2, "learned_embeds.safetensors", _diffusers(FIRST)),
    Format("diffusers-2", 2, "learned_embeds_2.safetensors", _diffusers(SECOND)),
    Format("a1111", 2, "{}.safetensors", _keyed(clip_l=FIRST, clip_g=SECOND)),
    Format("kohya", 2, "{}.safetensors", _keyed(clip_l=FIRST, clip_g=SECOND)),
    Format("onetrainer", 2, "{}.safetensors", _keyed(clip_l=FIRST, clip_g=SECOND)),
    Format("cog-sdxl", 2, "embeddings.pti", _keyed(text_encoders_0=FIRST, text_encoders_1=SECOND)),
)
