"""Reads the audit as an administrator does."""

from typing import Any

from fastapi.testclient import TestClient


def entries(administrator: TestClient, **filters: Any) -> list[dict[str, Any]]:
    """The newest entries that match, newest first."""
    answer = administrator.get("/api/audit", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
