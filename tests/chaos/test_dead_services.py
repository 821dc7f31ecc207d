"""The web service is killed under uploads and listeners. Whoever asks again gets one answer, and misses nothing."""

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.concepts.models import Concept
from tests.support.studio import EXAMPLE, Stack, Web
from tests.support.waiting import until
from worker.maintenance.orphaned_blobs import remove_orphans

pytestmark = pytest.mark.acceptance


def upload(web: Web) -> httpx.Response:
    files = [("images", (path.name, path.read_bytes())) for path in sorted(EXAMPLE.glob("*.jpg"))]
    data = {"placeholder": "<our-zub>", "initializer": "monster", "steps_max": "1"}
    return web.client.post("/api/concepts", data=data, files=files, headers={"Idempotency-Key": "once"})


def test_a_web_service_killed_in_an_upload_leaves_nothing_and_the_same_request_works_afterwards(stack: Stack) -> None:
    web = stack.start_web()
    web.client.get("/api/me").raise_for_status()
    with ThreadPoolExecutor(1) as pool, stack.nobody_may_write():
        request = pool.submit(upload, web)
        until(lambda: len(list(stack.studio.storage.list(""))) >= 3, "pictures that no row names yet")
        web.process.kill()
        with pytest.raises(httpx.TransportError):
            request.result()
    assert list(stack.studio.storage.list("")) != []
    remove_orphans(stack.studio)
    assert list(stack.studio.storage.list("")) == []
    web.start()
    assert [upload(web).status_code for _ in range(2)] == [202, 202]
    with stack.database.reading() as session:
        assert session.execute(select(func.count()).select_from(Concept)).scalar_one() == 1
    assert stack.orphans() == 0


@pytest.mark.parametrize("ends", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_a_listener_goes_on_where_it_was_when_the_web_service_comes_back(stack: Stack, ends: signal.Signals) -> None:
    web = stack.start_web()
    stack.start_worker("training")
    job_id = stack.teach("<our-zub>", steps_max=200)  # long enough to be learned on while the service ends
    heard: list[tuple[int, str, dict[str, Any]]] = []
    with suppress(httpx.TransportError), closing(web.listen(job_id)) as events:
        for event in events:
            heard.append(event)
            if event[1] == "preview":
                web.process.send_signal(ends)
    web.process.wait(30)
    assert heard[-1][1] != "state" or heard[-1][2]["state"] == "running"
    web.start()
    heard += web.listen(job_id, after=heard[-1][0])
    assert heard == list(web.listen(job_id)), "an event was missed or came twice"
    assert heard[-1][2]["state"] == "succeeded"
