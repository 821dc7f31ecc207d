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

PICTURES: dict[str, tuple[list[bytes], str, str]] = {
    "none": ([], "picture-count", "No picture was sent, and a concept is taught from 3 to 5"),
    "two": ([photo(0), photo(1)], "picture-count", "2 pictures were sent, and a concept is taught from 3 to 5"),
    "six": ([photo(n) for n in range(6)], "picture-count", "6 pictures were sent"),
    "a text file named .jpg": (
        [photo(0), b"dear diary", photo(1)],
        "picture-not-a-picture",
        "Picture 2 (1.jpg) is a text",
    ),
    "a truncated JPEG": ([photo(0), photo(1), photo(2)[:2500]], "picture-damaged", "Picture 3 (2.jpg) is damaged"),
    "30,000×30,000": ([photo(0), photo(1), huge_png(30_000)], "picture-too-many-pixels", "too many pixels"),
    "the same twice": (
        [photo(0), photo(1), photo(0)],
        "picture-twice",
        "Picture 3 (2.jpg) is the same picture as Picture 1",
    ),
    "zero bytes": ([photo(0), b"", photo(1)], "picture-empty", "Picture 2 (1.jpg)"),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", PICTURES)
def test_bad_pictures_are_named_one_by_one(member: TestClient, name: str) -> None:
    contents, code, says = PICTURES[name]
    problem = refused(member.post("/api/concepts", data=GOOD, files=files(*contents)), "images", says, code=code)
    if code != "picture-count":
        (fault,) = problem["pictures"]
        assert fault["detail"] in problem["detail"]
        assert contents[fault["index"]] not in (photo(1),)


PLACEHOLDERS = {
    "without <>": ("my-mug", "placeholder-malformed", "is not between < and >", "<my-mug>"),
    "half of <>": ("<my-mug", "placeholder-malformed", "is not between < and >", "<my-mug>"),
    "a space": ("<my mug>", "placeholder-malformed", "has a space in it", "<my-mug>"),
    "capitals": ("<My-Mug>", "placeholder-malformed", "has a character", "<my-mug>"),
    "an underscore and a number": ("<mug_1>", "placeholder-malformed", "has a character", "<my-mug-1>"),
    "an emoji": ("<☕>", "placeholder-malformed", "has a character", "<my-word>"),
    "markup": ("<<script>>", "placeholder-malformed", "has a character", "<my-script>"),
    "a pin": ("<mug@3>", "placeholder-malformed", "has a character", "<my-mug-3>"),
    "too long": (f"<{'a' * 41}>", "placeholder-malformed", "too long", None),
    "a word of the model": ("<mug>", "placeholder-is-word", "already knows", "<my-mug>"),
    "a bare word of the model": ("mug", "placeholder-is-word", "already knows", "<my-mug>"),
    "empty": (" ", "placeholder-empty", "is empty", "<my-mug>"),
    "brackets alone": ("<>", "placeholder-malformed", "has a character", "<my-word>"),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_a_bad_placeholder_gets_a_free_proposal(member: TestClient, name: str) -> None:
    text, code, says, proposal = PLACEHOLDERS[name]
    answer = member.post("/api/concepts", data={**GOOD, "placeholder": text}, files=photos())
    problem = refused(answer, "placeholder", says, code=code)
    assert proposal is None or problem["suggestions"] == [proposal]


def test_a_placeholder_of_this_library_is_taken_with_a_free_proposal(
    member: TestClient, services: Services, library: None
) -> None:
    before = written(services)
    answer = member.post("/api/concepts", data={**GOOD, "placeholder": "<my-cat>"}, files=photos())
    problem = refused(answer, "placeholder", "<my-cat> is already a concept", code="placeholder-taken")
    assert problem["suggestions"] == ["<my-cat-2>"]
    assert written(services) == before


def test_another_librarys_placeholder_is_not_taken(stranger: TestClient, library: None) -> None:
    assert stranger.post("/api/concepts", data={**GOOD, "placeholder": "<my-cat>"}, files=photos()).status_code == 202


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("text", "code", "says", "suggestion"),
    [
        ("", "initializer-empty", "is empty", None),
        ("   ", "initializer-empty", "is empty", None),
        ("mugg", "initializer-unknown", "does not know the word mugg. Near words are", "mug"),
        ("red mugg", "initializer-unknown", "does not know the word mugg", "mug"),
        ("qxzzyqqj", "initializer-unknown", "does not know the word qxzzyqqj", None),
        ("☕", "initializer-unknown", "does not know the word ☕", None),
        ("...", "initializer-unknown", "does not know the word ...", None),
        ("mug " * 30, "initializer-long", "characters long", None),
    ],
)
def test_a_bad_initializer_gets_near_words(
    member: TestClient, text: str, code: str, says: str, suggestion: str | None
) -> None:
    answer = member.post("/api/concepts", data={**GOOD, "initializer": text}, files=photos())
    problem = refused(answer, "initializer", says, code=code)
    assert suggestion is None or suggestion in problem["suggestions"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"base_model": "sdxl"}, "base_model", "There is no base model 'sdxl' here. There is: demo"),
        ({"base_model": "/etc"}, "base_model", "There is: demo"),
        ({"kind": "smell"}, "kind", "A concept is an object or a style"),
        ({"vectors": "17"}, "vectors", "from 1 to 16"),
        ({"vectors": "0"}, "vectors", "from 1 to 16"),
        ({"steps_max": "9999999"}, "steps_max", "from 1 to 3000"),
        ({"seed": "-1"}, "seed", "greater than or equal to 0"),
        ({"vectors": "many"}, "vectors", "valid integer"),
        ({"name": "n" * 101}, "name", "at most 100 characters"),
    ],
)
def test_a_bad_option_is_named(member: TestClient, change: dict[str, str], field: str, says: str) -> None:
    answer = member.post("/api/concepts", data={**GOOD, **change}, files=photos())
    refused(answer, field, says)


@pytest.mark.usefixtures("unchanged")
def test_pictures_sent_as_text_are_said_to_be(member: TestClient) -> None:
    answer = member.post("/api/concepts", data={**GOOD, "images": "0.jpg"})
    refused(answer, "images", "send files")


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_no_form_is_a_sentence(member: TestClient) -> None:
    answer = member.post("/api/concepts", content=b"\x00\x01", headers={"Content-Type": "multipart/form-data"})
    refused(answer, None, "The body is not", status=400, code="request")


# --- Drawing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field", "code", "says"),
    [
        ({"prompt": "a <my-cta>"}, "prompt", "prompt-unknown-placeholder", "no concept <my-cta> in your library. Did"),
        ({"prompt": "a <zzzzz>"}, "prompt", "prompt-unknown-placeholder", "Teach it first"),
        ({"prompt": "a <My-Cat>"}, "prompt", "prompt-unknown-placeholder", "Did you mean <my-cat>"),
        ({"prompt": "a <my cat>"}, "prompt", "prompt-unknown-placeholder", "Did you mean <my-cat>"),
        ({"prompt": "a <my-cat@x>"}, "prompt", "prompt-unknown-version", "no version x"),
        ({"prompt": "a <my-cat@7>"}, "prompt", "prompt-unknown-version", "no version 7. Write <my-cat>"),
        ({"prompt": "a <my-hat>"}, "prompt", "prompt-still-learning", "<my-hat> is still being learned. Wait"),
        ({"prompt": "a <my-car>"}, "prompt", "prompt-not-learned", "Teach it again"),
        (
            {"prompt": "a <my-robot>", "base_model": "demo"},
            "prompt",
            "prompt-other-base-model",
            "learned on other-model",
        ),
        ({"prompt": "a <my-cat> and a <my-robot>"}, "prompt", "prompt-other-base-model", "<my-robot> was learned on"),
        (
            {"prompt": "cat " * 118 + "<my-cat>"},
            "prompt",
            "prompt-too-long",
            "has 121 tokens, and at most 120 are read (4 windows of 30). Shorten it by 1",
        ),
        ({"prompt": "x", "negative_prompt": "cat " * 123}, "negative_prompt", "prompt-too-long", "Shorten it by 3"),
        ({"prompt": "a BREAK b BREAK c BREAK d BREAK e"}, "prompt", "prompt-too-long", "fills 5 windows of 30 tokens"),
        ({"prompt": "a (cat:20)"}, "prompt", "prompt-emphasis", "more than 10 times"),
        ({"prompt": "a", "negative_prompt": "<zzzzz>"}, "negative_prompt", "prompt-unknown-placeholder", "<zzzzz>"),
        ({"prompt": "x" * 2001}, "prompt", "prompt-too-long", "2001 characters, and at most 2000"),
        ({"prompt": "  "}, "prompt", "prompt-empty", "Say what to draw"),
        ({"prompt": "x", "base_model": "sdxl"}, "base_model", "base-model-unknown", "There is: demo"),
        ({"prompt": "x", "count": 99}, "count", "count", "at most 16"),
        ({"prompt": "x", "width": 65}, "width", "invalid-input", "multiple of 8"),
        ({"prompt": "x", "scheduler": "magic"}, "scheduler", "invalid-input", "'ddim'"),
        ({"prompt": "x", "init_image": "cat.png"}, "init_image", "invalid-input", "send the picture as a file"),
        ({}, "prompt", "invalid-input", "required"),
    ],
)
def test_a_request_that_cannot_be_drawn_names_what_is_at_fault(
    member: TestClient, services: Services, library: None, body: dict[str, Any], field: str, code: str, says: str
) -> None:
    before = written(services)
    refused(member.post("/api/generations", json=body), field, says, code=code)
    assert written(services) == before


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_no_json_is_a_sentence(member: TestClient) -> None:
    answer = member.post("/api/generations", content=b'{"prompt": ', headers={"Content-Type": "application/json"})
    refused(answer, None, "not valid JSON")


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
    refused(answer, None, "no room left", "nothing was kept", status=507, code="storage-full")


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
    refused(answer, None, "no room left", status=507, code="storage-full")
    assert written(services) == before
    assert member.post("/api/concepts", data=form, files=photos()).status_code == 202


@pytest.mark.usefixtures("unchanged")
def test_a_temporary_folder_that_is_full_is_a_sentence(member: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", full)
    answer = member.post("/api/concepts", data=GOOD, files=photos())
    refused(answer, None, "no room left", status=507, code="storage-full")


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
    refused(answer, None, "larger than 130 MB", status=413, code="too-large")
