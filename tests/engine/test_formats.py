"""Embedding files: round trips, other tools' own shapes, and everything that must be refused."""

import base64
import io
import json
import pickle
import zipfile
from typing import Any

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import load, save

from worker import formats
from worker.formats import Embedding
from worker.sentences import EmbeddingError

ROWS = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 7
SINGLE = Embedding({"text_encoder": ROWS})
DOUBLE = Embedding({"text_encoder": ROWS, "text_encoder_2": ROWS.repeat(1, 2)})


def as_pt(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def same(one: Embedding, other: Embedding) -> bool:
    return list(one.rows) == list(other.rows) and all(torch.equal(one.rows[n], other.rows[n]) for n in one.rows)


@pytest.mark.parametrize("format", ["oneword", "diffusers", "a1111", "kohya", "onetrainer"])
def test_one_encoder_goes_round_through_every_format_bit_for_bit(format: str) -> None:
    (file,) = [file for file in formats.write_all(SINGLE, "<my-mug>", {"steps": "9"}) if file.format == format]
    found = formats.read(file.content, file.name)
    assert found.format == format
    assert same(found.embedding, SINGLE)


@pytest.mark.parametrize("format", ["oneword", "kohya", "a1111"])
def test_two_encoders_go_round_bit_for_bit(format: str) -> None:
    found = formats.read(formats.write(DOUBLE, "<my-mug>", format), "my-mug.safetensors")
    assert same(found.embedding, DOUBLE)


def test_two_encoders_are_two_files_for_diffusers() -> None:
    files = {file.name: file.content for file in formats.write_all(DOUBLE, "<my-mug>")}
    assert torch.equal(load(files["learned_embeds.safetensors"])["<my-mug>"], DOUBLE.rows["text_encoder"])
    assert torch.equal(load(files["learned_embeds_2.safetensors"])["<my-mug>"], DOUBLE.rows["text_encoder_2"])


def test_our_own_file_carries_its_placeholder_and_where_it_is_from() -> None:
    found = formats.read(formats.write(SINGLE, "<my-mug>", "oneword", {"base_model": "demo"}), "my-mug.safetensors")
    assert found.placeholder == "<my-mug>"
    assert found.metadata["base_model"] == "demo"
    assert same(formats.read_native(formats.write(SINGLE, "<my-mug>", "oneword")), SINGLE)


def test_one_vector_of_768_is_under_4_kilobytes() -> None:
    assert len(formats.write(Embedding({"text_encoder": torch.zeros(1, 768)}), "<m>", "oneword", {"a": "b"})) < 4096


def test_a_format_without_room_for_the_encoders_is_a_sentence() -> None:
    with pytest.raises(EmbeddingError, match="cannot be written as 'onetrainer'"):
        formats.write(DOUBLE, "<my-mug>", "onetrainer")


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


@pytest.mark.parametrize(
    "text", [None, "not base64!", base64.b64encode(b"[1, 2").decode(), base64.b64encode(b"3").decode()]
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
        ({"emb_params": torch.ones(3, 4, dtype=torch.int64)}, "not a tensor of real numbers"),
        ({"emb_params": torch.ones(2, 3, 4)}, "has the shape"),
        ({"emb_params": torch.ones(500, 4)}, "1 to 75 vectors"),
        ({"clip_g": ROWS}, "needs the same number"),
        ({"clip_l": ROWS, "clip_g": ROWS[:2] + 1}, "unequal length"),
        ({"t5": ROWS}, "T5"),
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
    with pytest.raises(EmbeddingError, match=r"\.safetensors, \.pt, \.bin or \.png"):
        formats.read(b"hello", "mug.txt")
