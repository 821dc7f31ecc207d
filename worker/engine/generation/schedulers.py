"""The samplers by the names that people know, each built from the base model's own noise schedule."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers
import torch

STEPS_MAX = 1000


@dataclass(frozen=True)
class Sampler:
    """A diffusers scheduler class, what it is told beyond the model's schedule, and AUTOMATIC1111's name for it."""

    kind: str
    label: str
    options: Mapping[str, Any] = field(default_factory=dict)
    steps_max: int = STEPS_MAX
    adds_noise: bool = False  # at every step, from a generator


SCHEDULERS: Mapping[str, Sampler] = {
    # Song et al. 2020, arXiv 2010.02502
    "ddim": Sampler("DDIMScheduler", "DDIM"),
    # Lu et al. 2022, arXiv 2211.01095; with the noise levels of Karras et al. 2022, arXiv 2206.00364, equation 5
    "dpm++2m": Sampler("DPMSolverMultistepScheduler", "DPM++ 2M", {"algorithm_type": "dpmsolver++"}),
    "dpm++2m-karras": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 2M Karras",
        {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True},
    ),
    # Karras et al. 2022, algorithm 2 without churn; the ancestral one adds noise back at every step
    "euler": Sampler("EulerDiscreteScheduler", "Euler"),
    "euler-a": Sampler("EulerAncestralDiscreteScheduler", "Euler a", adds_noise=True),
    # Zhao et al. 2023, arXiv 2302.04867
    "unipc": Sampler("UniPCMultistepScheduler", "UniPC"),
    # Luo et al. 2023, arXiv 2310.04378; for base models distilled this way. Its own schedule has 50 steps.
    "lcm": Sampler("LCMScheduler", "LCM", steps_max=50, adds_noise=True),
}


def scheduler_for(name: str, config: Mapping[str, Any], steps: int, device: torch.device, first: int = 0) -> Any:
    """A scheduler of a known name for a base model's scheduler configuration, ready to take `steps` steps from the
    one numbered `first` on. All of ours take one step for each time step (`order` 1)."""
    sampler = SCHEDULERS[name]
    kind = getattr(diffusers, sampler.kind)
    understood = set(kind._get_init_keys(kind))
    own = {key: value for key, value in config.items() if key in understood}
    with warnings.catch_warnings():
        # diffusers 0.4x turns tensors into arrays in a way that numpy 2 will no longer take without a word.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        scheduler = kind(**{**own, **sampler.options})
        scheduler.set_timesteps(steps, device=device)
    if first and hasattr(scheduler, "set_begin_index"):  # the others know their place from the time step
        scheduler.set_begin_index(first)
    return scheduler
