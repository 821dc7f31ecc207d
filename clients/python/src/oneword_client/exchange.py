"""The protocol without input and output: what is sent, when it is sent again, and what the answer means.

An exchange is a generator that yields steps and is sent their results, so `Client` and `AsyncClient` run the same
code. Example: for `Send(request)` the client sends back the response, or throws httpx's error into the generator.
"""

import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, TypeVar

import httpx

from oneword_client.errors import NotAStudio, OnewordError, Problem, Unreachable
from oneword_client.models import Answer, Event, Page

Result = TypeVar("Result")
Model = TypeVar("Model", bound=Answer)
Value = TypeVar("Value")

TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
PAUSE_SECONDS_FIRST: Final = 0.5
PAUSE_SECONDS_MOST: Final = 20.0
RETRY_AFTER_SECONDS_MOST: Final = 120.0  # a studio that asks for a longer pause is not waited for


@dataclass(frozen=True)
class Request:
    """One request. `path` is an address inside the studio; parameters that are None are left out."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    data: Mapping[str, Any] | None = None
    files: list[tuple[str, tuple[str, bytes]]] | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice has the effect of sending it once."""
        return self.method != "POST" or "Idempotency-Key" in self.headers

    def built(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request for httpx. Addresses outside the studio are refused: they would be sent the token."""
        url = http.base_url.join(self.path.lstrip("/"))
        if not str(url).startswith(str(http.base_url)):
            raise OnewordError(f"{url} does not belong to the studio at {http.base_url}.")
        headers = {name: value for name, value in self.headers.items() if value}
        params = {name: value for name, value in self.params.items() if value is not None}
        return http.build_request(
            self.method, url, params=params or None, headers=headers, json=self.json, data=self.data, files=self.files
        )


@dataclass(frozen=True)
class Send:
    """Send a request. The result is the whole response."""

    request: Request


@dataclass(frozen=True)
class Open:
    """Send a request whose answer is an event stream. The result is the response: of an error, all of it."""

    request: Request


@dataclass(frozen=True)
class Next:
    """Wait for the next event of the stream that was opened last. The result is None at its end."""


@dataclass(frozen=True)
class Pause:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True)
class AskPatience:
    """Ask the client how often it tries again. The result is a fresh `Patience`."""


@dataclass(frozen=True)
class Yield(Generic[Value]):
    """Hand an item to the code that iterates."""

    item: Value


Step = Send | Open | Next | Pause | AskPatience | Yield[Any]
Exchange = Generator[Step, Any, Result]
Stream = Generator[Send | Open | Next | Pause | AskPatience | Yield[Value], Any, None]


class Walk(Generic[Result]):
    """An exchange on its way. The client carries out each step and leaves its `result` or `failure` here.

    `value` is the result of the whole exchange once `advance` returned None.
    """

    value: Result

    def __init__(self, exchange: Exchange[Result]) -> None:
        self._exchange = exchange
        self.result: Any = None
        self.failure: Exception | None = None

    def advance(self) -> Step | None:
        """The next step, or None at the end."""
        result, failure = self.result, self.failure
        self.result = self.failure = None
        try:
            return self._exchange.send(result) if failure is None else self._exchange.throw(failure)
        except StopIteration as end:
            self.value = end.value
            return None


@dataclass
class Patience:
    """How often something is tried again, and after which pauses: 0.5 s, 1 s, 2 s, …, each up to half shorter."""

    retries: int
    failures: int = 0

    def pause(self, retry_after: float | None = None) -> Pause | None:
        """The pause before the next attempt, or None if the last one was made."""
        self.failures += 1
        if self.failures > self.retries or (retry_after or 0) > RETRY_AFTER_SECONDS_MOST:
            return None
        backoff = min(PAUSE_SECONDS_MOST, PAUSE_SECONDS_FIRST * 2.0 ** (self.failures - 1))
        return Pause(backoff * random.uniform(0.5, 1.0) if retry_after is None else retry_after)  # noqa: S311


def answer(request: Request, patience: Patience | None = None, open_: bool = False) -> Exchange[httpx.Response]:
    """The successful response to a request, after as many attempts as it takes.

    Raises Problem if the studio refuses it, and Unreachable if the studio does not answer.
    """
    patience = patience or (yield AskPatience())
    while True:
        try:
            response: httpx.Response = yield (Open(request) if open_ else Send(request))
        except httpx.TransportError as error:
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            pause = patience.pause() if unsent or request.repeatable else None
            if pause is None:
                raise _unreachable(error, unsent) from error
        else:
            if response.is_success:
                return response
            retry_after = _retry_after(response)
            again = response.status_code in TRY_AGAIN and (request.repeatable or response.status_code in (429, 503))
            pause = patience.pause(retry_after) if again else None
            if pause is None:
                raise Problem.of(response, retry_after)
        yield pause


def model(kind: type[Model], request: Request) -> Exchange[Model]:
    """The answer to a request as a model."""
    response = yield from answer(request)
    try:
        return kind.model_validate_json(response.content)
    except ValueError as error:
        raise NotAStudio(
            f"What answered at {response.url.copy_with(path='/', query=None)} is not a Oneword studio that this client "
            "understands. Check the address."
        ) from error


def pages(kind: type[Model], request: Request) -> Stream[Model]:
    """Every item of a list, page by page."""
    cursor: str | None = None
    while True:
        params = {**request.params, "cursor": cursor}
        page = yield from model(Page[kind], replace(request, params=params))  # type: ignore[valid-type]
        for item in page.items:
            yield Yield(item)
        cursor = page.next
        if cursor is None:
            return


def events(job_id: str, after: str | None) -> Stream[Event]:
    """The events of a job to its end. A stream that was cut is opened again where it was cut."""
    patience: Patience = yield AskPatience()
    patience.retries *= 4  # a studio may restart while a job runs, and a job outlasts that
    while True:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": after or ""}
        yield from answer(Request("GET", f"api/jobs/{job_id}/events", headers=headers), patience, open_=True)
        try:
            while (received := (yield Next())) is not None:
                patience.failures = 0
                if not received.data:
                    continue  # a sign of life
                event = Event(id=received.id, type=received.event, data=received.json())
                after = event.id
                yield Yield(event)
                if event.final:
                    return
            lost: httpx.TransportError | None = None  # the stream ended before the job: the studio restarts
        except httpx.TransportError as error:
            lost = error
        pause = patience.pause()
        if pause is None:
            raise Unreachable(f"The studio ends the event stream of job {job_id} again and again.") from lost
        yield pause


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of `Retry-After`, which is a number or a date."""
    text = response.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    now = response.headers.get("Date")  # by the clock of the machine that wrote the other date
    return max(0.0, (moment - (parsedate_to_datetime(now) if now else datetime.now(UTC))).total_seconds())


def _unreachable(error: httpx.TransportError, unsent: bool) -> Unreachable:
    url = error.request.url.copy_with(path="/", query=None)
    if unsent:
        return Unreachable(f"No studio answers at {url}. Is it running, and is the address right?")
    return Unreachable(f"The connection to {url} broke before the answer came ({type(error).__name__}).")
