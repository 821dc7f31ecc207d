"""Files for other tools: each reads back bit for bit, and the strict readers take them."""

import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load

from app.contracts import concept_text
from app.contracts.concept_text import ConceptText
from app.embeddings.exporting import cards, folders, pickles
from app.embeddings.exporting.formats import Format, formats_for
from app.embeddings.exporting.stored import StoredEmbedding
from worker.engine.embeddings import formats
from worker.engine.embeddings.formats import Embedding

ROWS = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 7
SINGLE = Embedding({"text_encoder": ROWS})
DOUBLE = Embedding({"text_encoder": ROWS, "text_encoder_2": ROWS.repeat(1, 2)})
ABOUT = {"base_model": "demo", "base_model_hash": "0123456789abcdef", "steps": "180"}
# AUTOMATIC1111's modules/safe.py lets no other member into a zip, and no other class into a pickle.
MEMBER = re.compile(r"^([^/]+)/((data/\d+)|version|(data\.pkl))$")


def stored(embedding: Embedding, placeholder: str = "<my-mug>") -> StoredEmbedding:
    return StoredEmbedding.read(formats.write_native(embedding, placeholder, ABOUT))


def same(one: Embedding, other: Embedding) -> bool:
    return list(one.rows) == list(other.rows) and all(torch.equal(one.rows[n], other.rows[n]) for n in one.rows)


def unpickled(data: bytes, **options: Any) -> Any:
    with torch.serialization.safe_globals([torch.nn.ParameterDict]):
        return torch.load(io.BytesIO(data), weights_only=True, **options)


@pytest.mark.parametrize("format", formats_for(1), ids=lambda format: format.name)
def test_one_encoder_goes_round_through_every_format_bit_for_bit(format: Format) -> None:
    found = formats.read(format.writer(stored(SINGLE), "<my-mug>"), format.file_name.format("my-mug"))
    assert same(found.embedding, SINGLE)
    assert found.format == {"official": "a1111", "diffusers-bin": "diffusers"}.get(format.name, format.name)


@pytest.mark.parametrize(
    "format", [each for each in formats_for(2) if "diffusers" not in each.name], ids=lambda format: format.name
)
def test_two_encoders_go_round_bit_for_bit(format: Format) -> None:
    found = formats.read(format.writer(stored(DOUBLE), "<my-mug>"), format.file_name.format("my-mug"))
    assert same(found.embedding, DOUBLE)


def test_two_encoders_are_two_files_for_diffusers() -> None:
    first, second = (each for each in formats_for(2) if each.name.startswith("diffusers"))
    assert (first.file_name, second.file_name) == ("learned_embeds.safetensors", "learned_embeds_2.safetensors")
    assert torch.equal(load(first.writer(stored(DOUBLE), "<m>"))["<m>"], DOUBLE.rows["text_encoder"])
    assert torch.equal(load(second.writer(stored(DOUBLE), "<m>"))["<m>"], DOUBLE.rows["text_encoder_2"])


def test_the_same_rows_are_pickled_to_the_same_bytes() -> None:
    content = {"string_to_param": {"*": ROWS.numpy()}, "name": "<my-mug>"}
    assert pickles.write(content) == pickles.write(content)


@pytest.mark.parametrize("name", ["a1111", "official", "diffusers-bin"])
def test_a_pickled_file_has_no_member_that_automatic1111_refuses(name: str) -> None:
    (format,) = (each for each in formats_for(1) if each.name == name)
    with zipfile.ZipFile(io.BytesIO(format.writer(stored(SINGLE), "<my-mug>"))) as archive:
        assert [member for member in archive.namelist() if not MEMBER.match(member)] == []


def test_automatic1111s_file_says_what_that_tool_shows() -> None:
    (format,) = (each for each in formats_for(1) if each.name == "a1111")
    content = unpickled(format.writer(stored(SINGLE), "<my-mug>"))
    assert torch.equal(content.pop("string_to_param")["*"], ROWS)
    assert content == {
        "string_to_token": {"*": 265},
        "name": "<my-mug>",
        "step": 180,
        "sd_checkpoint": "0123456789",
        "sd_checkpoint_name": "demo",
    }


def test_the_official_file_holds_a_module_that_works() -> None:
    (format,) = (each for each in formats_for(1) if each.name == "official")
    content = unpickled(format.writer(stored(SINGLE), "<my-mug>"))
    parameters = content["string_to_param"]
    assert isinstance(parameters, torch.nn.ParameterDict)
    assert [(key, type(value)) for key, value in parameters.items()] == [("*", torch.nn.Parameter)]
    assert torch.equal(parameters["*"].detach(), ROWS)
    assert int(content["string_to_token"]["*"]) == 265


@pytest.mark.parametrize(
    "content",
    [
        {"a": {"b": {}}, "yes": True, "no": False, "none": None, "number": -3, "wörter": "ein <wort>"},
        {"rows": np.arange(6, dtype=np.float32).reshape(2, 3), "ids": np.array(265)},
        {"turned": np.arange(6, dtype=np.float32).reshape(2, 3).T},
    ],
)
def test_what_is_pickled_is_what_torch_reads(content: dict[str, Any]) -> None:
    found = unpickled(pickles.write(content))
    plain = {key: value.numpy().tolist() if isinstance(value, torch.Tensor) else value for key, value in found.items()}
    assert plain == {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in content.items()}


def test_a_renamed_word_keeps_its_rows_and_its_history() -> None:
    text = ConceptText("Blue mug", "With a chip.", ["kitchen"], "object", "mug")
    found = formats.read(stored(SINGLE).of_concept("<blue-mug>", text).content, "a.safetensors")
    assert (found.placeholder, found.metadata["base_model"]) == ("<blue-mug>", "demo")
    assert concept_text.read(found.metadata[concept_text.KEY]) == text
    kept = stored(SINGLE)
    assert len({kept.of_concept("<blue-mug>", text).content for _ in range(20)}) == 1  # an ETag stays
    assert same(found.embedding, SINGLE)


def png(side: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (side, side), "tan").save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("picture", [None, png(64), png(512)])
def test_a_card_shows_the_word_and_carries_it(picture: bytes | None) -> None:
    card = cards.write(stored(SINGLE), "<my-mug>", picture)
    found = formats.read(card, "my-mug.png")
    assert found.placeholder == "<my-mug>"
    assert same(found.embedding, SINGLE)
    assert Image.open(io.BytesIO(card)).size == (512, 568)


@pytest.mark.parametrize("kind", ["object", "style"])
def test_a_folder_of_the_concepts_library_has_everything_it_should(kind: str) -> None:
    content = folders.write(
        stored(SINGLE),
        "<my-mug>",
        ConceptText("My\nmug", kind=kind),
        [folders.TaughtFrom(png(64)), folders.TaughtFrom(png(64))],
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert set(found) == {
        "my-mug/learned_embeds.bin",
        "my-mug/token_identifier.txt",
        "my-mug/type_of_concept.txt",
        "my-mug/README.md",
        "my-mug/concept.json",
        "my-mug/concept_images/0.jpeg",
        "my-mug/concept_images/1.jpeg",
    }
    assert (found["my-mug/token_identifier.txt"], found["my-mug/type_of_concept.txt"]) == (b"<my-mug>", kind.encode())
    assert same(formats.read(found["my-mug/learned_embeds.bin"], "learned_embeds.bin").embedding, SINGLE)
    assert Image.open(io.BytesIO(found["my-mug/concept_images/0.jpeg"])).format == "JPEG"
    assert b"# My mug\n" in found["my-mug/README.md"]


def test_a_stored_files_header_is_json_with_its_provenance() -> None:
    content = stored(SINGLE).content
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["__metadata__"] == {**ABOUT, "placeholder": "<my-mug>", "format": "oneword"}
