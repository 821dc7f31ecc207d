"""Addresses of pictures that open without signing in, until they expire: for chat tools and other programs.

    /api/images/<id>?expires=<seconds since 1970>&by=<id of a token or session>&signature=<43 characters>

The signature is an HMAC (SHA-256) of path, expiry and `by`, with a key that each team has in the database. So an
address opens one picture, for reading, until its moment. It ends earlier when the picture is deleted, when the token or
session that made it ends, and when that person leaves the team.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from app.accounts import queries
from app.accounts.principal import Principal, by_credential_id
from app.core.database import Database, utc_now

VALID_FOR: Final = timedelta(hours=1)  # where nobody says otherwise
VALID_FOR_MIN: Final = timedelta(minutes=1)
VALID_FOR_MAX: Final = timedelta(days=7)
SIGNABLE: Final = re.compile(r"/api/images/[0-9a-z]{26}")
PARAMETERS: Final = ("expires", "by", "signature")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_ID: Final = re.compile(r"[0-9a-z]{26}")


class SignedAddresses:
    """Signs addresses, and finds out who a signed address speaks for. Both read the database."""

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._url = url
        self._keys: dict[str, str] = {}

    def sign(self, path: str, principal: Principal, valid_for: timedelta | None = None) -> str:
        """The path with its signature and expiry as query parameters.

        `principal` may read it; the address ends with their token or session. Raises ValueError for a path that cannot
        be signed.
        """
        if not SIGNABLE.fullmatch(path):
            raise ValueError(f"only addresses of pictures are signed, and not {path!r}")
        expires = str(int((utc_now() + (valid_for or VALID_FOR)).timestamp()))
        by = principal.credential_id
        signature = _signature(self._key(principal.team_id), path, expires, by)
        return f"{path}?{urlencode({'expires': expires, 'by': by, 'signature': signature})}"

    def url(self, path: str, principal: Principal, valid_for: timedelta | None = None) -> str:
        """The same with the studio's own address in front."""
        return self._url + self.sign(path, principal, valid_for)

    def reader(self, path: str, query: Mapping[str, str]) -> Principal | None:
        """The person who signed this address, with the right to read alone. None if it is not valid now."""
        expires, by, signature = (query.get(name, "") for name in PARAMETERS)
        if not SIGNABLE.fullmatch(path) or not _NUMBER.fullmatch(expires) or not _ID.fullmatch(by):
            return None
        if int(expires) <= utc_now().timestamp():
            return None
        maker = by_credential_id(self._database, by)
        if maker is None:
            return None
        right = _signature(self._key(maker.team_id), path, expires, by)
        if not hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace")):
            return None
        return replace(maker, scopes=("read",), restricted=True)

    def _key(self, team_id: str) -> str:
        """The team's key, which is made when it is needed first and never changes."""
        key = self._keys.get(team_id)
        if key is None:
            with self._database.reading() as session:
                key = queries.signing_key(session, team_id)
            if key is None:
                with self._database.transaction() as session:
                    queries.set_signing_key(session, team_id, secrets.token_urlsafe(32))
                    key = queries.signing_key(session, team_id) or ""
            self._keys[team_id] = key
        return key


def _signature(key: str, path: str, expires: str, by: str) -> str:
    message = "\n".join(("oneword picture address", path, expires, by))
    digest = hmac.digest(key.encode(), message.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
