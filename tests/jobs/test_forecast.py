"""When waiting jobs begin and end: the order of the queue, the workers that are there, and the measured pace."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.jobs.fair_queue import in_order
from app.jobs.forecast import Estimate, plan
from app.jobs.models import Job
from app.jobs.pace import Pace, Sample, measured
from app.jobs.queries import Running, Waiting

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TEN = [Sample("demo", 1.0, 10.0)]


def waits(id_: str, team: str = "a", team_finish_tag: int = 0, user_finish_tag: int = 0, **values: Any) -> Waiting:
    tags = {"team_finish_tag": team_finish_tag, "user_finish_tag": user_finish_tag}
    usual = {"id": id_, "team_id": team, "units": 1.0, "base_model": "demo", "loop": id_, "count": 1}
    return Waiting(**usual | tags | values)


def runs(id_: str, since: float, **values: Any) -> Running:
    moment = NOW - timedelta(seconds=since)
    units = values.get("units", 1.0)
    return Running(**{"id": id_, "team_id": "a", "team_finish_tag": 0, "user_finish_tag": 0, "units": units,
                      "pass_units": units, "share": 1.0, "base_model": "demo", "claimed_at": moment,
                      "progress": None, "worker": id_} | values)  # fmt: skip


def seconds(estimate: Estimate) -> tuple[float | None, float]:
    starts = None if estimate.starts_at is None else (estimate.starts_at - NOW).total_seconds()
    return starts, (estimate.ends_at - NOW).total_seconds()


def test_the_pace_is_a_line_that_odd_ones_do_not_bend() -> None:
    samples = [Sample("demo", units, 2 + 0.5 * units) for units in (1, 2, 4, 8, 16, 32)]
    pace = measured([*samples, Sample("demo", 1, 60)], "demo")
    assert pace is not None
    assert (pace.fixed, pace.each) == (pytest.approx(2, abs=0.2), pytest.approx(0.5, abs=0.02))


def test_jobs_that_were_all_alike_take_what_they_took() -> None:
    assert measured([Sample("demo", 4, 8), Sample("demo", 4, 9), Sample("demo", 4, 10)], "demo") == Pace(0.0, 9 / 4)


def test_an_unknown_base_model_is_thought_as_fast_as_the_others_and_nothing_is_said_without_any() -> None:
    assert measured(TEN, "other") == Pace(0.0, 10.0)
    assert measured([], "demo") is None


def test_workers_take_what_is_next_when_they_are_free() -> None:
    made = plan(
        NOW,
        [waits("x", team_finish_tag=0), waits("y", team_finish_tag=1), waits("z", team_finish_tag=2)],
        [runs("r", 4)],
        [1, 1],
        TEN,
    )
    assert seconds(made.estimates["r"]) == (None, 6)
    assert [seconds(made.estimates[job]) for job in "xyz"] == [(0, 10), (6, 16), (10, 20)]


def test_those_who_share_a_loop_begin_and_end_together_as_far_as_there_is_room() -> None:
    alike = [
        waits(id_, team_finish_tag=team_finish_tag, loop="same", count=6) for team_finish_tag, id_ in enumerate("xyz")
    ]
    made = plan(NOW, alike, [], [16], [Sample("demo", 1, 10), Sample("demo", 2, 12), Sample("demo", 3, 14)])
    assert [seconds(made.estimates[job]) for job in "xyz"] == [(0, 12), (0, 12), (12, 22)]


def test_the_order_is_that_of_claims() -> None:
    queue = [
        waits("a1", user_finish_tag=0, team_finish_tag=0),
        waits("a2", user_finish_tag=1, team_finish_tag=1),
        waits("a3", user_finish_tag=0, team_finish_tag=2),
        waits("b1", "b"),
    ]
    assert [job.id for job in in_order(queue)] == ["a1", "b1", "a3", "a2"]


def test_a_job_that_takes_longer_than_expected_is_thought_to_end_soon() -> None:
    made = plan(NOW, [], [runs("r", 60)], [1], TEN)
    assert seconds(made.estimates["r"]) == (None, 1)


def test_what_its_worker_says_is_the_longest_that_it_can_take() -> None:
    made = plan(NOW, [], [runs("r", 0, progress={"seconds_left": 3})], [1], TEN)
    assert seconds(made.estimates["r"]) == (None, 3)


def test_a_running_order_of_several_passes_gives_way_after_the_present_one() -> None:
    large = runs("large", 4, units=3.0, pass_units=1.0, team_finish_tag=30)
    queue = [waits("small", "b", team_finish_tag=1), waits("later", "c", team_finish_tag=40)]
    made = plan(NOW, queue, [large], [1], TEN)
    assert seconds(made.estimates["small"]) == (6, 16)
    assert seconds(made.estimates["large"]) == (None, 36)
    assert seconds(made.estimates["later"]) == (36, 46)
    undisturbed = plan(NOW, queue[1:], [large], [1], TEN)
    assert seconds(undisturbed.estimates["large"]) == (None, 26)


@pytest.mark.parametrize(("ahead", "expected"), [(1, (10, 20)), (2, (20, 30))])
def test_a_job_that_came_after_the_plan_is_placed_by_how_many_are_before_it(ahead: int, expected: Any) -> None:
    made = plan(NOW, [waits("x", team_finish_tag=0), waits("y", team_finish_tag=1)], [], [1], TEN)
    estimate = made.of(Job(id="new", state="queued", base_model="demo", units=1.0), ahead)
    assert estimate is not None
    assert seconds(estimate) == expected


def test_nothing_is_promised_without_a_worker_or_a_measurement() -> None:
    job = Job(id="x", state="queued", base_model="demo", units=1.0)
    assert plan(NOW, [waits("x")], [], [], TEN).of(job, 0) is None
    assert plan(NOW, [waits("x")], [], [1], []).of(job, 0) is None
