"""Sends the messages in the outbox: signed, several at once, with longer and longer pauses between the attempts.

The time of the next attempt is stored before a message is sent. So a message whose sender dies is sent again, and two
senders never send one message at the same time. A receiver may get a message twice, with the same `webhook-id`.
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

# Pauses before the second and every further attempt, as Standard Webhooks recommends. Then the message is given up.
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
AT_ONCE: Final = 8
POLL_SECONDS: Final = 1.0
TIMEOUT_SECONDS: Final = 10.0
READ_BYTES: Final = 1000  # of an answer, shown in the list of deliveries
GONE: Final = 410


@dataclass(frozen=True)
class Message:
    """One message that is due, with its address and secret."""

    id: str
    url: str
    secret: str
    body: str


@dataclass(frozen=True)
class Outcome:
    """The result of one attempt: the HTTP status, or None and the reason why there was no answer."""

    status: int | None
    error: str | None  # or the beginning of an answer that is no success

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """A thread that sends due messages for as long as the process lives."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def begin(self) -> None:
        """Start the thread, if the settings allow webhooks."""
        if self._settings.webhooks:
            self._thread.start()

    def end(self) -> None:
        """Stop sending. The next sender sends messages without an answer again."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                sent = deliver(self._database, self._settings)
            except SQLAlchemyError as error:
                log.warning("database unreachable; sending webhooks later", error=str(error))
                sent = 0
            if sent < AT_ONCE:
                self._over.wait(POLL_SECONDS)


def deliver(database: Database, settings: Settings) -> int:
    """Send the messages that are due, once. Returns how many were sent."""
    messages = claim_due(database)
    if messages:
        for message, outcome in zip(messages, asyncio.run(_send_all(messages, settings)), strict=True):
            _record(database, message, outcome)
    return len(messages)


def claim_due(database: Database) -> list[Message]:
    """Take the due messages, and store the time of their next attempt."""
    with database.transaction() as session:
        moment, messages = now(session), []
        for delivery in queries.due(session, moment, AT_ONCE):
            webhook = queries.receiver(session, delivery)
            delivery.due_at = moment + PAUSES[min(delivery.attempts, len(PAUSES) - 1)]
            delivery.attempts += 1
            body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
            messages.append(Message(delivery.id, webhook.url, webhook.secret, body))
    return messages


async def _send_all(messages: list[Message], settings: Settings) -> list[Outcome]:
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False) as client:
        return await asyncio.gather(*(_send(client, message, settings) for message in messages))


async def _send(client: httpx.AsyncClient, message: Message, settings: Settings) -> Outcome:
    try:
        # For the whole exchange: httpx's own timeout starts anew with every byte that a slow receiver sends.
        async with asyncio.timeout(TIMEOUT_SECONDS):
            target = await asyncio.to_thread(resolved, message.url, to_private=settings.webhooks_to_private)
            return await post(client, message, target)
    except InvalidInput as refused:
        return Outcome(None, refused.detail)
    except TimeoutError:
        return Outcome(None, f"The address did not answer within {TIMEOUT_SECONDS:.0f} seconds.")
    except httpx.HTTPError as error:
        return Outcome(None, f"The address did not answer ({type(error).__name__}: {error}).")


async def post(client: httpx.AsyncClient, message: Message, target: Target) -> Outcome:
    """Send one message to an address that was resolved and checked. Raises httpx.HTTPError."""
    headers = signed(message.id, message.secret, message.body) | {"Host": target.host_header}
    extensions: dict[str, Any] = {"sni_hostname": target.host}  # the name that the certificate has to match
    request = client.stream("POST", target.url, content=message.body, headers=headers, extensions=extensions)
    async with request as answer:
        text = b""
        if not answer.is_success:
            async for chunk in answer.aiter_raw(READ_BYTES):
                text = chunk[:READ_BYTES]
                break
    return Outcome(answer.status_code, text.decode("utf-8", "replace") or None)


def signed(message_id: str, secret: str, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks: the message's id, the time, and the signature over these and the body."""
    moment = utc_now()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Oneword-Webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signer(secret).sign(message_id, moment, body),
    }


def _record(database: Database, message: Message, outcome: Outcome) -> None:
    """Store the outcome of an attempt. The time of the next attempt is stored already."""
    with database.transaction() as session:
        delivery = queries.sent(session, message.id)
        if delivery is None:  # its webhook was deleted meanwhile
            return
        delivery.status, delivery.error = outcome.status, outcome.error
        if outcome.delivered:
            delivery.state = "delivered"
        elif outcome.status == GONE or delivery.attempts > len(PAUSES):
            delivery.state = "given-up"
        if delivery.state != "waiting":
            delivery.finished_at = now(session)
        if outcome.status == GONE:  # the receiver asks for no more messages
            queries.receiver(session, delivery).active = False
    log.info("webhook sent", delivery=message.id, status=outcome.status, delivered=outcome.delivered)
