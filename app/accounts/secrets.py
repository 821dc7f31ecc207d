"""Random secrets and their hashes. A secret is shown once; only its hash is stored.

A secret has 256 random bits and cannot be guessed, so a fast hash without salt is enough.
"""

import hashlib
import secrets


def new_secret(prefix: str) -> str:
    """A new secret. Its prefix identifies a leaked secret (`owt_` token, `ows_` session, `owc_` sign-in code)."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(secret: str) -> str:
    """The hash of a secret. The database stores and finds secrets by hash, so no timing reveals a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
