"""An imported word has a face in the library: a worker draws it once."""

from fastapi.testclient import TestClient

from app.services import Services
from tests.service.test_importing import kohya, send, work


def test_an_imported_word_is_drawn_once(member: TestClient, services: Services) -> None:
    made = send(member, ("mug.safetensors", kohya()), placeholder="<my-import>").json()
    work(services)
    concept = member.get(f"/api/concepts/{made['concept']['id']}").json()
    assert concept["state"] == "ready"
    assert member.get(concept["sample"]).content.startswith(b"\x89PNG")
