"""What a newcomer tries first: the example concepts are ready to upload and taught from a word that the model knows."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from transformers import CLIPTokenizer

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/concept.json"))
by_name = pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(ROOT / "models" / "demo" / "tokenizer")


def test_there_are_six_examples_and_one_is_a_style() -> None:
    kinds = [json.loads((folder / "concept.json").read_text())["kind"] for folder in EXAMPLES]
    assert len(kinds) >= 6
    assert "style" in kinds


@by_name
def test_an_example_has_three_to_five_different_pictures_large_enough_to_teach_from(folder: Path) -> None:
    pictures = sorted(folder.glob("*.jpg"))
    assert 3 <= len(pictures) <= 5
    assert len({path.read_bytes() for path in pictures}) == len(pictures)
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert min(picture.size) >= 256


@by_name
def test_an_example_says_what_the_upload_form_asks(folder: Path) -> None:
    concept = json.loads((folder / "concept.json").read_text())
    assert set(concept) == {"name", "placeholder", "initializer", "kind"}
    assert re.fullmatch(r"<[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?>", concept["placeholder"])
    assert concept["kind"] in ("object", "style")


@by_name
def test_an_examples_initializer_is_one_word_of_the_model_and_its_placeholder_is_none(
    folder: Path, tokenizer: CLIPTokenizer
) -> None:
    concept = json.loads((folder / "concept.json").read_text())
    assert len(tokenizer.tokenize(concept["initializer"])) == 1
    assert len(tokenizer.tokenize(concept["placeholder"].strip("<>"))) > 1
