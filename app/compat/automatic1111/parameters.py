"""What becomes of each parameter of AUTOMATIC1111: which values are refused, which parameters are not read, and why.

`docs/rest.md` has the same table; a test holds it to this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.compat.automatic1111.schemas import SdapiDrawIn, SdapiImg2ImgIn
from app.core.errors import InvalidInput
from app.core.request_model import printable


@dataclass(frozen=True)
class Off:
    """A parameter that is taken at the values that mean "off" alone."""

    values: tuple[Any, ...]  # the first is what the refusal tells clients to send; null is always taken
    why: str


REFUSED: Final[Mapping[str, Off]] = {
    "styles": Off(([],), "There are no styles here: write their text into the prompt."),
    "subseed_strength": Off((0,), "There are no variation seeds here."),
    "seed_resize_from_h": Off((0, -1), "Noise is drawn at the size of the picture."),
    "seed_resize_from_w": Off((0, -1), "Noise is drawn at the size of the picture."),
    "restore_faces": Off((False,), "No face restorer is installed."),
    "tiling": Off((False,), "Pictures that tile cannot be drawn."),
    "eta": Off((1,), "The samplers' own value is used, which is 1 for Euler a and 0 for DDIM."),
    "s_churn": Off((0,), "The samplers have no such setting."),
    "s_min_uncond": Off((0,), "The negative prompt is used in every step."),
    "s_tmax": Off((0,), "The samplers have no such setting."),
    "s_tmin": Off((0,), "The samplers have no such setting."),
    "s_noise": Off((1,), "The samplers have no such setting."),
    "refiner_checkpoint": Off(("", "None"), "A picture is drawn by one base model."),
    "comments": Off(({},), "Comments are written by AUTOMATIC1111 itself."),
    "script_name": Off(("", "None"), "There are no scripts here."),
    "script_args": Off(([],), "There are no scripts here."),
    "force_task_id": Off(("",), "Ids are given out here."),
    "infotext": Off(("",), "Send the settings in fields of their own; png-info reads them from a text."),
    "enable_hr": Off((False,), "There is no hires fix here: ask for the size that is to be drawn."),
    "firstphase_width": Off((0,), "There is no hires fix here."),
    "firstphase_height": Off((0,), "There is no hires fix here."),
    "mask_round": Off((True,), "Masks have soft edges here."),
    "image_cfg_scale": Off((1.5,), "Only models for instruct-pix2pix read it, and none is here."),
    "initial_noise_multiplier": Off((1,), "Noise is added in full."),
    "latent_mask": Off(("",), "Send the mask as a picture in `mask`."),
}
_HIRES: Final = "it belongs to `enable_hr`"
UNREAD: Final[Mapping[str, str]] = {
    "subseed": "it belongs to `subseed_strength`",
    "do_not_save_samples": "AUTOMATIC1111 sets it from `save_images`",
    "do_not_save_grid": "AUTOMATIC1111 sets it from `save_images`",
    "save_images": "every drawing is kept, under `/api/generations`",
    "override_settings_restore_afterwards": "no setting of the studio is changed",
    "refiner_switch_at": "it belongs to `refiner_checkpoint`",
    "disable_extra_networks": "there are no extra networks",
    "hr_scale": _HIRES,
    "hr_upscaler": _HIRES,
    "hr_second_pass_steps": _HIRES,
    "hr_resize_x": _HIRES,
    "hr_resize_y": _HIRES,
    "hr_checkpoint_name": _HIRES,
    "hr_sampler_name": _HIRES,
    "hr_scheduler": _HIRES,
    "hr_prompt": _HIRES,
    "hr_negative_prompt": _HIRES,
}
# Settings that `override_settings` may repeat beside `sd_model_checkpoint`, at the values that hold in any case.
FIXED_SETTINGS: Final[Mapping[str, tuple[Any, ...]]] = {
    "sd_vae": ("Automatic", "None", None),
    "samples_format": ("png",),
    "CLIP_stop_at_last_layers": (1,),
    "eta_noise_seed_delta": (0,),
    "return_grid": (False,),
    "randn_source": ("CPU",),
}
CHECKPOINT: Final = "sd_model_checkpoint"


def refuse_what_is_not_done(body: SdapiDrawIn) -> None:
    """Raise InvalidInput for the first parameter whose value cannot be honoured."""
    for name in sorted(body.model_fields_set & set(REFUSED)):
        value, off = getattr(body, name), REFUSED[name]
        if value is not None and value not in off.values:
            raise _refused(name, f"{off.why} Leave it out, or send {_json(off.values[0])}.")
    for script, sent in (body.alwayson_scripts or {}).items():
        if not _is_off(sent):
            raise _refused("alwayson_scripts", f"The extension {printable(script)} is not here. Leave it out.")
    if isinstance(body, SdapiImg2ImgIn):
        _check_picture(body)
    _check_settings(body.override_settings or {})


def _check_picture(body: SdapiImg2ImgIn) -> None:
    if len(body.init_images) != 1:
        sent = f"{len(body.init_images)} were sent" if body.init_images else "none was"
        raise _refused("init_images", f"A drawing starts from one picture, and {sent}. Send one.")
    if body.resize_mode not in (0, 1):
        raise _refused("resize_mode", "Only 0 (stretch the picture) and 1 (crop it) are done here. Send one of them.")
    if body.mask is None:
        return
    if body.inpainting_fill not in (0, 1):
        raise _refused(
            "inpainting_fill", "Only 0 (the colours around the mask) and 1 (the picture itself) are done. Send one."
        )


def _check_settings(settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        field = f"override_settings.{printable(name)}"
        if name == CHECKPOINT:
            if not isinstance(value, str | None):
                raise _refused(field, "Send the name of a base model, as sd-models lists them.")
        elif name not in FIXED_SETTINGS:
            known = ", ".join((CHECKPOINT, *FIXED_SETTINGS))
            raise _refused(field, f"There is no such setting here. There is: {known}.")
        elif value not in FIXED_SETTINGS[name]:
            raise _refused(field, f"It is always {_json(FIXED_SETTINGS[name][0])} here. Leave it out.")


def _is_off(sent: Any) -> bool:
    """Whether an extension's entry switches it off: nothing but `args`, without any or with `false` as the first."""
    arguments = sent.get("args") if isinstance(sent, Mapping) and sent.keys() <= {"args"} else sent
    return arguments in (None, [], {}) or (isinstance(arguments, list) and arguments[0] is False)


def _json(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value).replace("'", '"')


def _refused(field: str, why: str) -> InvalidInput:
    return InvalidInput(f"{field}: {why}", field=field, code="unsupported")
