"""Drawn pictures one by one: found, put on boards, downloaded and deleted many at once, and restored."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pictures
from sqlalchemy import select, update

from app.core.database import utc_now
from app.core.settings import Settings
from app.generation.models import Generation, GenerationTerm, Image
from app.generation.picture_formats import resized
from app.main import create_app
from app.pictures.decoding import PictureFault
from app.pictures.recipes import written_recipe
from app.retention.service import tidy
from app.services import Services
from tests.support.http import refused
from tests.support.library import bin_of, drawn, taught
from tests.support.pictures import photo
from tests.support.stand_in_worker import draw, sweep
from tests.support.stored import blobs
from worker.images import png


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, orphan_seconds=0)


Many = Callable[..., list[str]]


@pytest.fixture
def many(member: TestClient, services: Services) -> Many:
    """Draws one generation with several pictures; returns their ids in the order of their seeds."""

    def make(prompt: str, count: int = 3, client: TestClient = member) -> list[str]:
        made = client.post("/api/generations", json={"prompt": prompt, "count": 1, "seed": 7})
        assert made.status_code == 202, made.text
        draw(services)
        generation_id = made.json()["generation"]["id"]
        with services.database.transaction() as session:
            first = session.scalars(select(Image).where(Image.generation_id == generation_id)).one()
            shared = {"team_id": first.team_id, "job_id": first.job_id, "generation_id": generation_id}
            size = {"width": 64, "height": 64, "bytes": 10, "recipe": first.recipe}
            for place in range(1, count):
                key = f"jobs/{first.job_id}/more-{place}.png"
                services.storage.put(key, photo(place, format="PNG"))
                session.add(Image(**shared, **size, position=place, seed=7 + place, key=key))
        return [each["id"] for each in client.get(f"/api/generations/{generation_id}").json()["images"]]

    return make


def found(client: TestClient, **query: Any) -> list[str]:
    answer = client.get("/api/images", params=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


# --- Finding ---------------------------------------------------------------------------------------------------------


def test_pictures_are_found_by_words_concept_person_time_and_star(
    member: TestClient, colleague: TestClient, stranger: TestClient, services: Services, many: Many
) -> None:
    concept = taught(member, services)
    beach = many("A <my-mug> on the Beach, at noon", 2)
    forest = many("a fox in the forest", 1, colleague)
    assert found(member) == [*forest, *beach]
    assert found(member, query="beach noo") == beach
    assert found(member, query="<my-mug>") == beach
    assert found(member, query="each") == found(member, query="%") == found(member, query="beach fox") == []
    assert found(member, concept=concept["id"]) == beach
    assert found(member, person=colleague.get("/api/me").json()["user"]["id"]) == forest
    member.put(f"/api/images/{beach[1]}/kept")
    assert found(member, kept=True) == [beach[1]]
    with services.database.transaction() as session:
        long_ago = utc_now() - timedelta(days=10)
        session.execute(update(Generation).where(Generation.prompt.contains("Beach")).values(created_at=long_ago))
    yesterday = (utc_now() - timedelta(days=1)).isoformat()
    assert (found(member, since=yesterday), found(member, until=yesterday)) == (forest, beach)
    assert found(stranger) == []
    (item,) = member.get("/api/images", params={"query": "fox"}).json()["items"]
    assert (item["prompt"], item["may_change"], item["board_ids"]) == ("a fox in the forest", False, [])


def test_pages_end_in_the_middle_of_a_generation_and_go_on_there(member: TestClient, many: Many) -> None:
    first, second = many("one", 3), many("two", 2)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = member.get("/api/images", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [*second, *first]
    refused(member.get("/api/images?cursor=garbage"), "cursor", code="cursor")


def test_a_prompt_removed_for_good_leaves_no_terms(member: TestClient, services: Services) -> None:
    generation = drawn(member, services, "unforgettable")
    member.delete(f"/api/generations/{generation['id']}")
    assert found(member, query="unforgettable") == []
    member.delete(f"/api/bin/{generation['id']}")
    with services.database.reading() as session:
        assert session.scalars(select(GenerationTerm)).all() == []


# --- Smaller ones ----------------------------------------------------------------------------------------------------


def test_a_smaller_picture_has_the_same_shape_and_recipe_and_a_small_one_stays(
    member: TestClient, services: Services
) -> None:
    recipe = {"prompt": "a mug", "negative_prompt": "", "base_model": "demo", "seed": 7, "steps": 20, "guidance": 3.0,
              "scheduler": "ddim", "width": 96, "height": 64, "strength": None, "concepts": []}  # fmt: skip
    stored = png(Pictures.new("RGB", (96, 64), "teal"), recipe)
    smaller = resized(stored, 48)
    assert Pictures.open(io.BytesIO(smaller)).size == (48, 32)
    read = written_recipe(smaller)
    assert not isinstance(read, PictureFault)
    assert read.request["prompt"] == "a mug"
    assert resized(stored, 96) is stored
    image = drawn(member, services)["images"][0]
    answer = member.get(f"{image['url']}?width=32&format=webp")
    assert answer.headers["content-type"] == "image/webp"
    assert Pictures.open(io.BytesIO(answer.content)).width == 32
    refused(member.get(f"{image['url']}?width=4"), "width")


# --- Boards ----------------------------------------------------------------------------------------------------------


def test_a_picture_is_on_several_boards_and_everybody_may_put_it_there(
    member: TestClient, colleague: TestClient, stranger: TestClient, viewer: TestClient, many: Many
) -> None:
    one, two, three = many("a cat")
    board = member.post("/api/boards", json={"name": "  Autumn   campaign "}).json()
    assert (board["name"], board["pictures"], board["cover"], board["may_change"]) == ("Autumn campaign", 0, [], True)
    other = colleague.post("/api/boards", json={"name": "Covers"}).json()
    at = f"/api/boards/{board['id']}"
    changed = colleague.patch(f"{at}/images", json={"add": [one, two, one]}).json()
    assert (changed["pictures"], changed["may_change"]) == (2, False)
    assert set(changed["cover"]) == {f"/api/images/{one}", f"/api/images/{two}"}
    member.patch(f"/api/boards/{other['id']}/images", json={"add": [one]})
    assert found(member, board=board["id"]) == [one, two]
    shown = {item["id"]: item["board_ids"] for item in viewer.get("/api/images").json()["items"]}
    assert (set(shown[one]), shown[two], shown[three]) == ({board["id"], other["id"]}, [board["id"]], [])
    assert member.patch(f"{at}/images", json={"add": [three], "remove": [one, two]}).json()["pictures"] == 1
    assert [each["name"] for each in viewer.get("/api/boards").json()["items"]] == ["Covers", "Autumn campaign"]
    assert member.patch(at, json={"name": "Winter"}).json()["name"] == "Winter"
    assert colleague.patch(at, json={"name": "Mine"}).status_code == 403
    assert colleague.delete(at).status_code == 403
    refused(member.post("/api/boards", json={"name": "   "}), "name")
    assert member.patch(f"{at}/images", json={"add": ["nothing"]}).status_code == 404
    assert stranger.get(at).status_code == stranger.patch(f"{at}/images", json={"add": []}).status_code == 404
    assert stranger.get("/api/images.zip", params={"board": board["id"]}).status_code == 404


def test_a_deleted_board_leaves_its_pictures_and_comes_back_with_them(
    member: TestClient, services: Services, many: Many
) -> None:
    pictures = many("a cat")
    board = member.post("/api/boards", json={"name": "Autumn"}).json()
    member.patch(f"/api/boards/{board['id']}/images", json={"add": pictures})
    assert member.delete(f"/api/boards/{board['id']}").status_code == 204
    assert member.get(f"/api/boards/{board['id']}").status_code == 404
    assert member.get("/api/boards").json()["items"] == []
    assert found(member) == pictures
    (item,) = bin_of(member)
    assert (item["kind"], item["label"]) == ("board", "Autumn")
    assert member.post(f"/api/bin/{board['id']}/restore").json()["kind"] == "board"
    assert found(member, board=board["id"]) == pictures
    member.delete(f"/api/boards/{board['id']}")
    assert member.delete(f"/api/bin/{board['id']}").status_code == 204
    assert bin_of(member) == []


def test_what_is_on_a_board_is_kept_when_old_drawings_are_removed(
    member: TestClient, services: Services, many: Many
) -> None:
    one, two, three = many("a cat")
    board = member.post("/api/boards", json={"name": "Autumn"}).json()
    member.patch(f"/api/boards/{board['id']}/images", json={"add": [two]})
    tidy(services.database, services.settings.model_copy(update={"drawings_days": -1}))
    assert found(member) == [two]
    assert [member.get(f"/api/images/{each}").status_code for each in (one, three)] == [404, 404]


# --- Many at once ----------------------------------------------------------------------------------------------------


def test_a_zip_has_each_picture_under_its_place_prompt_and_seed(member: TestClient, many: Many) -> None:
    one, two, _ = many("A mug, on the “beach” / 50 %")
    answer = member.get("/api/images.zip", params={"id": [two, one]})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert 'filename="oneword-pictures.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["1-a-mug-on-the-beach-50-7.png", "2-a-mug-on-the-beach-50-8.png"]
        assert archive.read(archive.namelist()[1]) == member.get(f"/api/images/{two}").content
    board = member.post("/api/boards", json={"name": "Autumn"}).json()
    member.patch(f"/api/boards/{board['id']}/images", json={"add": [one]})
    with zipfile.ZipFile(io.BytesIO(member.get(f"/api/images.zip?board={board['id']}").content)) as archive:
        assert len(archive.namelist()) == 1
    refused(member.get("/api/images.zip"), "id")
    assert member.get("/api/images.zip", params={"id": [one, "nothing"]}).status_code == 404
    assert member.get("/api/images.zip", params={"id": ["x"] * 201}).status_code == 422


def test_many_pictures_go_into_the_bin_and_come_back_in_one_call_each(
    member: TestClient, services: Services, many: Many
) -> None:
    cat, fox = many("a cat"), many("a fox", 2)
    board = member.post("/api/boards", json={"name": "Autumn"}).json()
    member.patch(f"/api/boards/{board['id']}/images", json={"add": [cat[0], cat[2]]})
    before = member.get("/api/usage").json()
    items = member.post("/api/images/delete", json={"ids": [cat[0], *fox]}).json()["item_ids"]
    fox_id = next(item["id"] for item in bin_of(member) if item["kind"] == "generation")
    assert set(items) == {cat[0], fox_id}
    assert found(member) == cat[1:]
    addresses = [f"/api/images/{each}{rest}" for each in (cat[0], fox[0]) for rest in ("", "/recipe")]
    assert [member.get(each).status_code for each in addresses] == [404] * 4
    assert member.put(f"/api/images/{cat[0]}/kept").status_code == 404
    assert member.get(f"/api/boards/{board['id']}").json()["pictures"] == 1
    (kept,) = member.get("/api/generations").json()["items"]
    assert [image["id"] for image in kept["images"]] == cat[1:]
    usage = member.get("/api/usage").json()
    assert usage["storage_bytes"]["used"] == before["storage_bytes"]["used"]
    assert usage["bin_bytes"] > before["bin_bytes"]
    restored = member.post("/api/bin/restore", json={"ids": items}).json()["items"]
    assert {each["kind"] for each in restored} == {"image", "generation"}
    assert found(member) == [*fox, *cat]
    assert member.get(f"/api/boards/{board['id']}").json()["pictures"] == 2
    assert bin_of(member) == []


def test_nothing_is_deleted_or_restored_if_one_of_them_cannot_be(
    member: TestClient, colleague: TestClient, many: Many
) -> None:
    mine, theirs = many("a cat", 2), many("a fox", 2, colleague)
    answer = member.post("/api/images/delete", json={"ids": [*mine, theirs[0]]})
    assert answer.status_code == 403
    assert "a fox" in answer.json()["detail"]
    assert member.post("/api/images/delete", json={"ids": [mine[0], "nothing"]}).status_code == 404
    assert found(member) == [*theirs, *mine]
    items = member.post("/api/images/delete", json={"ids": [mine[0]]}).json()["item_ids"]
    assert colleague.post("/api/bin/restore", json={"ids": items}).status_code == 403
    assert member.post("/api/bin/restore", json={"ids": [*items, "nothing"]}).status_code == 404
    assert len(bin_of(member)) == 1


def test_single_pictures_and_boards_leave_the_bin_for_good_by_hand_by_age_and_when_it_is_emptied(
    member: TestClient, administrator: TestClient, services: Services, many: Many
) -> None:
    pictures = many("a cat", 5)
    boards = [member.post("/api/boards", json={"name": name}).json()["id"] for name in ("a", "b")]
    member.post("/api/images/delete", json={"ids": [pictures[0]]})
    assert member.delete(f"/api/bin/{pictures[0]}").status_code == 204
    member.post("/api/images/delete", json={"ids": [pictures[1]]})
    member.delete(f"/api/boards/{boards[0]}")
    tidy(services.database, services.settings)
    assert len(bin_of(member)) == 2
    tidy(services.database, services.settings.model_copy(update={"bin_days": -1}))
    assert bin_of(member) == []
    member.post("/api/images/delete", json={"ids": [pictures[2]]})
    member.delete(f"/api/boards/{boards[1]}")
    assert administrator.delete("/api/bin").status_code == 204
    assert bin_of(member) == []
    sweep(services)
    assert len(blobs(services)) == 2
    assert found(member) == pictures[3:]


def test_a_studio_without_a_bin_removes_pictures_and_boards_at_once(
    member: TestClient, services: Services, many: Many
) -> None:
    app = create_app(services.settings.model_copy(update={"bin_days": 0.0}))
    off = TestClient(app, base_url="http://localhost:8000", headers=member.headers)
    pictures = many("a cat", 2)
    board = off.post("/api/boards", json={"name": "a"}).json()
    assert off.post("/api/images/delete", json={"ids": pictures[:1]}).json() == {"item_ids": []}
    assert off.delete(f"/api/boards/{board['id']}").status_code == 204
    assert bin_of(off) == []
    app.state.services.database.dispose()
    with services.database.reading() as session:
        assert session.scalars(select(Image.id)).all() == pictures[1:]


def test_the_audit_has_what_happened_to_pictures_and_boards(
    member: TestClient, administrator: TestClient, many: Many
) -> None:
    pictures = many("a cat")
    board = member.post("/api/boards", json={"name": "Autumn"}).json()["id"]
    member.patch(f"/api/boards/{board}/images", json={"add": pictures})
    member.patch(f"/api/boards/{board}", json={"name": "Winter"})
    items = member.post("/api/images/delete", json={"ids": pictures[:2]}).json()["item_ids"]
    member.post("/api/bin/restore", json={"ids": items[:1]})
    member.delete(f"/api/bin/{items[1]}")
    member.delete(f"/api/boards/{board}")
    member.post(f"/api/bin/{board}/restore")
    entries = administrator.get("/api/audit").json()["items"]
    assert [entry["action"] for entry in reversed(entries) if entry["action"].startswith(("image.", "board."))] == [
        "board.created",
        "board.pictures-changed",
        "board.changed",
        "image.deleted",
        "image.restored",
        "image.purged",
        "board.deleted",
        "board.restored",
    ]
    deleted = next(entry for entry in entries if entry["action"] == "image.deleted")
    assert (deleted["subject"]["label"], deleted["details"]["pictures"]) == ("a cat", 2)
