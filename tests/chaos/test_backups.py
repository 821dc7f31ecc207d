"""A studio is copied while it works, lost, and restored. What was taught draws as it did before."""

import io
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.engine import make_url

from app.core.settings import REPOSITORY, Settings
from app.core.storage import open_storage
from app.ops.backup import back_up
from tests.support.databases import database_of
from tests.support.studio import Stack

pytestmark = pytest.mark.acceptance

PROMPT = "a photo of <our-zub>"


def drawn(stack: Stack) -> bytes:
    job = stack.wait_for(stack.draw(PROMPT), "succeeded")
    (image,) = stack.client.get(f"/api/generations/{job.generation_id}").json()["images"]
    return Image.open(io.BytesIO(stack.client.get(image["url"]).content)).convert("RGB").tobytes()


def taught(stack: Stack) -> bytes:
    """A studio with a word, and one that is being learned meanwhile. What the first draws."""
    stack.start_worker("generation")
    worker = stack.start_worker("training")
    stack.wait_for(stack.teach("<our-zub>", steps_max=2), "succeeded")
    before = drawn(stack)
    assert worker.parent.is_running()
    stack.wait_for_checkpoint(stack.teach("<unfinished>", steps_max=400))
    return before


def is_whole(stack: Stack, before: bytes) -> None:
    assert stack.client.get("/api/concepts", params={"query": "zub"}).json()["items"][0]["state"] == "ready"
    stack.start_worker("generation")
    assert drawn(stack) == before
    (unfinished,) = (job for job in stack.client.get("/api/jobs").json()["items"] if "unfinished" in job["title"])
    stack.lease_runs_out(unfinished["id"])
    stack.client.post(f"/api/jobs/{unfinished['id']}/cancel", json={"keep": True})
    stack.start_worker("training")
    stack.wait_for(unfinished["id"], "succeeded")


def test_a_studio_on_one_machine_is_copied_by_one_command_and_restored_by_copying_it_back(
    build: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = build()
    before = taught(stack)
    command = [sys.executable, "-m", "app.ops.cli", "backup", str(tmp_path / "copy")]
    for _ in range(2):  # the second time only what is new
        ran = subprocess.run(command, cwd=REPOSITORY, env=stack.environment, capture_output=True, text=True, check=True)
    assert "is a copy of this studio" in ran.stdout
    stack.close()
    shutil.rmtree(stack.folder)
    shutil.copytree(tmp_path / "copy", tmp_path / "restored")
    is_whole(build(data_dir=tmp_path / "restored"), before)


def test_a_studio_on_postgres_is_dumped_wiped_and_restored(
    build: Callable[..., Stack], postgres: str, migrated_postgres: str, postgres_server: Any, tmp_path: Path
) -> None:
    with database_of(postgres, migrated_postgres) as url:
        stack = build(database_url=url, storage_url=str(tmp_path / "blobs"))
        before = taught(stack)
        dump = tmp_path / "oneword.dump"
        run(postgres_server, "pg_dump", "-Fc", "-f", str(dump), "-d", libpq(url))
        shutil.copytree(tmp_path / "blobs", tmp_path / "copy")
        stack.close()
    shutil.rmtree(tmp_path / "blobs")
    with database_of(postgres, "template0") as url:
        run(postgres_server, "pg_restore", "--no-owner", "-d", libpq(url), str(dump))
        shutil.copytree(tmp_path / "copy", tmp_path / "blobs")
        is_whole(build(data_dir=tmp_path / "other", database_url=url, storage_url=str(tmp_path / "blobs")), before)


def libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def run(server: Any, program: str, *arguments: str) -> None:
    subprocess.run([server.bin_path / program, *arguments], check=True)


def test_a_studio_elsewhere_is_not_half_copied_but_told_how(build: Callable[..., Stack], tmp_path: Path) -> None:
    stack = build(storage_url=str(tmp_path / "blobs"))
    environment = stack.environment | {"ONEWORD_STORAGE_URL": "s3://bucket/studio"}
    command = [sys.executable, "-m", "app.ops.cli", "backup", str(tmp_path / "copy")]
    ran = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "copy the bucket" in ran.stderr
    assert not (tmp_path / "copy").exists()


def test_a_checkpoint_that_is_overtaken_while_a_studio_is_copied_does_not_stop_the_copying(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(settings.resolved_storage_url)
    sqlite3.connect(make_url(settings.resolved_database_url).database or "").close()
    storage.put("jobs/x/checkpoint-1.safetensors", b"old")
    storage.put("pictures/y", b"picture")
    listed = list(storage.list(""))
    storage.delete("jobs/x/checkpoint-1.safetensors")
    monkeypatch.setattr(type(storage), "list", lambda *_: iter(listed))
    assert back_up(settings, tmp_path / "copy") == 1
    assert [path.name for path in (tmp_path / "copy" / "blobs").rglob("*") if path.is_file()] == ["y"]
