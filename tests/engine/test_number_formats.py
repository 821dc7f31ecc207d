"""The number formats of a GPU: bf16 where it computes in it, elsewhere float16 with a scaled loss."""

from collections.abc import Callable

import pytest
import torch
from PIL import Image

from worker.engine.base_models import BaseModel
from worker.engine.base_models.precision import Precision
from worker.engine.inversion import Inversion, Options, gradients
from worker.engine.inversion.loss_scale import START, LossScale
from worker.engine.inversion.passes import Passes

Tiny = Callable[[str], BaseModel]
Pictures = list[Image.Image]

OPTIONS = Options(steps_max=50, batch=5, evaluation_batch=4, evaluate_every=50, vectors=2, seed=3)
HALF = torch.bfloat16


@pytest.mark.parametrize(("capability", "expected"), [((9, 0), HALF), ((8, 0), HALF), ((7, 5), torch.float16)])
def test_bf16_is_only_for_gpus_that_compute_in_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], expected: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert Precision.of(torch.device("cuda"), []) == Precision(expected, expected)


def test_a_scaled_loss_gives_the_same_gradient_and_an_overflow_moves_nothing(tiny: Tiny, pictures: Pictures) -> None:
    plain, scaled = (Inversion(tiny("sd1"), pictures, "mug", OPTIONS) for _ in range(2))
    scaled.concept.loss_scale = LossScale.on(torch.device("cpu"))
    for passes in (Passes(), Passes(samples=2)):
        for word in (plain, scaled):
            word.concept.discard_gradients()
            gradients(word.model, [word], passes)
        scaled.concept.loss_scale.unscale(scaled.concept.rows.values())
        for name, rows in plain.concept.rows.items():
            torch.testing.assert_close(scaled.concept.rows[name].grad, rows.grad, rtol=1e-4, atol=1e-7)
    rows = next(iter(scaled.concept.rows.values()))
    assert rows.grad is not None
    rows.grad[0, 0] = torch.inf
    scaled.concept.loss_scale.unscale(scaled.concept.rows.values())
    assert not rows.grad.any()
    assert scaled.concept.loss_scale.value.item() == START / 2
