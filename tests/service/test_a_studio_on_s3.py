"""A studio whose blobs live in S3: taught, served, deleted, swept, and in order when the bucket is not."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

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
    member.delete(concept)
    sweep(services)
    assert blobs(services) == set()
    assert not (services.settings.data_dir / "blobs").exists()


def test_an_upload_while_the_bucket_is_away_keeps_nothing(
    member: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written(services)
    whole = services.storage._store  # type: ignore[attr-defined]
    monkeypatch.setattr(services.storage, "_store", type(whole).from_url("s3://no-such-bucket-here"))
    answer = member.post("/api/concepts", data=MUG, files=photos())
    refused(answer, None, "storage does not answer", status=503, code="storage-unreachable")
    assert answer.headers["retry-after"]
    assert "storage does not answer" in member.get("/readyz").json()["storage"]
    monkeypatch.setattr(services.storage, "_store", whole)
    assert written(services) == before
    assert member.get("/readyz").json()["storage"] == "ok"
