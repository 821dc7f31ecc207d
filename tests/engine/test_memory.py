"""What fits into memory: reckoned from shapes; the same gradient in any division; what follows an error."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from benchmarks.fake_memory import counted
from benchmarks.published_shapes import PUBLISHED, SD1, SDXL
from worker.engine.base_models import BaseModel, load
from worker.engine.base_models import tiling as tiling_module
from worker.engine.base_models.footprint import UNetShape, decoding, encoding
from worker.engine.base_models.precision import Precision
from worker.engine.base_models.tiling import tiled
from worker.engine.errors import InversionError
from worker.engine.generation import Request, SamplerSettings, denoise_in_parts, draw
from worker.engine.generation import in_parts as in_parts_module
from worker.engine.inversion import Inversion, Options, gradients
from worker.engine.inversion import inversion as inversion_module
from worker.engine.inversion import memory as memory_module
from worker.engine.inversion.memory import passes_within, too_large
from worker.engine.inversion.passes import Passes, parts

Tiny = Callable[[str], BaseModel]
Pictures = list[Image.Image]

FAMILIES = ("sd1", "sd2", "sdxl")
OPTIONS = Options(steps_max=50, batch=5, evaluation_batch=4, evaluate_every=50, vectors=2, seed=3)
WAYS = [Passes(samples=2), Passes(samples=1), Passes(checkpointing=True), Passes(samples=2, checkpointing=True)]
HALF = torch.bfloat16


def exact(model: BaseModel) -> BaseModel:
    """The model in float64, where rounding hides no difference."""
    return replace(model, precision=Precision(torch.float64, torch.float64))


@pytest.fixture
def precise(tiny_folder: Callable[[str], Any]) -> Tiny:
    """A tiny model whose weights are float64."""

    def model(family: str) -> BaseModel:
        loaded = load(tiny_folder(family), device="cpu")
        for module in (loaded.unet, *(encoder.module for encoder in loaded.encoders)):
            module.double()
        return exact(loaded)

    return model


def gradient(model: BaseModel, pictures: Pictures, passes: Passes) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Losses and gradients of two concepts that learn in different ways, in one step."""
    ways = [replace(OPTIONS, snr_gamma=1.0), replace(OPTIONS, context_weight=0.5, seed=4)]
    words = [Inversion(model, pictures, "mug", way) for way in ways]
    each = gradients(model, words, passes)
    found = {
        f"{index} {name}": rows.grad for index, word in enumerate(words) for name, rows in word.concept.rows.items()
    }
    return each, {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_step_has_the_same_gradient_however_it_is_divided(precise: Tiny, pictures: Pictures, family: str) -> None:
    model = precise(family)
    losses, whole = gradient(model, pictures, Passes())
    assert len(whole) == 2 * len(model.encoders)
    for passes in WAYS:
        own_losses, divided = gradient(model, pictures, passes)
        for name, expected in whole.items():
            torch.testing.assert_close(divided[name], expected, rtol=1e-5, atol=1e-9, msg=f"{name} with {passes}")
        torch.testing.assert_close(own_losses, losses, rtol=1e-6, atol=1e-8)
    assert not any(getattr(each, "gradient_checkpointing", False) for each in model.unet.modules())


def test_the_evaluation_is_the_same_in_several_passes(precise: Tiny, pictures: Pictures) -> None:
    word = Inversion(precise("sdxl"), pictures, "mug", OPTIONS)
    whole = word.begin().evaluation
    word.passes = Passes(evaluated=3)
    word.evaluate()
    assert word.concept.evaluations[-1] == pytest.approx(whole, rel=1e-6)


def test_parts_hold_every_sample_once_and_are_nearly_equal() -> None:
    for count, at_once in ((7, 3), (8, 4), (5, 99), (1, 1)):
        sizes = [len(range(count)[part]) for part in parts(count, at_once)]
        assert sum(sizes) == count
        assert max(sizes) <= at_once
        assert max(sizes) - min(sizes) <= 1


# --- Reckoned beforehand ---


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_reckoned_is_what_is_allocated(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    side = 32  # of the latents: large enough that maps outweigh the texts
    shape = UNetShape.of(model.unet.config, side, side)  # type: ignore[arg-type]
    text = torch.zeros(1, 8, int(model.unet.config.cross_attention_dim), requires_grad=True)  # type: ignore[union-attr, arg-type]
    added = {"text_embeds": torch.zeros(1, 16, requires_grad=True), "time_ids": torch.zeros(1, 6)}
    arguments: dict[str, Any] = {"encoder_hidden_states": text}
    if family == "sdxl":
        arguments["added_cond_kwargs"] = added

    def run() -> Tensor:
        prediction: Tensor = model.unet(torch.zeros(1, 4, side, side), torch.zeros(1), return_dict=False, **arguments)[
            0
        ]
        return prediction

    with counted(model.unet) as learned:
        run().square().mean().backward()
    with torch.no_grad(), counted(model.unet) as drawn:
        run()
    assert 0.9 < shape.training(checkpointing=False) * 4 / learned.peak < 1.25
    assert 0.8 < shape.drawing() * 4 / drawn.peak < 1.5


def test_what_the_published_models_take_is_reckoned_as_it_was_measured() -> None:
    """Figures of `python -m benchmarks memory`, GB in bf16: learning, learning with checkpointing, drawing."""
    measured = {SD1.name: (0.764, 0.226, 0.068), SDXL.name: (5.346, 0.609, 0.165)}
    for published in PUBLISHED:
        if published.name not in measured:
            continue
        shape = UNetShape.of(published.unet, published.latent_side, published.latent_side)
        reckoned = (shape.training(checkpointing=False), shape.training(checkpointing=True), shape.drawing())
        for ours, allocated in zip(reckoned, measured[published.name], strict=True):
            assert 0.95 < 2 * ours / 1e9 / allocated < 1.3


def test_the_autoencoder_takes_what_is_reckoned(tiny: Tiny) -> None:
    vae = tiny("sd1").vae
    config: Any = vae.config
    with torch.no_grad(), counted(vae) as decoded:
        vae.decode(torch.zeros(1, 4, 32, 32))  # type: ignore[operator]
    with torch.no_grad(), counted(vae) as encoded:
        vae.encode(torch.zeros(1, 3, 64, 64))  # type: ignore[operator]
    assert decoded.peak * 0.5 < decoding(config, 64, 64) < decoded.peak * 2
    assert encoded.peak * 0.5 < encoding(config, 64, 64) < encoded.peak * 2


def test_less_memory_means_fewer_samples_at_once_and_then_checkpointing() -> None:
    shape = UNetShape.of(SDXL.unet, 128, 128)
    rooms = [80, 12, 6, 2, 0]
    chosen = [passes_within(room * 10**9, shape, HALF, 4, 16) for room in rooms]
    assert [(each.samples, each.checkpointing) for each in chosen] == [
        (4, False),
        (2, False),
        (1, False),
        (2, True),
        (1, True),
    ]
    assert [each.evaluated for each in chosen] == sorted((each.evaluated for each in chosen), reverse=True)


def test_after_an_error_samples_are_halved_before_blocks_run_twice() -> None:
    passes: Passes | None = Passes()
    found = []
    while passes is not None and (passes := passes.smaller(4)) is not None:
        found.append((passes.samples, passes.checkpointing))
    assert found == [(2, False), (1, False), (1, True)]


def test_what_does_not_fit_is_a_sentence_with_what_would(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny("sd1")
    needed = memory_module._least_bytes(model, 24)
    monkeypatch.setattr(memory_module, "free_bytes", lambda _: int(needed / memory_module.SHARE) + 1)
    assert "Teach again with the resolution 24, which needs about" in str(too_large(model, 32))
    monkeypatch.setattr(memory_module, "free_bytes", lambda _: 0)
    assert "Use a smaller base model, or a worker with more memory." in str(too_large(model, 32))


def test_an_evaluation_that_does_not_fit_is_divided_and_then_a_sentence(
    tiny: Tiny, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    word, real, sizes = Inversion(tiny("sd1"), pictures, "mug", OPTIONS), inversion_module.losses, []
    most = 2

    def short(model: BaseModel, batches: Sequence[Any], passes: Passes) -> list[Tensor]:
        sizes.append(min(passes.evaluated, 4))
        if sizes[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, batches, passes)

    monkeypatch.setattr(inversion_module, "losses", short)
    word.begin()
    assert sizes == [4, 2]
    most = 0
    with pytest.raises(InversionError, match="one sample at a time"):
        word.evaluate()


# --- Drawing ---


def test_pictures_that_do_not_fit_together_are_drawn_in_smaller_loops(
    demo: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, sizes = in_parts_module.denoise, []

    def short(model: BaseModel, requests: Sequence[Request], settings: SamplerSettings) -> Any:
        sizes.append(len(requests))
        if len(requests) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return (yield from real(model, requests, settings))

    settings = SamplerSettings.for_model(demo, steps=1)
    requests = [Request("a photo of a mug", seed=seed) for seed in range(5)]
    together = draw(demo, requests, settings)
    monkeypatch.setattr(in_parts_module, "denoise", short)
    steps = denoise_in_parts(demo, requests, settings)
    pictures: list[Image.Image] = []
    while not pictures:
        try:
            next(steps)
        except StopIteration as end:
            pictures = end.value
    assert sizes == [5, 3, 2, 2, 1]
    assert [each.tobytes() for each in pictures] == [each.tobytes() for each in together]


def test_a_large_picture_is_decoded_in_tiles_and_looks_the_same(
    demo: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiling_module, "TILE", 64)
    z = torch.randn(
        1, demo.latent_channels, 128 // demo.scale, 128 // demo.scale, generator=torch.Generator().manual_seed(1)
    )
    with torch.no_grad():
        whole = demo.decode(z)
        monkeypatch.setattr(tiling_module, "WHOLE_ON_CPU", 64 * 64)
        in_tiles = demo.decode(z)
        mean, _ = demo.posterior(whole)
    assert whole.shape == in_tiles.shape
    assert not torch.equal(whole, in_tiles)
    assert (whole - in_tiles).abs().mean() < 0.1
    assert mean.shape == z.shape
    assert not demo.vae.use_tiling


def test_a_picture_that_does_not_fit_after_all_is_decoded_in_tiles(
    demo: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = []

    def run() -> int:
        tiles.append(bool(demo.vae.use_tiling))
        if not tiles[-1]:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 7

    assert tiling_module.in_tiles_if_needed(demo.vae, demo.scale, demo.device, 1, 1, run) == 7
    assert tiles == [False, True]
    with pytest.raises(ValueError, match="other"), tiled(demo.vae, demo.scale):
        raise ValueError("other")
    assert not demo.vae.use_tiling
