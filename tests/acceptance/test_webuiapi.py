"""AUTOMATIC1111's interface, called by its Python client as it is in the registry: a real service, a real worker."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw
from sqlalchemy import select
from webuiapi import WebUIApi

from app.jobs.models import Job
from tests.support.foreign_files import kohya
from tests.support.http import send
from tests.support.studio import Stack, Web
from tests.support.waiting import until

pytestmark = pytest.mark.acceptance

SIZE = 64


@contextmanager
def client(web: Web) -> Iterator[WebUIApi]:
    """The client, with a token as its password."""
    token = web.client.headers["Authorization"].removeprefix("Bearer ")
    api = WebUIApi(host="127.0.0.1", port=web.port, username="me", password=token)
    yield api
    api.session.close()


def test_webuiapi_works_unchanged(stack: Stack) -> None:
    stack.start_worker("generation")
    job_id = send(stack.client, ("my-mug.safetensors", kohya()), placeholder="<my-mug>").json()["job"]["id"]
    stack.wait_for(job_id, "succeeded")
    web = stack.start_web()
    with client(web) as api:
        lists_what_there_is(api)
        drawn = draws_a_concept_by_its_bare_name(api)
        reads_the_recipe(api, drawn)
        draws_into_a_mask(api, drawn)
        refuses_in_its_own_form(api)
    shows_progress_and_stops(stack, web)


def lists_what_there_is(api: WebUIApi) -> None:
    loaded = api.get_embeddings()["loaded"]
    assert set(loaded) == {"my-mug"}
    assert loaded["my-mug"]["shape"] == 128
    assert "Euler a" in api.util_get_sampler_names()
    assert "automatic" in api.util_get_scheduler_names()
    (title,) = api.util_get_model_names()
    assert api.util_get_current_model() == title
    api.util_set_model("demo")
    assert api.get_options()["sd_model_checkpoint"] == title
    assert api.get_scripts() == {"txt2img": [], "img2img": []}
    empty: list[Callable[[], Any]] = [
        api.get_upscalers,
        api.get_loras,
        api.get_hypernetworks,
        api.get_face_restorers,
        api.get_realesrgan_models,
        api.get_prompt_styles,
        api.get_latent_upscale_modes,
        api.get_sd_vae,
    ]
    assert [call() for call in empty] == [[]] * len(empty)
    assert api.refresh_checkpoints() is None
    assert set(api.get_memory()) == {"ram", "cuda"}
    assert api.get_cmd_flags() == {"api": True}
    api.util_wait_for_ready()


def draws_a_concept_by_its_bare_name(api: WebUIApi) -> Image.Image:
    drawn = api.txt2img(prompt="a photo of My-Mug", seed=7, batch_size=2, steps=2, width=SIZE, height=SIZE)
    assert [image.size for image in drawn.images] == [(SIZE, SIZE)] * 2
    assert drawn.info["all_seeds"] == [7, 8]
    assert drawn.info["all_prompts"] == ["a photo of <my-mug>"] * 2
    assert drawn.info["sampler_name"] == "Euler a"
    assert [image.info["parameters"] for image in drawn.images] == drawn.info["infotexts"]
    assert drawn.parameters["prompt"] == "a photo of My-Mug"
    picture: Image.Image = drawn.image
    return picture


def reads_the_recipe(api: WebUIApi, drawn: Image.Image) -> None:
    found = api.png_info(drawn)
    assert found.info == drawn.info["parameters"]
    assert found.parameters["Seed"] == "7"
    assert (found.parameters["Size-1"], found.parameters["Prompt"]) == (str(SIZE), "a photo of <my-mug>")


def draws_into_a_mask(api: WebUIApi, drawn: Image.Image) -> None:
    mask = Image.new("L", drawn.size, "black")
    ImageDraw.Draw(mask).rectangle((0, 0, SIZE // 2 - 1, SIZE), fill="white")
    wanted = {
        "images": [drawn],
        "mask_image": mask,
        "prompt": "a photo of my-mug",
        "steps": 4,
        "seed": 3,
        "mask_blur": 0,
    }
    size = {"width": SIZE, "height": SIZE}
    with_defaults(api, drawn)
    left = api.img2img(**wanted, **size, inpaint_full_res=False).image.convert("RGB")
    right = api.img2img(**wanted, **size, inpaint_full_res=False, inpainting_mask_invert=1).image.convert("RGB")
    halves = (0, 0, SIZE // 2, SIZE), (SIZE // 2, 0, SIZE, SIZE)
    before = [drawn.convert("RGB").crop(half).tobytes() for half in halves]
    assert [left.crop(half).tobytes() == same for half, same in zip(halves, before, strict=True)] == [False, True]
    assert [right.crop(half).tobytes() == same for half, same in zip(halves, before, strict=True)] == [True, False]


def with_defaults(api: WebUIApi, drawn: Image.Image) -> None:
    """The masked area alone, with a soft edge, filled with the colours around it: what the client asks for itself."""
    before = drawn.convert("RGB").resize((3 * SIZE, 2 * SIZE))
    mask = Image.new("L", before.size, "black")
    ImageDraw.Draw(mask).rectangle((100, 60, 119, 79), fill="white")
    answer = api.img2img(images=[before], mask_image=mask, prompt="a cat", steps=4, seed=3, width=SIZE, height=SIZE)
    after = answer.image.convert("RGB")
    assert after.size == before.size
    left, top, right, bottom = ImageChops.difference(before, after).getbbox()
    assert 80 <= left < 105
    assert 40 <= top < 65
    assert 115 < right <= 140  # the edge is 4 pixels soft
    assert 75 < bottom <= 100
    assert "Inpaint area: Only masked" in answer.info["infotexts"][0]


def refuses_in_its_own_form(api: WebUIApi) -> None:
    with pytest.raises(RuntimeError) as refused:
        api.txt2img(prompt="a photo of my-mug", sampler_name="DPM fast")
    status, text = refused.value.args
    assert status == 422
    assert "There is no sampler" in text


def shows_progress_and_stops(stack: Stack, web: Web) -> None:
    with client(web) as api, client(web) as other, ThreadPoolExecutor(1) as thread:
        drawing = thread.submit(api.txt2img, prompt="a cat", n_iter=16, steps=200, width=SIZE, height=SIZE)
        seen = until(lambda: found if (found := other.get_progress())["current_image"] else None, "a preview")
        assert 0 < seen["progress"] <= 1
        assert (seen["state"]["job"], seen["state"]["job_count"]) == ("scripts_txt2img", 1)
        assert seen["state"]["sampling_steps"] == 200
        assert other.interrupt() == {}
        with pytest.raises(RuntimeError, match="interrupted before a picture was done"):
            drawing.result()
        other.util_wait_for_ready()
    with stack.database.reading() as session:
        states = session.scalars(select(Job.state).order_by(Job.id)).all()
    assert states[-1] == "cancelled"
