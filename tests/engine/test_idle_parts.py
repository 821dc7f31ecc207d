"""Parts of a model that are off the device while they are idle."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from PIL import Image

from worker.engine.base_models import BaseModel, load
from worker.engine.base_models.residence import on_device
from worker.engine.generation import Request, SamplerSettings, draw
from worker.engine.inversion import Inversion, Options, advance

Tiny = Callable[[str], BaseModel]
Pictures = list[Image.Image]

OPTIONS = Options(steps_max=50, batch=5, evaluation_batch=4, evaluate_every=50, vectors=2, seed=3)


class _Part(torch.nn.Linear):
    """A module that remembers where it was sent."""

    def __init__(self, place: str) -> None:
        super().__init__(1, 1)
        self.places = [place]

    def to(self, device: torch.device) -> "_Part":  # type: ignore[override]
        self.places.append(device.type)
        return self


def test_parts_are_on_the_device_only_while_they_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.engine.base_models.residence.place", lambda part: part.places[-1])
    away, here, device = _Part("cpu"), _Part("meta"), torch.device("meta")
    with on_device([away, here], device):
        with on_device([away], device):
            pass
        assert away.places == ["cpu", "meta"], "only the outermost block moves"
    assert (away.places, here.places) == (["cpu", "meta", "cpu"], ["meta"])


def test_a_model_whose_idle_parts_leave_teaches_and_draws_the_same(
    tiny: Tiny, tiny_folder: Callable[[str], Any], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[int] = []

    @contextmanager
    def spied(modules: Sequence[torch.nn.Module], device: torch.device) -> Iterator[None]:
        entered.append(len(modules))
        with on_device(modules, device):
            yield

    monkeypatch.setattr("worker.engine.base_models.model.on_device", spied)
    small = load(tiny_folder("sdxl"), device="cpu", idle_off=True)
    settings, request = SamplerSettings.for_model(small, steps=1), [Request("a mug", seed=1)]
    assert draw(small, request, settings)[0].tobytes() == draw(tiny("sdxl"), request, settings)[0].tobytes()
    assert entered == [2, 1], "the encoders, and then the autoencoder"
    words = [Inversion(model, pictures, "mug", OPTIONS) for model in (small, tiny("sdxl"))]
    for word in words:
        word.begin()
        advance(word.model, [word])
    one, other = (word.embedding.rows for word in words)
    assert all(torch.equal(one[name], other[name]) for name in one)
