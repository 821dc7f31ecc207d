"""The OpenAI interface, called by OpenAI's own client."""

import base64
import io
from typing import Any

import openai
import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from sqlalchemy import select

from app.compat.openai import routes
from app.core.settings import Settings
from app.generation.models import Image
from app.jobs import ledger, wake_up
from app.jobs.ledger import Lease
from app.jobs.models import Job
from app.services import Services
from tests.support.pictures import photo


@pytest.fixture
def client(anonymous: TestClient, member: TestClient) -> openai.OpenAI:
    # Events are fed where the application's own loop runs, which is that of the first client.
    token = member.headers["Authorization"].removeprefix("Bearer ")
    return openai.OpenAI(base_url="http://localhost:8000/v1", api_key=token, http_client=anonymous, max_retries=0)


@pytest.fixture
def worker(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Draws as soon as it is woken. Returns the jobs it was woken for."""
    drawn: list[str] = []

    def wake(_settings: Settings, kind: str, job_id: str) -> None:
        drawn.append(job_id)
        with services.database.transaction() as session:
            job = ledger.claim(session, "generation", "test", 60)
            assert job is not None
            for index in range(job.spec["count"]):
                key = f"jobs/{job.id}/{index}.png"
                services.storage.put(key, photo(index, (64, 64), format="PNG"))
                session.add(Image(team_id=job.team_id, job_id=job.id, generation_id=job.generation_id, key=key,
                                  position=index, seed=index, width=64, height=64, recipe={}))  # fmt: skip
            session.flush()
            ledger.finish(session, Lease(job.id, job.attempt), "succeeded")

    monkeypatch.setattr(wake_up, "wake", wake)
    return drawn


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["demo"]


@pytest.mark.usefixtures("worker")
def test_pictures_come_as_base64(client: openai.OpenAI) -> None:
    answer = client.images.generate(model="demo", prompt="a red cat", n=2, size="64x64", response_format="b64_json")
    assert answer.data is not None
    assert len(answer.data) == 2
    for picture in answer.data:
        assert picture.url is None
        assert picture.b64_json is not None
        assert Pillow.open(io.BytesIO(base64.b64decode(picture.b64_json))).size == (64, 64)


@pytest.mark.usefixtures("worker")
def test_pictures_come_as_addresses_that_take_the_same_token(client: openai.OpenAI, member: TestClient) -> None:
    answer = client.images.generate(prompt="a red cat", response_format="url")
    assert answer.data is not None
    (picture,) = answer.data
    assert picture.b64_json is None
    assert picture.url is not None
    assert picture.url.startswith("http://127.0.0.1:8000/api/images/")
    served = member.get(picture.url.removeprefix("http://127.0.0.1:8000"))
    assert served.headers["content-type"] == "image/png"


@pytest.mark.usefixtures("worker")
def test_a_client_that_does_not_say_which_gets_both(client: openai.OpenAI) -> None:
    answer = client.images.generate(prompt="a red cat", quality="high", extra_body={"seed": 3, "steps": 5})
    assert answer.data is not None
    assert answer.data[0].url
    assert answer.data[0].b64_json


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"prompt": "a <nothing>"}, "prompt", "no concept <nothing>"),
        ({"prompt": "x", "model": "dall-e-3"}, "model", "There is: demo"),
        ({"prompt": "x", "size": "65x64"}, "size", "multiple of 8"),
        ({"prompt": "x", "size": "large"}, "size", "Send auto"),
        ({"prompt": "x", "size": "1024x1024"}, "size", 'Send size="128x128", or size="auto" for 64x64.'),
        ({"prompt": "x", "size": "512x1024"}, "size", 'Send size="88x176", or size="auto" for 64x64.'),
        ({"prompt": "x", "n": 99}, "n", "at most 16"),
    ],
)
def test_a_refusal_is_a_sentence_in_their_words_too(
    client: openai.OpenAI, worker: list[str], body: dict[str, object], field: str, says: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/images/generations", body=body, cast_to=object)
    assert refused.value.param == field
    assert refused.value.type == "invalid_request_error"
    assert says in refused.value.message
    assert refused.value.response.headers["content-type"] == "application/problem+json"
    assert worker == []


def test_nobody_draws_without_a_token(anonymous: TestClient) -> None:
    client = openai.OpenAI(base_url="http://localhost:8000/v1", api_key="x", http_client=anonymous, max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="Nobody is signed in"):
        client.images.generate(prompt="x")


def see_through(box: tuple[int, int, int, int]) -> bytes:
    """A PNG with a hole."""
    content, picture = io.BytesIO(), Pillow.new("RGBA", (64, 64), "white")
    picture.paste((0, 0, 0, 0), box)
    picture.save(content, "PNG")
    return content.getvalue()


def asked(services: Services) -> dict[str, Any]:
    """What the worker was told last, with the stored mask's white part."""
    with services.database.reading() as session:
        spec: dict[str, Any] = session.scalars(select(Job.spec).order_by(Job.id.desc())).first() or {}
    box = None
    if spec["mask_key"] is not None:
        box = Pillow.open(io.BytesIO(services.storage.get(spec["mask_key"]))).convert("L").getbbox()
    return {"strength": spec["strength"], "size": (spec["width"], spec["height"]), "white": box}


@pytest.mark.usefixtures("worker")
def test_a_picture_is_edited_where_the_mask_shows_through(client: openai.OpenAI, services: Services) -> None:
    picture, mask = photo(0, (64, 64), "PNG"), see_through((8, 8, 24, 24))
    answer = client.images.edit(
        image=("cat.png", picture), mask=("mask.png", mask), prompt="a hat", n=2, size="64x64", extra_body={"seed": 3}
    )
    assert answer.data is not None
    assert len(answer.data) == 2
    assert asked(services) == {"strength": 1.0, "size": (64, 64), "white": (8, 8, 24, 24)}


def test_an_edit_that_is_too_large_is_refused_in_their_words_too(client: openai.OpenAI, worker: list[str]) -> None:
    with pytest.raises(openai.BadRequestError, match='size="128x128", or size="auto"') as refused:
        client.images.edit(image=("cat.png", photo(0, (64, 64), "PNG")), prompt="a hat", size="1024x1024")
    assert refused.value.param == "size"
    assert worker == []


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("size", [None, "auto"])
def test_without_a_size_and_with_auto_the_picture_has_the_base_models_own(
    client: openai.OpenAI, services: Services, size: str | None
) -> None:
    client.post("/images/generations", body={"prompt": "x"} | ({} if size is None else {"size": size}), cast_to=object)
    assert asked(services)["size"] == (64, 64)


@pytest.mark.usefixtures("worker")
def test_a_picture_with_a_hole_is_its_own_mask_and_one_without_is_drawn_again(
    client: openai.OpenAI, services: Services
) -> None:
    client.images.edit(image=("cat.png", see_through((1, 2, 30, 40))), prompt="a hat")
    assert asked(services) == {"strength": 1.0, "size": (64, 64), "white": (1, 2, 30, 40)}
    client.images.edit(image=[("cat.png", photo(0, (64, 64), "PNG"))], prompt="in snow", extra_body={"strength": 0.4})
    assert asked(services) == {"strength": 0.4, "size": (64, 64), "white": None}


def test_an_edit_that_cannot_be_drawn_is_a_sentence_in_their_words(client: openai.OpenAI, worker: list[str]) -> None:
    picture = ("cat.png", photo(0, (64, 64), "PNG"))
    with pytest.raises(openai.BadRequestError, match="2 were sent") as two:
        client.images.edit(image=[picture, picture], prompt="in snow")
    with pytest.raises(openai.BadRequestError, match="mask is 64×64 pixels") as size:
        client.images.edit(image=photo(0, (80, 64), "PNG"), mask=see_through((0, 0, 9, 9)), prompt="in snow")
    with pytest.raises(openai.BadRequestError, match="text file") as text:
        client.images.edit(image=("cat.png", b"dear diary"), prompt="in snow")
    assert [each.value.param for each in (two, size, text)] == ["image", "mask", "image"]
    assert worker == []


def test_a_drawing_that_failed_says_why_and_is_not_asked_for_again(
    client: openai.OpenAI, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        problem = {
            "type": "/problems/drawing",
            "title": "That cannot be drawn",
            "status": 422,
            "detail": "No. Do this.",
        }
        with services.database.transaction() as session:
            job = ledger.claim(session, "generation", "test", 60)
            assert job is not None
            ledger.finish(session, Lease(job.id, job.attempt), "failed", error=problem)

    monkeypatch.setattr(wake_up, "wake", fail)
    with pytest.raises(openai.BadRequestError, match=r"No\. Do this") as failed:
        client.images.generate(prompt="x")
    assert failed.value.response.headers["x-should-retry"] == "false"


def test_a_drawing_that_was_cancelled_is_not_asked_for_again(
    client: openai.OpenAI, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(_settings: Settings, _kind: str, job_id: str) -> None:
        with services.database.transaction() as session:
            ledger.cancel(session, session.get_one(Job, job_id), keep=False)

    monkeypatch.setattr(wake_up, "wake", cancel)
    with pytest.raises(openai.ConflictError, match="cancelled") as cancelled:
        client.images.generate(prompt="x")
    assert cancelled.value.response.headers["x-should-retry"] == "false"


def test_a_drawing_that_takes_too_long_says_where_to_look(
    client: openai.OpenAI, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "WAIT_SECONDS", 0.05)
    with pytest.raises(openai.InternalServerError, match="/api/generations/") as late:
        client.images.generate(prompt="x")
    assert late.value.response.headers["x-should-retry"] == "false"
    assert len(woken) == 1
