"""From a request in AUTOMATIC1111's form to a generation, and from its pictures to the answer."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from app.accounts.principal import Principal
from app.compat.automatic1111 import library
from app.compat.automatic1111.parameters import CHECKPOINT, refuse_what_is_not_done
from app.compat.automatic1111.pictures import FIELDS, Pictures, as_base64, attached, upload
from app.compat.automatic1111.samplers import scheduler_of
from app.compat.automatic1111.schemas import (
    SdapiDrawIn,
    SdapiImages,
    SdapiImg2ImgIn,
    SdapiPngInfo,
    SdapiProgress,
    SdapiState,
)
from app.contracts import recipe_text
from app.contracts.generation import GenerationSpec
from app.contracts.schedulers import LABELS
from app.core.database import utc_now
from app.core.errors import Conflict
from app.generation import queries
from app.generation.models import Image
from app.generation.request import GenerationRequest
from app.generation.submission import draw
from app.jobs import queries as job_queries
from app.jobs import service as jobs
from app.jobs import views as job_views
from app.jobs.models import Job
from app.pictures.texts import texts_of
from app.services import Services
from app.web.waiting import must_have_succeeded


def submit(services: Services, principal: Principal, body: SdapiDrawIn, pictures: Pictures) -> str:
    """Queue the generation. Returns the job's id. Raises InvalidInput for what cannot be honoured.

    Pictures that the answer does not repeat are closed: the client may wait for an hour.
    """
    refuse_what_is_not_done(body)
    from_picture = isinstance(body, SdapiImg2ImgIn)
    files = attached(body, pictures, services.settings.upload_bytes_max) if isinstance(body, SdapiImg2ImgIn) else None
    longest = services.settings.prompt_characters_max
    with services.database.reading() as session:
        prompts = [  # `draw` refuses a longer one: its words may be more than a statement takes
            library.with_placeholders(session, principal.team_id, prompt) if len(prompt) <= longest else prompt
            for prompt in (body.prompt, body.negative_prompt)
        ]
    request = GenerationRequest(
        prompt=prompts[0],
        negative_prompt=prompts[1],
        base_model=library.model_id(services.catalog, (body.override_settings or {}).get(CHECKPOINT)),
        count=body.batch_size * body.n_iter,
        seed=None if body.seed < 0 else body.seed,
        steps=body.steps,
        guidance=body.cfg_scale,
        scheduler=scheduler_of(body.sampler_name or body.sampler_index, body.scheduler),
        width=body.width,
        height=body.height,
        mask_padding=_mask_padding(body),
        strength=(0.75 if body.denoising_strength is None else body.denoising_strength) if from_picture else None,
    )
    job_id = draw(services, principal, request, None, files)
    if not body.include_init_images:
        for picture in pictures.values():
            picture.close()
    return job_id


def answer(services: Services, principal: Principal, job_id: str, body: SdapiDrawIn, pictures: Pictures) -> bytes:
    """The pictures of a generation, as JSON. Those of an interrupted one are the ones that were done by then.

    Raises the error that the generation ended with if there are none.
    """
    with services.database.reading() as session:
        job = jobs.get(session, principal.team_id, job_id)
        images = queries.images(session, principal.team_id, [job.generation_id or ""])
    if not (job.state == "cancelled" and images):
        must_have_succeeded(job, cancelled="This drawing was interrupted before a picture was done. Ask for it again.")
    contents = [services.storage.get(image.key) for image in images] if body.send_images else []
    drawn = SdapiImages(
        images=[base64.b64encode(content).decode() for content in contents],
        parameters=_echoed(body, pictures),
        info=json.dumps(_info(services, job, images, body), ensure_ascii=False),
    )
    return drawn.model_dump_json().encode()


def interrupt(services: Services, principal: Principal) -> None:
    """Cancel the caller's own drawing that runs, or else the first that waits. Without one nothing happens."""
    with suppress(Conflict), services.database.transaction() as session:
        job = job_queries.drawing_of(session, principal.team_id, principal.user_id)
        if job is not None:
            jobs.cancel(session, principal, job.id, keep=False)


def progress(services: Services, principal: Principal, *, with_image: bool) -> SdapiProgress:
    """How far the caller's own drawing is, the one that `interrupt` would stop."""
    with services.database.reading() as session:
        job = job_queries.drawing_of(session, principal.team_id, principal.user_id)
        if job is None:
            return SdapiProgress(progress=0.0, eta_relative=0.0, state=SdapiState())
        seen = job_views.describe(session, job)
        preview = job_queries.newest_preview(session, principal.team_id, job.id) if with_image else None
    done, steps = (seen.progress.step, seen.progress.steps_max) if seen.progress else (0, int(job.spec["steps"]))
    return SdapiProgress(
        progress=done / max(1, steps),
        eta_relative=max(0.0, (seen.ends_at - utc_now()).total_seconds()) if seen.ends_at else 0.0,
        state=SdapiState(
            interrupted=job.cancel is not None,
            stopping_generation=job.cancel is not None,
            job="scripts_img2img" if job.spec.get("init_image_key") else "scripts_txt2img",
            job_count=1,
            job_timestamp=_timestamp(job.created_at),
            sampling_step=done,
            sampling_steps=steps,
        ),
        current_image=_glimpse(preview),
        textinfo=f"Waiting: {seen.ahead or 0} jobs are before this one." if job.state == "queued" else None,
    )


def png_info(services: Services, pictures: Pictures) -> SdapiPngInfo:
    """What a picture says of how it was drawn. Nothing is kept. Raises PictureError."""
    found = services.pictures.decode(upload(pictures, "image", services.settings.upload_bytes_max), texts_of, "image")
    return SdapiPngInfo(info=found.parameters, items=found.others, parameters=recipe_text.fields(found.parameters))


def _echoed(body: SdapiDrawIn, pictures: Pictures) -> dict[str, Any]:
    """The request as the answer repeats it: without the pictures that were sent, unless the client wants them."""
    sent = body.model_dump(mode="json", exclude=set(FIELDS))
    if isinstance(body, SdapiImg2ImgIn):
        shown = {name: as_base64(file) for name, file in pictures.items()} if body.include_init_images else {}
        sent |= {"init_images": [shown["init_images"]] if shown else None, "mask": shown.get("mask")}
    return sent


def _info(services: Services, job: Job, images: Any, body: SdapiDrawIn) -> dict[str, Any]:
    """AUTOMATIC1111's `Processed.js()`."""
    spec = GenerationSpec.model_validate(job.spec)
    seeds = [image.seed for image in images]
    models = {model.model_name: model for model in library.models(services.catalog)}
    model = models.get(spec.base_model)
    return {
        "prompt": spec.prompt,
        "all_prompts": [spec.picture(image.position).prompt for image in images],
        "negative_prompt": spec.negative_prompt,
        "all_negative_prompts": [spec.picture(image.position).negative_prompt for image in images],
        "seed": spec.seed,
        "all_seeds": seeds,
        "subseed": spec.seed,
        "all_subseeds": seeds,
        "subseed_strength": 0,
        "width": spec.width,
        "height": spec.height,
        "sampler_name": LABELS.get(spec.scheduler, spec.scheduler),
        "cfg_scale": spec.guidance,
        "steps": spec.steps,
        "batch_size": body.batch_size,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": spec.base_model,
        "sd_model_hash": model.hash if model else None,
        "sd_vae_name": None,
        "sd_vae_hash": None,
        "seed_resize_from_w": 0,
        "seed_resize_from_h": 0,
        "denoising_strength": spec.strength,
        "extra_generation_params": {},
        "index_of_first_image": 0,
        "infotexts": [_infotext(spec, image) for image in images],
        "styles": [],
        "job_timestamp": _timestamp(job.created_at),
        "clip_skip": 1,
        "is_using_inpainting_conditioning": False,
        "version": "Oneword",
    }


def _mask_padding(body: SdapiDrawIn) -> int | None:
    """The pixels around the masked area if that is drawn alone; None if the whole picture is."""
    if isinstance(body, SdapiImg2ImgIn) and body.mask is not None and body.inpaint_full_res:
        return body.inpaint_full_res_padding or 0
    return None


def _infotext(spec: GenerationSpec, image: Image) -> str:
    return recipe_text.write(spec.recipe(image.position))


def _glimpse(preview: dict[str, Any] | None) -> str | None:
    """The first picture of a preview event, without the head of its `data:` address."""
    shown = (preview or {}).get("glimpses") or []
    return str(shown[0]["url"]).partition(",")[2] if shown else None


def _timestamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
