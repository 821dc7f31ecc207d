"""Request and response schemas for AUTOMATIC1111's clients, with AUTOMATIC1111's own names.

Every field that those clients send is declared. What each does is in `parameters`, which also refuses the values that
cannot be honoured here; a field that is declared nowhere is refused with the nearest name.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX, SEED_MAX, SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.core.request_model import RequestModel

_HIRES = "Not read: it belongs to `enable_hr`."
_REFUSED = "Refused, unless it is off."


class SdapiDrawIn(RequestModel):
    """The fields that `txt2img` and `img2img` share."""

    prompt: str = Field("", description="A concept is written by its bare name, `my-mug`, or as `<my-mug>`.")
    negative_prompt: str = Field("", description="What the picture should not show.")
    seed: int = Field(-1, ge=-1, le=SEED_MAX, description="Picture i has seed + i. -1: a random one.")
    steps: int | None = Field(None, ge=1, le=GENERATION_STEPS_MAX, description="Empty: the base model's own.")
    cfg_scale: float | None = Field(None, ge=0, le=GUIDANCE_MAX, description="Empty: the base model's own.")
    width: int | None = Field(
        None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE, description="Empty: the base model's own."
    )
    height: int | None = Field(
        None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE, description="Empty: the base model's own."
    )
    batch_size: int = Field(1, ge=1, description="With `n_iter`, the number of pictures: batch_size × n_iter.")
    n_iter: int = Field(1, ge=1, description="See `batch_size`.")
    sampler_name: str | None = Field(None, description="One of `samplers`. Empty: `sampler_index`.")
    sampler_index: str | None = Field(None, description="The older name of `sampler_name`. Empty: the model's own.")
    scheduler: str | None = Field(None, description="One of `schedulers`. Empty: `automatic`.")
    override_settings: dict[str, Any] | None = Field(None, description="`sd_model_checkpoint` chooses the base model.")
    override_settings_restore_afterwards: bool | None = Field(None, description="Not read: no setting is changed.")
    send_images: bool = Field(True, description="Whether the answer has the pictures.")
    save_images: bool = Field(False, description="Not read: every drawing is kept in the team's library.")
    include_init_images: bool = Field(False, description="Whether `parameters` repeats the pictures that were sent.")
    denoising_strength: float | None = Field(None, ge=0, le=1, description="How much of the initial picture changes.")
    styles: list[str] | None = Field(None, description=_REFUSED)
    subseed: int | None = Field(None, description="Not read: it belongs to `subseed_strength`.")
    subseed_strength: float | None = Field(None, description=_REFUSED)
    seed_resize_from_h: int | None = Field(None, description=_REFUSED)
    seed_resize_from_w: int | None = Field(None, description=_REFUSED)
    restore_faces: bool | None = Field(None, description=_REFUSED)
    tiling: bool | None = Field(None, description=_REFUSED)
    do_not_save_samples: bool | None = Field(None, description="Not read, as in AUTOMATIC1111.")
    do_not_save_grid: bool | None = Field(None, description="Not read, as in AUTOMATIC1111.")
    eta: float | None = Field(None, description=_REFUSED)
    s_churn: float | None = Field(None, description=_REFUSED)
    s_min_uncond: float | None = Field(None, description=_REFUSED)
    s_tmax: float | None = Field(None, description=_REFUSED)
    s_tmin: float | None = Field(None, description=_REFUSED)
    s_noise: float | None = Field(None, description=_REFUSED)
    refiner_checkpoint: str | None = Field(None, description=_REFUSED)
    refiner_switch_at: float | None = Field(None, description="Not read: it belongs to `refiner_checkpoint`.")
    disable_extra_networks: bool | None = Field(None, description="Not read: there are no extra networks.")
    comments: dict[str, Any] | None = Field(None, description=_REFUSED)
    script_name: str | None = Field(None, description=_REFUSED)
    script_args: list[Any] | None = Field(None, description=_REFUSED)
    alwayson_scripts: dict[str, Any] | None = Field(None, description="Refused, unless every script is off.")
    force_task_id: str | None = Field(None, description=_REFUSED)
    infotext: str | None = Field(None, description=_REFUSED)


class SdapiTxt2ImgIn(SdapiDrawIn):
    """A request for pictures from a text."""

    enable_hr: bool | None = Field(None, description=_REFUSED)
    hr_scale: float | None = Field(None, description=_HIRES)
    hr_upscaler: str | None = Field(None, description=_HIRES)
    hr_second_pass_steps: int | None = Field(None, description=_HIRES)
    hr_resize_x: int | None = Field(None, description=_HIRES)
    hr_resize_y: int | None = Field(None, description=_HIRES)
    hr_checkpoint_name: str | None = Field(None, description=_HIRES)
    hr_sampler_name: str | None = Field(None, description=_HIRES)
    hr_scheduler: str | None = Field(None, description=_HIRES)
    hr_prompt: str | None = Field(None, description=_HIRES)
    hr_negative_prompt: str | None = Field(None, description=_HIRES)
    firstphase_width: int | None = Field(None, description=_REFUSED)
    firstphase_height: int | None = Field(None, description=_REFUSED)


class SdapiImg2ImgIn(SdapiDrawIn):
    """A request for pictures from a picture, or into a mask."""

    init_images: list[str] = Field([], description="One picture: JPEG, PNG or WebP, as base64 or a `data:` address.")
    resize_mode: int = Field(0, description="0 stretches the picture to width × height, 1 crops it.")
    mask: str | None = Field(None, description="What is white in it is drawn again. As base64 or a `data:` address.")
    mask_blur: float | None = Field(None, ge=0, le=256, description="How soft its edge is, in pixels. Empty: 4.")
    mask_blur_x: float | None = Field(None, ge=0, le=256, description="The same, across. Empty: `mask_blur`.")
    mask_blur_y: float | None = Field(None, ge=0, le=256, description="The same, down. Empty: `mask_blur`.")
    mask_round: bool | None = Field(None, description=_REFUSED)
    inpainting_mask_invert: Literal[0, 1] = Field(0, description="1: what is black in the mask is drawn again.")
    inpainting_fill: int = Field(
        0, description="What the drawing starts from under the mask: 0 the colours around it, 1 the picture itself."
    )
    inpaint_full_res: bool | None = Field(
        None, description="Whether the masked area alone is drawn, at width × height, and put back. Empty: false."
    )
    inpaint_full_res_padding: int | None = Field(
        None, ge=0, le=SIDE_MAX, description="Pixels around the masked area that are drawn too. Empty: 0."
    )
    image_cfg_scale: float | None = Field(None, description=_REFUSED)
    initial_noise_multiplier: float | None = Field(None, description=_REFUSED)
    latent_mask: str | None = Field(None, description=_REFUSED)


class SdapiImages(BaseModel):
    """Drawn pictures."""

    images: list[str] = Field(description="Each picture as a PNG in base64, with its `parameters` text.")
    parameters: dict[str, Any] = Field(description="The request.")
    info: str = Field(description="JSON: `all_prompts`, `all_seeds`, `infotexts`, and so on.")


class SdapiPngInfoIn(RequestModel):
    """A picture that may say how it was drawn."""

    image: str = Field(description="A PNG as base64 or a `data:` address.")


class SdapiPngInfo(BaseModel):
    """What a picture says of itself."""

    info: str = Field(description="Its `parameters` text; empty if it has none.")
    items: dict[str, str] = Field(description="Its other texts.")
    parameters: dict[str, str] = Field(description="The settings in `info`, by AUTOMATIC1111's names.")


class SdapiState(BaseModel):
    """Where a drawing is."""

    skipped: bool = Field(False, description="Always false: pictures are drawn together.")
    interrupted: bool = Field(False, description="Whether it has been cancelled and is about to stop.")
    stopping_generation: bool = Field(False, description="The same as `interrupted`.")
    job: str = Field("", description="`scripts_txt2img` or `scripts_img2img`; empty while nothing is drawn.")
    job_count: int = Field(0, description="1 while a drawing waits or runs, otherwise 0.")
    job_timestamp: str = Field("0", description="When it was asked for, as YYYYMMDDhhmmss in UTC.")
    job_no: int = Field(0, description="Always 0.")
    sampling_step: int = Field(0, description="Steps that are done.")
    sampling_steps: int = Field(0, description="Steps that there are.")


class SdapiProgress(BaseModel):
    """How far the caller's own drawing is."""

    progress: float = Field(description="0 to 1.")
    eta_relative: float = Field(description="Seconds that are left; 0 when that is not known.")
    state: SdapiState = Field(description="The same in steps.")
    current_image: str | None = Field(None, description="A small preview in base64, once there is one.")
    textinfo: str | None = Field(None, description="A sentence while it waits.")


class SdapiOptions(BaseModel):
    """The options that hold for every request that says nothing else."""

    sd_model_checkpoint: str = Field(description="The title of the default base model.")
    sd_checkpoint_hash: str | None = Field(description="The SHA-256 of its weights.")
    sd_vae: str = Field("Automatic", description="Always the base model's own.")
    samples_format: str = Field("png", description="Always PNG.")
    CLIP_stop_at_last_layers: int = Field(1, description="Always the last layer.")
    eta_noise_seed_delta: int = Field(0, description="Always 0.")
    return_grid: bool = Field(False, description="Always false: an answer has no grid.")
    randn_source: str = Field("CPU", description="Noise is drawn on the processor, so that it is the same everywhere.")


class SdapiOptionsIn(RequestModel):
    """Options to set. Each must have the value that it has already."""

    sd_model_checkpoint: str | None = Field(None, description="A base model by title, name or hash.")
    sd_checkpoint_hash: str | None = Field(None, description="See `sd_model_checkpoint`.")
    sd_vae: str | None = Field(None, description="`Automatic`.")
    samples_format: str | None = Field(None, description="`png`.")
    CLIP_stop_at_last_layers: int | None = Field(None, description="1.")
    eta_noise_seed_delta: int | None = Field(None, description="0.")
    return_grid: bool | None = Field(None, description="false.")
    randn_source: str | None = Field(None, description="`CPU`.")


class SdapiSampler(BaseModel):
    """A sampler."""

    name: str = Field(description="What `sampler_name` takes.")
    aliases: list[str] = Field(description="Other names that it has.")
    options: dict[str, Any] = Field(description="`scheduler`: what `automatic` means for it, where that is another.")


class SdapiScheduler(BaseModel):
    """A schedule of noise levels."""

    name: str = Field(description="What `scheduler` takes.")
    label: str = Field(description="Its name for people, which `scheduler` takes too.")
    aliases: list[str] | None = Field(None, description="Other names that it has.")
    default_rho: float = Field(-1.0, description="A parameter of the schedule; -1 for none.")
    need_inner_model: bool = Field(False, description="Whether it takes the noise levels of the model.")


class SdapiModel(BaseModel):
    """A base model that is ready."""

    title: str = Field(description="Its name and the beginning of its hash: what `sd_model_checkpoint` takes.")
    model_name: str = Field(description="Its id in Oneword, which `sd_model_checkpoint` takes too.")
    hash: str | None = Field(description="The first ten digits of `sha256`.")
    sha256: str | None = Field(description="The fingerprint of its weights.")
    filename: str = Field(description="Its id again: no path on the server is shown.")
    config: str | None = Field(None, description="Always null.")


class SdapiEmbedding(BaseModel):
    """A concept that can be drawn."""

    step: int | None = Field(description="Steps that it was trained for.")
    sd_checkpoint: str | None = Field(
        description="The first ten digits of the hash of the base model it was taught on."
    )
    sd_checkpoint_name: str | None = Field(description="The name of that base model.")
    shape: int = Field(description="Numbers in one vector.")
    vectors: int = Field(description="Vectors, and so tokens of a prompt.")


class SdapiEmbeddings(BaseModel):
    """The team's concepts by the names that prompts have for them."""

    loaded: dict[str, SdapiEmbedding] = Field(description="Those that fit the first base model.")
    skipped: dict[str, SdapiEmbedding] = Field(description="Those for other kinds of base models.")
