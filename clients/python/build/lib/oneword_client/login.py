"""Which studio is meant, and with which token: arguments, the environment, or what `login` stored.

A stored token belongs to the address that it was stored for, and is sent to no other.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import platformdirs

from oneword_client.errors import OnewordError

LOCAL: Final = "http://127.0.0.1:8000"  # where a studio with the default settings listens


@dataclass(frozen=True)
class Studio:
    """Address of a studio, without a slash at its end, and the token for it, if there is one."""

    url: str
    token: str | None = field(default=None, repr=False)


def find_studio(url: str | None = None, token: str | None = None, local: Callable[[], str] = lambda: LOCAL) -> Studio:
    """The studio that is meant, and the token for it.

    The address is `url`, ONEWORD_URL, that of the last login, or that of `local`; the token is `token`, ONEWORD_TOKEN,
    or the one that was stored for this address.
    """
    stored = _stored()
    chosen = _checked(url or os.environ.get("ONEWORD_URL") or stored.get("last") or local())
    token = token or os.environ.get("ONEWORD_TOKEN") or stored.get("tokens", {}).get(chosen)
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise OnewordError("The token has characters that no token has. Copy it again, without line breaks.")
    return Studio(chosen, token)


def store(studio: Studio) -> Path:
    """Keep a token for later, in a file that only this user can read. Returns the file."""
    stored = _stored()
    tokens = {**stored.get("tokens", {}), studio.url: studio.token}
    return _write({"last": studio.url, "tokens": tokens})


def forget(url: str | None) -> None:
    """Remove the token that is stored for an address; without one, all of them."""
    stored = _stored()
    tokens = {each: token for each, token in stored.get("tokens", {}).items() if url is not None and each != url}
    last = stored.get("last") if stored.get("last") in tokens else next(iter(tokens), None)
    _write({"last": last, "tokens": tokens})


def path() -> Path:
    """The file of the stored logins."""
    return platformdirs.user_config_path("oneword") / "logins.json"


def _stored() -> dict[str, Any]:
    try:
        stored = json.loads(path().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise OnewordError(f"{path()} cannot be read ({error}). Remove it and log in again.") from error
    return stored if isinstance(stored, dict) else {}


def _write(stored: dict[str, Any]) -> Path:
    file = path()
    fresh = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
            json.dump(stored, output, indent=1)
        fresh.replace(file)
    except OSError as error:
        raise OnewordError(f"The login cannot be stored in {file} ({error.strerror}).") from error
    return file


def _checked(url: str) -> str:
    """The address without a slash at its end. Raises OnewordError if it is none."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise OnewordError(f"{url!r} is not the address of a studio. Write it like {LOCAL}")
    return str(parsed.copy_with(query=None, fragment=None)).rstrip("/")
