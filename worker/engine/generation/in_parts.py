"""Pictures in as many loops as memory needs: as many at once as fit, and half after an error for lack of memory."""

from collections.abc import Generator, Sequence

from PIL import Image

from worker.engine.base_models import BaseModel
from worker.engine.free_memory import release_memory
from worker.engine.generation.draw import DenoisingStep, denoise
from worker.engine.generation.memory import pictures_that_fit
from worker.engine.generation.request import Request, SamplerSettings
from worker.engine.halving import is_out_of_memory


def denoise_in_parts(
    model: BaseModel, requests: Sequence[Request], settings: SamplerSettings
) -> Generator[DenoisingStep, None, list[Image.Image]]:
    """As `denoise`, for any number of requests. `indices` of a step count within its own loop.

    An error for lack of memory is raised if a single picture does not fit.
    """
    pictures: list[Image.Image] = []
    at_once = pictures_that_fit(model, settings.width, settings.height)
    while len(pictures) < len(requests):
        part = requests[len(pictures) : len(pictures) + at_once]
        try:
            pictures += yield from denoise(model, part, settings)
            continue
        except Exception as error:
            if not is_out_of_memory(error) or len(part) == 1:
                raise
        release_memory()
        at_once = (len(part) + 1) // 2
    return pictures
