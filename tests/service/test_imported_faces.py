"""An imported word has a face in the library: a worker draws it once."""

from fastapi.testclient import TestClient

from app.services import Services
from tests.support.foreign_files import kohya
from tests.support.http import send
from tests.support.worker import run_import


def test_an_imported_word_is_drawn_once(member: TestClient, services: Services) -> None:
    made = send(member, ("mug.safetensors", kohya()), placeholder="<my-import>").json()
    run_import(services)
    concept = member.get(f"/api/concepts/{made['concept']['id']}").json()
    assert concept["state"] == "ready"
    assert member.get(concept["sample"]).content.startswith(b"\x89PNG")
