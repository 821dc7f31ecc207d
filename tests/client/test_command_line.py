"""The command line and the client against a whole studio: web service, broker, workers, the demo model."""

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from app.core.settings import REPOSITORY
from app.ops import cli
from oneword_client import AsyncClient, Client, JobFailed
from oneword_client.login import path as stored_logins
from tests.support.studio import Stack, kill
from tests.support.web_process import free_port

pytestmark = pytest.mark.acceptance

PHOTOS = [str(path) for path in sorted((REPOSITORY / "examples" / "king-purr").glob("*.jpg"))]


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output under `--json`."""
        return json.loads(self.out)


Oneword = Callable[..., Ran]


@pytest.fixture
def oneword(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Oneword:
    """Runs a command of `oneword`; with `typed`, as somebody who pipes this into it. No login is stored at first."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ONEWORD_DATA_DIR", str(tmp_path / "no studio is here"))

    def run(*arguments: str | Path, typed: str = "") -> Ran:
        monkeypatch.setattr("sys.argv", ["oneword", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        status = cli.main()
        said = Ran(status, *capsys.readouterr())
        assert "Traceback" not in said.err
        return said

    return run


def test_a_word_is_taught_drawn_moved_and_cancelled_and_exit_codes_say_what_went_wrong(
    stack: Stack, oneword: Oneword, tmp_path: Path
) -> None:
    token = stack.client.headers["Authorization"].removeprefix("Bearer ")
    web = stack.start_web()
    url = f"http://127.0.0.1:{web.port}"
    refuse(oneword, url)
    signed_in = oneword("login", "--url", url, typed=f"{token}\n")
    assert signed_in.status == 0, signed_in.err
    assert stored_logins().stat().st_mode & 0o777 == 0o600

    with Client() as studio:  # nobody works yet, so the job waits while its reader loses the web service
        waiting = studio.teach(PHOTOS, "<purr>", "cat", steps_max=4)
        events = studio.events(waiting.job)
        first = next(events)
        kill(web.process)
        web.start()
        stack.start_worker("training")
        ids = [int(first.id), *(int(event.id) for event in events)]
        assert ids == sorted(set(ids))
        assert studio.wait(waiting.job).state == "succeeded"

    teach_and_list(oneword)
    stack.start_worker("generation")
    draw(oneword, tmp_path / "out")
    move(oneword, tmp_path / "file.safetensors")
    asyncio.run(cancel_and_draw_at_once(oneword))


def refuse(oneword: Oneword, url: str) -> None:
    """Before anybody is signed in: exit codes say what went wrong, and every error is one line."""
    nobody = f"http://127.0.0.1:{free_port()}"
    expected = {
        ("list", "--url", url): (3, "The studio does not know who is asking"),
        ("list", "--url", url, "--token", "owt_wrong"): (3, "`oneword token NAME`"),
        ("list", "--url", nobody): (4, f"No studio answers at {nobody}"),
        ("list", "--url", "nonsense"): (1, "not the address of a studio"),
        ("teach", "nowhere.jpg", "--word", "<x>"): (2, "nowhere.jpg"),
        ("login", "--url", url): (1, "No token was given"),
        ("nonsense",): (2, "No such command"),
    }
    for arguments, (status, sentence) in expected.items():
        ran = oneword(*arguments)
        assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1), (arguments, ran)
        assert ran.err.startswith("oneword: ")
        assert sentence in ran.err


def teach_and_list(oneword: Oneword) -> None:
    """A word that exists is refused, and taught again if that is asked for."""
    refused = oneword("teach", *PHOTOS, "--word", "<purr>", "--like", "cat")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("oneword: <purr> is already a concept of your team.")
    again = oneword("teach", *PHOTOS, "--word", "<purr>", "--like", "cat", "--steps", "2", "--again", "--json")
    assert again.status == 0, again.err
    assert (again.json["concept"]["version_count"], again.json["job"]["state"]) == (2, "succeeded")
    (listed,) = oneword("list").out.splitlines()
    assert listed.split("\t")[:4] == ["<purr>", "ready", "object", "cat"]
    assert [each["placeholder"] for each in oneword("list", "--json").json] == ["<purr>"]
    shown = oneword("show", "purr")
    assert all(text in shown.out for text in ("<purr>", "like cat", "version 2", "diffusers"))


def draw(oneword: Oneword, folder: Path) -> None:
    """Pictures are saved under the prompt's name, and none is overwritten."""
    drawn = [oneword("draw", "a photo of <purr>", "-n", "2", "--seed", "5", "-o", folder) for _ in range(2)]
    assert [each.status for each in drawn] == [0, 0], drawn
    files = [Path(line) for each in drawn for line in each.out.splitlines()]
    names = ["a-photo-of-purr-5.png", "a-photo-of-purr-6.png", "a-photo-of-purr-5-2.png", "a-photo-of-purr-6-2.png"]
    assert [file.name for file in files] == names
    with Image.open(files[1]) as picture:
        assert json.loads(picture.info["oneword"])["seed"] == 6


def move(oneword: Oneword, file: Path) -> None:
    """A word leaves as a file, comes back under another name, is renamed and deleted."""
    assert oneword("export", "<purr>", "--format", "diffusers", "-o", file).out == f"{file}\n"
    imported = oneword("import", file, "--word", "<our-purr>", "--like", "cat", "--json")
    assert imported.status == 0, imported.err
    assert imported.json["concept"]["state"] == "ready"
    assert oneword("rename", "our-purr", "his-purr").out == "It is <his-purr> now.\n"
    assert oneword("delete", "<his-purr>").status == 0
    gone = oneword("show", "his-purr")
    assert (gone.status, gone.err) == (1, "oneword: There is no word <his-purr> in the library.\n")
    file.write_bytes(b"no embedding at all, but long enough to be one")
    broken = oneword("import", file, "--word", "<our-broken>", "--like", "cat")
    assert (broken.status, broken.out) == (5, "")


async def cancel_and_draw_at_once(oneword: Oneword) -> None:
    """A teaching is cancelled by its word; `AsyncClient` waits for it and fetches a drawing meanwhile."""
    detached = oneword(
        "teach", *PHOTOS, "--word", "<our-long>", "--like", "cat", "--steps", "3000", "--detach", "--json"
    )
    job_id = detached.json["job"]["id"]
    async with AsyncClient() as studio:
        drawn = await studio.draw("a photo of <purr>", count=1, steps=2)
        waiting = asyncio.create_task(studio.wait(job_id))
        await studio.wait(drawn.job)
        (image,) = (await studio.generation(drawn.generation.id)).images
        assert (await studio.fetch(image)).startswith(b"\x89PNG")
        assert [job.id async for job in studio.jobs(active=True)] == [job_id]
        assert oneword("jobs").out.startswith(job_id)
        assert oneword("cancel", "<our-long>").status == 0
        with pytest.raises(JobFailed) as caught:
            await waiting
    assert caught.value.job.state == "cancelled"
