"""Every kind of bad input, through HTTP: a sentence at the field it is about, and nothing half-written."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import obstore
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from app.accounts.models import Membership
from app.concepts.models import Concept, Version
from app.services import Services
from tests.support.http import refused
from tests.support.pictures import huge_png, photo, photos
from tests.support.stored import written

GOOD = {"placeholder": "<my-mug>", "initializer": "mug", "kind": "object", "base_model": "demo"}


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("images", (f"{index}.jpg", content, "image/jpeg")) for index, content in enumerate(contents)]


@pytest.fixture
def unchanged(member: TestClient, services: Services) -> Iterator[None]:
    """Whatever the test sends leaves no row and no blob."""
    before = written(services)
    yield
    assert written(services) == before


@pytest.fixture
def library(member: TestClient, services: Services) -> None:
    """`<my-cat>` is learned with 3 vectors, `<my-robot>` was learned on another model, `<my-hat>` is being learned,
    `<my-car>` could not be."""
    file = {"oneword": {"key": "jobs/x/e", "bytes": 1, "sha256": "0", "file_name": "e.safetensors"}}
    with services.database.transaction() as session:
        place = session.scalars(select(Membership)).first()
        assert place is not None
        for word, state, base_model in (
            ("cat", "ready", "demo"),
            ("robot", "ready", "other-model"),
            ("hat", "training", "demo"),
            ("car", "failed", "demo"),
        ):
            what = {"team_id": place.team_id, "initializer": word, "base_model": base_model}
            concept = Concept(**what, owner_id=place.user_id, name=word, placeholder=f"<my-{word}>", kind="object",
                              family="sd1", current_version=1 if state == "ready" else None)  # fmt: skip
            session.add(concept)
            session.flush()
            session.add(Version(**what, concept_id=concept.id, number=1, state=state, vectors=3, files=file))


# --- Teaching ---------------------------------------------------------------------------------------------------------

# What is sent, the problem, and the index of the picture that is at fault.
PICTURES: dict[str, tuple[list[bytes], str, int | None]] = {
    "none": ([], "picture-count", None),
    "two": ([photo(0), photo(1)], "picture-count", None),
    "six": ([photo(n) for n in range(6)], "picture-count", None),
    "a text file named .jpg": ([photo(0), b"dear diary", photo(1)], "picture-not-a-picture", 1),
    "a truncated JPEG": ([photo(0), photo(1), photo(2)[:2500]], "picture-damaged", 2),
    "30,000×30,000": ([photo(0), photo(1), huge_png(30_000)], "picture-too-many-pixels", 2),
    "the same twice": ([photo(0), photo(1), photo(0)], "picture-twice", 2),
    "zero bytes": ([photo(0), b"", photo(1)], "picture-empty", 1),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", PICTURES)
def test_bad_pictures_are_named_one_by_one(member: TestClient, name: str) -> None:
    contents, code, index = PICTURES[name]
    problem = refused(member.post("/api/concepts", data=GOOD, files=files(*contents)), "images", code=code)
    if index is not None:
        (fault,) = problem["pictures"]
        assert fault["index"] == index
        assert fault["detail"] in problem["detail"]
        assert f"Picture {index + 1} ({index}.jpg)" in problem["detail"]


PLACEHOLDERS = {
    "without <>": ("my-mug", "placeholder-malformed", "<my-mug>"),
    "half of <>": ("<my-mug", "placeholder-malformed", "<my-mug>"),
    "a space": ("<my mug>", "placeholder-malformed", "<my-mug>"),
    "capitals": ("<My-Mug>", "placeholder-malformed", "<my-mug>"),
    "an underscore and a number": ("<mug_1>", "placeholder-malformed", "<my-mug-1>"),
    "an emoji": ("<☕>", "placeholder-malformed", "<my-word>"),
    "markup": ("<<script>>", "placeholder-malformed", "<my-script>"),
    "a pin": ("<mug@3>", "placeholder-malformed", "<my-mug-3>"),
    "too long": (f"<{'a' * 41}>", "placeholder-malformed", None),
    "a word of the model": ("<mug>", "placeholder-is-word", "<my-mug>"),
    "a bare word of the model": ("mug", "placeholder-is-word", "<my-mug>"),
    "empty": (" ", "placeholder-empty", "<my-mug>"),
    "brackets alone": ("<>", "placeholder-malformed", "<my-word>"),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_a_bad_placeholder_gets_a_free_proposal(member: TestClient, name: str) -> None:
    text, code, proposal = PLACEHOLDERS[name]
    answer = member.post("/api/concepts", data={**GOOD, "placeholder": text}, files=photos())
    problem = refused(answer, "placeholder", code=code)
    assert proposal is None or problem["suggestions"] == [proposal]


def test_a_placeholder_of_this_library_is_taken_with_a_free_proposal(
    member: TestClient, services: Services, library: None
) -> None:
    before = written(services)
    answer = member.post("/api/concepts", data={**GOOD, "placeholder": "<my-cat>"}, files=photos())
    problem = refused(answer, "placeholder", "<my-cat>", code="placeholder-taken")
    assert problem["suggestions"] == ["<my-cat-2>"]
    assert written(services) == before


def test_another_librarys_placeholder_is_not_taken(stranger: TestClient, library: None) -> None:
    assert stranger.post("/api/concepts", data={**GOOD, "placeholder": "<my-cat>"}, files=photos()).status_code == 202


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        ("", "initializer-empty", None),
        ("   ", "initializer-empty", None),
        ("mugg", "initializer-unknown", "mug"),
        ("red mugg", "initializer-unknown", "mug"),
        ("qxzzyqqj", "initializer-unknown", None),
        ("☕", "initializer-unknown", None),
        ("...", "initializer-unknown", None),
        ("mug " * 30, "initializer-long", None),
    ],
)
def test_a_bad_initializer_gets_near_words(member: TestClient, text: str, code: str, suggestion: str | None) -> None:
    answer = member.post("/api/concepts", data={**GOOD, "initializer": text}, files=photos())
    problem = refused(answer, "initializer", code=code)
    assert suggestion is None or suggestion in problem["suggestions"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"base_model": "sdxl"}, "base_model", "base-model-unknown"),
        ({"base_model": "/etc"}, "base_model", "base-model-unknown"),
        ({"kind": "smell"}, "kind", "kind"),
        ({"vectors": "17"}, "vectors", "vectors"),
        ({"vectors": "0"}, "vectors", "vectors"),
        ({"steps_max": "9999999"}, "steps_max", "steps_max"),
        ({"seed": "-1"}, "seed", "invalid-input"),
        ({"vectors": "many"}, "vectors", "invalid-input"),
        ({"name": "n" * 101}, "name", "invalid-input"),
    ],
)
def test_a_bad_option_is_named(member: TestClient, change: dict[str, str], field: str, code: str) -> None:
    refused(member.post("/api/concepts", data={**GOOD, **change}, files=photos()), field, code=code)


@pytest.mark.usefixtures("unchanged")
def test_pictures_sent_as_text_are_said_to_be(member: TestClient) -> None:
    answer = member.post("/api/concepts", data={**GOOD, "images": "0.jpg"})
    refused(answer, "images", code="invalid-input")


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_no_form_is_a_sentence(member: TestClient) -> None:
    answer = member.post("/api/concepts", content=b"\x00\x01", headers={"Content-Type": "multipart/form-data"})
    refused(answer, None, code="form")


# --- Drawing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field", "code", "names"),
    [
        ({"prompt": "a <my-cta>"}, "prompt", "prompt-unknown-placeholder", "<my-cta>"),
        ({"prompt": "a <zzzzz>"}, "prompt", "prompt-unknown-placeholder", "<zzzzz>"),
        ({"prompt": "a <My-Cat>"}, "prompt", "prompt-unknown-placeholder", "<my-cat>"),
        ({"prompt": "a <my cat>"}, "prompt", "prompt-unknown-placeholder", "<my-cat>"),
        ({"prompt": "a <my-cat@x>"}, "prompt", "prompt-unknown-version", "x"),
        ({"prompt": "a <my-cat@7>"}, "prompt", "prompt-unknown-version", "7"),
        ({"prompt": "a <my-hat>"}, "prompt", "prompt-still-learning", "<my-hat>"),
        ({"prompt": "a <my-car>"}, "prompt", "prompt-not-learned", "<my-car>"),
        (
            {"prompt": "a <my-robot>", "base_model": "demo"},
            "prompt",
            "prompt-other-base-model",
            "other-model",
        ),
        ({"prompt": "a <my-cat> and a <my-robot>"}, "prompt", "prompt-other-base-model", "<my-robot>"),
        (
            {"prompt": "cat " * 118 + "<my-cat>"},
            "prompt",
            "prompt-too-long",
            "121",
        ),
        ({"prompt": "x", "negative_prompt": "cat " * 123}, "negative_prompt", "prompt-too-long", "3"),
        ({"prompt": "a BREAK b BREAK c BREAK d BREAK e"}, "prompt", "prompt-too-long", "5"),
        ({"prompt": "a (cat:20)"}, "prompt", "prompt-emphasis", "10"),
        ({"prompt": "a", "negative_prompt": "<zzzzz>"}, "negative_prompt", "prompt-unknown-placeholder", "<zzzzz>"),
        ({"prompt": "x" * 2001}, "prompt", "prompt-too-long", "2001"),
        ({"prompt": "  "}, "prompt", "prompt-empty", ""),
        ({"prompt": "x", "base_model": "sdxl"}, "base_model", "base-model-unknown", "demo"),
        ({"prompt": "x", "count": 99}, "count", "count", "16"),
        ({"prompt": "x", "width": 65}, "width", "invalid-input", "8"),
        ({"prompt": "x", "scheduler": "magic"}, "scheduler", "invalid-input", "ddim"),
        ({"prompt": "x", "init_image": "cat.png"}, "init_image", "base64", "base64"),
        ({}, "prompt", "invalid-input", ""),
    ],
)
def test_a_request_that_cannot_be_drawn_names_what_is_at_fault(
    member: TestClient, services: Services, library: None, body: dict[str, Any], field: str, code: str, names: str
) -> None:
    before = written(services)
    refused(member.post("/api/generations", json=body), field, names, code=code)
    assert written(services) == before


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_no_json_is_a_sentence(member: TestClient) -> None:
    answer = member.post("/api/generations", content=b'{"prompt": ', headers={"Content-Type": "application/json"})
    refused(answer, None, code="invalid-input")


@pytest.mark.usefixtures("unchanged")
def test_half_a_character_is_refused(member: TestClient) -> None:
    answer = member.post(
        "/api/generations", content=b'{"prompt": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text


# --- No room ----------------------------------------------------------------------------------------------------------


def full_after(count: int) -> Callable[..., Any]:
    """obstore's `put` on a disk that has room for `count` more blobs."""
    put, stored = obstore.put, iter(range(count))

    def putting(*arguments: Any, **options: Any) -> Any:
        if next(stored, None) is None:
            raise OSError("Generic LocalFileSystem error: Unable to copy data: No space left on device (os error 28)")
        return put(*arguments, **options)

    return putting


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("room_for", [0, 2])
def test_a_disk_that_fills_up_keeps_nothing_of_an_upload(
    member: TestClient, monkeypatch: pytest.MonkeyPatch, room_for: int
) -> None:
    monkeypatch.setattr(obstore, "put", full_after(room_for))
    answer = member.post("/api/concepts", data=GOOD, files=photos())
    refused(answer, None, status=507, code="storage-full")


@contextmanager
def full_database(services: Services) -> Iterator[None]:
    """SQLite takes no further page."""

    def cap(connection: Any, *_: object) -> None:
        connection.execute("VACUUM")  # no page is left over
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    services.database.engine.dispose()
    event.listen(services.database.engine, "connect", cap)
    try:
        yield
    finally:
        event.remove(services.database.engine, "connect", cap)
        services.database.engine.dispose()


def test_a_database_that_is_full_keeps_nothing_of_an_upload(member: TestClient, services: Services) -> None:
    before = written(services)
    form = {**GOOD, "description": "d" * 4999}
    with full_database(services):
        answer = member.post("/api/concepts", data=form, files=photos())
    refused(answer, None, status=507, code="storage-full")
    assert written(services) == before
    assert member.post("/api/concepts", data=form, files=photos()).status_code == 202


@pytest.mark.usefixtures("unchanged")
def test_a_temporary_folder_that_is_full_is_a_sentence(member: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", full)
    answer = member.post("/api/concepts", data=GOOD, files=photos())
    refused(answer, None, status=507, code="storage-full")


@pytest.mark.usefixtures("unchanged")
def test_a_body_without_a_length_is_refused_once_it_is_too_large(
    member: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="images"; filename="1.jpg"\r\n\r\n'
        for _ in range(140):
            yield b"\0" * 1_000_000

    answer = member.post(
        "/api/concepts", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    refused(answer, None, "130 MB", status=413, code="too-large")
