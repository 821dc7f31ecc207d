"""Names and limits that web and worker share: each side knows all of them."""

from typing import get_args

import diffusers
import pytest

from app.contracts import families, schedulers
from app.contracts.errors import UnfitModel
from app.contracts.hub import HubName, locate
from app.contracts.limits import EMBEDDING_SUFFIXES
from app.contracts.placeholders import PLACEHOLDER, WRITTEN, pinned, slug
from app.core.settings import Settings
from app.main import create_app
from worker.engine.base_models import FAMILIES
from worker.engine.embeddings.formats import SUFFIXES
from worker.engine.generation import SCHEDULERS


def test_the_engine_conditions_every_family() -> None:
    assert {name: family.layout for name, family in FAMILIES.items()} == families.FAMILIES


def test_the_engine_builds_every_scheduler() -> None:
    assert set(SCHEDULERS) == set(schedulers.SCHEDULERS) == set(get_args(schedulers.SchedulerName))
    assert all(hasattr(diffusers, sampler.kind) for sampler in SCHEDULERS.values())


def test_the_engine_reads_every_kind_of_embedding_file() -> None:
    assert {f".{suffix}" for suffix in SUFFIXES} == set(EMBEDDING_SUFFIXES)


def test_the_schema_states_schedulers_labels_and_limits_for_the_page() -> None:
    fields = create_app(Settings()).openapi()["components"]["schemas"]["GenerationRequest"]["properties"]
    assert fields["scheduler"]["anyOf"][0]["enum"] == list(schedulers.SCHEDULER_NAMES)
    assert fields["scheduler"]["x-labels"] == dict(schedulers.LABELS)
    assert fields["scheduler"]["x-steps-max"] == {"lcm": 50}
    assert fields["steps"]["anyOf"][0]["maximum"] == 200
    assert fields["width"]["anyOf"][0] == {"type": "integer", "minimum": 64, "maximum": 2048, "multipleOf": 8}


@pytest.mark.parametrize(
    ("pipeline", "width", "name"),
    [
        ("StableDiffusionPipeline", 768, "sd1"),
        ("StableDiffusionPipeline", 1024, "sd2"),
        ("StableDiffusionXLPipeline", 2048, "sdxl"),
    ],
)
def test_a_family_follows_from_the_pipeline_and_the_width_of_the_context(pipeline: str, width: int, name: str) -> None:
    assert families.family_of(pipeline, width) == families.FAMILIES[name]


def test_a_hub_name_is_a_repository_and_a_commit() -> None:
    assert HubName.parse("org/name@0123abc") == HubName("org/name", "0123abc")
    assert str(HubName("org/name", "0123abc")) == "org/name@0123abc"


@pytest.mark.parametrize("text", ["org/name", "org/name@main", "org/name@0123AB", "name@0123abc", "a/b/c@0123abc", ""])
def test_a_hub_name_without_a_pinned_revision_is_none(text: str) -> None:
    assert HubName.parse(text) is None
    with pytest.raises(UnfitModel, match="pinned revision"):
        locate(f"missing-{text}")


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("<mug>", True),
        ("<my-mug-2>", True),
        ("<-mug>", False),
        ("<Mug>", False),
        ("mug", False),
        (f"<{'a' * 41}>", False),
    ],
)
def test_a_placeholder_is_lower_case_words_between_angle_brackets(text: str, valid: bool) -> None:
    assert bool(PLACEHOLDER.fullmatch(text)) is valid


def test_a_pinned_placeholder_is_read_back_from_a_prompt() -> None:
    assert pinned("<mug>", 3) == "<mug@3>"
    found = WRITTEN.search("a photo of <mug@3> here")
    assert found is not None
    assert (found["word"], found["number"]) == ("mug", "3")


@pytest.mark.parametrize(("text", "expected"), [("Red Mug!", "red-mug"), ("!", "word"), ("a" * 50, "a" * 30)])
def test_any_text_becomes_a_slug(text: str, expected: str) -> None:
    assert slug(text) == expected
    assert PLACEHOLDER.fullmatch(f"<{slug(text)}>")
