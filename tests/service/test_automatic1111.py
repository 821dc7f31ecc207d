"""AUTOMATIC1111's interface: its shapes and field names, its credentials, and what becomes of each parameter.

The field names are those of AUTOMATIC1111/stable-diffusion-webui: `modules/api/models.py` (the response models),
`modules/processing.py` (`Processed.js`, the text in `info`), `modules/shared_state.py` (`State.dict`) and
`modules/api/api.py` (the body of errors).
"""

import base64
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.compat.automatic1111 import pictures, routes
from app.compat.automatic1111.parameters import REFUSED, UNREAD
from app.compat.automatic1111.schemas import SdapiImg2ImgIn, SdapiTxt2ImgIn
from app.core.settings import REPOSITORY, Settings
from app.generation.models import Image
from app.jobs import ledger, wake_up
from app.jobs.ledger import Lease
from app.services import Services
from app.web.json_uploads import CUT_BYTES, Base64File, Skeleton
from app.web.waiting import client_stayed
from tests.support.http import refused
from tests.support.pictures import photo

STATE = {"skipped", "interrupted", "stopping_generation", "job", "job_count", "job_timestamp", "job_no",
         "sampling_step", "sampling_steps"}  # fmt: skip
MODELS = {
    "txt2img": {"images", "parameters", "info"},
    "progress": {"progress", "eta_relative", "state", "current_image", "textinfo"},
    "png-info": {"info", "items", "parameters"},
    "samplers": {"name", "aliases", "options"},
    "schedulers": {"name", "label", "aliases", "default_rho", "need_inner_model"},
    "sd-models": {"title", "model_name", "hash", "sha256", "filename", "config"},
    "embeddings": {"loaded", "skipped"},
}
EMBEDDING = {"step", "sd_checkpoint", "sd_checkpoint_name", "shape", "vectors"}
INFO = {"prompt", "all_prompts", "negative_prompt", "all_negative_prompts", "seed", "all_seeds", "subseed",
        "all_subseeds", "subseed_strength", "width", "height", "sampler_name", "cfg_scale", "steps", "batch_size",
        "restore_faces", "face_restoration_model", "sd_model_name", "sd_model_hash", "sd_vae_name", "sd_vae_hash",
        "seed_resize_from_w", "seed_resize_from_h", "denoising_strength", "extra_generation_params",
        "index_of_first_image", "infotexts", "styles", "job_timestamp", "clip_skip",
        "is_using_inpainting_conditioning", "version"}  # fmt: skip
ERROR = {"error", "detail", "body", "errors"}
LONG = "A" * (CUT_BYTES + 4)  # base64 of a picture, by its length
PNG = base64.b64encode(photo(1, (64, 64), "PNG")).decode()


@pytest.fixture
def worker(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Draws as soon as it is woken. Returns what it was asked for."""
    asked: list[dict[str, Any]] = []

    def wake(_settings: Settings, kind: str, job_id: str) -> None:
        with services.database.transaction() as session:
            job = ledger.claim(session, "generation", "test", 60)
            assert job is not None
            asked.append(dict(job.spec))
            for index in range(job.spec["count"]):
                key = f"jobs/{job.id}/{index}.png"
                services.storage.put(key, photo(index, (64, 64), format="PNG"))
                session.add(Image(team_id=job.team_id, job_id=job.id, generation_id=job.generation_id, key=key,
                                  position=index, seed=7 + index, width=64, height=64, recipe={}))  # fmt: skip
            session.flush()
            ledger.finish(session, Lease(job.id, job.attempt), "succeeded")

    monkeypatch.setattr(wake_up, "wake", wake)
    return asked


def basic(token: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'anybody:{token}'.encode()).decode()}"}


def test_answers_have_the_fields_of_automatic1111(
    anonymous: TestClient, member: TestClient, learned: str, worker: list[dict[str, Any]]
) -> None:
    anonymous.headers.update(member.headers)  # its loop feeds the events
    drawn = anonymous.post("/sdapi/v1/txt2img", json={"prompt": "a my-mug", "seed": 7, "n_iter": 2}).json()
    assert set(drawn) == MODELS["txt2img"]
    info = json.loads(drawn["info"])
    assert set(info) == INFO
    assert (info["all_seeds"], info["all_prompts"]) == ([7, 8], ["a <my-mug>"] * 2)
    assert worker[-1]["prompt"] == "a <my-mug>"
    progress = member.get("/sdapi/v1/progress").json()
    assert (set(progress), set(progress["state"])) == (MODELS["progress"], STATE)
    assert (progress["progress"], progress["state"]["job_count"]) == (0, 0)
    assert set(member.post("/sdapi/v1/png-info", json={"image": PNG}).json()) == MODELS["png-info"]
    for name in ("samplers", "schedulers", "sd-models"):
        assert {frozenset(each) for each in member.get(f"/sdapi/v1/{name}").json()} == {frozenset(MODELS[name])}
    embeddings = member.get("/sdapi/v1/embeddings").json()
    assert set(embeddings) == MODELS["embeddings"]
    assert set(embeddings["loaded"]["my-mug"]) == EMBEDDING
    wanted = {"prompt": "x", "init_images": [PNG], "denoising_strength": 0.5, "include_init_images": True}
    large = wanted | {"init_images": [base64.b64encode(photo(2, (1000, 1000), "BMP")).decode()]}
    refused(member.post("/sdapi/v1/img2img", json=large), "init_images", "not a picture")  # and not 413: 4 MB are read
    again = anonymous.post("/sdapi/v1/img2img", json=wanted).json()
    assert set(again) == MODELS["txt2img"]
    assert again["parameters"]["init_images"] == [PNG]
    assert worker[-1]["strength"] == 0.5


def test_a_token_is_the_password_of_basic_under_sdapi_alone(anonymous: TestClient, member: TestClient) -> None:
    headers = basic(member.headers["Authorization"].removeprefix("Bearer "))
    assert anonymous.get("/sdapi/v1/samplers", headers=headers).status_code == 200
    for path in ("/api/me", "/v1/models"):
        assert anonymous.get(path, headers=headers).status_code == 401
    for sent in (basic("owt_garbage"), basic(""), {"Authorization": "Basic ÿ".encode("latin-1").decode("latin-1")[:6]}):
        answer = anonymous.get("/sdapi/v1/samplers", headers=sent)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert set(answer.json()) >= ERROR
    elsewhere = headers | {"Origin": "https://elsewhere.example"}
    assert anonymous.post("/sdapi/v1/interrupt", headers=elsewhere).status_code == 403
    assert anonymous.post("/sdapi/v1/interrupt", headers=headers).json() == {}
    for path in ("upscalers", "scripts", "memory"):
        assert anonymous.get(f"/sdapi/v1/{path}").status_code == 401
    assert set(anonymous.get("/sdapi/v1/nothing", headers=headers).json()) >= ERROR


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [
        ("txt2img", {"sampler_name": "PLMS"}, "sampler_name", "There is no sampler"),
        ("txt2img", {"sampler_name": "Euler", "scheduler": "karras"}, "scheduler", "Send scheduler=automatic"),
        ("txt2img", {"enable_hr": True}, "enable_hr", "Leave it out, or send false."),
        ("txt2img", {"styles": ["anime"]}, "styles", "write their text into the prompt"),
        ("txt2img", {"alwayson_scripts": {"ControlNet": {"args": [{}]}}}, "alwayson_scripts", "is not here"),
        ("txt2img", {"alwayson_scripts": {"ControlNet": {"units": [{}]}}}, "alwayson_scripts", "is not here"),
        ("txt2img", {"s_noise": 0}, "s_noise", "Leave it out, or send 1."),
        ("txt2img", {"override_settings": {"sd_model_checkpoint": "sdxl"}}, "override_settings.sd_model_checkpoint",
         "There is: demo"),
        ("txt2img", {"override_settings": {"sd_vae": "x"}}, "override_settings.sd_vae", "always"),
        ("txt2img", {"n_iter": 20}, "batch_size", "at most 16"),
        ("txt2img", {"promt": "x"}, "promt", "Did you mean prompt?"),
        ("img2img", {}, "init_images", "Send one."),
        ("img2img", {"init_images": ["http://127.0.0.1/x.png"]}, "init_images", "fetches none"),
        ("img2img", {"init_images": ["data:image/png,%89PNG"]}, "init_images", "data: address that is not base64"),
        ("img2img", {"init_images": LONG}, "init_images", "valid list"),
        ("img2img", {"init_images": [LONG, LONG]}, "init_images", "2 were sent"),
        ("img2img", {"init_images": [PNG], "latent_mask": LONG}, "latent_mask", "Send the mask as a picture"),
        ("img2img", {"init_images": [PNG], "alwayson_scripts": {"ControlNet": {"args": [{"image": LONG}]}}},
         "alwayson_scripts", "is not here"),
        ("img2img", {"init_images": ["no base64!"]}, "init_images", "base64"),
        ("img2img", {"init_images": [PNG], "resize_mode": 2}, "resize_mode", "Send one of them."),
        ("img2img", {"init_images": [PNG], "mask": PNG, "inpaint_full_res": True, "inpaint_full_res_padding": -1},
         "inpaint_full_res_padding", "0"),
        ("options", {"sd_vae": "x"}, "sd_vae", "everybody"),
        ("skip", None, None, "Send interrupt"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_in_a_sentence(
    member: TestClient, woken: list[str], path: str, body: dict[str, Any] | None, field: str | None, says: str
) -> None:
    sent = None if body is None else body if path == "options" else {"prompt": "a cat", **body}
    problem = refused(member.post(f"/sdapi/v1/{path}", json=sent), field, says)
    assert set(problem) >= ERROR
    assert problem["errors"] == f"422: {problem['detail']}"
    assert woken == []


def test_a_prompt_of_more_words_than_a_statement_takes_is_refused_as_too_long(
    member: TestClient, woken: list[str]
) -> None:
    prompt = " ".join(f"{number:x}" for number in range(260_000))  # SQLite and PostgreSQL take fewer parameters
    for field, sent in (
        ("prompt", {"prompt": prompt}),
        ("negative_prompt", {"prompt": "a cat", "negative_prompt": prompt}),
    ):
        refused(member.post("/sdapi/v1/img2img", json={"init_images": [PNG], **sent}), field, "Shorten it")
        sent[field] = prompt[:900_000]
        problem = refused(member.post("/sdapi/v1/txt2img", json=sent), field, "Shorten it")
        assert problem["type"] == "/problems/prompt-too-long"
    assert woken == []


@pytest.mark.parametrize("wanted_back", [False, True])
def test_a_picture_is_in_a_file_and_goes_before_the_wait_unless_it_is_wanted_back(
    member: TestClient, worker: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, wanted_back: bool
) -> None:
    skeletons: list[Skeleton] = []
    closed: list[bool] = []

    class Watched(Skeleton):
        def new_file(self) -> Base64File:
            skeletons.append(self)
            return super().new_file()

    async def waited(*arguments: Any) -> bool:
        body = await arguments[-1].body()
        assert len(body) < 1000
        closed.extend(each.file.closed for each in skeletons[0].files.values())
        return await client_stayed(*arguments)

    monkeypatch.setattr(pictures, "Skeleton", Watched)
    monkeypatch.setattr(routes, "client_stayed", waited)
    large = base64.b64encode(photo(3, (256, 256), "PNG", compress_level=0)).decode()
    assert len(large) > CUT_BYTES
    sent = {"prompt": "x", "init_images": [large], "mask": PNG, "include_init_images": wanted_back}
    answer = member.post("/sdapi/v1/img2img", json=sent | {"width": 64, "height": 64})
    assert answer.status_code == 200, answer.text
    shown = answer.json()["parameters"]
    assert (shown["init_images"], shown["mask"]) == (([large], PNG) if wanted_back else (None, None))
    assert closed == [not wanted_back] * 2
    assert all(each.file.closed for each in skeletons[0].files.values())


def test_every_parameter_is_documented_with_what_becomes_of_it() -> None:
    page = (REPOSITORY / "docs" / "rest.md").read_text("utf-8")
    table = page.partition("| parameter | what becomes of it |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").partition(" | ") for line in table.splitlines()[2:]]
    documented = {name.strip("`"): what for names, _, what in rows for name in names.split(", ")}
    assert set(documented) == set(SdapiTxt2ImgIn.model_fields) | set(SdapiImg2ImgIn.model_fields)
    for name, off in REFUSED.items():
        assert documented[name] == f"refused unless `{json.dumps(off.values[0])}`: {off.why}"
    for name, why in UNREAD.items():
        assert documented[name] == f"not read: {why}"
