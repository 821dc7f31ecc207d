"""An event stream ends when its reader loses the right to it: every way of losing it, and one query for all streams."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, event, update
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.accounts.models import BrowserSession, Token
from app.core.database import utc_now
from app.jobs import queries
from app.jobs.stream import NO_RIGHT, RIGHTS_SECONDS, Chunk, EventFeed
from app.services import Services
from app.teams import service as teams
from tests.support import principals
from tests.support.http import refused
from tests.support.pictures import photos
from tests.support.principals import client_of
from tests.support.waiting import until

MUG = {"placeholder": "<my-mug>", "initializer": "mug"}
Person = tuple[str, str]


@pytest.fixture
def job_id(member: TestClient) -> str:
    """A job that waits, so its stream does not end by itself."""
    return str(member.post("/api/concepts", data=MUG, files=photos()).json()["job"]["id"])


def leaves(services: Services, who: Person) -> None:
    with services.database.transaction() as session:
        teams.remove(session, who[1], who[0])


def signs_out(services: Services, who: Person) -> None:
    with services.database.transaction() as session:
        session.execute(delete(BrowserSession).where(BrowserSession.user_id == who[0]))


def revokes(services: Services, who: Person) -> None:
    with services.database.transaction() as session:
        session.execute(delete(Token).where(Token.user_id == who[0]))


def expires(services: Services, who: Person) -> None:
    with services.database.transaction() as session:
        for table in (Token, BrowserSession):
            session.execute(update(table).where(table.user_id == who[0]).values(expires_at=utc_now()))


def loses_the_scope(services: Services, who: Person) -> None:
    with services.database.transaction() as session:
        session.execute(update(Token).where(Token.user_id == who[0]).values(scopes="draw"))


@pytest.mark.parametrize(
    ("credential", "loses"),
    [
        (principals.token, leaves),
        (principals.browser, leaves),
        (principals.token, revokes),
        (principals.browser, signs_out),
        (principals.token, expires),
        (principals.browser, expires),
        (principals.token, loses_the_scope),
    ],
)
def test_a_stream_ends_when_its_reader_loses_the_right_and_the_others_go_on(
    anonymous: TestClient,
    member: TestClient,
    services: Services,
    job_id: str,
    credential: Callable[..., principals.Headers],
    loses: Callable[[Services, Person], None],
) -> None:
    services.feed.rights_seconds = 0.0
    readers = [principals.person(services, "member") for _ in range(2)]
    clients = [client_of(anonymous, credential(services, *each)) for each in readers]
    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(client.get, f"/api/jobs/{job_id}/events") for client in clients)
        try:
            until(lambda: services.feed.watching == 2, "both streams to be open")
            loses(services, readers[0])
            until(first.done, "the first stream to end")
            assert first.result().content.endswith(NO_RIGHT)
            assert not second.done()
            loses(services, readers[1])
            until(second.done, "the second stream to end")
            assert second.result().content.endswith(NO_RIGHT)
        finally:
            member.post(f"/api/jobs/{job_id}/cancel")  # which ends a stream that is still open
    assert clients[0].get(f"/api/jobs/{job_id}/events").status_code in (401, 403)


def test_the_right_is_looked_at_often_enough() -> None:
    assert RIGHTS_SECONDS <= 4.0


def test_all_streams_are_looked_at_in_one_query(services: Services) -> None:
    feed, asked = EventFeed(services.database, rights_seconds=0.0), []
    people = [principals.person(services, "member") for _ in range(20)]
    for person in people:
        principals.token(services, *person)
        principals.browser(services, *person)
    with services.database.reading() as session:
        ids = [row.id for table in (Token, BrowserSession) for row in session.query(table)]

    @event.listens_for(services.database.engine, "before_cursor_execute")
    def ask(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    async def watch() -> int:
        streams = [feed.watch("nothing", 0, id_) for id_ in ids]
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]  # type: ignore[arg-type]
        while feed.watching < len(ids):
            await asyncio.sleep(0)
        await feed._end_without_right()
        left = feed.watching
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return left

    try:
        assert asyncio.run(watch()) == len(ids) == 40
    finally:
        event.remove(services.database.engine, "before_cursor_execute", ask)
    assert len([statement for statement in asked if "SELECT" in statement]) == 1


WAITING = [
    ("/v1/images/generations", {"prompt": "a cat", "n": 1}),
    ("/api/generations?wait=60", {"prompt": "a cat", "count": 1}),
]


@pytest.mark.parametrize(("path", "body"), WAITING)
@pytest.mark.parametrize(
    ("credential", "loses"), [(principals.token, leaves), (principals.token, revokes), (principals.browser, signs_out)]
)
def test_a_request_that_waits_for_its_pictures_ends_when_its_sender_loses_the_right(
    anonymous: TestClient,
    administrator: TestClient,
    services: Services,
    path: str,
    body: dict[str, Any],
    credential: Callable[..., principals.Headers],
    loses: Callable[[Services, Person], None],
) -> None:
    services.feed.rights_seconds = 0.0
    leaving, staying = (principals.person(services, "member") for _ in range(2))
    clients = [
        client_of(anonymous, credential(services, *leaving)),
        client_of(anonymous, principals.token(services, *staying, ["draw"])),  # who need not read to wait
    ]
    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(client.post, path, json=body) for client in clients)
        try:
            until(lambda: services.feed.watching == 2, "both requests to wait")
            loses(services, leaving)
            until(lambda: services.feed.watching == 1, "the first not to wait any more")
            refused(first.result(), None, "ended while this request waited", status=401)
            assert not second.done()
        finally:
            end_all(administrator)
        assert second.result().status_code == (409 if "/v1" in path else 200)  # the drawing was cancelled


@pytest.mark.parametrize(("path", "body"), WAITING)
def test_who_loses_the_right_in_the_moment_of_the_last_picture_gets_none(
    anonymous: TestClient, administrator: TestClient, services: Services, path: str, body: dict[str, Any]
) -> None:
    services.feed.rights_seconds = 1e9
    leaving = principals.person(services, "member")
    client = client_of(anonymous, principals.token(services, *leaving))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, path, json=body)
        try:
            until(lambda: services.feed.watching == 1, "the request to wait")
            leaves(services, leaving)
        finally:
            end_all(administrator)
        refused(waiting.result(), None, "ended while this request waited", status=401)


def end_all(administrator: TestClient) -> None:
    for job in administrator.get("/api/jobs?active=true").json()["items"]:
        administrator.post(f"/api/jobs/{job['id']}/cancel")


def test_the_streams_go_on_after_the_database_had_no_connection_left(
    anonymous: TestClient, member: TestClient, services: Services, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []
    read = queries.events_after

    def busy_at_first(session: Session, last_seen: dict[str, int]) -> Any:
        if not failed:
            failed.append(last_seen)
            raise PoolTimeout("QueuePool limit reached")
        return read(session, last_seen)

    monkeypatch.setattr(queries, "events_after", busy_at_first)
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(member.get, f"/api/jobs/{job_id}/events")
        until(lambda: failed, "the feed to fail")
        member.post(f"/api/jobs/{job_id}/cancel")
        try:
            until(lambda: stream.done() or services.feed.watching == 0, "the stream to end")
        finally:
            for watcher in list(services.feed._watchers):  # of a feed that has died
                assert anonymous.portal is not None
                anonymous.portal.call(watcher.chunks.put_nowait, Chunk(last=True))
    assert b'"cancelled"' in stream.result().content
