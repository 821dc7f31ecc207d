"""Webhooks: signed messages that arrive in the end, and that reach nothing but the open internet."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from standardwebhooks import Webhook as Verifier

from app.concepts import versions
from app.concepts.models import Version
from app.concepts.versions import VersionResult
from app.core.database import utc_now
from app.core.errors import InvalidInput
from app.core.settings import Settings
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.services import Services
from app.webhooks import sender
from app.webhooks.addresses import is_public, resolved
from app.webhooks.models import Delivery
from tests.support.pictures import photos
from tests.support.stand_in_worker import teach

PUBLIC = "93.184.215.14"


class Receiver:
    """Somebody who listens on this machine."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], str]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.heard.append((dict(self.headers.items()), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.send_header("Location", f"http://127.0.0.1:{outer.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?team=1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def settings(tmp_path: Any, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, webhooks=True, webhooks_to_private=True)


@pytest.fixture
def admin(administrator: TestClient) -> TestClient:
    return administrator


@pytest.fixture
def hook(admin: TestClient, receiver: Receiver) -> dict[str, Any]:
    answer = admin.post("/api/webhooks", json={"url": receiver.url})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def draw_and_end(admin: TestClient, services: Services, state: Any = "failed") -> str:
    job_id = str(admin.post("/api/generations", json={"prompt": "x", "count": 1}).json()["job"]["id"])
    with services.database.transaction() as session:
        assert ledger.claim(session, "generation", "w", 60) is not None
        ledger.finish(session, Lease(job_id, 1), state, error={"type": "/problems/x"} if state == "failed" else None)
    return job_id


def deliver(services: Services) -> int:
    return sender.deliver(services.database, services.settings)


def make_due(services: Services) -> None:
    with services.database.transaction() as session:
        session.execute(update(Delivery).values(due_at=utc_now() - timedelta(seconds=1)))


def deliveries(admin: TestClient, hook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get(f"/api/webhooks/{hook['id']}/deliveries").json()["items"]
    return found


def test_an_ended_job_is_told_once_and_its_signature_is_right(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    job_id = draw_and_end(admin, services)
    assert (deliver(services), deliver(services)) == (1, 0)
    ((headers, body),) = receiver.heard
    told = Verifier(hook["secret"]).verify(body, headers)
    assert (told["type"], told["data"]["id"]) == ("job.failed", job_id)
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"
    (delivery,) = deliveries(admin, hook)
    assert (delivery["state"], delivery["status"], delivery["id"]) == ("delivered", 204, headers["webhook-id"])


def test_a_word_that_is_ready_is_told_beside_its_job(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    mug = {"placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"}
    teach(services, admin.post("/api/concepts", data=mug, files=photos()).json()["job"]["id"])
    assert deliver(services) == 2
    told = {json.loads(body)["type"]: json.loads(body)["data"] for _, body in receiver.heard}
    assert set(told) == {"job.succeeded", "concept.ready"}
    assert told["concept.ready"]["placeholder"] == "<my-mug>"


def test_a_word_whose_job_failed_after_the_training_is_announced_as_ready(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    mug = {"placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"}
    admin.post("/api/concepts", data=mug, files=photos()).raise_for_status()
    with services.database.transaction() as session:
        job = ledger.claim(session, "training", "test", 60)
        assert job is not None
        assert job.version_id is not None
        file = {"key": "jobs/x/rows", "bytes": 4, "sha256": "0", "file_name": "my-mug.safetensors"}
        versions.store_result(session, job.team_id, job.version_id, VersionResult({"oneword": file}, vectors=1))
        ledger.finish(session, Lease(job.id, job.attempt), "failed", error={"type": ledger.WORKER_LOST})
    deliver(services)
    assert {json.loads(body)["type"] for _, body in receiver.heard} == {"job.failed", "concept.ready"}


def test_a_report_that_was_drawn_again_makes_no_word_ready_a_second_time(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    mug = {"placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"}
    taught = admin.post("/api/concepts", data=mug, files=photos()).json()
    teach(services, taught["job"]["id"])
    deliver(services)
    with services.database.transaction() as session:
        services.storage.put("jobs/x/50", b"rows")
        kept = {"key": "jobs/x/50", "bytes": 4, "sha256": "0", "file_name": "my-mug.safetensors"}
        checkpoint = {"step": 50, "evaluation": 0.3, "oneword": kept, "likeness": None, "editability": None}
        report = {"failed": "The disk was full.", "chosen": 50, "checkpoints": [checkpoint], "drawings": []}
        session.execute(update(Version).values(report=report))
    job_id = admin.post(f"/api/concepts/{taught['concept']['id']}/versions/1/report").json()["job"]["id"]
    with services.database.transaction() as session:
        assert ledger.claim(session, "report", "w", 60) is not None
        ledger.finish(session, Lease(job_id, 1), "succeeded")
    receiver.heard.clear()
    assert deliver(services) == 1
    assert [json.loads(body)["type"] for _, body in receiver.heard] == ["job.succeeded"]


def test_what_did_not_arrive_is_sent_again_later_under_the_same_id_until_it_is_given_up(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers = [500] * 20
    draw_and_end(admin, services)
    assert (deliver(services), deliver(services)) == (1, 0)  # not before its time
    for _ in range(12):
        make_due(services)
        deliver(services)
    assert len(receiver.heard) == len(sender.PAUSES) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1
    (delivery,) = deliveries(admin, hook)
    assert (delivery["state"], delivery["status"]) == ("given-up", 500)


def test_a_sender_that_dies_between_taking_and_noting_loses_nothing(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    draw_and_end(admin, services)
    assert len(sender.claim_due(services.database)) == 1
    assert sender.claim_due(services.database) == []
    make_due(services)
    deliver(services)
    assert deliveries(admin, hook)[0]["state"] == "delivered"


def test_two_senders_never_take_the_same_message(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    for _ in range(12):
        draw_and_end(admin, services)
    senders = [threading.Thread(target=deliver, args=(services,)) for _ in range(3)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()
    deliver(services)
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == len(receiver.heard) == 12


def test_a_redirect_is_not_followed(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers = [302]
    draw_and_end(admin, services)
    deliver(services)
    assert len(receiver.heard) == 1
    assert deliveries(admin, hook)[0]["status"] == 302


def test_a_receiver_that_answers_gone_hears_nothing_more(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers = [410]
    draw_and_end(admin, services)
    deliver(services)
    draw_and_end(admin, services)
    assert deliver(services) == 0
    assert not admin.get("/api/webhooks").json()["items"][0]["active"]


def test_a_webhook_hears_only_what_it_wants_and_nothing_while_it_is_paused(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    path = f"/api/webhooks/{hook['id']}"
    assert admin.patch(path, json={"events": ["job.succeeded"]}).json()["events"] == ["job.succeeded"]
    draw_and_end(admin, services, "failed")
    assert deliver(services) == 0
    draw_and_end(admin, services, "succeeded")
    assert deliver(services) == 1
    admin.patch(path, json={"active": False})
    draw_and_end(admin, services, "succeeded")
    assert deliver(services) == 0


def test_a_test_arrives_and_can_be_sent_again(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    sent = admin.post(f"/api/webhooks/{hook['id']}/test").json()
    deliver(services)
    again = admin.post(f"/api/webhooks/{hook['id']}/deliveries/{sent['id']}/send")
    assert again.status_code == 202
    deliver(services)
    assert [json.loads(body)["type"] for _, body in receiver.heard] == ["webhook.test", "webhook.test"]


def test_a_deleted_webhook_takes_its_messages_with_it(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    draw_and_end(admin, services)
    assert admin.delete(f"/api/webhooks/{hook['id']}").status_code == 204
    assert deliver(services) == 0


def test_the_same_request_makes_one_webhook_with_a_fresh_secret(admin: TestClient, receiver: Receiver) -> None:
    key = {"Idempotency-Key": "hook"}
    first, second = (admin.post("/api/webhooks", json={"url": receiver.url}, headers=key).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert len(admin.get("/api/webhooks").json()["items"]) == 1


def test_a_studio_that_sends_none_refuses_with_a_sentence(stranger: TestClient, services: Services) -> None:
    services.settings.__dict__["webhooks"] = False
    answer = stranger.post("/api/webhooks", json={"url": "https://example.org"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/webhooks-off")
    assert stranger.get("/api/webhooks").json()["enabled"] is False


# --- Where they may go ---


def leads_to(*addresses: str) -> Callable[..., list[Any]]:
    """A resolver that knows one answer."""
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_inside_a_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/", "https://"),
        ("ftp://example.org/", "https://"),
        ("https://user:secret@example.org/", "password"),
        ("https:///path", "not an address"),
        ("https://example.org:99999/", "not an address"),
        ("https://exa mple.org/", "not an address"),
        ("javascript:alert(1)", "https://"),
    ],
)
def test_an_address_of_the_wrong_kind_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        resolved(url, to_private=False, resolve=leads_to(PUBLIC))
    assert refused.value.field == "url"


def test_a_name_one_of_whose_addresses_is_inside_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"10\.0\.0\.7"):
        resolved("https://example.org/", to_private=False, resolve=leads_to(PUBLIC, "10.0.0.7"))


def test_what_was_checked_is_what_is_connected_to() -> None:
    target = resolved("https://example.org/hook?a=1", to_private=False, resolve=leads_to(PUBLIC))
    assert (target.url, target.host_header) == (f"https://{PUBLIC}:443/hook?a=1", "example.org")


def test_a_name_that_led_outside_when_it_was_set_up_is_checked_again_at_each_sending(
    admin: TestClient, services: Services, hook: dict[str, Any], receiver: Receiver
) -> None:
    draw_and_end(admin, services)
    sender.deliver(services.database, services.settings.model_copy(update={"webhooks_to_private": False}))
    assert receiver.heard == []
    assert "https://" in deliveries(admin, hook)[0]["error"]


def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address() -> None:
    seen: list[httpx.Request] = []

    async def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    async def post() -> None:
        target = resolved("https://example.org/hook", to_private=False, resolve=leads_to(PUBLIC))
        message = sender.Message("id", "https://example.org/hook", "whsec_c2VjcmV0", "{}")
        async with httpx.AsyncClient(transport=httpx.MockTransport(answering)) as client:
            await sender.post(client, message, target)

    asyncio.run(post())
    assert seen[0].extensions["sni_hostname"] == "example.org"
    assert (seen[0].url.host, seen[0].headers["host"]) == (PUBLIC, "example.org")
