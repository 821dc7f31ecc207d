"""Random secrets and their hashes. A secret is shown once; only its hash is stored.

A secret has 256 random bits, so that a plain fast hash is enough: there is nothing to guess.
"""

import hashlib
import secrets


def new_secret(prefix: str) -> str:
    """A fresh secret; the prefix tells leaked ones apart (`owt_` token, `ows_` session, `owc_` sign-in code)."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(secret: str) -> str:
    """What the database stores, and looks up by, so that no comparison of secrets can be timed."""
    return hashlib.sha256(secret.encode()).hexdigest()
