"""Small files that are made to take memory, time or a process, through the routes that take files.

Each ends as a clear sentence, or as a result without what is strange about the file. Nothing dies of it.
"""

import base64
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from app.concepts.models import Version
from app.contracts.limits import RECIPE_CONCEPTS_MAX
from app.foreign_bytes.limits import STATM, Limits
from app.pictures.cleaning import PictureCleaner, UploadedFile
from app.pictures.recipes import WrittenRecipe, written_recipe
from app.services import Services
from tests.support import attacks as hostile
from tests.support import decoder_tasks
from tests.support.foreign_files import kohya, rows
from tests.support.http import form, refused, send
from tests.support.pictures import photo, photos
from tests.support.worker import run_import
from worker import foreign_files
from worker.context import WorkerContext
from worker.engine.errors import EmbeddingError
from worker.engine.evaluation import EvaluationPlan

WIDE = 128  # the width of the demo model's vectors
LISTED_MAX = 5000  # characters of everything that a list says about one import


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports draw no sample."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda *_: None)
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=False))


def imported(member: TestClient, services: Services, name: str, content: bytes, placeholder: str) -> Any:
    """The job of an import, once a worker has run it, and the lists in which its texts are shown."""
    made = send(member, (name, content), placeholder=placeholder)
    assert made.status_code == 202, made.text
    run_import(services)
    job = member.get(f"/api/jobs/{made.json()['job']['id']}").json()
    assert len(member.get("/api/jobs").json()["items"][0].__repr__()) < LISTED_MAX
    assert all(len(repr(concept)) < LISTED_MAX for concept in member.get("/api/concepts").json()["items"])
    return {**job, "concept_id": made.json()["concept"]["id"]}


def card_of(values: str) -> bytes:
    """A card whose numbers are written as in `values`."""
    return hostile.card(f'{{"string_to_param": {{"*": {{"TORCHTENSOR": {values}}}}}}}')


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "an archive with a tail": ("tail.pt", hostile.pt_with_a_tail(20_000_000, bytes(100_000)), "damaged archive"),
    "an archive with a short tail": ("tail.pt", hostile.pt_with_a_tail(20_000_000, bytes(100)), "bytes after its end"),
    "a type of half a byte": ("f4.safetensors", hostile.tensor("F4", [1, WIDE], WIDE // 2), "real numbers"),
    "a type of a byte": ("f8.safetensors", hostile.tensor("F8_E4M3", [1, WIDE], WIDE), "real numbers"),
    "a type that is none": ("odd.safetensors", hostile.tensor("Q7", [1, WIDE], WIDE), "real numbers"),
    "a shape of 2**70": ("wide.safetensors", hostile.tensor("F32", [2**70], 4), "not a whole safetensors"),
    "a shape that overflows": (
        "wide.safetensors",
        hostile.tensor("F32", [2**62, 4], 4),
        "not a whole safetensors",
    ),
    "an endless offset": (
        "far.safetensors",
        hostile.safetensors({"emb_params": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1e400]}}, bytes(4)),
        "not a whole safetensors",
    ),
    "an offset of 401 digits": (
        "far.safetensors",
        hostile.safetensors({"emb_params": {"dtype": "F32", "shape": [1], "data_offsets": [0, hostile.BIG]}}, bytes(4)),
        "not a whole safetensors",
    ),
    "a header of nothing but brackets": (
        "deep.safetensors",
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
        "not a whole safetensors",
    ),
    "a card of numbers of 401 digits": ("mug.png", card_of(f"[{hostile.BIG}]"), "damaged"),
    "a card of brackets": ("mug.png", hostile.card("[" * 100_000), "damaged"),
    "a card with a text bomb": (
        "mug.png",
        hostile.png((b"zTXt", b"sd-ti-embedding\0\0" + hostile.packed(100_000_000))),
        "not a whole picture",
    ),
    "a key of 100,000 characters": ("mug.pt", hostile.pickled({"k" * 100_000: 1}), "real numbers"),
    "many long keys": (
        "mug.safetensors",
        hostile.safetensors(
            {f"{n}" + "k" * 9000: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(20)}
        ),
        "no embedding file has",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_embedding_that_attacks_fails_with_a_sentence_and_the_next_one_is_imported(
    member: TestClient, services: Services, name: str
) -> None:
    file_name, content, says = REFUSED[name]
    job = imported(member, services, file_name, content, "<my-attack>")
    assert job["state"] == "failed"
    assert job["attempt"] == 1
    assert file_name in job["error"]["detail"]
    assert says in job["error"]["detail"]
    assert imported(member, services, "mug.safetensors", kohya(), "<my-mug>")["state"] == "succeeded"


STRANGE: dict[str, tuple[str, bytes]] = {
    "a step of shared lists": ("mug.pt", hostile.pickled(hostile.a1111(step=hostile.shared_lists()))),
    "a step of 401 digits": ("mug.pt", hostile.pickled(hostile.a1111(step=hostile.BIG))),
    "a checkpoint of shared lists": ("mug.pt", hostile.pickled(hostile.a1111(sd_checkpoint=hostile.shared_lists()))),
    "a long name": ("mug.pt", hostile.pickled(hostile.a1111(name="n" * 100_000))),
    "a name that ends in half a character": ("mug.pt", hostile.pickled(hostile.a1111(name="mug" + hostile.HALF))),
    "a card with such a name": (
        "mug.png",
        hostile.card({"name": "mug\0" + hostile.HALF, "string_to_param": {"*": {"TORCHTENSOR": rows().tolist()}}}),
    ),
    "steps that are ²": ("mug.safetensors", hostile.with_metadata(steps="²")),
    "steps of 401 digits": ("mug.safetensors", hostile.with_metadata(steps="9" * 401)),
    "a long initializer": ("mug.safetensors", hostile.with_metadata(initializer="i" * 100_000)),
    "a thousand entries": ("mug.safetensors", hostile.with_metadata(**{f"k{n}": "v" * 500 for n in range(1000)})),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_an_embedding_with_strange_texts_is_imported_without_them(
    member: TestClient, services: Services, name: str
) -> None:
    job = imported(member, services, *STRANGE[name], "<my-mug>")
    assert job["state"] == "succeeded", job["error"]
    (version,) = member.get(f"/api/concepts/{job['concept_id']}/versions").json()["items"]
    assert version["steps"] is None
    assert len(version["origin"]["imported_as"]) <= 100
    assert version["origin"]["imported_as"].startswith(("mug", "n"))
    file = member.get(f"/api/concepts/{job['concept_id']}/embedding?format=a1111")
    assert (file.status_code, len(file.content) < 10_000) == (200, True)
    assert len(member.get(f"/api/concepts/{job['concept_id']}/embedding").content) < 10_000


def test_what_a_form_and_a_folder_call_an_import_is_cut_and_storable(member: TestClient) -> None:
    files = [("e\u0007" + "e" * 100 + ".safetensors", kohya()), ("token_identifier.txt", b"<\x00" + b"n" * 9000)]
    sent = [("file", (name, content, "application/octet-stream")) for name, content in files]
    tags = {"tags": [f"{n}" + "t" * 9000 for n in range(40)]}
    concept = member.post("/api/concepts/import", data=tags, files=sent).json()["concept"]
    assert len(concept["tags"]) == 30
    assert max(map(len, concept["tags"])) == 50
    assert len(concept["name"]) <= 100
    assert "\0" not in concept["name"]


def test_the_child_that_reads_embeddings_has_limits() -> None:
    pool = foreign_files.pool()
    found = pool.result(pool.submit(decoder_tasks.hard_limits, b""))
    assert (found["RLIMIT_NPROC"], found["RLIMIT_FSIZE"]) == (0, 0)
    if STATM.exists():
        assert pool.result(pool.submit(decoder_tasks.take_a_gigabyte, b"")) == "refused"
    assert foreign_files.read(kohya(), "mug.safetensors").embedding.vectors == 2


# --- Pictures ---------------------------------------------------------------------------------------------------------

BOMBS = {
    "a PNG with a zTXt bomb": hostile.png_of_text_bomb(b"zTXt", 1, 100_000_000),
    "a PNG with an iTXt bomb": hostile.png_of_text_bomb(b"iTXt", 1, 100_000_000),
    "a PNG with 100 zTXt bombs": hostile.png_of_text_bomb(b"zTXt", 100, 1_000_000),
    "a PNG with an iCCP bomb": hostile.png_of_profile_bomb(100_000_000),
    "a JPEG of 500 scans": hostile.jpeg_of_many_scans(500, 600),
    "a JPEG of 500 scans and a comment of 500 marks": hostile.jpeg_of_disguised_scans(500, 600),
    "a WebP of 49 million pixels in 40 bytes": hostile.large("WEBP", 7000),
    "a PNG of 49 million pixels": hostile.large("PNG", 7000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_that_attacks_is_refused_wherever_pictures_are_taken(member: TestClient, name: str) -> None:
    bomb = BOMBS[name]
    files = [*photos(2), ("images", ("bomb", bomb, "image/png"))]
    taught = member.post("/api/concepts", data={"placeholder": "<my-mug>", "initializer": "mug"}, files=files)
    assert [each["index"] for each in refused(taught, "images")["pictures"]] == [2]
    refused(form(member, {"init_image": bomb}, prompt="a cat"), "init_image")
    refused(form(member, {"init_image": photo(1, (64, 64), "PNG"), "mask": bomb}, prompt="a cat"), "mask")
    checked = member.post("/api/pictures/check", files=files).json()
    assert [each["problem"] is None for each in checked["pictures"]] == [True, True, False]


def test_scans_in_metadata_are_not_counted(cleaner: PictureCleaner) -> None:
    metadata = b"\xff\xe5" + (2 + 2 * 500).to_bytes(2, "big") + b"\xff\xda" * 500
    whole = hostile.small_jpeg(7)
    (checked,) = cleaner.check([UploadedFile("0.jpg", whole[:2] + metadata + whole[2:])], 64)
    assert checked.problem is None


def test_a_large_colour_profile_is_thrown_away(cleaner: PictureCleaner) -> None:
    (checked,) = cleaner.check([UploadedFile("0.jpg", hostile.jpeg_with_a_profile())], 64)
    assert checked.picture is not None
    assert len(checked.picture.content) < 10_000


def test_a_large_webp_is_said_to_have_too_many_pixels(cleaner: PictureCleaner) -> None:
    (checked,) = cleaner.check([UploadedFile("0.webp", hostile.large("WEBP", 7000))], 64)
    assert checked.problem is not None
    assert checked.problem.code == "too-many-pixels"


@pytest.mark.parametrize(("format", "side"), [("PNG", 4890), ("WEBP", 3460)])
def test_the_largest_pictures_that_are_read_fit_into_the_memory_of_a_child(
    cleaner: PictureCleaner, format: str, side: int
) -> None:
    assert Limits().memory_bytes <= 400_000_000
    (checked,) = cleaner.check([UploadedFile("0.png", hostile.large(format, side))], 64)
    assert checked.picture is not None


# --- Recipes ----------------------------------------------------------------------------------------------------------


def read(member: TestClient, content: bytes) -> Any:
    return member.post("/api/generations/read", files={"image": ("a.png", content, "image/png")})


LONG = 100_000
TEXTS = {
    "letters": "Steps: 1, " + "a" * LONG,
    "names without values": "Steps: 1, " + "a b-c/" * (LONG // 6),
    "quotes": "Steps: 1, " + 'A:"' * (LONG // 3),
    "a quote that is never closed": 'Steps: 1, A: "' + "\\\\" * (LONG // 2),
    "spaces": "Steps: 1, A: " + " " * LONG,
    "line breaks": "\n" * LONG + "Steps: 1",
    "placeholders": "<a" * (LONG // 2) + "\nSteps: 1",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_100_000_characters_is_gone_through_once(cleaner: PictureCleaner, name: str) -> None:
    content = hostile.png_of_texts(parameters=TEXTS[name], oneword=TEXTS[name])
    # The child dies after ten seconds of processor time. A parser that goes back takes minutes.
    assert isinstance(cleaner.decode(UploadedFile("a.png", content), written_recipe, "image"), WrittenRecipe)


RECIPE = {"prompt": "a cat", "base_model": "demo", "seed": 5, "concepts": []}


@pytest.mark.parametrize(
    "change",
    [
        {"seed": hostile.BIG, "steps": hostile.BIG, "width": 2**70},
        {"seed": "²", "guidance": float("inf"), "strength": float("nan")},
        {"base_model": "b" * 40_000, "scheduler": ["s" * 40_000]},
        {"base_model": {"a": hostile.shared_lists(8)}},
        {"prompt": "a cat" + hostile.HALF + "\0"},
        {"init_image": {"image_id": "\0" + hostile.HALF}, "mask": [[[]]]},
        {"concepts": [{"placeholder": "<my-" + hostile.HALF + "\0>", "version": hostile.BIG, "concept_id": [1]}]},
        {"concepts": [{"placeholder": "<my-cat>", "version": 2**70}] * RECIPE_CONCEPTS_MAX},
        {"concepts": {"placeholder": "<my-cat>"}},
    ],
)
def test_a_recipe_with_strange_values_is_read_without_them(member: TestClient, change: dict[str, Any]) -> None:
    answer = read(member, hostile.png_of_texts(oneword=json.dumps({**RECIPE, **change})))
    assert answer.status_code == 200, answer.text
    assert answer.json()["order"]["prompt"].startswith("a cat")
    assert all(len(note) < 1000 for note in answer.json()["notes"])


@pytest.mark.parametrize(
    "line",
    [
        "Seed: " + "9" * 401,
        "Steps: ²",
        "Size: " + "9" * 401 + "x1",
        "Sampler: " + "s" * 9000,
        f"Steps: 1, A: {'v' * 9000}",
        "Steps: 1, " + ", ".join(f"A{n}: 1" for n in range(5000)),
    ],
)
def test_a_text_with_strange_values_is_read_without_them(member: TestClient, line: str) -> None:
    answer = read(member, hostile.png_of_texts(parameters=f"a cat\nSteps: 1, {line}"))
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["notes"]) <= 110
    assert all(len(note) < 400 for note in answer.json()["notes"])


@pytest.fixture
def statements(services: Services) -> Any:
    """The SQL statements since the last look."""
    found: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *args: found.append(args[2]))

    def take() -> int:
        count = len(found)
        found.clear()
        return count

    return take


def test_a_recipe_takes_as_many_queries_for_600_concepts_as_for_one(member: TestClient, statements: Any) -> None:
    counts = []
    for names in (1, 2, RECIPE_CONCEPTS_MAX):  # the first request also notes that the token was used
        used = [{"placeholder": f"<w{n}>", "version": 1, "concept_id": "x"} for n in range(names)]
        content = hostile.png_of_texts(oneword=json.dumps({**RECIPE, "concepts": used}))
        statements()
        answer = read(member, content)
        counts.append(statements())
        assert len(answer.json()["notes"]) == names
    assert counts[1] == counts[2]


def test_a_recipe_that_names_more_concepts_than_two_prompts_hold_is_refused(member: TestClient) -> None:
    names = [{"placeholder": f"<w{n}>"} for n in range(1500)]
    answer = read(member, hostile.png_of_texts(oneword=json.dumps({**RECIPE, "concepts": names})))
    refused(answer, "image", "1500 concepts", code="recipe-concepts")


def test_a_prompt_takes_as_many_queries_for_60_concepts_as_for_two(
    member: TestClient, services: Services, learned: str, statements: Any
) -> None:
    with services.database.transaction() as session:
        first = session.scalars(select(Version).where(Version.concept_id == learned)).one()
        same = {"team_id": first.team_id, "concept_id": learned, "base_model": "demo", "initializer": "mug"}
        for number in range(2, 62):
            session.add(Version(**same, number=number, state="ready", vectors=1, files=first.files))
    counts = []
    for names in (1, 2, 60):
        pins = " ".join(f"<my-mug@{number}>" for number in range(2, names + 2))
        statements()
        answer = member.post("/api/generations", json={"prompt": pins})
        assert answer.status_code == 202, answer.text
        counts.append(statements())
    assert counts[1] == counts[2]


def test_a_prompt_that_names_more_concepts_than_fit_is_refused(
    member: TestClient,
) -> None:
    prompt = "".join(f"<{n}>" for n in range(400))
    refused(member.post("/api/generations", json={"prompt": prompt}), "prompt", code="prompt-too-many-concepts")


def test_a_card_of_a_million_rows_is_refused_before_they_become_a_tensor() -> None:
    text = base64.b64encode(b'{"string_to_param": {"*": {"TORCHTENSOR": [' + b"[]," * 1_500_000 + b"[]]}}}").decode()
    with pytest.raises(EmbeddingError, match=r"mug\.png: the embedding inside the picture is damaged"):
        foreign_files.read(hostile.card(text=text), "mug.png")
