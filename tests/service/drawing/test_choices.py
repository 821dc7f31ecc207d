"""Prompts with choices and lists, from the request to the recipe; and presets."""

from collections.abc import Callable

from fastapi.testclient import TestClient

from app.contracts.prompts.choices import chosen
from tests.support.audit import entries
from tests.support.http import refused

FAST = {"steps": 1, "width": 64, "height": 64}
COLOURS = ["red", "blue", "green", "dark {grey|brown}"]


def test_each_picture_makes_its_own_choices_and_its_recipe_draws_them_again(
    member: TestClient, colleague: TestClient, stranger: TestClient, work: Callable[[], None]
) -> None:
    prompt = "a __colours__ {cat|dog}"
    refused(member.post("/api/generations", json={"prompt": prompt}), "prompt", "no list __colours__", "Save it")
    saved = member.put("/api/prompt-lists/colours", json={"lines": [*COLOURS, " "]})
    assert saved.json()["lines"] == COLOURS
    near = member.post("/api/generations", json={"prompt": "a __colors__ cat"})
    assert refused(near, "prompt", "__colours__")["suggestions"] == ["__colours__"]
    made = colleague.post("/api/generations", json={**FAST, "prompt": prompt, "count": 4, "seed": 7}).json()
    work()
    generation = member.get(f"/api/generations/{made['generation']['id']}").json()
    assert generation["prompt"] == prompt
    drawn = [image["recipe"]["prompt"] for image in generation["images"]]
    assert drawn == [chosen(prompt, seed, {"colours": COLOURS}) for seed in range(7, 11)]
    assert {image["recipe"]["template"] for image in generation["images"]} == {prompt}
    order = member.get(f"/api/images/{generation['images'][2]['id']}/order").json()["order"]
    assert (order["prompt"], order["seed"]) == (drawn[2], 9)
    refused(stranger.post("/api/generations", json={"prompt": prompt}), "prompt", "no list")
    assert stranger.get("/api/prompt-lists").json()["items"] == []


def test_lists_and_presets_are_checked_kept_and_deleted(member: TestClient, administrator: TestClient) -> None:
    refused(member.put("/api/prompt-lists/Colours!", json={"lines": ["a"]}), "name", "lower-case")
    refused(member.put("/api/prompt-lists/a", json={"lines": [" "]}), "lines", "at least one")
    refused(member.put("/api/prompt-lists/a", json={"lines": ["__b__"]}), "lines", "another list")
    preset = {"prompt": "{prompt}, studio light", "guidance": 5}
    assert member.put("/api/presets/Studio%20light", json=preset).json()["guidance"] == 5
    assert member.put("/api/presets/Studio%20light", json=preset | {"steps": 3}).json()["steps"] == 3
    assert [each["name"] for each in member.get("/api/presets").json()["items"]] == ["Studio light"]
    refused(member.put("/api/presets/x", json={"guidance": 5000}), "guidance")
    assert member.delete("/api/presets/Studio%20light").status_code == 204
    assert member.delete("/api/presets/Studio%20light").status_code == 404
    assert [each["action"] for each in entries(administrator)][:3] == ["preset.deleted", "preset.saved", "preset.saved"]
