"""The header of a safetensors file: read without its tensors, and bounded by the file's size."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from app.contracts.errors import BrokenHeader
from app.contracts.safetensors_header import TensorEntry, header_of, read_header

CONTENT = save({"a": np.zeros((2, 3), np.float32), "b": np.zeros(4, np.float16)}, {"placeholder": "<mug>"})


def with_header(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_names_types_shapes_and_metadata_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(CONTENT)
    header = read_header(tmp_path / "x.safetensors")
    assert header == header_of(CONTENT)
    assert header.tensors == {"a": TensorEntry("F32", (2, 3)), "b": TensorEntry("F16", (4,))}
    assert header.metadata == {"placeholder": "<mug>"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"half",
        CONTENT[:-1],
        CONTENT + b"x",
        (2**62).to_bytes(8, "little") + b"{}",
        with_header([]),
        with_header({"a": 1}),
        with_header({"a": {"dtype": "F32", "shape": [1]}}),
        with_header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}),
        b"\x02\0\0\0\0\0\0\0{,",
    ],
)
def test_a_damaged_file_is_a_broken_header(content: bytes) -> None:
    with pytest.raises(BrokenHeader):
        header_of(content)


@given(st.binary(max_size=40), st.integers(0, len(CONTENT)))
def test_what_the_safetensors_library_reads_has_a_header(inserted: bytes, place: int) -> None:
    content = CONTENT[:place] + inserted + CONTENT[place:]
    try:
        tensors = load(content)
    except (SafetensorError, ValueError):
        return
    assert set(header_of(content).tensors) == set(tensors)
