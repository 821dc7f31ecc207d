"""Loads the base model and draws a small picture before anybody waits for one.

A job that arrives meanwhile goes first: the warm-up ends at its next check. With several base models nobody knows which
one the first job names, and loading another would delay it, so nothing is loaded then.
"""

from collections.abc import Callable
from typing import Final

import structlog

from app.base_models.catalog import sources
from app.contracts.limits import SIDE_MIN
from worker.context import WorkerContext
from worker.engine.generation import Request, SamplerSettings, draw

log = structlog.get_logger(__name__)

_STEPS: Final = 2


def warm_up(context: WorkerContext, is_wanted: Callable[[], bool]) -> None:
    """Warm the worker as far as it comes while `is_wanted()` is true. Never raises: what fails costs nothing else."""
    try:
        names = list(sources(context.settings))
        if len(names) != 1 or not is_wanted():
            return
        model = context.base_model(names[0])
        if is_wanted():
            settings = SamplerSettings.for_model(model, steps=_STEPS, width=SIDE_MIN, height=SIDE_MIN)
            draw(model, [Request(prompt="a photo")], settings)
    except Exception as error:  # the first job says what is wrong
        log.warning("not warmed up", error=str(error))
