"""Every way in which a stored embedding can leave the studio: what each tool's file is called, and what is in it.

Pure functions of arrays and texts. What a folder of the concept library holds besides is in `folders`, picture cards in
`cards`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from safetensors.numpy import save

from app.contracts.encoders import FIRST, SECOND
from app.embeddings.exporting import pickles
from app.embeddings.exporting.stored import Stored

OCTETS: Final = "application/octet-stream"
ANY_TOKEN: Final = 265  # "*" in CLIP's vocabulary, which AUTOMATIC1111 and the official implementation train on


@dataclass(frozen=True)
class Format:
    """One tool's file. `{}` in its name is the bare word; `encoders` is how many text encoders it has room for."""

    name: str
    encoders: int
    file_name: str
    writer: Callable[[Stored, str], bytes]
    media_type: str = OCTETS


def formats_for(encoders: int) -> tuple[Format, ...]:
    """The formats that have room for so many text encoders."""
    return tuple(each for each in FORMATS if each.encoders == encoders)


def _native(stored: Stored, placeholder: str) -> bytes:
    return stored.content


def _diffusers(encoder: str) -> Callable[[Stored, str], bytes]:
    """The placeholder itself is the key. One file for each encoder."""
    return lambda stored, placeholder: save({placeholder: stored.rows[encoder]}, dict(stored.metadata))


def _diffusers_bin(stored: Stored, placeholder: str) -> bytes:
    return pickles.write({placeholder: stored.rows[FIRST]})


def _keyed(**keys: str) -> Callable[[Stored, str], bytes]:
    """A safetensors file with a key of the tool's own for each encoder."""
    return lambda stored, _: save({key: stored.rows[encoder] for key, encoder in keys.items()}, dict(stored.metadata))


def a1111_content(stored: Stored, placeholder: str) -> dict[str, Any]:
    """AUTOMATIC1111's dictionary. It goes by the file's name there; diffusers goes by `name`."""
    steps = stored.metadata.get("steps", "")
    return {
        "string_to_token": {"*": ANY_TOKEN},
        "string_to_param": {"*": stored.rows[FIRST]},
        "name": placeholder,
        "step": int(steps) if steps.isdigit() else 0,
        "sd_checkpoint": stored.metadata.get("base_model_hash", "")[:10],
        "sd_checkpoint_name": stored.metadata.get("base_model", ""),
    }


def _a1111(stored: Stored, placeholder: str) -> bytes:
    return pickles.write(a1111_content(stored, placeholder))


def _official(stored: Stored, placeholder: str) -> bytes:
    """Gal et al.'s own repository: no name, and modules where others have dictionaries."""
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
