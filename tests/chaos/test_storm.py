"""Storms over a studio on either database: one of seconds with `make test`, minutes of them with `make test-all`."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.databases import outage
from tests.support.storm import Storm
from tests.support.studio import Stack

pytestmark = pytest.mark.acceptance

SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1").split()]
SECONDS = float(os.environ.get("CHAOS_SECONDS", "6"))
JOBS = int(os.environ.get("CHAOS_JOBS", "7"))

RULES = {"lease_seconds": 3.0, "checkpoint_seconds": 0.3, "attempts_max": 1000, "orphan_seconds": 3600.0}


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_storm_every_job_is_done_once_and_rightly(
    build: Callable[..., Stack],
    studio_database_url: str,
    postgres_server: Any,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    stack = build(database_url=studio_database_url, teach_together=1, **RULES)
    restarting = partial(outage, postgres_server) if studio_database_url.startswith("postgresql") else None
    storm = Storm(stack, seed, SECONDS, JOBS, restarting)
    storm.run()
    record_property("storm", storm.check())
