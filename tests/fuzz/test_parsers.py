"""Everything that reads foreign bytes or text, on damaged copies of real files: a value, or the documented error.

A reader that a new part of the studio brings gets a line here.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from app.base_models.catalog import Catalog
from app.base_models.initializers import checked_initializer, checked_placeholder, free_placeholder
from app.compat.openai.request import SIDES, sides
from app.concepts import search_terms
from app.contracts import placeholders, recipe_text, safetensors_header
from app.contracts.errors import BrokenHeader, UnfitModel
from app.contracts.hub import HubName
from app.contracts.model_folder import read_model_folder
from app.contracts.placeholders import PLACEHOLDER, WRITTEN
from app.contracts.prompts import cut, sections, unreadable
from app.core.errors import OnewordError
from app.core.settings import Settings
from app.pictures import decoding, recipes, training_pictures
from app.pictures.decoding import PictureFault
from app.webhooks import addresses
from tests.support import corpus
from tests.support.base_models import DEMO
from tests.support.fuzzing import Fuzz
from tests.support.mutations import JSON, damaged, texts
from worker.engine.embeddings import formats
from worker.engine.errors import EmbeddingError

ROOM = 75  # tokens of a window
READERS: dict[str, Callable[[bytes], object]] = {
    reader.__name__: reader
    for reader in (
        training_pictures.training_picture,
        decoding.init_image,
        decoding.inpaint_mask,
        decoding.transparent_area,
        decoding.is_transparent,
        recipes.written_recipe,
    )
}


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_picture_is_a_clean_one_or_a_fault(fuzz: Fuzz, name: str) -> None:
    def check(content: bytes) -> None:
        found = READERS[name](content)
        if isinstance(found, PictureFault):
            assert found.detail.endswith(".")
            assert len(found.detail) < 400
        elif isinstance(found, decoding.CleanPicture):
            assert max(found.stored_width, found.stored_height) <= decoding.LONGER_SIDE_MAX
            assert b"tEXt" not in found.content
            assert b"eXIf" not in found.content

    fuzz(check, damaged(corpus.pictures()), examples=120)


@pytest.mark.parametrize("ending", corpus.embeddings())
def test_a_damaged_embedding_is_finite_rows_or_a_sentence(fuzz: Fuzz, ending: str) -> None:
    def check(content: bytes) -> None:
        try:
            found = formats.read(content, f"x.{ending}")
        except EmbeddingError as error:
            assert str(error).endswith((".", "?"))
            return
        for rows in found.embedding.rows.values():
            assert rows.ndim == 2
            assert rows.isfinite().all()

    fuzz(check, damaged([each for files in corpus.embeddings().values() for each in files]), examples=150)


def test_a_damaged_safetensors_header_is_read_or_broken(fuzz: Fuzz) -> None:
    def check(content: bytes) -> None:
        try:
            header = safetensors_header.header_of(content)
        except BrokenHeader:
            return
        assert all(isinstance(side, int) for entry in header.tensors.values() for side in entry.shape)

    fuzz(check, damaged(corpus.embeddings()["safetensors"]), examples=300)


def test_a_safetensors_header_of_any_json_is_read_or_broken(fuzz: Fuzz) -> None:
    def check(header: object) -> None:
        text = json.dumps(header).encode()
        try:
            safetensors_header.header_of(len(text).to_bytes(8, "little") + text)
        except BrokenHeader:
            return

    entry = st.fixed_dictionaries({"dtype": JSON, "shape": JSON, "data_offsets": st.just([0, 0]) | JSON})
    fuzz(check, JSON | st.dictionaries(st.sampled_from(("a", "__metadata__")), entry | JSON), examples=80)


RECIPE_MARKS = (
    "Steps: ",
    "Seed: ",
    "Size: ",
    "Negative prompt: ",
    "CFG scale: ",
    "Sampler: ",
    ", ",
    '"',
    "\\",
    ":",
    "x",
)


def test_a_recipe_text_is_read_or_is_none(fuzz: Fuzz) -> None:
    def check(text: str) -> None:
        found = recipe_text.read(text)
        assert found is None or all(isinstance(note, str) for note in found.notes)

    damaged_texts = damaged([text.encode() for text in corpus.PARAMETERS]).map(lambda sent: sent.decode("latin-1"))
    fuzz(check, texts(*RECIPE_MARKS) | damaged_texts, examples=300)


def test_a_recipe_that_was_written_is_read_back(fuzz: Fuzz) -> None:
    def check(seed: int, steps: int, sides: tuple[int, int], prompt: str) -> None:
        recipe = corpus.RECIPE | {"prompt": prompt, "seed": seed, "steps": steps, "width": sides[0], "height": sides[1]}
        found = recipe_text.read(recipe_text.write(recipe))
        assert found is not None
        assert (found.request["seed"], found.request["steps"]) == (str(seed), str(steps))
        assert (found.request["width"], found.request["height"]) == tuple(map(str, sides))
        assert found.request["prompt"] == prompt.strip()

    prompts = st.from_regex(r"[a-z ()<>:.]{0,40}", fullmatch=True)
    sides = st.tuples(st.integers(8, 2048), st.integers(8, 2048))
    fuzz(check, st.integers(0, 2**31), st.integers(1, 200), sides, prompts, examples=100)


PROMPT_MARKS = ("(", ")", "[", "]", ":1.3)", "\\", "BREAK", ",", "<my-mug>", "<my-mug@3>", "@", "<", ">", "cat ")


def test_a_prompt_is_cut_into_windows_that_hold_all_of_it(fuzz: Fuzz) -> None:
    concepts = {"<my-mug>": range(3), "<my-mug@3>": range(70)}

    def check(prompt: str) -> None:
        windows = cut(prompt, concepts, lambda text: [ord(letter) for letter in text], ROOM)
        assert len(windows) >= 1
        assert all(len(window.ids) <= ROOM and len(window.ids) == len(window.weights) for window in windows)
        unreadable(windows, ROOM)
        for part in (part for section in sections(prompt) for part in section):
            assert part.text

    fuzz(check, texts(*PROMPT_MARKS), examples=200)


def test_what_is_written_as_a_placeholder_is_one_or_is_refused(fuzz: Fuzz) -> None:
    model = Catalog(Settings(data_dir=Path("unused"))).get("demo")

    def check(text: str) -> None:
        for found in WRITTEN.finditer(text):
            if found["number"] is not None and placeholders.VERSION_NUMBER.fullmatch(found["number"]):
                assert int(found["number"]) < 10**6
        assert PLACEHOLDER.fullmatch(free_placeholder(text, set()))
        for checked, accepted in ((checked_placeholder, PLACEHOLDER), (checked_initializer, None)):
            try:
                name = checked(model, text, set()) if accepted else checked(model, text)  # type: ignore[operator]
            except OnewordError as error:
                assert len(error.detail) < 2000
                continue
            assert accepted is None or accepted.fullmatch(name)

    # Half a surrogate pair comes in by no form, and `Tokenizer` documents what it raises for one.
    whole = texts(*PROMPT_MARKS, "my", "mug", "-").map(lambda text: text.encode("utf-8", "replace").decode())
    fuzz(check, whole, examples=150)


def test_a_size_a_hub_name_and_a_search_are_read_or_refused(fuzz: Fuzz) -> None:
    def check(text: str) -> None:
        try:
            width, height = sides(text)
            assert width is None or (width in SIDES and height in SIDES)
        except OnewordError as error:
            assert error.status == 422
        name = HubName.parse(text)
        assert name is None or str(name) == text
        search_terms.split(text)
        placeholders.slug(text)

    fuzz(check, texts("512", "x", "auto", "org/", "@0123abc", "#tag"), examples=200)


HOSTS = ("127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "0x7f.1", "example.org")
URL_MARKS = ("https://", "http://", "user:pass@", ":443", ":99999", "/", "?", "#", "%00", "\\", *HOSTS)
ADDRESSES = st.ip_addresses().map(str)


def test_a_webhook_goes_to_a_public_address_or_nowhere(fuzz: Fuzz) -> None:
    def check(url: str, found: list[str]) -> None:
        entries = [(0, 0, 0, "", (address, 0)) for address in found]
        try:
            target = addresses.resolved(url, to_private=False, resolve=lambda *_, **__: entries)
        except OnewordError as error:
            assert error.field == "url"
            return
        assert target.scheme == "https"
        assert all(addresses.is_public(address) for address in found)
        assert not any(letter.isspace() for letter in target.host_header)
        assert 0 < target.port < 65536

    fuzz(check, texts(*URL_MARKS).map(lambda rest: f"https://{rest}") | texts(*URL_MARKS),
         st.lists(ADDRESSES, max_size=3), examples=150)  # fmt: skip


MODEL_FILES = corpus.model_files()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo model's files: links to the weights, copies of the rest."""
    for path in DEMO.rglob("*"):
        target = tmp_path / path.relative_to(DEMO)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(path, target)
    return tmp_path


def test_a_damaged_model_folder_is_read_or_unfit(fuzz: Fuzz, folder: Path) -> None:
    def check(name: str, damage: Callable[[bytes], bytes]) -> None:
        path = folder / name
        path.unlink()
        path.write_bytes(damage(MODEL_FILES[name]))
        try:
            facts = read_model_folder(folder)
            assert facts.resolution > 0
        except UnfitModel as error:
            assert str(error).endswith((".", "?"))
        finally:
            path.write_bytes(MODEL_FILES[name])

    names = st.sampled_from(sorted(MODEL_FILES))
    fuzz(
        check,
        names,
        st.builds(_with_values, JSON, st.integers(0, 30)) | st.builds(_cut, st.integers(0, 200)),
        examples=200,
    )


def _with_values(value: object, place: int) -> Callable[[bytes], bytes]:
    """Replace one value of the file's object."""

    def damage(content: bytes) -> bytes:
        stated = json.loads(content)
        key = sorted(stated)[place % len(stated)]
        return json.dumps({**stated, key: value}).encode()

    return damage


def _cut(length: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:length]
