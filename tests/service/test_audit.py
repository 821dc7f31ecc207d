"""Who did what to what, from where: one entry with each change, which nobody can alter afterwards."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from app.accounts import service as accounts
from app.accounts.models import Team
from app.audit import service as audit
from app.audit.models import AuditEntry
from app.core.database import Database, new_id, utc_now
from app.core.settings import Settings
from app.jobs import ledger
from app.ops import cli
from app.retention.service import tidy
from app.services import Services
from tests.support.audit import entries
from tests.support.library import MUG, drawn, taught
from tests.support.pictures import photos

HOOK = {"url": "https://hooks.example.org:8443/services/T0/secret?key=secret", "events": ["job.failed"]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", webhooks=True)


@pytest.fixture(autouse=True)
def _every_name_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.webhooks.service.resolved", lambda url, to_private: None)


# --- What is written down ---------------------------------------------------------------------------------------------


def sign_in_and_out(member: TestClient, admin: TestClient, services: Services) -> None:
    with services.database.transaction() as session:
        user, team = accounts.first_administrator(session)
        code = accounts.sign_in_link(session, services.settings, user.id, team.id).split("#")[1]
    browser = TestClient(admin.app, base_url="http://localhost:8000")
    assert browser.post("/api/session", json={"code": code}).status_code == 204
    assert browser.delete("/api/session").status_code == 204


def make_and_revoke_a_token(member: TestClient, admin: TestClient, services: Services) -> None:
    made = member.post("/api/tokens", json={"name": "build"}).json()
    assert member.delete(f"/api/tokens/{made['id']}").status_code == 204


def invite_and_remove(member: TestClient, admin: TestClient, services: Services) -> None:
    invited = admin.post("/api/members", json={"name": "Grace", "role": "viewer"}).json()
    assert admin.delete(f"/api/members/{invited['id']}").status_code == 204


def live_with_a_concept(member: TestClient, admin: TestClient, services: Services) -> None:
    path = f"/api/concepts/{taught(member, services)['id']}"
    assert member.patch(path, json={"name": "Cup", "current_version": 1}).status_code == 200
    assert member.get(f"{path}/embedding?format=diffusers").status_code == 200
    assert member.delete(f"{path}/pictures").status_code == 204
    job = member.post(f"{path}/versions", files=photos()).json()["job"]
    assert admin.post(f"/api/jobs/{job['id']}/cancel").status_code == 200


def import_one(member: TestClient, admin: TestClient, services: Services) -> None:
    file = {"file": ("mug.pt", b"x", "application/octet-stream")}
    assert member.post("/api/concepts/import", data=MUG, files=file).status_code == 202


def delete_and_restore(member: TestClient, admin: TestClient, services: Services) -> None:
    for kind, thing in (("concepts", taught(member, services)), ("generations", drawn(member, services))):
        for client, method, path in (
            (member, "DELETE", f"/api/{kind}/{thing['id']}"),
            (admin, "POST", f"/api/bin/{thing['id']}/restore"),
            (member, "DELETE", f"/api/{kind}/{thing['id']}"),
            (member, "DELETE", f"/api/bin/{thing['id']}"),
        ):
            assert client.request(method, path).status_code in (200, 204)
    assert admin.delete("/api/bin").status_code == 204


def sign_in_over_a_session(member: TestClient, admin: TestClient, services: Services) -> None:
    browser = TestClient(admin.app, base_url="http://localhost:8000")
    for _ in range(2):
        with services.database.transaction() as session:
            user, team = accounts.first_administrator(session)
            code = accounts.sign_in_link(session, services.settings, user.id, team.id).split("#")[1]
        assert browser.post("/api/session", json={"code": code}).status_code == 204


def keep_a_picture(member: TestClient, admin: TestClient, services: Services) -> None:
    path = f"/api/images/{drawn(member, services)['images'][0]['id']}/kept"
    for method in ("DELETE", "PUT", "PUT", "DELETE", "DELETE"):
        assert member.request(method, path).status_code == 204


def change_roles(member: TestClient, admin: TestClient, services: Services) -> None:
    invited = admin.post("/api/members", json={"name": "Grace", "role": "viewer"}).json()
    for role in ("viewer", "member", "member"):
        assert admin.patch(f"/api/members/{invited['id']}", json={"role": role}).status_code == 200
    (entry,) = entries(admin, action="member.role-changed")
    assert entry["details"] == {"role": "member", "before": "viewer"}


def live_with_a_webhook(member: TestClient, admin: TestClient, services: Services) -> None:
    hook, _ = (admin.post("/api/webhooks", json=HOOK, headers={"Idempotency-Key": "once"}).json() for _ in range(2))
    assert admin.patch(f"/api/webhooks/{hook['id']}", json={"active": False}).status_code == 200
    delivery = admin.post(f"/api/webhooks/{hook['id']}/test").json()
    assert admin.post(f"/api/webhooks/{hook['id']}/deliveries/{delivery['id']}/send").status_code == 202
    assert admin.delete(f"/api/webhooks/{hook['id']}").status_code == 204


def download_the_audit(member: TestClient, admin: TestClient, services: Services) -> None:
    assert admin.get("/api/audit.csv?action=concept.deleted").status_code == 200


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (sign_in_and_out, ["session.started", "session.ended"]),
        (make_and_revoke_a_token, ["token.created build", "token.revoked build"]),
        (invite_and_remove, ["member.invited Grace", "member.removed Grace"]),
        (
            live_with_a_concept,
            [
                "concept.created <my-mug>",
                "concept.version-chosen <my-mug>",
                "concept.changed <my-mug>",
                "concept.downloaded <my-mug>",
                "concept.pictures-deleted <my-mug>",
                "concept.taught-again <my-mug>",
                "job.cancelled Teaching <my-mug>",
            ],
        ),
        (import_one, ["concept.imported <my-mug>"]),
        (
            delete_and_restore,
            [
                "concept.created <my-mug>",
                "concept.deleted <my-mug>",
                "concept.restored <my-mug>",
                "concept.deleted <my-mug>",
                "concept.purged <my-mug>",
                "generation.deleted a cat",
                "generation.restored a cat",
                "generation.deleted a cat",
                "generation.purged a cat",
                "bin.emptied",
            ],
        ),
        (
            live_with_a_webhook,
            [
                f"webhook.{done} https://hooks.example.org:8443"
                for done in ("created", "secret-renewed", "changed", "tested", "sent-again", "deleted")
            ],
        ),
        (sign_in_over_a_session, ["session.started", "session.ended", "session.started"]),
        (keep_a_picture, ["image.kept", "image.let-go"]),
        (change_roles, ["member.invited Grace", "member.role-changed Grace"]),
        (download_the_audit, ["audit.exported"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_happens_is_written_down(
    member: TestClient, administrator: TestClient, services: Services,
    happens: Callable[[TestClient, TestClient, Services], None], expected: list[str],
) -> None:  # fmt: skip
    happens(member, administrator, services)
    found = [f"{each['action']} {each['subject']['label']}".rstrip() for each in entries(administrator)]
    assert found[::-1] == expected


def test_an_entry_names_the_person_the_token_the_address_and_the_request(
    member: TestClient, administrator: TestClient
) -> None:
    made = member.post("/api/tokens", json={"name": "build"}, headers={"X-Request-ID": "my-request"}).json()
    (entry,) = entries(administrator)
    assert entry["person"] == member.get("/api/me").json()["user"]
    assert (entry["credential"], entry["token"]) == ("token", "test")
    assert (entry["address"], entry["request_id"]) == ("testclient", "my-request")
    assert entry["subject"] == {"kind": "token", "id": made["id"], "label": "build"}


def test_the_command_line_is_written_down_too(
    administrator: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEWORD_DATA_DIR", str(services.settings.data_dir))
    for arguments in (["token", "cron"], ["sign-in"]):
        monkeypatch.setattr("sys.argv", ["oneword", *arguments])
        assert cli.main() == 0
    capsys.readouterr()
    found = [(each["action"], each["credential"], each["person"]["id"]) for each in entries(administrator)]
    assert found == [("member.link-made", "command-line", None), ("token.created", "command-line", None)]


def test_what_the_studio_removes_by_itself_is_written_down_too(
    member: TestClient, administrator: TestClient, services: Services
) -> None:
    concept = taught(member, services)
    member.delete(f"/api/concepts/{concept['id']}")
    from app.concepts.models import Concept

    with services.database.transaction() as session:
        session.execute(update(Concept).values(deleted_at=utc_now() - timedelta(days=31)))
    tidy(services.database, services.settings)
    entry = entries(administrator)[0]
    assert (entry["action"], entry["credential"], entry["subject"]["id"]) == ("concept.purged", "system", concept["id"])


def test_a_change_that_is_refused_leaves_no_entry(
    member: TestClient, colleague: TestClient, administrator: TestClient, services: Services
) -> None:
    concept = taught(member, services)
    before = entries(administrator)
    assert colleague.delete(f"/api/concepts/{concept['id']}").status_code == 403
    assert member.patch(f"/api/concepts/{concept['id']}", json={"current_version": 9}).status_code == 422
    assert entries(administrator) == before


def test_without_its_entry_a_change_does_not_happen(
    member: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    concept = taught(member, services)

    def failing(*_: Any, **__: Any) -> None:
        raise RuntimeError("no entry")

    monkeypatch.setattr(audit, "record", failing)
    assert member.delete(f"/api/concepts/{concept['id']}").status_code == 500
    assert member.get(f"/api/concepts/{concept['id']}").status_code == 200


def test_downloads_by_a_token_are_one_entry_an_hour_and_version_and_looking_is_none(
    member: TestClient, colleague: TestClient, administrator: TestClient, services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = f"/api/concepts/{taught(member, services)['id']}/embedding"

    def count_downloads() -> int:
        return len(entries(administrator, action="concept.downloaded"))

    assert member.head(path).status_code == 200
    assert count_downloads() == 0
    assert {member.get(f"{path}?format={format}").status_code for format in ("oneword", "diffusers") * 3} == {200}
    assert count_downloads() == 1
    assert colleague.get(path).status_code == 200
    assert count_downloads() == 2
    later = utc_now() + timedelta(hours=1, minutes=1)
    monkeypatch.setattr("app.audit.service.utc_now", lambda: later)
    assert member.get(path).status_code == 200
    assert count_downloads() == 3


def test_a_download_goes_on_while_the_database_takes_no_writes(
    member: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/concepts/{taught(member, services)['id']}/embedding"

    def refusing(*_: Any, **__: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(audit, "record", refusing)
    assert member.get(path).status_code == 200


def test_a_job_that_is_cancelled_again_is_one_entry(
    member: TestClient, administrator: TestClient, services: Services
) -> None:
    job = member.post("/api/concepts", data=MUG, files=photos()).json()["job"]
    with services.database.transaction() as session:
        assert ledger.claim(session, "training", "w", 60) is not None
    for _ in range(3):
        assert member.post(f"/api/jobs/{job['id']}/cancel").status_code == 200
    assert len(entries(administrator, action="job.cancelled")) == 1


def test_long_texts_and_many_details_are_cut(database: Database) -> None:
    with database.transaction() as session:
        team = Team(name="team")
        session.add(team)
        session.flush()
        many = {f"detail_{number}": "x" * 1000 for number in range(50)}
        audit.record(session, audit.command_line(team.id), "concept.changed", "id", "y" * 1000, **many)
        audit.record(session, audit.system(team.id), "concept.imported", files=["z" * 1000] * 1000)
    with database.reading() as session:
        first, second = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert len(first.subject_label) == 200
    assert (len(first.details), {len(text) for text in first.details.values()}) == (12, {200})
    assert (len(second.details["files"]), {len(text) for text in second.details["files"]}) == (30, {200})


# --- Nobody alters it -------------------------------------------------------------------------------------------------


def entry_of_age(database: Database, days: float) -> None:
    with database.transaction() as session:
        team = Team(name="team")
        session.add(team)
        session.flush()
        values = {"id": new_id(), "at": utc_now() - timedelta(days=days), "team_id": team.id, "user_name": "a"}
        rest = {"credential": "system", "address": "", "action": "bin.emptied", "subject_label": "", "details": {}}
        session.execute(insert(AuditEntry).values(**values, **rest))


def run(database: Database, statement: str) -> None:
    with database.transaction() as session:
        session.execute(text(statement))


def count(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(AuditEntry.id)).all())


@pytest.mark.parametrize("days", [0, 29, 400])
def test_the_database_refuses_to_change_an_entry(database: Database, days: float) -> None:
    entry_of_age(database, days)
    with pytest.raises(DBAPIError, match="never change"):
        run(database, "UPDATE audit_entries SET user_name = 'somebody else'")


@pytest.mark.parametrize(("days", "stays"), [(0, True), (29, True), (31, False)])
def test_the_database_deletes_only_entries_that_are_thirty_days_old(
    database: Database, days: float, stays: bool
) -> None:
    entry_of_age(database, days)
    if stays:
        with pytest.raises(DBAPIError, match="at least 30 days"):
            run(database, "DELETE FROM audit_entries")
    else:
        run(database, "DELETE FROM audit_entries")
    assert count(database) == int(stays)


@pytest.mark.parametrize(("days", "stays"), [(364, True), (366, False)])
@pytest.mark.parametrize("setting", [365.0, 0.0])
def test_entries_go_by_their_age_and_never_if_the_setting_says_so(
    database: Database, settings: Settings, days: float, stays: bool, setting: float
) -> None:
    entry_of_age(database, days)
    tidy(database, settings.model_copy(update={"audit_days": setting}))
    assert count(database) == int(stays or setting == 0)


def test_a_month_is_the_least_that_can_be_set() -> None:
    with pytest.raises(ValueError, match="at least 30 days"):
        Settings(audit_days=29)
    assert Settings(audit_days=0).audit_days == 0
