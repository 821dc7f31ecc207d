"""A training step asks the device for nothing: no operation waits for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map

from worker.engine.base_models import BaseModel, load
from worker.engine.base_models.precision import Precision
from worker.engine.inversion import Inversion, Options, gradients
from worker.engine.inversion import samples as samples_module
from worker.engine.inversion.passes import Passes

Pictures = list[Image.Image]

FAMILIES = ("sd1", "sd2", "sdxl")
OPTIONS = Options(steps_max=50, batch=5, evaluation_batch=4, evaluate_every=50, vectors=2, seed=3)
FULL = torch.float32


class _ForbidWaiting(TorchDispatchMode):
    """Operations that would wait for a device, which is `meta` here: to read a number, and copies to and fro."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waits: list[str] = []
        self.ran = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        given = {
            each.device.type for each in tree_iter((args, kwargs or {})) if isinstance(each, Tensor) and each.dim()
        }
        made = {each.device.type for each in tree_iter(output) if isinstance(each, Tensor)}
        self.ran += "meta" in made
        copies = func.overloadpacket.__name__ in ("_to_copy", "copy_", "copy") and len(given | made) > 1
        reads = func.overloadpacket.__name__ in ("_local_scalar_dense", "nonzero", "masked_select", "equal", "unique")
        if copies or (reads and "meta" in given):
            self.waits.append(str(func))
        return output


@pytest.mark.parametrize("passes", [Passes(), Passes(samples=2, checkpointing=True)], ids=["whole", "divided"])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_operation_of_a_step_waits_for_the_device(
    tiny_folder: Callable[[str], Any], pictures: Pictures, monkeypatch: pytest.MonkeyPatch, family: str, passes: Passes
) -> None:
    """Everything of a step is on a device that holds no numbers, and so cannot answer; diffusers' own code included."""
    model = replace(load(tiny_folder(family), device="cpu"), precision=Precision(FULL, FULL))
    words = [
        Inversion(model, pictures, "mug", replace(OPTIONS, context_weight=1.0, snr_gamma=snr)) for snr in (0.0, 5.0)
    ]
    device = torch.device("meta")
    for module in (model.unet, *(encoder.module for encoder in model.encoders)):
        module.to(device)
    away = replace(model, device=device)
    sent: list[Any] = []

    def send(tensor: Tensor, _: torch.device) -> Tensor:
        sent.append(tensor)  # from pinned memory, without waiting
        return torch.empty_like(tensor, device=device)

    monkeypatch.setattr(samples_module, "to_device", send)
    for word in words:
        _move(word, away, device)
    gradients(away, words, passes)  # what is made once
    with _ForbidWaiting() as forbidden:
        gradients(away, words, passes)
    assert forbidden.waits == []
    assert forbidden.ran > 100
    assert len(sent) >= 2 * 2 * 5
    assert all(rows.grad is not None for word in words for rows in word.concept.rows.values())


def _move(word: Inversion, model: BaseModel, device: torch.device) -> None:
    """Put the state of a run onto the device."""

    def moved(value: Any) -> Any:
        return tree_map(lambda each: each.to(device) if isinstance(each, Tensor) else each, value)

    word.model = model
    word.latents = replace(word.latents, **moved(vars(word.latents)))
    word.captions = moved(word.captions)
    assert word.context is not None
    word.context = replace(word.context, **moved(vars(word.context)))
    word.concept.rows = {name: rows.detach().to(device).requires_grad_() for name, rows in word.concept.rows.items()}
