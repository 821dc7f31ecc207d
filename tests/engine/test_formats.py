"""Embedding files: round trips, other tools' own shapes, and everything that must be refused."""

import base64
import io
import json
import pickle
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save

from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding
from worker.engine.errors import EmbeddingError

ROWS = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 7
SINGLE = Embedding({"text_encoder": ROWS})
DOUBLE = Embedding({"text_encoder": ROWS, "text_encoder_2": ROWS.repeat(1, 2)})


def as_pt(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def same(one: Embedding, other: Embedding) -> bool:
    return list(one.rows) == list(other.rows) and all(torch.equal(one.rows[n], other.rows[n]) for n in one.rows)


def test_our_own_file_carries_its_placeholder_and_where_it_is_from() -> None:
    found = formats.read(formats.write_native(SINGLE, "<my-mug>", {"base_model": "demo"}), "my-mug.safetensors")
    assert (found.format, found.placeholder, found.metadata["base_model"]) == ("oneword", "<my-mug>", "demo")
    assert same(formats.read_native(formats.write_native(SINGLE, "<my-mug>", {})), SINGLE)


def test_one_vector_of_768_is_under_4_kilobytes() -> None:
    assert len(formats.write_native(Embedding({"text_encoder": torch.zeros(1, 768)}), "<m>", {"a": "b"})) < 4096


def official() -> dict[str, Any]:
    return {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": torch.nn.ParameterDict({"*": ROWS})}


@pytest.mark.parametrize(
    ("content", "format", "placeholder"),
    [
        (official(), "a1111", None),
        ({**official(), "name": "my-mug", "step": 500, "sd_checkpoint": "abc"}, "a1111", "my-mug"),
        ({"<my-mug>": ROWS}, "diffusers", "<my-mug>"),
        ({"<my-mug>": torch.nn.Parameter(ROWS)}, "diffusers", "<my-mug>"),
        ({"emb_params": ROWS}, "kohya", None),
    ],
)
def test_pickled_files_of_other_tools_are_read(content: Any, format: str, placeholder: str | None) -> None:
    found = formats.read(as_pt(content), "my-mug.pt")
    assert (found.format, found.placeholder) == (format, placeholder)
    assert same(found.embedding, SINGLE)


def test_an_old_notebooks_flat_vector_is_one_row() -> None:
    found = formats.read(as_pt({"<my-mug>": ROWS[0]}), "learned_embeds.bin")
    assert torch.equal(found.embedding.rows["text_encoder"], ROWS[:1])


def test_half_precision_becomes_float32() -> None:
    found = formats.read(save({"emb_params": ROWS.half()}), "a.safetensors")
    assert found.embedding.rows["text_encoder"].dtype == torch.float32


@pytest.mark.parametrize("keys", [("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1")])
def test_pairs_for_sdxl_are_read(keys: tuple[str, str]) -> None:
    content = dict(zip(keys, DOUBLE.rows.values(), strict=True))
    assert same(formats.read(save(content), "a.safetensors").embedding, DOUBLE)


@pytest.mark.parametrize(
    "content",
    [
        {"emp_params": ROWS, "emp_params_out": ROWS + 1},
        {"clip_l": ROWS, "clip_g": ROWS.repeat(1, 2), "clip_l_out": ROWS + 1, "clip_g_out": ROWS.repeat(1, 2) + 1},
    ],
)
def test_what_only_onetrainer_can_use_is_left_out_and_that_is_said(content: dict[str, torch.Tensor]) -> None:
    found = formats.read(save(content), "a.safetensors")
    assert torch.equal(found.embedding.rows["text_encoder"], ROWS)
    assert found.note is not None
    assert "only OneTrainer can use" in found.note


def test_one_half_of_sdxls_interchange_is_an_embedding_of_sd1() -> None:
    assert same(formats.read(save({"clip_l": ROWS}), "a.safetensors").embedding, SINGLE)


@pytest.mark.parametrize("name", ["renamed.safetensors", "renamed.bin", "renamed"])
def test_a_renamed_file_is_read_for_what_it_is(name: str) -> None:
    assert same(formats.read(as_pt({"emb_params": ROWS}), name).embedding, SINGLE)


def card(text: str | None) -> bytes:
    info = PngInfo()
    if text is not None:
        info.add_text("sd-ti-embedding", text)
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_an_automatic1111_card_is_read() -> None:
    content = {"string_to_token": {"*": 265}, "string_to_param": {"*": {"TORCHTENSOR": ROWS.tolist()}}, "name": "mug"}
    text = base64.b64encode(json.dumps(content).encode()).decode()
    found = formats.read(card(text), "mug.png")
    assert found.placeholder == "mug"
    assert same(found.embedding, SINGLE)


def in_the_margins(content: dict[str, Any], picture: Image.Image) -> bytes:
    """The same embedding where AUTOMATIC1111 hides it: compressed, in half bytes left and right of the picture."""
    packed = np.frombuffer(zlib.compress(json.dumps(content).encode(), 9), np.uint8)
    height = picture.height
    room = -(-len(packed) // (3 * height)) * 3 * height

    def margin(half: Any) -> Image.Image:
        block = np.resize(half, room).reshape(height, -1, 3)
        state, mask = 0, []
        for _ in range(room):
            state = (1664525 * state + 1013904223) % 2**32
            mask.append(state % 255 & 0x0F)
        return Image.fromarray(block ^ np.array(mask, np.uint8).reshape(block.shape) ^ 0x50)

    low, high = margin(packed & 0x0F), margin(packed >> 4)
    whole = Image.new("RGB", (low.width + picture.width + high.width + 2, height))
    whole.paste(low, (0, 0))
    whole.paste(picture, (low.width + 1, 0))
    whole.paste(high, (low.width + picture.width + 2, 0))
    file = io.BytesIO()
    whole.save(file, "PNG")
    return file.getvalue()


def test_a_card_that_lost_its_text_is_read_from_its_margins() -> None:
    content = {"string_to_token": {"*": 265}, "string_to_param": {"*": {"TORCHTENSOR": ROWS.tolist()}}, "name": "mug"}
    found = formats.read(in_the_margins(content, Image.new("RGB", (32, 32), "tan")), "mug.png")
    assert found.placeholder == "mug"
    assert same(found.embedding, SINGLE)


def test_margins_that_are_damaged_are_a_sentence() -> None:
    content = {"string_to_param": {"*": {"TORCHTENSOR": ROWS.tolist()}}}
    whole = Image.open(io.BytesIO(in_the_margins(content, Image.new("RGB", (32, 32), "tan"))))
    whole.putpixel((0, 3), (255, 1, 9))
    file = io.BytesIO()
    whole.save(file, "PNG")
    with pytest.raises(EmbeddingError, match="damaged"):
        formats.read(file.getvalue(), "mug.png")


@pytest.mark.parametrize("colour", ["black", "white", "tan"])
def test_a_plain_picture_is_no_card(colour: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(file, "PNG")
    with pytest.raises(EmbeddingError, match="a picture without an embedding"):
        formats.read(file.getvalue(), "mug.png")


def test_a_picture_of_many_pixels_is_not_even_decoded() -> None:
    file = io.BytesIO()
    Image.new("1", (6000, 6000)).save(file, "PNG")
    with pytest.raises(EmbeddingError, match="6000×6000 pixels"):
        formats.read(file.getvalue(), "mug.png")


@pytest.mark.parametrize(
    "text",
    [
        None,
        base64.b64encode(b'{"string_to_param": {"*": {"TORCHTENSOR": [99999999999999999999999]}}}').decode(),
        base64.b64encode(b'{"string_to_param": {"*": {"TORCHTENSOR": ["a"]}}}').decode(),
        base64.b64encode(b'{"string_to_param": {"*": {"TORCHTENSOR": [[1], [1, 2]]}}}').decode(),
        base64.b64encode(b"[" * 100_000).decode(),
        "not base64!",
        base64.b64encode(b"[1, 2").decode(),
        base64.b64encode(b"3").decode(),
    ],
)
def test_a_picture_without_a_whole_embedding_is_a_sentence(text: str | None) -> None:
    with pytest.raises(EmbeddingError, match=r"mug\.png"):
        formats.read(card(text), "mug.png")


class Opens:
    """A pickle that would call a function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("/tmp/oneword-was-here", "w"))


@pytest.mark.parametrize("data", [pickle.dumps(Opens()), as_pt({"emb_params": Opens()})])
def test_a_pickle_that_calls_a_function_is_refused_and_calls_nothing(data: bytes, tmp_path: Any) -> None:
    with pytest.raises(EmbeddingError, match="cannot be read safely"):
        formats.read(data, "mug.pt")


def test_an_archive_that_unpacks_to_much_is_refused_unread() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)
    with pytest.raises(EmbeddingError, match="unpacks to 50 MB"):
        formats.read(file.getvalue(), "mug.pt")


@pytest.mark.parametrize("rows", [ROWS.to_sparse(), torch.ones(3, 4, device="meta")])
def test_a_tensor_of_another_kind_is_a_sentence(rows: torch.Tensor) -> None:
    with pytest.raises(EmbeddingError, match=r"mug\.pt"):
        formats.read(as_pt({"emb_params": rows}), "mug.pt")


def test_a_tensor_that_claims_to_be_huge_is_refused_before_it_is_copied() -> None:
    with pytest.raises(EmbeddingError, match="has the shape"):
        formats.read(as_pt({"emb_params": torch.ones(1).expand(1_000_000, 8000)}), "mug.pt")


@pytest.mark.parametrize("name", ["mug.safetensors", "mug.pt", "mug.bin", "mug.png"])
@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 100, b"PK\x03\x04", b"\x89PNG\r\n\x1a\n"])
def test_rubbish_is_a_sentence_in_every_format(name: str, data: bytes) -> None:
    with pytest.raises(EmbeddingError, match=name):
        formats.read(data, name)


def test_a_truncated_header_is_a_sentence() -> None:
    with pytest.raises(EmbeddingError, match="not a whole safetensors file"):
        formats.read(save({"emb_params": ROWS})[:40], "mug.safetensors")


def test_a_model_in_place_of_an_embedding_is_refused_by_its_size() -> None:
    with pytest.raises(EmbeddingError, match=r"2\.0 MB, and an embedding has at most 1 MB"):
        formats.read(bytes(2_000_000), "model.safetensors")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"lora_up.weight": ROWS, "lora_down.weight": ROWS + 1}, "no embedding file has"),
        ({"emb_params": ROWS / 0}, "not finite"),
        ({"emb_params": ROWS * torch.nan}, "not finite"),
        ({"emb_params": torch.ones(0, 4)}, "has the shape"),
        ({"emb_params": torch.ones(3, 4, dtype=torch.int64)}, "not a tensor of real numbers"),
        ({"emb_params": torch.ones(2, 3, 4)}, "has the shape"),
        ({"emb_params": torch.ones(500, 4)}, "1 to 75 vectors"),
        ({"clip_g": ROWS}, "needs the same number"),
        ({"clip_l": ROWS, "clip_g": ROWS[:2] + 1}, "unequal length"),
        ({"t5": ROWS}, "a T5 text encoder"),
        ({"t5xxl": ROWS, "clip_l": ROWS + 1}, "a T5 text encoder"),
        ({"llama": ROWS, "clip_l": ROWS + 1}, "a Llama text encoder"),
        ({"emp_params_out": ROWS}, "only an output embedding"),
        ({}, "holds nothing"),
    ],
)
def test_what_is_no_embedding_says_why(content: dict[str, torch.Tensor], said: str) -> None:
    with pytest.raises(EmbeddingError, match=said):
        formats.read(save(content), "mug.safetensors")


@pytest.mark.parametrize("content", [[1, 2], {1: ROWS}, {"string_to_param": {}}, {"a": "text"}])
def test_a_pickle_of_something_else_is_a_sentence(content: Any) -> None:
    with pytest.raises(EmbeddingError, match=r"mug\.pt"):
        formats.read(as_pt(content), "mug.pt")


def test_an_unknown_kind_of_file_is_a_sentence() -> None:
    with pytest.raises(EmbeddingError, match=r"\.safetensors, \.pt, \.bin, \.pti or \.png"):
        formats.read(b"hello", "mug.txt")
