"""The library in its orders, with its tags, and many concepts at once. On both databases."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.concepts.models import Concept, Version
from app.core.settings import Settings
from app.generation.models import GenerationConcept
from app.services import Services
from tests.support.embeddings import native
from tests.support.http import refused
from tests.support.library import MUG, bin_of, drawn
from tests.support.pictures import photos
from tests.support.stand_in_worker import teach


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


Make = Callable[..., dict[str, Any]]


@pytest.fixture
def concept(member: TestClient, services: Services) -> Make:
    """Returns a function that teaches a concept with a client, by default the member's."""

    def make(placeholder: str, client: TestClient = member, **form: Any) -> dict[str, Any]:
        made = client.post("/api/concepts", data=MUG | {"placeholder": placeholder} | form, files=photos())
        assert made.status_code == 202, made.text
        teach(services, made.json()["job"]["id"])
        found: dict[str, Any] = client.get(f"/api/concepts/{made.json()['concept']['id']}").json()
        return found

    return make


def read(client: TestClient, **params: Any) -> list[str]:
    """The placeholders of the library in an order, two on each page."""
    found: list[str] = []
    cursor = None
    while True:
        page = client.get("/api/concepts", params=params | {"limit": 2} | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        found += [each["placeholder"] for each in page.json()["items"]]
        cursor = page.json()["next"]
        if cursor is None:
            return found


def test_the_library_is_read_by_date_name_use_and_score_page_by_page(
    member: TestClient, services: Services, concept: Make
) -> None:
    one = concept("<k-one>", name="banana")
    two = concept("<k-two>", name="Äpfel")
    concept("<k-three>", name="Apple")
    concept("<k-four>", name="apple")
    concept("<k-five>", name="Zebra")
    newest = ["<k-five>", "<k-four>", "<k-three>", "<k-two>", "<k-one>"]
    assert (read(member), read(member, sort="newest"), read(member, sort="oldest")) == (newest, newest, newest[::-1])
    assert read(member, sort="name") == [
        "<k-three>",
        "<k-four>",
        "<k-one>",
        "<k-five>",
        "<k-two>",
    ]  # byte by byte: ä is behind z
    member.patch(f"/api/concepts/{two['id']}", json={"name": "apfel"})
    assert read(member, sort="name") == ["<k-two>", "<k-three>", "<k-four>", "<k-one>", "<k-five>"]
    drawn(member, services, "a <k-three>")
    drawn(member, services, "a <k-one>")
    assert read(member, sort="used") == ["<k-one>", "<k-three>", "<k-five>", "<k-four>", "<k-two>"]
    scores = {"<k-four>": 0.25, "<k-one>": 0.5}
    with services.database.transaction() as session:
        for placeholder, score in scores.items():
            concept_id = session.scalars(select(Concept.id).where(Concept.placeholder == placeholder)).one()
            session.execute(update(Version).where(Version.concept_id == concept_id).values(score=score))
    assert read(member, sort="score") == ["<k-one>", "<k-four>", "<k-five>", "<k-three>", "<k-two>"]
    assert member.get(f"/api/concepts/{one['id']}").json()["score"] == 0.5


def test_a_concept_that_is_drawn_between_two_pages_hides_no_other(
    member: TestClient, services: Services, concept: Make
) -> None:
    for placeholder in ("<k-one>", "<k-two>", "<k-three>", "<k-four>"):
        concept(placeholder)
    first = member.get("/api/concepts", params={"sort": "used", "limit": 2}).json()
    drawn(member, services, "a <k-three>")  # the last of that page is now the first of all
    second = member.get("/api/concepts", params={"sort": "used", "limit": 2, "cursor": first["next"]}).json()
    shown = [each["placeholder"] for page in (first, second) for each in page["items"]]
    assert shown == ["<k-four>", "<k-three>", "<k-two>", "<k-one>"]


@pytest.mark.parametrize("cursor", ["x", "7a-01k91c0ncept00000000000001", "ff-01k91c0ncept00000000000001"])
def test_a_cursor_of_another_order_is_refused_with_a_sentence(member: TestClient, cursor: str) -> None:
    refused(
        member.get("/api/concepts", params={"sort": "score", "cursor": cursor}),
        "cursor",
        "not one of this studio's" if "-" not in cursor else "another order",
    )


def test_a_score_comes_from_the_checkpoint_that_the_report_chose(services: Services, concept: Make) -> None:
    made = concept("<k-one>")
    scores = [{"step": 100, "likeness": 0.9, "editability": 0.1}, {"step": 200, "likeness": 0.8, "editability": 0.5}]
    with services.database.transaction() as session:
        version = session.scalars(select(Version).where(Version.concept_id == made["id"])).one()
        version.set_report({"chosen": 200, "checkpoints": scores, "drawings": []})
        assert version.score == pytest.approx(0.4)
        version.set_report({"chosen": 200, "checkpoints": [{"step": 200, "likeness": None}], "drawings": []})
        assert version.score is None


def test_several_tags_narrow_the_library_and_are_counted_without_case(member: TestClient, concept: Make) -> None:
    concept("<k-one>", tags=["Kitchen", "red"])
    concept("<k-two>", tags=["kitchen"])
    concept("<k-three>", tags=["red"])
    assert read(member, tag="kitchen") == ["<k-two>", "<k-one>"]
    assert read(member, tag=["KITCHEN", "red"]) == ["<k-one>"]
    assert member.get("/api/tags").json()["items"] == [
        {"tag": "kitchen", "concepts": 2},
        {"tag": "red", "concepts": 2},
    ]


def test_tags_are_put_on_many_at_once_and_taken_off_whatever_their_case(
    member: TestClient, administrator: TestClient, concept: Make
) -> None:
    one, two = concept("<k-one>", tags=["Red"]), concept("<k-two>", tags=["old"])
    ids = [one["id"], two["id"]]
    changed = member.post("/api/concepts/tags", json={"ids": ids, "add": ["red", "new"], "remove": ["OLD"]})
    assert changed.json() == {"ids": sorted(ids)}
    tags = [member.get(f"/api/concepts/{each}").json()["tags"] for each in ids]
    assert tags == [["Red", "new"], ["red", "new"]]
    assert read(member, tag="new") == ["<k-two>", "<k-one>"]
    entries = administrator.get("/api/audit", params={"limit": 2}).json()["items"]
    assert [each["action"] for each in entries] == ["concept.changed", "concept.changed"]
    many = [f"tag {number}" for number in range(29)]
    refused(member.post("/api/concepts/tags", json={"ids": ids, "add": many}), "add", "31 tags", code="too-many-tags")
    assert member.get(f"/api/concepts/{ids[0]}").json()["tags"] == ["Red", "new"]


def test_many_are_deleted_in_one_request_and_restored_in_one(member: TestClient, concept: Make) -> None:
    ids = [concept(placeholder)["id"] for placeholder in ("<k-one>", "<k-two>", "<k-three>")]
    deleted = member.post("/api/concepts/delete", json={"ids": ids[:2]}).json()["ids"]
    assert read(member) == ["<k-three>"]
    assert {each["id"] for each in bin_of(member)} == set(ids[:2])
    assert member.post("/api/bin/restore", json={"ids": deleted}).status_code == 200
    assert read(member) == ["<k-three>", "<k-two>", "<k-one>"]


def test_what_is_somebody_elses_or_gone_stops_the_whole_request(
    member: TestClient, colleague: TestClient, concept: Make
) -> None:
    mine, theirs = concept("<k-mine>")["id"], concept("<k-theirs>", client=colleague)["id"]
    for path in ("/api/concepts/delete", "/api/concepts/tags"):
        refused(member.post(path, json={"ids": [mine, theirs]}), None, "<k-theirs>", status=403)
        refused(member.post(path, json={"ids": [mine, "01k91c0ncept00000000000001"]}), None, "1 of the 2", status=404)
        assert member.post(path, json={"ids": [mine] * 201}).status_code == 422
        assert member.post(path, json={"ids": []}).status_code == 422
    assert read(member) == ["<k-theirs>", "<k-mine>"]
    assert member.get(f"/api/concepts/{mine}").json()["tags"] == []


def test_embeddings_of_several_come_as_one_zip(member: TestClient, services: Services, concept: Make) -> None:
    ids = [concept(placeholder)["id"] for placeholder in ("<k-one>", "<k-two>")]
    with services.database.transaction() as session:
        for version in session.scalars(select(Version)):
            services.storage.put(version.files["oneword"]["key"], native())
    for format_ in ("oneword", "diffusers"):
        answer = member.get("/api/concepts.zip", params={"id": ids, "format": format_})
        assert answer.headers["content-type"] == "application/octet-stream"
        names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        assert len(names) == len(set(names)) == 2
        assert ["k-one" in name for name in sorted(names)] == [True, False]
    refused(member.get("/api/concepts.zip", params={"id": ids, "format": "x"}), "format", "no format 'x'")
    refused(
        member.get("/api/concepts.zip", params={"id": [*ids, "01k91c0ncept00000000000001"]}),
        None,
        "1 of the 3",
        status=404,
    )


def test_a_training_picture_comes_at_the_width_it_is_shown_at(member: TestClient, concept: Make) -> None:
    from PIL import Image as Pictures

    url = concept("<k-one>")["pictures"][0]["url"]
    whole = Pictures.open(io.BytesIO(member.get(url).content))
    small = Pictures.open(io.BytesIO(member.get(url, params={"width": 32, "format": "webp"}).content))
    assert (small.format, small.width) == ("WEBP", 32)
    assert small.height == round(whole.height * 32 / whole.width)


def test_an_old_drawing_does_not_count_as_use_when_its_rows_are_gone(
    member: TestClient, services: Services, concept: Make
) -> None:
    concept("<k-one>")
    concept("<k-two>")
    drawn(member, services, "a <k-one>")
    assert read(member, sort="used") == ["<k-one>", "<k-two>"]
    with services.database.transaction() as session:
        for each in session.scalars(select(GenerationConcept)):
            session.delete(each)
    assert read(member, sort="used") == ["<k-two>", "<k-one>"]
