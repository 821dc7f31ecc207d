"""Who reads the audit, how it is filtered and read page by page, and what its CSV looks like."""

import csv
import io
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from app.audit import service as audit
from app.audit.actions import Action
from app.audit.views import as_csv
from app.core.database import utc_now
from app.services import Services
from tests.support.audit import entries
from tests.support.http import refused


@pytest.mark.parametrize("path", ["/api/audit", "/api/audit.csv"])
def test_administrators_of_the_team_read_it_and_nobody_else(
    member: TestClient, viewer: TestClient, stranger: TestClient, administrator: TestClient, path: str
) -> None:
    member.post("/api/tokens", json={"name": "secretive"})
    for client in (member, viewer):
        refused(client.get(path), None, "admin", status=403)
    assert "secretive" in administrator.get(path).text
    assert "secretive" not in stranger.get(path).text


def test_it_is_filtered_by_person_action_subject_and_time_and_read_page_by_page(
    member: TestClient, colleague: TestClient, administrator: TestClient
) -> None:
    for number in range(3):
        member.post("/api/tokens", json={"name": f"mine {number}"})
    middle = utc_now().isoformat()
    colleague.post("/api/tokens", json={"name": "theirs"})
    person = colleague.get("/api/me").json()["user"]["id"]

    def labels(**filters: Any) -> list[str]:
        return [each["subject"]["label"] for each in entries(administrator, **filters)]

    assert labels(person=person) == ["theirs"]
    assert labels(subject="mine 1") == ["mine 1"]
    assert labels(subject=entries(administrator)[0]["subject"]["id"]) == ["theirs"]
    assert labels(since=middle) == ["theirs"]
    assert labels(until=middle) == ["mine 2", "mine 1", "mine 0"]
    assert labels(action="token.revoked") == []
    seen, cursor = [], None
    while True:
        page = administrator.get("/api/audit", params={"limit": 3, "cursor": cursor} if cursor else {"limit": 3}).json()
        seen += [each["subject"]["label"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["theirs", "mine 2", "mine 1", "mine 0"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cursor", "garbage"),
        ("action", "concept.eaten"),
        ("since", "yesterday"),
        ("since", "2026-11-28T10:00:00"),
        ("person", "x" * 27),
        ("limit", "0"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(administrator: TestClient, name: str, value: str) -> None:
    answer = administrator.get("/api/audit", params={name: value})
    assert (answer.status_code, answer.json()["field"]) == (422, name)
    assert (answer.json()["type"] == "/problems/cursor") == (name == "cursor")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_moments_at_the_ends_of_time_are_only_moments(administrator: TestClient, moment: str) -> None:
    assert administrator.get("/api/audit", params={"since": moment, "until": moment}).status_code == 200


# --- CSV --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_no_cell_of_the_csv_is_a_formula(member: TestClient, administrator: TestClient, first: str) -> None:
    member.post("/api/tokens", json={"name": f"{first}|cmd"})
    answer = administrator.get("/api/audit.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="oneword-audit.csv"' in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert rows[1]["subject"] == f"'{first}|cmd"


def test_the_csv_has_every_entry_that_matches_and_is_sent_in_chunks(
    member: TestClient, administrator: TestClient, services: Services
) -> None:
    team_id = administrator.get("/api/me").json()["team"]["id"]
    with services.database.transaction() as session:
        for number in range(1201):
            audit.record(session, audit.system(team_id), "bin.emptied", label=f"{number}")
    answer = administrator.get("/api/audit.csv?action=bin.emptied")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["subject"] for row in rows] == [f"{number}" for number in reversed(range(1201))]
    matching = audit.queries.Matching(action="bin.emptied")
    chunks = list(as_csv(audit.every(services.database, team_id, matching)))
    assert [chunk.count("\r\n") for chunk in chunks] == [501, 500, 201]


def test_every_action_begins_with_its_subject() -> None:
    for action in get_args(Action):
        kind, dot, done = action.partition(".")
        assert kind.replace("-", "").isalpha()
        assert dot
        assert done
        assert len(action) <= 40
