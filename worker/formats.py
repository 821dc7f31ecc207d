"""Every embedding file there is: ours, and what other tools write and read. Bytes in, rows out, and back.

Nothing here opens a path or knows of rows in a database. A file from outside is bounded, checked key by key, and
refused with a sentence. `worker/pickled.py` holds the one place where a pickle is read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from worker import pickled
from worker.sentences import EmbeddingError

BYTES_MAX = 1_000_000
CARD_BYTES_MAX = 8_000_000  # a PNG with an embedding inside
FOREIGN_VECTORS_MAX = 75  # what fits a prompt of Stable Diffusion
WIDTH_MAX = 8192

FIRST, SECOND = "text_encoder", "text_encoder_2"  # as diffusers calls a pipeline's encoders
OCTETS = "application/octet-stream"

# What rows of a width belong to, for sentences.
OWNERS = {768: "Stable Diffusion 1 (CLIP-L)", 1024: "Stable Diffusion 2", 1280: "SDXL's CLIP-G", 4096: "a T5 model"}


@dataclass(frozen=True, eq=False)
class Embedding:
    """The learned rows of one concept: for each text encoder by name, (n, width) float32."""

    rows: Mapping[str, Tensor]

    @property
    def vectors(self) -> int:
        """Rows per text encoder."""
        return len(next(iter(self.rows.values())))

    @property
    def widths(self) -> dict[str, int]:
        """Width of a row, for each encoder by name."""
        return {name: rows.shape[-1] for name, rows in self.rows.items()}


@dataclass(frozen=True, eq=False)
class Foreign:
    """What was found in a file."""

    format: str
    embedding: Embedding
    placeholder: str | None = None  # the name inside the file, if it has one
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """One written file."""

    format: str
    name: str
    media_type: str
    content: bytes


Writer = Callable[[Embedding, str, Mapping[str, str]], bytes]


@dataclass(frozen=True)
class Format:
    """How an embedding is written: for how many encoders, and what its file is called (`{}` is the bare word)."""

    name: str
    encoders: int
    file_name: str
    writer: Writer


def write(embedding: Embedding, placeholder: str, format: str, metadata: Mapping[str, str] | None = None) -> bytes:
    """The embedding as a file of one format. Raises EmbeddingError for one that its encoders do not have."""
    for candidate in formats_of(embedding):
        if candidate.name == format:
            return candidate.writer(embedding, placeholder, metadata or {})
    known = ", ".join(candidate.name for candidate in formats_of(embedding))
    raise EmbeddingError(f"{placeholder} cannot be written as {format!r}. It can be written as {known}.")


def write_all(embedding: Embedding, placeholder: str, metadata: Mapping[str, str] | None = None) -> list[File]:
    """The embedding in every format that its encoders have; a few KB each."""
    bare = placeholder.strip("<>")
    return [
        File(format.name, format.file_name.format(bare), OCTETS, format.writer(embedding, placeholder, metadata or {}))
        for format in formats_of(embedding)
    ]


def formats_of(embedding: Embedding) -> list[Format]:
    """The formats that have room for this embedding's encoders."""
    return [format for format in FORMATS if format.encoders == len(embedding.rows)]


def write_native(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> bytes:
    """Ours: one tensor for each encoder by name; placeholder and provenance in the header."""
    tensors = {name: _plain(rows) for name, rows in embedding.rows.items()}
    return save_tensors(tensors, {**metadata, "placeholder": placeholder, "format": "oneword"})


def read_native(data: bytes) -> Embedding:
    """Read what `write_native` wrote. Raises EmbeddingError."""
    found = read(data, "embedding.safetensors")
    if found.format != "oneword":
        raise EmbeddingError(f"This is a file of {found.format}, and one of Oneword's own was expected. Import it.")
    return found.embedding


def read(data: bytes, filename: str) -> Foreign:
    """Read an embedding from any tool's file. Raises EmbeddingError with a sentence that names the file."""
    limit = CARD_BYTES_MAX if filename.lower().endswith(".png") else BYTES_MAX
    if len(data) > limit:
        raise EmbeddingError(
            f"{filename} is {len(data) / 1e6:.1f} MB, and an embedding has at most {limit / 1e6:.0f} MB. This is "
            "probably a model or a LoRA; give the embedding file."
        )
    suffix = filename.lower().rpartition(".")[2]
    if suffix in ("safetensors", "pti"):
        return _from_safetensors(data, filename)
    if suffix in ("pt", "bin"):
        return _from_mapping(pickled.read(data, filename), filename, {})
    if suffix == "png":
        from worker.cards import read_card

        return _from_mapping(read_card(data, filename), filename, {})
    raise EmbeddingError(f"{filename} is no kind of embedding file. Give a .safetensors, .pt, .bin or .png file.")


def _from_safetensors(data: bytes, filename: str) -> Foreign:
    try:
        tensors = load_tensors(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise EmbeddingError(f"{filename} is not a whole safetensors file. Download or export it again.") from error
    return _from_mapping(tensors, filename, header.get("__metadata__") or {})


# Keys that other tools write, and the encoder that each stands for.
PAIRS: Mapping[str, Mapping[str, str]] = {
    "oneword": {FIRST: FIRST, SECOND: SECOND},
    "sdxl": {"clip_l": FIRST, "clip_g": SECOND},
    "cog-sdxl": {"text_encoders_0": FIRST, "text_encoders_1": SECOND},
}
SINGLES = {"emb_params": "kohya", "emp_params": "onetrainer"}
IGNORED = {"emp_params_out"}  # OneTrainer's second output, which only its own trainer uses
T5_KEYS = {"t5", "t5xxl"}


def _from_mapping(content: Mapping[str, Any], filename: str, metadata: Mapping[str, str]) -> Foreign:
    """Find the rows by the exact keys that each tool writes."""
    keys = set(content) - IGNORED
    if "string_to_param" in keys:
        return _from_a1111(content, filename)
    if keys & T5_KEYS:
        raise EmbeddingError(f"{filename} is for a model with a T5 text encoder, which Oneword does not have.")
    for format, names in PAIRS.items():
        if keys and keys <= set(names):
            rows = {names[key]: _checked(content[key], key, filename) for key in sorted(keys)}
            if FIRST not in rows or len({len(part) for part in rows.values()}) != 1:
                raise EmbeddingError(
                    f"{filename} has {', '.join(sorted(keys))} alone or of unequal length, and needs the same number "
                    f"of vectors in {' and '.join(names)}. Export it again for both text encoders."
                )
            ordered = {name: rows[name] for name in (FIRST, SECOND) if name in rows}
            return Foreign(format, Embedding(ordered), metadata.get("placeholder"), metadata)
    if len(keys) != 1:
        shown = ", ".join(sorted(map(str, keys))[:5]) or "nothing"
        raise EmbeddingError(f"{filename} holds {shown}, which no embedding file has. Is it a LoRA or a model?")
    (key,) = keys
    embedding = Embedding({FIRST: _checked(content[key], key, filename)})
    if key in SINGLES:
        return Foreign(SINGLES[key], embedding, None, metadata)
    return Foreign("diffusers", embedding, key, metadata)


def _from_a1111(content: Mapping[str, Any], filename: str) -> Foreign:
    parameters = content["string_to_param"]
    if not isinstance(parameters, Mapping) or len(parameters) != 1:
        raise EmbeddingError(f"{filename} looks like AUTOMATIC1111's, but has not exactly one embedding inside.")
    (rows,) = parameters.values()
    name = content.get("name")
    facts = {key: str(content[key]) for key in ("step", "sd_checkpoint", "sd_checkpoint_name") if content.get(key)}
    embedding = Embedding({FIRST: _checked(rows, "string_to_param", filename)})
    return Foreign("a1111", embedding, name if isinstance(name, str) else None, facts)


def _checked(rows: object, key: str, filename: str) -> Tensor:
    """Rows as (n, width) float32, or an EmbeddingError that says what is wrong with them."""
    if not isinstance(rows, Tensor) or not rows.is_floating_point():
        raise EmbeddingError(f"{filename}: {key} is not a tensor of real numbers, so it is no embedding.")
    if rows.ndim == 1:  # old notebooks wrote single vectors so
        rows = rows.unsqueeze(0)
    if rows.ndim != 2 or not 1 <= rows.shape[0] <= FOREIGN_VECTORS_MAX or not 1 <= rows.shape[1] <= WIDTH_MAX:
        raise EmbeddingError(
            f"{filename}: {key} has the shape {tuple(rows.shape)}, and an embedding has 1 to {FOREIGN_VECTORS_MAX} "
            "vectors of one width."
        )
    rows = rows.detach().to("cpu", torch.float32, copy=True)
    if not rows.isfinite().all():
        raise EmbeddingError(f"{filename}: {key} has numbers that are not finite, so its training failed. Train again.")
    return rows


def check_fits(embedding: Embedding, widths: Mapping[str, int], what: str, base_model: str) -> None:
    """Raise EmbeddingError, naming both widths and whose they are, unless the rows fit a base model's encoders."""
    if embedding.widths != dict(widths):
        raise EmbeddingError(
            f"{what} has rows {_described(embedding.widths)}, and {base_model} reads rows {_described(widths)}. Use it "
            "with the base model it was learned on, or teach the concept on this one."
        )


def _described(widths: Mapping[str, int]) -> str:
    parts = [f"{width} wide ({OWNERS[width]})" if width in OWNERS else f"{width} wide" for width in widths.values()]
    return " and ".join(parts)


def _plain(rows: Tensor) -> Tensor:
    return rows.detach().to("cpu", torch.float32, copy=True).contiguous()  # safetensors wants no shared memory


def _write_diffusers(encoder: str) -> Writer:
    """`learned_embeds.safetensors`: the placeholder itself is the key. One file for each encoder."""
    return lambda embedding, placeholder, metadata: save_tensors(
        {placeholder: _plain(embedding.rows[encoder])}, dict(metadata)
    )


def _write_kohya(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> bytes:
    """kohya, invoke-training and ai-toolkit. InvokeAI reads this one too."""
    return save_tensors({"emb_params": _plain(embedding.rows[FIRST])}, dict(metadata))


def _write_onetrainer(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> bytes:
    """OneTrainer, spelt as it spells it."""
    return save_tensors({"emp_params": _plain(embedding.rows[FIRST])}, dict(metadata))


def _write_pair(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> bytes:
    """What AUTOMATIC1111, ComfyUI, kohya and OneTrainer exchange for SDXL."""
    tensors = {"clip_l": _plain(embedding.rows[FIRST]), "clip_g": _plain(embedding.rows[SECOND])}
    return save_tensors(tensors, dict(metadata))


def _write_a1111(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> bytes:
    return pickled.write_a1111(_plain(embedding.rows[FIRST]), placeholder, metadata)


FORMATS: tuple[Format, ...] = (
    Format("oneword", 1, "{}.safetensors", write_native),
    Format("diffusers", 1, "learned_embeds.safetensors", _write_diffusers(FIRST)),
    Format("a1111", 1, "{}.pt", _write_a1111),
    Format("kohya", 1, "{}.safetensors", _write_kohya),
    Format("onetrainer", 1, "{}.safetensors", _write_onetrainer),
    Format("oneword", 2, "{}.safetensors", write_native),
    Format("diffusers", 2, "learned_embeds.safetensors", _write_diffusers(FIRST)),
    Format("diffusers-2", 2, "learned_embeds_2.safetensors", _write_diffusers(SECOND)),
    Format("a1111", 2, "{}.safetensors", _write_pair),
    Format("kohya", 2, "{}.safetensors", _write_pair),
)
