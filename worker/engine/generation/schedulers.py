"""The diffusers scheduler behind each name, built from the base model's own noise schedule.

Names, labels and limits on steps are in `app.contracts.schedulers`.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import diffusers
import torch

from worker.engine.base_models.model import SCHEDULE_KEYS


@dataclass(frozen=True)
class Sampler:
    """A diffusers scheduler class, and its options beyond the model's schedule."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    adds_noise: bool = False  # at every step, from a generator


# What a model's configuration says of the model, and a sampler obeys. The rest of it is about the model's own sampler:
# with `use_karras_sigmas` taken over from it, "euler" would not be Euler.
MODEL_KEYS: Final = frozenset(
    {
        *SCHEDULE_KEYS,
        "prediction_type",
        "timestep_spacing",
        "steps_offset",
        "set_alpha_to_one",
        "clip_sample",
        "clip_sample_range",
        "thresholding",
        "dynamic_thresholding_ratio",
        "sample_max_value",
    }
)
# Clipping to -1..1 is for models of pixels, and diffusers clips where a configuration does not say: one of Euler's or
# DPM-Solver's has no such option.
UNSTATED: Final[Mapping[str, Any]] = {"clip_sample": False}

SCHEDULERS: Mapping[str, Sampler] = {
    # Song et al. 2020, arXiv 2010.02502
    "ddim": Sampler("DDIMScheduler"),
    # Lu et al. 2022, arXiv 2211.01095; with the noise levels of Karras et al. 2022, arXiv 2206.00364, equation 5
    "dpm++2m": Sampler("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpm++2m-karras": Sampler(
        "DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True}
    ),
    # Karras et al. 2022, algorithm 2 without churn; the ancestral variant adds noise at every step
    "euler": Sampler("EulerDiscreteScheduler"),
    "euler-a": Sampler("EulerAncestralDiscreteScheduler", adds_noise=True),
    # Zhao et al. 2023, arXiv 2302.04867
    "unipc": Sampler("UniPCMultistepScheduler"),
    # Luo et al. 2023, arXiv 2310.04378; for base models that were distilled with it
    "lcm": Sampler("LCMScheduler", adds_noise=True),
}


def scheduler_for(name: str, config: Mapping[str, Any], steps: int, device: torch.device, first: int = 0) -> Any:
    """A scheduler for a base model's scheduler configuration, ready for `steps` steps from number `first` on.

    `name` is a known one. All schedulers here take one step for each time step (`order` 1).
    """
    sampler = SCHEDULERS[name]
    kind = getattr(diffusers, sampler.kind)
    understood = set(kind._get_init_keys(kind)) & MODEL_KEYS
    stated = {key: value for key, value in config.items() if value is not None}
    own = {key: value for key, value in {**UNSTATED, **stated}.items() if key in understood}
    with warnings.catch_warnings():
        # diffusers 0.4x converts tensors to arrays in a way that numpy 2 deprecates.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        scheduler = kind(**{**own, **sampler.options})
        scheduler.set_timesteps(steps, device=device)
    if first and hasattr(scheduler, "set_begin_index"):  # other schedulers find their position from the time step
        scheduler.set_begin_index(first)
    return scheduler
