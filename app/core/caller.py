"""The address that the request served by this code came from. `app.web.request_id` binds it for each request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_address: ContextVar[str] = ContextVar("address", default="")


def address() -> str:
    """The caller's network address; empty outside of a request."""
    return _address.get()


@contextmanager
def calling_from(address: str) -> Iterator[None]:
    """Bind the address for the code in the block and for the threads that it starts for the request."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)
