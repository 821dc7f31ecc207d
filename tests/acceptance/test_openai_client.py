"""OpenAI's own client, sync and async, against a web service and workers in processes of their own."""

import asyncio
import base64
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types import (
    ImageEditCompletedEvent,
    ImageEditPartialImageEvent,
    ImageGenCompletedEvent,
    ImageGenPartialImageEvent,
    ImagesResponse,
)
from PIL import Image as Pillow
from PIL import ImageChops
from pydantic import BaseModel

from app.core.settings import Settings
from tests.support.forkserver import ForkServer
from tests.support.pictures import photo
from tests.support.studio import Stack
from tests.support.waiting import until

pytestmark = pytest.mark.acceptance

SEEN = {"steps": 60, "seed": 7}  # at 128 × 128 pixels it takes seconds, so there are previews
LONG = {"steps": 200, "seed": 7}


@dataclass(frozen=True)
class Studio:
    """A studio, the clients of its address, and the id of its base model."""

    stack: Stack
    client: openai.OpenAI
    address: str
    model: str


@pytest.fixture(scope="module")
def studio(
    fork_server: ForkServer, migrated: Path, quick_demo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    shutil.copy(migrated, folder / "oneword.sqlite3")
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=folder,
        base_models=str(quick_demo),
        openai_aliases=f"gpt-image-1={quick_demo.name},dall-e-3=auto",
        lease_seconds=60.0,
    )
    stack = Stack(settings, fork_server)
    try:
        for kind in ("training", "generation"):
            stack.start_worker(kind)
        address = f"http://127.0.0.1:{stack.start_web().port}/v1"
        key = stack.client.headers["Authorization"].removeprefix("Bearer ")
        stack.wait_for(stack.teach("<our-zub>", steps_max=2, vectors=2), "succeeded")
        with openai.OpenAI(api_key=key, base_url=address, max_retries=0) as client:
            yield Studio(stack, client, address, quick_demo.name)
    finally:
        stack.close()


def picture(b64_json: str | None) -> Pillow.Image:
    opened = Pillow.open(io.BytesIO(base64.b64decode(b64_json or "")))
    opened.load()
    return opened


def as_typed(events: Sequence[BaseModel], *types: type[BaseModel]) -> None:
    """Each event has every field of one of the client's types, and values that the type allows."""
    for event in events:
        kind = next(each for each in types if each.model_fields["type"].annotation.__args__ == (event.type,))  # type: ignore[attr-defined, union-attr]
        sent = event.model_dump(exclude_unset=True)
        kind.model_validate(sent, strict=True)
        assert set(sent) >= set(kind.model_fields) - {"safety_identifier"}


def test_the_models_and_their_aliases_are_listed_and_retrieved(studio: Studio) -> None:
    listed = [model.id for model in studio.client.models.list()]
    assert listed == [studio.model, "gpt-image-1", "dall-e-3"]
    for name in listed:
        assert studio.client.models.retrieve(name).id == name
    with pytest.raises(openai.NotFoundError, match="There is no base model 'gpt-9'") as missing:
        studio.client.models.retrieve("gpt-9")
    assert missing.value.body == {
        "message": missing.value.response.json()["detail"],
        "type": "invalid_request_error",
        "param": "model",
        "code": "base-model-unknown",
    }


def test_an_answer_has_every_field_of_the_client_and_says_what_was_ignored(studio: Studio) -> None:
    answer = studio.client.images.generate(
        model="gpt-image-1", prompt="a photo of <our-zub>", n=2, size="72x64", quality="high", style="vivid",
        user="ada", output_format="webp", output_compression=40, response_format="b64_json", extra_body={"seed": 3},
    )  # fmt: skip
    ImagesResponse.model_validate(answer.model_dump(exclude_unset=True), strict=True)
    assert (answer.size, answer.quality, answer.output_format, answer.background) == ("72x64", "high", "webp", "opaque")
    assert answer.model_extra == {"ignored": ["style", "user"]}
    assert answer.data is not None
    drawn = [picture(each.b64_json) for each in answer.data]
    assert [(each.format, each.size) for each in drawn] == [("WEBP", (72, 64))] * 2
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.text_tokens == 3 + 2  # "a photo of" and two vectors
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (5, 2 * 9 * 8)
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    (newest,) = studio.stack.client.get("/api/generations?limit=1").json()["items"]
    assert newest["recipe"]["steps"] == 4  # the model's own are 2
    assert newest["recipe"]["base_model"] == studio.model
    assert [each["placeholder"] for each in newest["recipe"]["concepts"]] == ["<our-zub>"]


def test_a_stream_has_partial_images_and_then_the_picture(studio: Studio) -> None:
    with studio.client.images.generate(
        model="dall-e-3", prompt="a photo of <our-zub>", size="128x128", stream=True, partial_images=2,
        output_format="jpeg", quality="low", extra_body=SEEN,
    ) as stream:  # fmt: skip
        events = list(stream)
    as_typed(events, ImageGenPartialImageEvent, ImageGenCompletedEvent)
    *partial, last = events
    assert isinstance(last, ImageGenCompletedEvent)
    numbers = [each.partial_image_index for each in partial if isinstance(each, ImageGenPartialImageEvent)]
    assert numbers == [*range(len(partial))]
    assert 1 <= len(partial) <= 2
    pictures = [picture(each.b64_json) for each in events]
    assert {(each.format, each.size) for each in pictures} == {("JPEG", (128, 128))}
    assert (last.usage.input_tokens, last.usage.output_tokens) == (5, 16 * 16)
    assert last.model_extra == {"image_index": 0, "ignored": ["quality"]}


def test_a_stream_of_several_pictures_says_which_is_which_and_counts_the_input_once(studio: Studio) -> None:
    events = [*studio.client.images.generate(prompt="a cat", n=3, stream=True)]
    as_typed(events, ImageGenCompletedEvent)
    assert sorted((each.model_extra or {})["image_index"] for each in events) == [0, 1, 2]
    assert isinstance(events[0], ImageGenCompletedEvent)
    assert sum(each.usage.input_tokens for each in events) == events[0].usage.input_tokens == 2  # type: ignore[union-attr]


def test_an_edit_streams_too_and_changes_what_the_mask_shows(studio: Studio) -> None:
    before = photo(0, (128, 128), "PNG")
    hole = Pillow.new("RGBA", (128, 128), "black")
    hole.paste((0, 0, 0, 0), (0, 0, 64, 128))
    mask = io.BytesIO()
    hole.save(mask, "PNG")

    async def edited() -> list[Any]:
        key = studio.client.api_key
        async with openai.AsyncOpenAI(api_key=key, base_url=studio.address, max_retries=0) as client:
            stream = await client.images.edit(
                image=[("cat.png", before)], mask=("mask.png", mask.getvalue()), prompt="a <our-zub>", size="128x128",
                stream=True, partial_images=1, input_fidelity="high", extra_body=SEEN,
            )  # fmt: skip
            return [event async for event in stream]

    events = asyncio.run(edited())
    as_typed(events, ImageEditPartialImageEvent, ImageEditCompletedEvent)
    assert [each.type for each in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert events[-1].usage.input_tokens_details.image_tokens == 16 * 16
    assert events[-1].model_extra == {"image_index": 0, "ignored": ["input_fidelity"]}
    changed = ImageChops.difference(picture(events[-1].b64_json).convert("RGB"), Pillow.open(io.BytesIO(before)))
    assert changed.crop((64, 0, 128, 128)).getbbox() is None
    assert changed.crop((0, 0, 64, 128)).getbbox() is not None


def test_variations_resemble_their_picture(studio: Studio) -> None:
    with pytest.deprecated_call():  # OpenAI itself no longer answers it
        answer = studio.client.images.create_variation(image=("cat.png", photo(0, (64, 64), "PNG")), n=2, user="ada")
    assert answer.data is not None
    assert [picture(each.b64_json).size for each in answer.data] == [(64, 64)] * 2
    assert answer.model_extra == {"ignored": ["user"]}
    (newest,) = studio.stack.client.get("/api/generations?limit=1").json()["items"]
    assert (newest["recipe"]["prompt"], newest["recipe"]["strength"]) == ("a photo", 0.6)


def test_several_pictures_to_edit_are_refused_with_what_to_do_instead(studio: Studio) -> None:
    pictures = [(f"{number}.png", photo(number, (64, 64), "PNG")) for number in range(16)]
    with pytest.raises(openai.BadRequestError, match=r"16 were sent.* teach it as a concept") as refused:
        studio.client.images.edit(image=pictures, prompt="a cat")
    assert refused.value.param == "image"


def test_a_client_that_closes_its_stream_cancels_the_drawing(studio: Studio) -> None:
    events = studio.client.images.generate(
        prompt="a cat", size="128x128", stream=True, partial_images=3, extra_body=LONG
    )
    assert next(events).type == "image_generation.partial_image"
    (newest,) = studio.stack.client.get("/api/generations?limit=1").json()["items"]
    events.close()
    until(lambda: studio.stack.job(newest["job_id"]).state == "cancelled", "the cancellation")
