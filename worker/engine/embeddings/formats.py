"""Reads embedding files: ours, and those of other tools. Bytes in, rows out.

Opens no path and knows no database. The size of a foreign file is limited, its keys are checked one by one, and the
texts in it are cut. Pickles are read in `pickled.py` only. Foreign files are read in a child process with limits
(`worker.foreign_files`). `app.embeddings.exporting` writes the other tools' formats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from app.contracts import concept_text
from app.contracts.encoders import ENCODER_NAMES, FIRST, SECOND, described_widths
from app.contracts.limits import FOREIGN_VECTORS_MAX, embedding_bytes_max
from app.contracts.safetensors_header import header_of
from app.contracts.texts import label
from worker.engine.embeddings import cards, pickled
from worker.engine.errors import EmbeddingError

WIDTH_MAX = 8192
STEPS_MAX = 10**9
REAL_NUMBERS = {"F64", "F32", "F16", "BF16"}  # types of safetensors
TEXTS_MAX = 32  # entries of a file's metadata that are kept
TEXT_CHARACTERS_MAX = 200  # of each of them


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
    """The content of an embedding file."""

    format: str
    embedding: Embedding
    placeholder: str | None = None  # the name inside the file, if it has one
    metadata: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None  # about tensors that were left out


def write_native(embedding: Embedding, placeholder: str, metadata: Mapping[str, str]) -> bytes:
    """Our own format: one tensor for each encoder by name; placeholder and provenance in the header."""
    tensors = {name: _plain(rows) for name, rows in embedding.rows.items()}
    return save_tensors(tensors, {**metadata, "placeholder": placeholder, "format": "oneword"})


def read_native(data: bytes) -> Embedding:
    """Read a file of `write_native`. Raises EmbeddingError."""
    found = read(data, "embedding.safetensors")
    if found.format != "oneword":
        raise EmbeddingError(f"This is a file of {found.format}, and one of Oneword's own was expected. Import it.")
    return found.embedding


def read(data: bytes, filename: str) -> Foreign:
    """Read an embedding from any tool's file. Raises EmbeddingError with a sentence that names the file."""
    limit = embedding_bytes_max(filename)
    if len(data) > limit:
        raise EmbeddingError(
            f"{filename} is {len(data) / 1e6:.1f} MB, and an embedding has at most {limit / 1e6:.0f} MB. This is "
            "probably a model or a LoRA; give the embedding file."
        )
    try:
        return _of_kind(_kind_of(data, filename), data, filename)
    except EmbeddingError:
        raise
    except Exception as error:  # whatever a reader trips over, the file is no embedding
        raise EmbeddingError(
            f"{filename} cannot be read as an embedding ({type(error).__name__}). Download or export it again."
        ) from error


def _of_kind(kind: str, data: bytes, filename: str) -> Foreign:
    if kind == "card":
        return _from_mapping(cards.read_card(data, filename), filename, {})
    if kind == "pickle":
        return _from_mapping(pickled.read(data, filename), filename, {})
    return _from_safetensors(data, filename)


def _kind_of(data: bytes, filename: str) -> str:
    """The kind of a file: by its first bytes, since people rename files, or else by its suffix."""
    for beginning, kind in BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    kind = SUFFIXES.get(filename.lower().rpartition(".")[2], "")
    if not kind:
        raise EmbeddingError(f"{filename} is not an embedding file. Give a .safetensors, .pt, .bin, .pti or .png file.")
    return kind


def _from_safetensors(data: bytes, filename: str) -> Foreign:
    try:
        header = header_of(data)
        for key, entry in header.tensors.items():
            if entry.dtype not in REAL_NUMBERS:
                raise _no_real_numbers(key, filename)
        tensors = load_tensors(data)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise EmbeddingError(f"{filename} is not a whole safetensors file. Download or export it again.") from error
    return _from_mapping(tensors, filename, _cut(header.metadata))


def _cut(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The first entries of a file's metadata, each on one line and cut."""
    texts = ((key, text) for key, text in metadata.items() if isinstance(text, str))
    return {
        label(key): label(text, concept_text.CHARACTERS_MAX if key == concept_text.KEY else TEXT_CHARACTERS_MAX)
        for key, text in islice(texts, TEXTS_MAX)
    }


BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "card", b"RIFF": "card", b"PK\x03\x04": "pickle", b"\x80\x02": "pickle"}
SUFFIXES = {
    "safetensors": "safetensors",
    "pti": "safetensors",
    "pt": "pickle",
    "bin": "pickle",
    "png": "card",
    "webp": "card",
}

# Format -> the keys of its two tensors, and the encoder that each belongs to.
PAIRS: Mapping[str, Mapping[str, str]] = {
    "oneword": {FIRST: FIRST, SECOND: SECOND},
    "sdxl": {"clip_l": FIRST, "clip_g": SECOND},
    "cog-sdxl": {"text_encoders_0": FIRST, "text_encoders_1": SECOND},
}
SINGLES = {"emb_params": "kohya", "emp_params": "onetrainer"}
# OneTrainer's output embeddings: vectors that replace the text encoder's output. Only OneTrainer can use them.
OUTPUTS = {"emp_params_out", "clip_l_out", "clip_g_out"}
# Keys for text encoders that no Stable Diffusion 1, 2 or XL has, as OneTrainer, diffusers and ComfyUI write them.
OTHER_ENCODERS = {"t5": "T5", "t5xxl": "T5", "llama": "Llama", "gemma": "Gemma", "qwen": "Qwen"}


def _from_mapping(content: Mapping[str, Any], filename: str, metadata: Mapping[str, str]) -> Foreign:
    """Find the rows by the exact keys that each tool writes."""
    keys = set(content) - OUTPUTS
    if "string_to_param" in keys:
        return _from_a1111(content, filename)
    if others := sorted({OTHER_ENCODERS[key] for key in keys & set(OTHER_ENCODERS)}):
        raise EmbeddingError(
            f"{filename} is for a model with a {' and a '.join(others)} text encoder, which Oneword does not have. "
            "Use it with the tool that it was made with."
        )
    if not keys and content:
        raise EmbeddingError(
            f"{filename} has only an output embedding, which no tool but OneTrainer can use. Train it again without "
            "“output embedding”."
        )
    note = None
    if len(content) > len(keys):
        note = "The file also has an output embedding, which only OneTrainer can use; it was left out."
    found = _from_keys(content, keys, filename, metadata)
    return replace(found, note=note)


def _from_keys(content: Mapping[str, Any], keys: set[str], filename: str, metadata: Mapping[str, str]) -> Foreign:
    for format, names in PAIRS.items():
        if keys and keys <= set(names):
            rows = {names[key]: checked(content[key], key, filename) for key in sorted(keys)}
            if FIRST not in rows or len({len(part) for part in rows.values()}) != 1:
                raise EmbeddingError(
                    f"{filename} has {', '.join(sorted(keys))} alone or of unequal length, and needs the same number "
                    f"of vectors in {' and '.join(names)}. Export it again for both text encoders."
                )
            ordered = {name: rows[name] for name in ENCODER_NAMES if name in rows}
            return Foreign(format, Embedding(ordered), metadata.get("placeholder"), metadata)
    if len(keys) != 1:
        shown = ", ".join(sorted(label(key, 60) for key in keys)[:5]) or "nothing"
        raise EmbeddingError(f"{filename} holds {shown}, which no embedding file has. Is it a LoRA or a model?")
    (key,) = keys
    embedding = Embedding({FIRST: checked(content[key], key, filename)})
    if key in SINGLES:
        return Foreign(SINGLES[key], embedding, None, metadata)
    return Foreign("diffusers", embedding, label(key), metadata)


def _from_a1111(content: Mapping[str, Any], filename: str) -> Foreign:
    parameters = content["string_to_param"]
    if not isinstance(parameters, Mapping) or len(parameters) != 1:
        raise EmbeddingError(f"{filename} looks like AUTOMATIC1111's, but has not exactly one embedding inside.")
    (rows,) = parameters.values()
    name = content.get("name")
    step = content.get("step")
    facts = _cut({key: content.get(key) for key in ("sd_checkpoint", "sd_checkpoint_name")})
    if isinstance(step, int) and 0 < step <= STEPS_MAX:  # of another type, it may be of any size
        facts["step"] = str(step)
    embedding = Embedding({FIRST: checked(rows, "string_to_param", filename)})
    return Foreign("a1111", embedding, label(name) if isinstance(name, str) else None, facts)


def checked(rows: object, key: str, filename: str) -> Tensor:
    """Rows as (n, width) float32. Raises EmbeddingError for anything that is no tensor of 1 to 75 finite vectors."""
    plain = isinstance(rows, Tensor) and rows.layout is torch.strided and rows.device.type == "cpu"
    if not isinstance(rows, Tensor) or not plain or not rows.is_floating_point():
        raise _no_real_numbers(key, filename)
    if rows.ndim == 1:  # as old notebooks wrote single vectors
        rows = rows.unsqueeze(0)
    if rows.ndim != 2 or not 1 <= rows.shape[0] <= FOREIGN_VECTORS_MAX or not 1 <= rows.shape[1] <= WIDTH_MAX:
        raise EmbeddingError(
            f"{filename}: {label(key)} has the shape {_shape(rows)}, and an embedding has 1 to {FOREIGN_VECTORS_MAX} "
            "vectors of one width."
        )
    rows = rows.detach().to("cpu", torch.float32, copy=True)
    if not rows.isfinite().all():
        raise EmbeddingError(
            f"{filename}: {label(key)} has numbers that are not finite, so its training failed. Train again."
        )
    return rows


def _shape(rows: Tensor) -> str:
    """The shape, cut: a pickle may claim a million dimensions of size 1."""
    return label(f"({', '.join(map(str, rows.shape[:8]))}{', …' if rows.ndim > 8 else ''})")


def _no_real_numbers(key: str, filename: str) -> EmbeddingError:
    return EmbeddingError(
        f"{filename}: {label(key)} is not a tensor of real numbers, so the file is not an embedding. Give the "
        "embedding file itself."
    )


def check_fits(embedding: Embedding, widths: Mapping[str, int], what: str, base_model: str) -> None:
    """Raise EmbeddingError with both widths and the models they belong to, unless the rows fit the encoders."""
    if embedding.widths != dict(widths):
        own, theirs = described_widths(embedding.widths), described_widths(widths)
        lacking = [name for name in widths if name not in embedding.widths]
        advice = "Use it with the base model it was learned on, or teach the concept on this one."
        if lacking and embedding.widths == {name: width for name, width in widths.items() if name not in lacking}:
            advice = (
                f"The rows for its {' and '.join(lacking)} are missing: export the embedding again for both text "
                "encoders, or send the two files that were written together. If it was learned on a model with one "
                "encoder, use it there."
            )
        raise EmbeddingError(f"{what} has rows {own}, and {base_model} reads rows {theirs}. {advice}")


def _plain(rows: Tensor) -> Tensor:
    return rows.detach().to("cpu", torch.float32, copy=True).contiguous()  # safetensors refuses shared memory
