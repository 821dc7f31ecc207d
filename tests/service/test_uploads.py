"""Uploads that come together: teams take turns at the decoders, and a sender who leaves takes the work along."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from starlette.types import Message, Receive, Scope, Send

from app.accounts.principal import Principal
from app.concepts.models import Concept
from app.pictures.cleaning import PictureCleaner
from app.pictures.fair_turns import SENDER, FairTurns, Sender
from app.services import Services
from app.web.upload_room import Room
from app.web.uploads import DECODING, Gate, Uploads
from tests.support.asgi import scope
from tests.support.pictures import photo
from tests.support.waiting import PATIENCE_SECONDS


class Decoders:
    """Turns at one decoder that a test lets go on, and the order of what it did."""

    def __init__(self) -> None:
        self.turns = FairTurns(1)
        self.done: list[str] = []
        self.may_go_on = threading.Event()
        self.busy = threading.Event()

    def send(self, sender: Sender, *names: str) -> list[Future[None]]:
        """Queue pictures of a sender."""
        before = SENDER.set(sender)
        try:
            return [self.turns.submit(self._decode(name)) for name in names]
        finally:
            SENDER.reset(before)

    def _decode(self, name: str) -> Callable[[], None]:
        def task() -> None:
            self.busy.set()
            assert self.may_go_on.wait(60)
            self.done.append(name)

        return task


def ended(futures: list[Future[None]]) -> None:
    for future in futures:
        with suppress(BaseException):
            future.result(60)


def test_a_team_waits_for_one_picture_of_another_and_not_for_all() -> None:
    decoders = Decoders()
    many = decoders.send(Sender("a"), *(f"a{number}" for number in range(10)))
    assert decoders.busy.wait(60)
    few = decoders.send(Sender("b"), "b0", "b1")
    late = decoders.send(Sender("a"), "a10")
    decoders.may_go_on.set()
    ended([*many, *few, *late])
    assert decoders.done[:5] == ["a0", "b0", "a1", "b1", "a2"]
    assert decoders.done[-1] == "a10"


def test_pictures_of_a_sender_who_left_are_not_decoded_and_others_are() -> None:
    decoders = Decoders()
    leaving, staying = Sender("a"), Sender("a")
    futures = decoders.send(leaving, "first", "second", "third")
    others = decoders.send(staying, "other")
    assert decoders.busy.wait(60)
    leaving.leave()
    futures += decoders.send(leaving, "sent too late")
    decoders.may_go_on.set()
    ended(futures + others)
    assert decoders.done == ["first", "other"]
    assert [future.cancelled() for future in futures] == [False, True, True, True]


class Form:
    """A form with pictures, whose sender closes the connection when a test says so."""

    def __init__(self) -> None:
        pictures = (
            f'--x\r\nContent-Disposition: form-data; name="images"; filename="{number}.png"\r\n\r\n'.encode()
            + photo(number)
            + b"\r\n"
            for number in range(5)
        )
        fields = (
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in (("placeholder", "<my-mug>"), ("initializer", "mug"))
        )
        self.body = b"".join([*fields, *pictures, b"--x--\r\n"])
        self.left = asyncio.Event()
        self.status = 0

    async def receive(self) -> Message:
        if self.body:
            body, self.body = self.body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


def test_a_disconnected_senders_pictures_are_not_decoded_and_nothing_is_kept(
    member: TestClient, services: Services, cleaner: PictureCleaner, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = [], threading.Event()
    decode = cleaner.decode_now

    def slow(*arguments: Any) -> Any:
        begun.append(arguments[0].name)
        assert may_go_on.wait(60)
        return decode(*arguments)

    monkeypatch.setattr(cleaner, "decode_now", slow)

    async def upload() -> int:
        form = Form()
        headers = {"Authorization": member.headers["authorization"], "Content-Type": "multipart/form-data; boundary=x"}
        request = asyncio.create_task(
            member.app(scope(member.app, "POST", "/api/concepts", headers), form.receive, form.send)  # type: ignore[arg-type]
        )
        while len(begun) < 2:  # both decoders are busy
            await asyncio.sleep(0)
        form.left.set()
        while not _gone(cleaner):
            await asyncio.sleep(0)
        may_go_on.set()
        await request
        return form.status

    assert asyncio.run(asyncio.wait_for(upload(), PATIENCE_SECONDS)) == 499
    assert begun == ["0.png", "1.png"]
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Concept)) == 0


def _gone(cleaner: PictureCleaner) -> bool:
    """Whether what waits for a decoder is cancelled."""
    waiting = [future for tasks in cleaner._turns._waiting.values() for future, _ in tasks]
    return all(future.cancelled() for future in waiting)


LARGEST = 130_000_000  # bytes of a body


def person(team_id: str) -> Principal:
    who = Principal.__new__(Principal)
    object.__setattr__(who, "team_id", team_id)
    return who


class Application:
    """Reads the whole body, and answers when a test says so."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body", False):
            pass
        self.read.append(scope["path"])
        await self.may_answer.wait()


async def one_upload(uploads: Uploads, team_id: str, name: str, *, upload: bool = True, length: int | None = 6) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    headers |= {} if length is None else {"Content-Length": str(length)}
    request = scope(None, "POST", name, headers)  # type: ignore[arg-type]
    request["state"].update(principal=person(team_id), upload=upload)
    parts = iter([b"one", b"two"])
    forever = asyncio.Event()

    async def receive() -> Message:
        for part in parts:
            return {"type": "http.request", "body": part, "more_body": part != b"two"}
        await forever.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Nobody looks at the answer."""

    await uploads(request, receive, send)


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def test_a_team_decodes_a_few_uploads_at_once_and_no_other_team_waits_for_them() -> None:
    async def run() -> None:
        application = Application()
        uploads = Uploads(application, LARGEST)
        tasks = [asyncio.create_task(one_upload(uploads, "a", f"a{number}")) for number in range(40)]
        await settle()
        tasks.append(asyncio.create_task(one_upload(uploads, "b", "b0")))
        await settle()
        assert application.read == ["a0", "a1", "b0"]
        assert DECODING == 2
        application.may_answer.set()
        await asyncio.gather(*tasks)
        assert len(application.read) == 41

    asyncio.run(run())


def test_an_upload_that_waits_for_its_drawing_is_in_nobodys_way() -> None:
    async def run() -> None:
        application = Application()

        async def drawing(scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive()).get("more_body", False):
                pass
            SENDER.get().decoded()
            application.read.append(scope["path"])
            await application.may_answer.wait()

        uploads = Uploads(drawing, LARGEST)
        tasks = [asyncio.create_task(one_upload(uploads, "a", f"a{number}")) for number in range(6)]
        await settle()
        assert len(application.read) == 6
        application.may_answer.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_an_upload_that_is_cancelled_while_it_waits_leaves_no_place_taken() -> None:
    async def run() -> None:
        gate = Gate(1)
        await gate.enter("a")
        waiting = [asyncio.create_task(gate.enter("a")) for _ in range(3)]
        await settle()
        waiting[0].cancel()
        gate.leave("a")
        await settle()
        waiting[1].cancel()  # it is in already, and cancelled before it knows
        await asyncio.gather(*waiting[:2], return_exceptions=True)
        assert not waiting[2].done()
        gate.leave("a")
        await waiting[2]
        gate.leave("a")
        assert (gate._inside, dict(gate._waiting)) == ({}, {})

    asyncio.run(run())


def test_a_request_that_reads_no_form_takes_no_place_whatever_type_it_says_its_body_has() -> None:
    async def run() -> None:
        application = Application()
        uploads = Uploads(application, LARGEST)
        streams = [one_upload(uploads, "a", f"s{number}", upload=False) for number in range(10)]
        tasks = [asyncio.create_task(each) for each in [*streams, one_upload(uploads, "a", "upload")]]
        await settle()
        assert application.read == [*(f"s{number}" for number in range(10)), "upload"]
        application.may_answer.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_a_form_where_none_is_read_is_told_from_one_by_its_endpoint(member: TestClient) -> None:
    seen: list[bool] = []
    app: Any = member.app
    next_one = app.middleware_stack
    while not isinstance(next_one, Uploads):
        next_one = getattr(next_one, "_app", None) or next_one.app
    inner = next_one._app

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(SENDER.get().team_id != "")
        await inner(scope, receive, send)

    next_one._app = noted
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    member.get("/api/jobs/x/events", headers=kind)
    member.post("/api/jobs/x/cancel", headers=kind)
    member.post("/api/pictures/check", headers=kind, content=b"--x--\r\n")
    assert seen == [False, False, True]


# --- Room for the uploads of all teams --------------------------------------------------------------------------------


def test_the_uploads_of_all_teams_together_take_bounded_room_and_the_others_wait_unread() -> None:
    async def run() -> None:
        application = Application()
        uploads = Uploads(application, LARGEST)
        teams = [asyncio.create_task(one_upload(uploads, f"t{n}", f"t{n}", length=None)) for n in range(50)]
        held = 0
        for _ in range(1000):
            held = max(held, uploads._room._held.total())
            await asyncio.sleep(0)
        assert held <= uploads._room.bytes_max == 300_000_000
        assert len(application.read) == 50  # each was small once it was read, and made room for the next
        application.may_answer.set()
        await asyncio.gather(*teams)
        assert (uploads._room._held, uploads._room._waiting) == ({}, {})

    asyncio.run(run())


def test_a_team_alone_takes_half_of_the_room_and_the_largest_upload_of_another_fits_beside_it() -> None:
    async def run() -> None:
        room = Room(LARGEST)
        first = [asyncio.create_task(room.enter("a", 40_000_000)) for _ in range(9)]
        await settle()
        assert [each.done() for each in first] == [True] * 3 + [False] * 6
        await asyncio.wait_for(room.enter("b", LARGEST), PATIENCE_SECONDS)
        third = asyncio.create_task(room.enter("c", LARGEST))
        await settle()
        assert not third.done()
        room.leave("a", 40_000_000)
        room.leave("a", 40_000_000)
        await settle()
        assert sum(each.done() for each in first) == 3  # what was given back waits for the team that holds nothing
        room.leave("a", 40_000_000)
        await asyncio.wait_for(third, PATIENCE_SECONDS)
        room.leave("b", LARGEST)
        room.leave("c", LARGEST)
        await settle()
        assert sum(each.done() for each in first) == 6
        for each in first:
            each.cancel()

    asyncio.run(run())


def test_an_upload_that_is_cancelled_while_it_waits_for_room_is_in_nobodys_way() -> None:
    async def run() -> None:
        room = Room(LARGEST)
        await room.enter("a", LARGEST)
        await room.enter("b", LARGEST)
        large, small = asyncio.create_task(room.enter("c", LARGEST)), asyncio.create_task(room.enter("d", 1))
        await settle()
        assert not small.done()
        large.cancel()
        await asyncio.wait_for(small, PATIENCE_SECONDS)
        for team_id, size in (("a", LARGEST), ("b", LARGEST), ("d", 1)):
            room.leave(team_id, size)
        assert (room._held, room._waiting) == ({}, {})

    asyncio.run(run())
