"""What a credential may do: the roles of people and the scopes of tokens.

A role allows its scopes, and a token has some of them. A token may do what both allow, so it
never outgrows its owner: a token with `read teach` of a person who becomes a viewer keeps `read`.
"""

from collections.abc import Collection
from typing import Final, Literal, get_args

Role = Literal["viewer", "member", "admin"]
ROLES: Final[tuple[str, ...]] = get_args(Role)  # in order: each role includes those before it

Scope = Literal["read", "draw", "teach", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
USUAL_SCOPES: Final[tuple[Scope, ...]] = ("read", "draw", "teach")  # of a token that names none
TOKEN_DAYS_MAX: Final = 3650  # most days until a token expires

_OF_ROLE: Final[dict[str, tuple[Scope, ...]]] = {"viewer": ("read",), "member": USUAL_SCOPES, "admin": SCOPES}


def scopes_of(role: str, stored: str | None) -> tuple[Scope, ...]:
    """The scopes that a role and the stored scopes of a token both allow; with None, all of the role."""
    return tuple(scope for scope in _OF_ROLE[role] if stored is None or scope in stored.split())


def stored(scopes: Collection[str]) -> str:
    """Scopes as `Token.scopes` stores them, in the usual order."""
    return " ".join(scope for scope in SCOPES if scope in scopes)


def spoken(scopes: Collection[str]) -> str:
    """Scopes in a sentence: `read, draw and teach`."""
    *most, last = [str(scope) for scope in SCOPES if scope in scopes] or ["no scope"]
    return f"{', '.join(most)} and {last}" if most else last
