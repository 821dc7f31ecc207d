"""A word that is exported and imported again: what comes back with it, for every format."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from safetensors.numpy import load

from app.concepts.models import Concept, Version
from app.core.database import utc_now
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.pictures.archives import FILES_MAX, UNPACKED_BYTES_MAX
from app.services import Services
from tests.support.embeddings import native
from tests.support.http import refused, send
from tests.support.pictures import levels, mask, photos
from tests.support.worker import run_import
from worker.context import WorkerContext
from worker.engine.evaluation import EvaluationPlan

TEXTS = {
    "placeholder": "<my-mug>",
    "initializer": "mug",
    "kind": "style",
    "name": "The blue “mug”",
    "description": "Two lines,\nand a 🐈.",
    "tags": ["kitchen", "blue"],
}
# What comes back of a word that is imported from each format without a word about it.
SURVIVES: dict[str, set[str]] = {
    "oneword": {"placeholder", "initializer", "kind", "name", "description", "tags"},
    "sd-concepts-library": {"placeholder", "initializer", "kind", "name", "description", "tags", "pictures"},
    "diffusers": {"initializer", "kind", "name", "description", "tags"},
    "kohya": {"placeholder", "initializer", "kind", "name", "description", "tags"},
    "onetrainer": {"placeholder", "initializer", "kind", "name", "description", "tags"},
    "diffusers-bin": set(),
    "a1111": {"placeholder"},
    "a1111-card": {"placeholder"},
    "official": {"placeholder"},
}


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports without a sample."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda *_: None)
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=False))


@pytest.fixture
def exported(member: TestClient, services: Services) -> Callable[[str], tuple[str, bytes]]:
    """Name and content of a learned word's file in a format."""
    sent = [*photos(), ("masks", ("mask.png", mask((200, 160), (20, 20, 120, 120)), "image/png"))]
    edits = ['{"caption": "on a table"}', '{"mask": 0}', '{"caption": "the <my-mug> at night", "mask": 0}']
    edits[2] = edits[2].replace("<my-mug>", TEXTS["placeholder"])
    made = member.post("/api/concepts", data={**TEXTS, "edits": edits}, files=sent).json()
    services.storage.put("jobs/x/embedding", native())
    with services.database.transaction() as session:
        job = ledger.claim(session, "training", "test", 60)
        assert job is not None
        version = session.get_one(Version, job.version_id)
        version.state, version.vectors, version.finished_at = "ready", 3, utc_now()
        version.files = {"oneword": {"key": "jobs/x/embedding", "bytes": 4, "sha256": "0"}}
        session.get_one(Concept, job.concept_id).current_version = 1
        session.flush()
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")

    def download(format: str) -> tuple[str, bytes]:
        file = member.get(f"/api/concepts/{made['concept']['id']}/embedding?format={format}")
        return file.headers["content-disposition"].split('"')[1], file.content

    return download


def imported(client: TestClient, services: Services, *files: tuple[str, bytes], **form: str) -> dict[str, Any]:
    answer = send(client, *files, **form)
    assert answer.status_code == 202, answer.text
    run_import(services)
    found: dict[str, Any] = client.get(f"/api/concepts/{answer.json()['concept']['id']}").json()
    assert found["state"] == "ready", client.get(f"/api/jobs/{answer.json()['job']['id']}").json()["error"]
    return found


def test_each_format_brings_back_what_it_has_room_for(
    stranger: TestClient, services: Services, exported: Callable[[str], tuple[str, bytes]]
) -> None:
    rows = load(native())["text_encoder"]
    for number, (format, survives) in enumerate(SURVIVES.items()):
        found = imported(stranger, services, exported(format))
        came = {name for name, value in TEXTS.items() if found[name] == value}
        came |= {"pictures"} if len(found["pictures"]) == len(photos()) else set()
        assert came == survives, format
        again = stranger.get(f"/api/concepts/{found['id']}/embedding").content
        assert np.array_equal(load(again)["text_encoder"], rows), format
        stranger.delete(f"/api/concepts/{found['id']}")
        assert number < len(SURVIVES)


def test_the_pictures_of_a_folder_look_the_same_and_can_teach_again(
    member: TestClient, stranger: TestClient, services: Services, exported: Callable[[str], tuple[str, bytes]]
) -> None:
    found = imported(stranger, services, exported("sd-concepts-library"))
    before = member.get("/api/concepts").json()["items"][0]["pictures"]
    for old, new in zip(before, found["pictures"], strict=True):
        first, second = (
            Pillow.open(io.BytesIO(client.get(each["url"]).content))
            for client, each in ((member, old), (stranger, new))
        )
        assert first.size == second.size
        assert np.abs(levels(first) - levels(second)).mean() < 8  # they were a JPEG on their way
    assert [each["caption"] for each in found["pictures"]] == [each["caption"] for each in before]
    assert before[0]["caption"] == "on a table"
    assert [each["mask"] is not None for each in found["pictures"]] == [False, True, True, False]
    kept, came = (
        client.get(each["mask"]).content for client, each in ((member, before[1]), (stranger, found["pictures"][1]))
    )
    assert kept == came
    assert stranger.post(f"/api/concepts/{found['id']}/versions", data={}).status_code == 202


def test_the_files_of_an_unpacked_folder_do_the_same_as_its_zip(
    stranger: TestClient, services: Services, exported: Callable[[str], tuple[str, bytes]]
) -> None:
    with zipfile.ZipFile(io.BytesIO(exported("sd-concepts-library")[1])) as archive:
        files = [(name.rpartition("/")[2], archive.read(name)) for name in archive.namelist()]
    found = imported(stranger, services, *files)
    assert {name: found[name] for name in TEXTS} == TEXTS
    assert len(found["pictures"]) == len(photos())


def test_what_the_request_says_goes_before_what_the_file_says(
    stranger: TestClient, services: Services, exported: Callable[[str], tuple[str, bytes]]
) -> None:
    said = {"placeholder": "<my-cup>", "initializer": "cat", "kind": "object", "name": "Cup", "tags": "red"}
    for format in ("oneword", "sd-concepts-library"):
        found = imported(stranger, services, exported(format), **said)
        assert {name: found[name] for name in said} == said | {"tags": ["red"]}
        assert found["description"] == TEXTS["description"]
        stranger.delete(f"/api/concepts/{found['id']}")


def zipped(*files: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, written in files:
            archive.writestr(name, written)
    return content.getvalue()


HOSTILE = {
    "is no zip": b"PK\x03\x04 no zip",
    "unpacks to gigabytes": zipped(("learned_embeds.bin", bytes(UNPACKED_BYTES_MAX + 1))),
    "has too many files": zipped(*((f"{number}.jpeg", b"") for number in range(FILES_MAX + 1))),
    "is empty": zipped(),
    "has no embedding": zipped(("README.md", b"x")),
    "has a zip inside": zipped(("x.zip", zipped())),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_zip_that_is_no_folder_is_refused_with_a_sentence(member: TestClient, name: str) -> None:
    refused(send(member, ("mug.zip", HOSTILE[name])), "file")


def test_paths_and_lies_in_a_folder_lead_nowhere(member: TestClient, services: Services) -> None:
    folder = zipped(
        ("/etc/learned_embeds.safetensors", native()),
        (
            "mug/concept.json",
            b'{"name": 7, "tags": [1, "ok", {}], "kind": "x", "initializer": "qqqq", "description": []}',
        ),
        ("mug/concept_images/0.jpeg", b"no picture"),
        ("__MACOSX/mug/._learned_embeds.bin", b"x"),
    )
    found = imported(member, services, ("mug.zip", folder))
    assert (found["tags"], found["kind"], found["initializer"], found["pictures"]) == (["ok"], "object", "", [])
