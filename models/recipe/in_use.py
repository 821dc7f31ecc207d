"""Drawing and training with the finished model, by the project's own engine with its defaults."""

from collections import deque

from PIL import Image

from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import Request, SamplerSettings, draw
from worker.engine.inversion import Inversion, Options

AT_ONCE = 8  # pictures in one denoising loop


def drawn(
    model: BaseModel, texts: list[str], concepts: dict[str, Embedding] | None = None, seed: int = 0
) -> list[Image.Image]:
    """A picture for each text; seeds count up from `seed`."""
    settings, pictures = SamplerSettings.for_model(model), []
    requests = [Request(text, concepts=concepts or {}, seed=seed + number) for number, text in enumerate(texts)]
    for start in range(0, len(requests), AT_ONCE):
        pictures += draw(model, requests[start : start + AT_ONCE], settings)
    return pictures


def trained(model: BaseModel, pictures: list[Image.Image], initializer: str, kind: str, seed: int) -> Inversion:
    """A finished training run with the default method."""
    options = Options.for_model(model, kind=kind, seed=seed)
    run = Inversion(model, pictures, initializer, options)
    deque(run.steps(), maxlen=0)
    return run
