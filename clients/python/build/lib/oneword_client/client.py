"""`Client` and `AsyncClient`: they carry out the steps of exchanges, one with threads that wait, one with asyncio."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from functools import wraps
from importlib.metadata import version
from typing import Any, Generic, ParamSpec, Self, TypeVar

import httpx
from httpx_sse import EventSource

from oneword_client import calls
from oneword_client.exchange import AskPatience, Exchange, Next, Open, Patience, Pause, Send, Step, Stream, Walk, Yield
from oneword_client.login import LOCAL, Studio, find_studio

P = ParamSpec("P")
Result = TypeVar("Result")

TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # an event stream sends a sign of life every 15 s


class _Call(Generic[P, Result]):
    """A method of `Client` that runs an exchange."""

    def __init__(self, exchange: Callable[P, Exchange[Result]]) -> None:
        self._exchange = exchange

    def __get__(self, client: "Client", owner: type | None = None) -> Callable[P, Result]:
        @wraps(self._exchange)
        def call(*args: P.args, **kwargs: P.kwargs) -> Result:
            return client._run(self._exchange(*args, **kwargs))

        return call


class _Stream(Generic[P, Result]):
    """A method of `Client` that iterates over a stream."""

    def __init__(self, stream: Callable[P, Stream[Result]]) -> None:
        self._stream = stream

    def __get__(self, client: "Client", owner: type | None = None) -> Callable[P, Iterator[Result]]:
        @wraps(self._stream)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> Iterator[Result]:
            return client._iterate(self._stream(*args, **kwargs))

        return iterate


class _AsyncCall(Generic[P, Result]):
    """A method of `AsyncClient` that runs an exchange."""

    def __init__(self, exchange: Callable[P, Exchange[Result]]) -> None:
        self._exchange = exchange

    def __get__(self, client: "AsyncClient", owner: type | None = None) -> Callable[P, Coroutine[Any, Any, Result]]:
        @wraps(self._exchange)
        async def call(*args: P.args, **kwargs: P.kwargs) -> Result:
            return await client._run(self._exchange(*args, **kwargs))

        return call


class _AsyncStream(Generic[P, Result]):
    """A method of `AsyncClient` that iterates over a stream."""

    def __init__(self, stream: Callable[P, Stream[Result]]) -> None:
        self._stream = stream

    def __get__(self, client: "AsyncClient", owner: type | None = None) -> Callable[P, AsyncIterator[Result]]:
        @wraps(self._stream)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Result]:
            return client._iterate(self._stream(*args, **kwargs))

        return iterate


def _settings(studio: Studio) -> dict[str, Any]:
    headers = {"User-Agent": f"oneword-client/{version('oneword-client')}"}
    if studio.token:
        headers["Authorization"] = f"Bearer {studio.token}"
    return {"base_url": studio.url, "headers": headers, "timeout": TIMEOUT}


class Client:
    """A studio. Methods return at once, except `wait` and `events`; use it as a context manager, or `close` it.

    Without `url` and `token` they come from ONEWORD_URL and ONEWORD_TOKEN, or from what `oneword login` stored.
    `retries`: how often a request is sent again after the studio did not answer, or asked to try later. `sleep` lets
    the time between pass. `local` is asked for the address if nothing names one. Errors are subclasses of
    OnewordError.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        retries: int = 6,
        sleep: Callable[[float], None] = time.sleep,
        local: Callable[[], str] = lambda: LOCAL,
    ) -> None:
        self.studio = find_studio(url, token, local)
        self._http = httpx.Client(**_settings(self.studio))
        self._retries = retries
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    me = _Call(calls.me)
    base_models = _Stream(calls.base_models)
    teach = _Call(calls.teach)
    teach_again = _Call(calls.teach_again)
    import_ = _Call(calls.import_)
    export = _Call(calls.export)
    concepts = _Stream(calls.concepts)
    concept = _Call(calls.show)
    versions = _Stream(calls.versions)
    change = _Call(calls.change)
    delete = _Call(calls.delete)
    draw = _Call(calls.draw)
    generation = _Call(calls.generation)
    generations = _Stream(calls.generations)
    delete_generation = _Call(calls.delete_generation)
    fetch = _Call(calls.fetch)
    job = _Call(calls.job)
    jobs = _Stream(calls.jobs)
    events = _Stream(calls.watch)
    wait = _Call(calls.wait)
    cancel = _Call(calls.cancel)

    def _run(self, exchange: Exchange[Result]) -> Result:
        walk = Walk(exchange)
        for _ in self._walked(walk):
            pass
        return walk.value

    def _iterate(self, stream: Stream[Result]) -> Iterator[Result]:
        return self._walked(Walk(stream))

    def _walked(self, walk: Walk[Any]) -> Iterator[Any]:
        """Carry out an exchange; yields its items."""
        response: httpx.Response | None = None
        try:
            while (step := walk.advance()) is not None:
                try:
                    if isinstance(step, Yield):
                        yield step.item
                    elif isinstance(step, Open):
                        if response is not None:
                            response.close()
                        response = walk.result = self._http.send(step.request.built(self._http), stream=True)
                        if response.is_error:
                            response.read()
                        received = EventSource(response).iter_sse()
                    elif isinstance(step, Next):
                        walk.result = next(received, None)
                    else:
                        walk.result = self._done(step)
                except httpx.TransportError as error:
                    walk.failure = error
        finally:
            if response is not None:
                response.close()

    def _done(self, step: Step) -> Any:
        if isinstance(step, Send):
            return self._http.send(step.request.built(self._http))
        if isinstance(step, AskPatience):
            return Patience(self._retries)
        assert isinstance(step, Pause)
        return self._sleep(step.seconds)


class AsyncClient:
    """The same as `Client` for asyncio: methods are awaited, and lists and events iterated with `async for`."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        retries: int = 6,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.studio = find_studio(url, token)
        self._http = httpx.AsyncClient(**_settings(self.studio))
        self._retries = retries
        self._sleep = sleep

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    me = _AsyncCall(calls.me)
    base_models = _AsyncStream(calls.base_models)
    teach = _AsyncCall(calls.teach)
    teach_again = _AsyncCall(calls.teach_again)
    import_ = _AsyncCall(calls.import_)
    export = _AsyncCall(calls.export)
    concepts = _AsyncStream(calls.concepts)
    concept = _AsyncCall(calls.show)
    versions = _AsyncStream(calls.versions)
    change = _AsyncCall(calls.change)
    delete = _AsyncCall(calls.delete)
    draw = _AsyncCall(calls.draw)
    generation = _AsyncCall(calls.generation)
    generations = _AsyncStream(calls.generations)
    delete_generation = _AsyncCall(calls.delete_generation)
    fetch = _AsyncCall(calls.fetch)
    job = _AsyncCall(calls.job)
    jobs = _AsyncStream(calls.jobs)
    events = _AsyncStream(calls.watch)
    wait = _AsyncCall(calls.wait)
    cancel = _AsyncCall(calls.cancel)

    async def _run(self, exchange: Exchange[Result]) -> Result:
        walk = Walk(exchange)
        async for _ in self._walked(walk):
            pass
        return walk.value

    def _iterate(self, stream: Stream[Result]) -> AsyncIterator[Result]:
        return self._walked(Walk(stream))

    async def _walked(self, walk: Walk[Any]) -> AsyncGenerator[Any]:
        """Carry out an exchange; yields its items."""
        response: httpx.Response | None = None
        try:
            while (step := walk.advance()) is not None:
                try:
                    if isinstance(step, Yield):
                        yield step.item
                    elif isinstance(step, Open):
                        if response is not None:
                            await response.aclose()
                        response = walk.result = await self._http.send(step.request.built(self._http), stream=True)
                        if response.is_error:
                            await response.aread()
                        received = EventSource(response).aiter_sse()
                    elif isinstance(step, Next):
                        walk.result = await anext(received, None)
                    else:
                        walk.result = await self._done(step)
                except httpx.TransportError as error:
                    walk.failure = error
        finally:
            if response is not None:
                await response.aclose()

    async def _done(self, step: Step) -> Any:
        if isinstance(step, Send):
            return await self._http.send(step.request.built(self._http))
        if isinstance(step, AskPatience):
            return Patience(self._retries)
        assert isinstance(step, Pause)
        return await self._sleep(step.seconds)
