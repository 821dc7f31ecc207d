"""Whether a model's noise schedule is one that Oneword knows: z_t = alpha_t z_0 + sigma_t eps, from betas.

All schedulers of Stable Diffusion 1, 2 and XL share this path from pictures to noise, and differ in how they walk it.
Other paths look alike in a folder: EDM's (Karras et al. 2022, arXiv 2206.00364) in Playground 2.5, and the straight
ones of flow matching. A model of another path would be taught and drawn without an error, and wrongly.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.contracts.config_file import ConfigFile, is_size, shown, with_article
from app.contracts.errors import UnfitModel

SCHEDULER: Final = "scheduler/scheduler_config.json"
PREDICTIONS: Final = ("epsilon", "v_prediction")
SPACINGS: Final = ("leading", "trailing", "linspace")
BETA_SCHEDULES: Final = ("linear", "scaled_linear", "squaredcos_cap_v2")
TIME_STEPS_MAX: Final = 10_000
LCM: Final = "LCMScheduler"
TCD: Final = "TCDScheduler"
# Schedulers of diffusers that walk this path.
KNOWN: Final = frozenset(
    {
        "DDIMScheduler",
        "DDIMParallelScheduler",
        "DDPMScheduler",
        "DDPMParallelScheduler",
        "DEISMultistepScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "DPMSolverSDEScheduler",
        "EulerAncestralDiscreteScheduler",
        "EulerDiscreteScheduler",
        "HeunDiscreteScheduler",
        "KDPM2AncestralDiscreteScheduler",
        "KDPM2DiscreteScheduler",
        "LMSDiscreteScheduler",
        "PNDMScheduler",
        "SASolverScheduler",
        "UniPCMultistepScheduler",
        LCM,
        TCD,
    }
)


def read_scheduler(folder: Path, index: ConfigFile) -> tuple[str, dict[str, Any]]:
    """The scheduler's class and its configuration. Raises UnfitModel for any other path or prediction."""
    config = ConfigFile.read(folder, SCHEDULER)
    entry = index.get("scheduler")
    stated = [entry[1] if isinstance(entry, list) and len(entry) == 2 else None, config.get("_class_name")]
    classes = [each for each in stated if each is not None]
    if not classes:
        raise config.wrong("_class_name", "the class of a scheduler")
    for each in classes:
        _check_class(each)
    _check_prediction(config)
    _check_betas(config)
    config.one_of("timestep_spacing", SPACINGS, "leading")
    for flag in ("clip_sample", "thresholding", "set_alpha_to_one"):
        config.flag(flag, default=False)
    prediction = config.one_of("prediction_type", PREDICTIONS, "epsilon")  # the default of diffusers; some say null
    if config.flag("rescale_betas_zero_snr", default=False) and prediction == "epsilon":
        raise UnfitModel(
            f"The file {SCHEDULER} says rescale_betas_zero_snr is True and prediction_type is 'epsilon': the last time "
            "step is pure noise, and to predict noise there says nothing of the picture. Correct the file: "
            "such models predict v_prediction."
        )
    return str(classes[0]), {**config.values, "prediction_type": prediction}


def _check_class(kind: object) -> None:
    if isinstance(kind, str) and kind in KNOWN:
        return
    name = kind if isinstance(kind, str) else shown(kind)
    if name.startswith(("EDM", "CosineDPM")):
        reason = "an EDM scheduler, as Playground 2.5 has"
    elif "FlowMatch" in name:
        reason = "a flow-matching scheduler"
    else:
        reason = "a scheduler that Oneword does not know"
    raise UnfitModel(
        f"Its scheduler is {with_article(name)}: {reason}. Oneword teaches models whose noise follows the "
        "schedule of Stable Diffusion. Use another model."
    )


def _check_prediction(config: ConfigFile) -> None:
    if config.get("use_flow_sigmas") or "flow" in str(config.get("prediction_type")):
        key = "use_flow_sigmas" if config.get("use_flow_sigmas") else "prediction_type"
        raise UnfitModel(
            f"The file {SCHEDULER} says {key} is {shown(config.get(key))}, which is flow matching. Oneword teaches "
            "models whose noise follows the schedule of Stable Diffusion. Use another model."
        )
    if (config.get("prediction_type") or "epsilon") not in PREDICTIONS:
        raise UnfitModel(
            f"The file {SCHEDULER} says prediction_type is {shown(config.get('prediction_type'))}, and Oneword teaches "
            f"models that predict {' or '.join(PREDICTIONS)}. Use another model."
        )


def _check_betas(config: ConfigFile) -> None:
    if config.whole("num_train_timesteps", 1000) > TIME_STEPS_MAX:
        raise config.wrong("num_train_timesteps", f"at most {TIME_STEPS_MAX}")
    config.one_of("beta_schedule", BETA_SCHEDULES, "linear")
    first, last = config.number("beta_start", 0.0001), config.number("beta_end", 0.02)
    if not first <= last < 1:
        raise config.wrong("beta_end" if last >= 1 else "beta_start", "below 1, and the first beta not above the last")
    trained = config.get("trained_betas")
    if trained is not None and not _are_betas(trained, config.values):
        raise config.wrong("trained_betas", "a list of as many numbers between 0 and 1 as there are time steps")
    offset = config.get("steps_offset")
    if (
        offset is not None
        and offset != 0
        and not (is_size(offset) and offset < config.whole("num_train_timesteps", 1000))
    ):
        raise config.wrong("steps_offset", "a whole number of time steps")


def _are_betas(value: object, config: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, list)
        and len(value) == (config.get("num_train_timesteps") or 1000)
        and all(isinstance(each, float) and 0 < each < 1 for each in value)
    )
