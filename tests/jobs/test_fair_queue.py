"""The order of the queue, on both databases, with a lane that counts passes in place of a worker that takes time."""

import pytest

import app.rooms  # noqa: F401 (every table, and every hook on jobs)
from app.accounts.models import User
from app.core.database import Database
from app.jobs import fair_queue, queries
from app.jobs.models import Job
from tests.support.ledger import Lane, add_team, cancel, load, submit

LARGE = 16  # four passes


@pytest.fixture
def queue(database: Database) -> Database:
    """Team A with Ada and Bob, and others of one person each."""
    for team in ("team-a", *(f"team-{number}" for number in range(8))):
        add_team(database, team)
    with database.transaction() as session:
        session.add_all(User(id=id_, name=id_) for id_ in ("ada", "bob"))
    return database


@pytest.fixture
def lane(queue: Database) -> Lane:
    return Lane(queue)


def tags(database: Database, *ids: str) -> list[tuple[int, int]]:
    return [(job.team_finish_tag, job.user_finish_tag) for job in (load(database, id_) for id_ in ids)]


def in_order(database: Database) -> list[str]:
    with database.reading() as session:
        return [job.id for job in fair_queue.in_order(queries.waiting_all(session, "generation"))]


def test_the_worked_example(queue: Database, lane: Lane) -> None:
    large = submit(queue, "team-a", user_id="ada", cost=LARGE)
    lane.begin()
    c = submit(queue, "team-0")
    b = submit(queue, "team-a", user_id="bob", cost=2)
    a = submit(queue, "team-a", user_id="ada")
    assert tags(queue, large, c, b, a) == [(19, 17), (1, 1), (3, 2), (1, 1)]
    lane.end()
    assert tags(queue, large) == [(19, 17)]
    assert in_order(queue) == [c, a, b, large]
    with queue.reading() as session:
        assert [fair_queue.ahead(session, session.get_one(Job, id_)) for id_ in (c, a, b, large)] == [0, 1, 2, 3]
    assert lane.run(6) == [c, a, b, large, large, large]
    assert (load(queue, large).state, load(queue, large).attempt) == ("succeeded", 2)


WHOSE = {
    "another team": [("team-0", "team-0")],
    "several other teams": [(f"team-{number}", f"team-{number}") for number in range(5)],
    "a colleague": [("team-a", "bob")],
    "the same person": [("team-a", "ada")],
    "the same person, several times": [("team-a", "ada")] * 5,
    "everybody": [("team-a", "ada"), ("team-0", "team-0"), ("team-a", "bob"), ("team-1", "team-1")] * 2,
}


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("when", [0, 1, 6])
def test_a_small_order_begins_with_the_next_pass_whosever_the_large_ones_are(
    queue: Database, lane: Lane, whose: str, when: int
) -> None:
    for team, user in WHOSE[whose]:
        submit(queue, team, user_id=user, cost=2 * LARGE)
    lane.run(when)
    lane.begin()
    small = submit(queue, "team-a", user_id="ada")
    lane.end()
    assert in_order(queue)[0] == small
    assert lane.begin() == small


def test_a_small_order_of_each_newcomer_begins_with_the_next_pass(queue: Database, lane: Lane) -> None:
    submit(queue, "team-a", user_id="ada", cost=4 * LARGE)
    submit(queue, "team-a", user_id="bob", cost=4 * LARGE)
    for number in range(8):
        lane.begin()
        small = submit(queue, f"team-{number}", cost=1 + number % 3)
        lane.end()
        assert lane.run(1) == [small]


def test_nothing_is_handed_back_while_nothing_that_goes_first_waits(queue: Database, lane: Lane) -> None:
    first = submit(queue, "team-a", user_id="ada", cost=LARGE)
    second = submit(queue, "team-0", cost=LARGE)
    assert lane.run(8) == [first] * 4 + [second] * 4
    assert [load(queue, id_).attempt for id_ in (first, second)] == [1, 1]


def test_a_large_order_is_drawn_however_many_small_ones_two_others_keep_sending(queue: Database, lane: Lane) -> None:
    large = submit(queue, "team-a", user_id="ada", cost=LARGE)
    for _ in range(20):
        for team in ("team-0", "team-1"):  # each sends the next as soon as its last has begun
            lane.begin()
            submit(queue, team)
            lane.end()
    assert load(queue, large).state == "succeeded"
    assert lane.passes.count(large) == 4


def test_the_use_of_each_user_counts_within_a_team_too(queue: Database, lane: Lane) -> None:
    large = submit(queue, "team-a", user_id="ada", cost=LARGE)
    for _ in range(2 * LARGE):
        lane.begin()
        submit(queue, "team-a", user_id="bob")
        lane.end()
    assert load(queue, large).state == "succeeded"


def test_small_orders_of_one_team_share_the_lane_with_those_of_another_however_many_there_are(
    queue: Database, lane: Lane
) -> None:
    many = [submit(queue, "team-0", cost=2) for _ in range(6)]
    few = [submit(queue, "team-1", cost=2) for _ in range(2)]
    assert lane.run(4) == [many[0], few[0], many[1], few[1]]


def test_a_drawing_gives_way_to_an_import_that_the_same_workers_run(queue: Database, lane: Lane) -> None:
    large = submit(queue, "team-a", user_id="ada", cost=LARGE)
    lane.begin()
    submit(queue, "team-0", kind="import", spec={})
    lane.end()
    assert load(queue, large).state == "queued"


@pytest.mark.parametrize("costs", [[1000 - number for number in range(12)], [1000] * 12, list(range(989, 1001))])
def test_a_team_gains_nothing_by_the_order_in_which_it_submits_its_orders(
    queue: Database, lane: Lane, costs: list[int]
) -> None:
    many = [submit(queue, "team-0", cost=cost) for cost in costs]
    other = submit(queue, "team-1", cost=1000)
    order = in_order(queue)
    assert order.index(other) == 1
    assert {order[0], *order[2:]} == set(many)
    with queue.reading() as session:
        assert fair_queue.ahead(session, session.get_one(Job, other)) == 1


def test_a_person_gains_nothing_over_a_colleague_by_orders_of_decreasing_cost(queue: Database) -> None:
    for cost in range(1000, 988, -1):
        submit(queue, "team-a", user_id="ada", cost=cost)
    other = submit(queue, "team-a", user_id="bob", cost=1000)
    assert in_order(queue).index(other) == 1


def test_teams_with_equal_work_get_equal_parts_however_they_cut_it(queue: Database, lane: Lane) -> None:
    falling = {submit(queue, "team-0", cost=cost) for cost in (36, 32, 28, 24, 20)}
    for _ in range(5):
        submit(queue, "team-1", cost=28)
    share = [each in falling for each in lane.run(40)]
    assert 16 <= sum(share) <= 24


def test_every_waiting_job_counts_however_many_newer_ones_of_the_team_have_ended(
    queue: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_queue, "NEWEST", 2)
    waiting = [submit(queue, "team-0", cost=LARGE) for _ in range(5)]
    for _ in range(2):
        cancel(queue, submit(queue, "team-0", cost=2 * LARGE))
    submit(queue, "team-0", cost=LARGE)
    assert tags(queue, *waiting)[-1] == (5 * LARGE, 5 * LARGE)
    assert tags(queue, in_order(queue)[-1]) == [(6 * LARGE, 6 * LARGE)]


def test_a_cancelled_job_counts_as_far_as_it_was_drawn(queue: Database, lane: Lane) -> None:
    submit(queue, "team-1", cost=4 * LARGE)
    begun = submit(queue, "team-0", cost=LARGE)
    assert lane.run(2) == [begun] * 2
    lane.begin()
    cancel(queue, begun)
    lane.stop()
    again = submit(queue, "team-0", cost=LARGE)
    assert tags(queue, again) == [(LARGE + 2 * Lane.PASS, LARGE + 2 * Lane.PASS)]


def test_what_is_left_of_a_cancelled_job_is_given_back_to_those_behind_it(queue: Database) -> None:
    first, second = (submit(queue, "team-a", user_id="ada", cost=LARGE) for _ in range(2))
    colleagues = submit(queue, "team-a", user_id="bob", cost=LARGE)
    assert tags(queue, second, colleagues) == [(2 * LARGE, 2 * LARGE), (3 * LARGE, LARGE)]
    cancel(queue, first)
    assert tags(queue, second, colleagues) == [(LARGE, LARGE), (2 * LARGE, LARGE)]


def test_a_job_that_is_handed_back_after_its_cancellation_ends(queue: Database, lane: Lane) -> None:
    large = submit(queue, "team-a", user_id="ada", cost=LARGE)
    lane.begin()
    cancel(queue, large)
    submit(queue, "team-0")
    lane.end()
    assert (load(queue, large).state, load(queue, large).cancel) == ("cancelled", "discard")
    assert load(queue, large).finished_at is not None
