"""Files of strangers through a real worker, in whose process Celery's own kind of process runs."""

import pytest
from fastapi.testclient import TestClient

from tests.support import attacks
from tests.support.foreign_files import kohya
from tests.support.http import send
from tests.support.studio import Stack

pytestmark = pytest.mark.acceptance


def imported(client: TestClient, name: str, content: bytes) -> str:
    answer = send(client, (name, content))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def test_a_worker_refuses_an_attack_and_imports_the_next_file(stack: Stack) -> None:
    stack.start_worker("generation")
    attack = imported(stack.client, "tail.pt", attacks.pt_with_a_tail(20_000_000, bytes(100_000)))
    error = stack.wait_for(attack, "failed", "succeeded").error
    assert error is not None
    assert "tail.pt has bytes after its end" in error["detail"] or "damaged archive" in error["detail"]
    stack.wait_for(imported(stack.client, "good.safetensors", kohya()), "succeeded")
    (worker,) = stack.workers
    assert not worker.says("attempt failed")
