"""Sends what is in the outbox: signed, several at once, again and again with longer pauses, from the rows alone.

Before a message is sent its next time is written, so that one whose sender dies is sent again and no row is sent twice
at once. A receiver may get a message twice; its `webhook-id` is the same then.
"""

import asyncio
import json
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
import structlog
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook as Signer

from app.core.database import Database, now, utc_now
from app.core.errors import InvalidInput
from app.core.settings import Settings
from app.webhooks import queries
from app.webhooks.addresses import Target, resolved

log = structlog.get_logger(__name__)

# Pauses before the second and every further attempt, as Standard Webhooks proposes; then it is given up.
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
AT_ONCE: Final = 8
LOOK_SECONDS: Final = 1.0
SECONDS: Final = 10.0
READ_BYTES: Final = 1000  # of an answer, for the log of deliveries
GONE: Final = 410


@dataclass(frozen=True)
class _Letter:
    """One message, taken out of the database."""

    id: str
    url: str
    secret: str
    body: str


@dataclass(frozen=True)
class _Answer:
    """What came of sending it."""

    status: int | None
    error: str | None

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """A thread that sends what is due, for as long as the process lives."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def begin(self) -> None:
        """Send from now on, if the studio sends at all."""
        if self._settings.webhooks:
            self._thread.start()

    def end(self) -> None:
        """Send no more. What was not answered yet is sent again by the next sender."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                sent = deliver(self._database, self._settings)
            except SQLAlchemyError as error:
                log.warning("database away; webhooks come later", error=str(error))
                sent = 0
            if sent < AT_ONCE:
                self._over.wait(LOOK_SECONDS)


def deliver(database: Database, settings: Settings) -> int:
    """Send what is due once. Returns how many messages were sent."""
    letters = _take(database)
    if letters:
        for letter, answer in zip(letters, asyncio.run(_send_all(letters, settings)), strict=True):
            _note(database, letter, answer)
    return len(letters)


def _take(database: Database) -> list[_Letter]:
    with database.transaction() as session:
        moment, letters = now(session), []
        for delivery in queries.due(session, moment, AT_ONCE):
            webhook = queries.receiver(session, delivery)
            delivery.due_at = moment + PAUSES[min(delivery.attempts, len(PAUSES) - 1)]
            delivery.attempts += 1
            body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
            letters.append(_Letter(delivery.id, webhook.url, webhook.secret, body))
    return letters


async def _send_all(letters: list[_Letter], settings: Settings) -> list[_Answer]:
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, follow_redirects=False) as client:
        return await asyncio.gather(*(_send(client, letter, settings) for letter in letters))


async def _send(client: httpx.AsyncClient, letter: _Letter, settings: Settings) -> _Answer:
    try:
        async with asyncio.timeout(SECONDS):  # for all of it: a receiver that drips would hold us for ever otherwise
            target = await asyncio.to_thread(resolved, letter.url, to_private=settings.webhooks_to_private)
            return await _post(client, letter, target)
    except InvalidInput as refused:
        return _Answer(None, refused.detail)
    except TimeoutError:
        return _Answer(None, f"The address did not answer within {SECONDS:.0f} seconds.")
    except httpx.HTTPError as error:
        return _Answer(None, f"The address did not answer ({type(error).__name__}: {error}).")


async def _post(client: httpx.AsyncClient, letter: _Letter, target: Target) -> _Answer:
    headers = signed(letter.id, letter.secret, letter.body) | {"Host": target.host_header}
    extensions: dict[str, Any] = {"sni_hostname": target.host}  # what the certificate has to be for
    sending = client.stream("POST", target.url, content=letter.body, headers=headers, extensions=extensions)
    async with sending as answer:
        said = b""
        if not answer.is_success:
            async for chunk in answer.aiter_raw(READ_BYTES):
                said = chunk[:READ_BYTES]
                break
    return _Answer(answer.status_code, said.decode("utf-8", "replace") or None)


def signed(message_id: str, secret: str, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks: who it is, when it was sent, and that it is from us and whole."""
    moment = utc_now()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Oneword-Webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signer(secret).sign(message_id, moment, body),
    }


def _note(database: Database, letter: _Letter, answer: _Answer) -> None:
    """Write what came of it; the time of the next attempt is there already."""
    with database.transaction() as session:
        delivery = queries.sent(session, letter.id)
        if delivery is None:  # its webhook was deleted meanwhile
            return
        delivery.status, delivery.error = answer.status, answer.error
        if answer.arrived:
            delivery.state = "delivered"
        elif answer.status == GONE or delivery.attempts > len(PAUSES):
            delivery.state = "given-up"
        if delivery.state != "waiting":
            delivery.finished_at = now(session)
        if answer.status == GONE:  # the receiver wants no more of them
            queries.receiver(session, delivery).active = False
    log.info("webhook sent", delivery=letter.id, status=answer.status, arrived=answer.arrived)
