"""What the client does when a studio misbehaves, against a server that answers as told. No time passes in any test."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oneword_client import AsyncClient, Client, NotAllowed, OnewordError, Problem, UnknownConcept, Unreachable
from oneword_client.exchange import RETRY_AFTER_SECONDS_MOST
from oneword_client.login import Studio, find_studio, path, store
from tests.support.scripted_server import Scripted, ScriptedServer, scripted_server

NOW = "2026-01-01T00:00:00Z"
JOB = {"id": "j1", "kind": "generation", "state": "queued", "created_by": {"id": "u", "name": "Ada"}, "created_at": NOW}
GENERATION = {"id": "g1", "state": "queued", "prompt": "a cat", "count": 1, "images": [], "job_id": "j1"}
DRAWN = {"job": JOB, "generation": GENERATION | {"created_at": NOW}}
BUSY = Scripted(429, {"type": "/problems/queue-full", "detail": "The queue is full."}, {"Retry-After": "7"})


@pytest.fixture(autouse=True)
def _no_logins_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, pauses: list[float]) -> Callable[..., Any]:
    """Calls a method of a client of each kind. Items of a stream come as a list."""

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def called(url: str, method: str, *args: Any, **kwargs: Any) -> Any:
        async with AsyncClient(url, "owt_x", sleep=pause) as client:
            found = getattr(client, method)(*args, **kwargs)
            return [item async for item in found] if hasattr(found, "__aiter__") else await found

    def call(server: ScriptedServer, method: str, *args: Any, **kwargs: Any) -> Any:
        if request.param == "async":
            return asyncio.run(called(server.url, method, *args, **kwargs))
        with Client(server.url, "owt_x", sleep=pauses.append) as client:
            found = getattr(client, method)(*args, **kwargs)
            return list(found) if hasattr(found, "__next__") else found

    return call


def test_a_busy_studio_is_asked_again_when_it_says_and_a_lost_answer_makes_no_second_job(
    call: Callable[..., Any], pauses: list[float]
) -> None:
    with scripted_server(BUSY, Scripted(0), Scripted(503), Scripted(202, DRAWN)) as server:
        drawn = call(server, "draw", "a cat", count=1)
    assert drawn.job.id == "j1"
    assert pauses[0] == 7
    assert 0.5 <= pauses[1] <= 1 <= pauses[2] <= 2  # half a second doubled once and twice, each up to half shorter
    assert len({each.headers["idempotency-key"] for each in server.asked}) == 1
    assert {each.body for each in server.asked} == {b'{"prompt":"a cat","count":1}'}


def test_a_studio_that_asks_for_a_very_long_pause_is_not_waited_for(
    call: Callable[..., Any], pauses: list[float]
) -> None:
    later = str(int(RETRY_AFTER_SECONDS_MOST) + 1)
    quota = Scripted(429, {"detail": "This month's quota."}, {"Retry-After": later})
    with scripted_server(quota) as server, pytest.raises(Problem, match="quota") as caught:
        call(server, "draw", "a cat")
    assert (caught.value.status, caught.value.retry_after, pauses) == (429, float(later), [])


def test_a_pause_may_be_a_date_by_the_clock_of_the_studio(call: Callable[..., Any], pauses: list[float]) -> None:
    late = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT"}
    with scripted_server(Scripted(503, b"", late), Scripted(200, JOB)) as server:
        call(server, "job", "j1")
    assert pauses == [9]


def test_the_query_of_an_address_is_sent(call: Callable[..., Any]) -> None:
    with scripted_server(Scripted(200, b"a picture")) as server:
        assert call(server, "fetch", "/api/images/i1?format=webp&expires=1") == b"a picture"
    assert [asked.path for asked in server.asked] == ["/api/images/i1?format=webp&expires=1"]


def test_what_may_have_happened_already_is_not_sent_again(call: Callable[..., Any], pauses: list[float]) -> None:
    with scripted_server(Scripted(0)) as server, pytest.raises(Unreachable, match="broke before the answer"):
        call(server, "cancel", "j1")
    assert (len(server.asked), pauses) == (1, [])


def test_a_problem_has_its_code_field_and_suggestions(call: Callable[..., Any]) -> None:
    problem = {
        "type": "/problems/initializer-unknown",
        "title": "That initializer cannot be used",
        "detail": "Demo does not know the word mugg. Near words are: mug.",
        "field": "initializer",
        "suggestions": ["mug"],
    }
    with scripted_server(Scripted(422, problem)) as server, pytest.raises(Problem) as caught:
        call(server, "teach", [b"1", b"2", b"3"], "<mug>", "mugg")
    error = caught.value
    assert (error.code, error.field, error.suggestions) == ("initializer-unknown", "initializer", ("mug",))
    assert str(error) == problem["detail"]


def test_who_is_not_signed_in_is_told_apart_and_a_page_of_a_proxy_is_an_error_too(call: Callable[..., Any]) -> None:
    with scripted_server(Scripted(401, {"detail": "Nobody is signed in."})) as server, pytest.raises(NotAllowed):
        call(server, "me")
    with scripted_server(Scripted(404, b"<html>")) as server, pytest.raises(Problem, match="answered 404"):
        call(server, "me")
    with scripted_server(Scripted(200, b"<html>")) as server, pytest.raises(OnewordError, match="not a Oneword studio"):
        call(server, "me")


def test_an_event_stream_that_is_cut_goes_on_where_it_was_and_no_event_comes_twice(
    call: Callable[..., Any], pauses: list[float]
) -> None:
    stream = {"Content-Type": "text/event-stream"}
    first = (
        b'event: state\nid: 4\ndata: {"state": "running"}\n\n: alive\n\nevent: progress\nid: 5\ndata: {"step": 1}\n\n'
    )
    rest = b'event: progress\nid: 6\ndata: {"step": 2}\n\nevent: state\nid: 7\ndata: {"state": "succeeded"}\n\n'
    script = (Scripted(200, first, stream, cut=True), Scripted(0), Scripted(200, rest, stream))
    with scripted_server(*script) as server:
        events = call(server, "events", "j1")
    assert [event.id for event in events] == ["4", "5", "6", "7"]
    assert [event.final for event in events] == [False, False, False, True]
    assert [each.headers.get("last-event-id") for each in server.asked] == [None, "5", "5"]
    assert len(pauses) == 2


def test_lists_are_read_page_by_page_and_fields_of_a_newer_studio_are_kept(call: Callable[..., Any]) -> None:
    pages = ({"items": [JOB | {"colour": "blue"}], "next": "c"}, {"items": [JOB | {"id": "j2"}], "next": None})
    with scripted_server(*(Scripted(200, page) for page in pages)) as server:
        found = call(server, "jobs")
    assert [job.id for job in found] == ["j1", "j2"]
    assert found[0].colour == "blue"
    assert server.asked[1].path == "/api/jobs?limit=100&cursor=c"


def test_a_word_that_is_not_in_the_library_is_a_clear_error(call: Callable[..., Any]) -> None:
    nothing = Scripted(200, {"items": [], "next": None})
    with scripted_server(nothing) as server, pytest.raises(UnknownConcept, match="<mug>"):
        call(server, "concept", "mug")


def test_a_token_is_sent_to_no_other_address_than_its_own(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(Studio("http://one.example", "owt_one"))
    assert path().stat().st_mode & 0o777 == 0o600
    assert find_studio() == Studio("http://one.example", "owt_one")
    assert find_studio("http://two.example").token is None
    monkeypatch.setenv("ONEWORD_URL", "http://two.example/")
    assert find_studio() == Studio("http://two.example")
    with scripted_server() as server, pytest.raises(OnewordError, match="does not belong to the studio"):
        call(server, "fetch", "http://two.example/api/images/x")
    assert server.asked == []
