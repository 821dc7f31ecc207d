"""Samplers and schedules by AUTOMATIC1111's names.

AUTOMATIC1111 names a sampler and, since version 1.9, a schedule of noise levels beside it. Older clients write both
into the sampler's name, as in `DPM++ 2M Karras`.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, cast

from app.compat.automatic1111.schemas import SdapiSampler, SdapiScheduler
from app.contracts.schedulers import BY_LABEL, LABELS, SchedulerName
from app.core.errors import InvalidInput
from app.core.request_model import printable

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "ddim": ("ddim",),
    "dpm++2m": ("k_dpmpp_2m",),
    "dpm++2m-karras": ("k_dpmpp_2m_ka",),
    "euler": ("k_euler",),
    "euler-a": ("k_euler_a", "k_euler_ancestral"),
    "unipc": ("unipc",),
    "lcm": ("k_lcm",),
}
AUTOMATIC: Final = {"DPM++ 2M": "Karras"}  # what `automatic` means, where AUTOMATIC1111 has a schedule of its own
SCHEDULES: Final = (
    SdapiScheduler(name="automatic", label="Automatic"),
    SdapiScheduler(name="uniform", label="Uniform", need_inner_model=True),
    SdapiScheduler(name="karras", label="Karras", default_rho=7.0),
)
_SAMPLERS: Final[Mapping[str, str]] = {
    name.lower(): label for key, label in LABELS.items() for name in (label, key, *ALIASES[key])
}
_SCHEDULES: Final[Mapping[str, str]] = {
    name.lower(): each.label for each in SCHEDULES for name in (each.name, each.label)
}


def samplers() -> list[SdapiSampler]:
    """Every sampler."""
    return [
        SdapiSampler(
            name=label,
            aliases=list(ALIASES[key]),
            options={"scheduler": AUTOMATIC[label].lower()} if label in AUTOMATIC else {},
        )
        for key, label in LABELS.items()
    ]


def scheduler_of(sampler: str | None, schedule: str | None) -> SchedulerName | None:
    """Oneword's scheduler for a sampler and a schedule; None for the base model's own. Raises InvalidInput."""
    chosen = _known("scheduler", schedule or "automatic", _SCHEDULES)
    if not sampler:
        if chosen != "Automatic":
            raise InvalidInput(
                f"The schedule {chosen} was sent without a sampler. Send sampler_name too.", field="sampler_name",
                code="sampler",
            )  # fmt: skip
        return None
    label = _known("sampler_name", sampler, _SAMPLERS)
    if chosen == "Automatic":
        chosen = AUTOMATIC.get(label, "Uniform")
    if chosen != "Uniform" and not label.endswith(f" {chosen}"):
        label = f"{label} {chosen}"
    if label not in BY_LABEL:
        raise InvalidInput(
            f"The sampler {label} is not here. Send scheduler=automatic, or one of: {', '.join(BY_LABEL)}.",
            field="scheduler",
            code="sampler",
            suggestions=["automatic"],
        )
    return cast("SchedulerName", BY_LABEL[label])


def _known(field: str, name: str, names: Mapping[str, str]) -> str:
    found = names.get(name.strip().lower())
    if found is None:
        near = get_close_matches(name.lower(), names, n=1)
        what = "sampler" if field == "sampler_name" else "schedule"
        raise InvalidInput(
            f"There is no {what} {printable(name)!r} here. There is: {', '.join(dict.fromkeys(names.values()))}.",
            field=field,
            code="sampler",
            suggestions=[names[each] for each in near] or None,
        )
    return found
