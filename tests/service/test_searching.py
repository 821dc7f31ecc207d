"""The library is searched by words: each piece of a question is the beginning of one."""

import pytest
from fastapi.testclient import TestClient

from app.concepts import search_terms
from app.concepts.models import Concept
from app.services import Services
from tests.support.pictures import photos

MUG = {"placeholder": "<my-mug>", "initializer": "mug", "name": "Blaue Tasse", "tags": ["Küche", "50%"]}


@pytest.fixture
def mug(member: TestClient) -> str:
    made = member.post("/api/concepts", data=MUG, files=photos())
    assert made.status_code == 202, made.text
    return str(made.json()["concept"]["id"])


def found(member: TestClient, **query: str) -> int:
    return len(member.get("/api/concepts", params=query).json()["items"])


@pytest.mark.parametrize("query", ["tasse", "TAS", "blau tass", "tass blau", "<my-mug>", "my", "kü", "50"])
def test_the_beginnings_of_words_find_a_concept(member: TestClient, mug: str, query: str) -> None:
    assert found(member, query=query) == 1


@pytest.mark.parametrize("query", ["asse", "blau teller", "%", "_"])
def test_what_is_no_beginning_of_a_word_finds_nothing(member: TestClient, mug: str, query: str) -> None:
    assert found(member, query=query) == 0


@pytest.mark.parametrize(
    ("tag", "count"), [("küche", 1), ("Küche", 1), ("KÜCHE", 1), ("50%", 1), ("kü", 0), ("tasse", 0)]
)
def test_a_tag_is_found_whole_in_upper_and_lower_case(member: TestClient, mug: str, tag: str, count: int) -> None:
    assert found(member, tag=tag) == count


def test_a_changed_name_is_found_and_the_old_one_is_not(member: TestClient, mug: str) -> None:
    member.patch(f"/api/concepts/{mug}", json={"name": "Roter Becher"})
    assert (found(member, query="becher"), found(member, query="tasse")) == (1, 0)


def test_terms_of_a_deleted_concept_are_forgotten(member: TestClient, services: Services, mug: str) -> None:
    member.delete(f"/api/concepts/{mug}")
    assert found(member, query="tasse") == 0


def test_a_long_description_is_cut_and_a_long_word_too() -> None:
    long = Concept(name="x", placeholder="<x>", initializer="y", tags=[], description="z" * 500 + " w" * 5000)
    assert max(map(len, search_terms.terms_of(long))) == search_terms.LENGTH_MAX
    assert len(search_terms.terms_of(long)) <= search_terms.TERMS_MAX
