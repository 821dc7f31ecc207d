"""A studio whose blobs live in S3: taught, served, deleted, swept, and in order when the bucket is not."""

from pathlib import Path
from typing import Any

import obstore
import pytest
from fastapi.testclient import TestClient
from obstore.exceptions import GenericError

from app.core.settings import Settings
from app.services import Services
from tests.support.http import MUG, refused
from tests.support.pictures import photos
from tests.support.stand_in_worker import sweep, teach
from tests.support.stored import blobs, written


@pytest.fixture
def settings(tmp_path: Path, s3_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", storage_url=s3_url, orphan_seconds=0)


def test_pictures_and_embeddings_are_served_from_the_bucket_and_swept_from_it(
    member: TestClient, services: Services
) -> None:
    made = member.post("/api/concepts", data=MUG, files=photos()).json()
    preview = teach(services, made["job"]["id"])
    concept = f"/api/concepts/{made['concept']['id']}"
    for url in (made["concept"]["pictures"][0]["url"], f"/api/images/{preview}"):
        assert member.get(url).content.startswith(b"\x89PNG")
    assert (
        member.get(f"{concept}/embedding").headers["content-disposition"] == 'attachment; filename="my-mug.safetensors"'
    )
    sweep(services)
    assert len(blobs(services)) == 6
    member.delete(concept).raise_for_status()
    sweep(services)
    assert len(blobs(services)) == 6  # in the bin
    member.delete(f"/api/bin/{made['concept']['id']}").raise_for_status()
    sweep(services)
    assert blobs(services) == set()
    assert not (services.settings.data_dir / "blobs").exists()


def test_an_upload_while_the_bucket_is_away_keeps_nothing(
    member: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> Any:
        raise GenericError("Generic S3 error: error sending request")

    before = written(services)
    with monkeypatch.context() as away:
        for name in ("put", "get", "head", "delete", "list"):
            away.setattr(obstore, name, unreachable)
        answer = member.post("/api/concepts", data=MUG, files=photos())
        refused(answer, None, status=503, code="storage-unreachable")
        assert answer.headers["retry-after"]
        assert member.get("/readyz").json()["storage"] != "ok"
    assert written(services) == before
    assert member.get("/readyz").json()["storage"] == "ok"
