"""Drawing: batches, seeds, guidance, schedulers, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.errors import DrawingError, EmbeddingError
from worker.engine.generation import SCHEDULERS, DenoisingStep, Request, SamplerSettings, draw
from worker.engine.generation.prompts import Text, condition
from worker.engine.generation.schedulers import scheduler_for

Tiny = Callable[[str], BaseModel]


def concept(model: BaseModel, seed: int, vectors: int = 2) -> Embedding:
    generator = torch.Generator().manual_seed(seed)
    return Embedding(
        {name: torch.randn(vectors, width, generator=generator) * 0.3 for name, width in model.widths.items()}
    )


def levels(picture: Image.Image) -> np.ndarray[Any, Any]:
    return np.asarray(picture, dtype=int)


def far(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pictures, of 255."""
    return int(np.abs(levels(one) - levels(other)).max())


def settings_for(model: BaseModel, **asked: Any) -> SamplerSettings:
    return SamplerSettings.for_model(model, **{"steps": 3, "scheduler": "ddim", **asked})


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_a_batch_of_different_concepts_is_the_pictures_one_by_one(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    requests = [
        Request("a photo of a <x>", concepts={"<x>": concept(model, 1)}, seed=1),
        Request("a photo of a <x>", "dark", {"<x>": concept(model, 2, vectors=3)}, seed=2, guidance=2.0),
        Request("<x> and <y>", concepts={"<x>": concept(model, 3), "<y>": concept(model, 4, 1)}, seed=3, guidance=1.0),
        Request("a cat", seed=1),
    ]
    together = draw(model, requests, settings_for(model))
    for picture, request in zip(together, requests, strict=True):
        (alone,) = draw(model, [request], settings_for(model))
        assert far(picture, alone) <= 1


def test_many_pictures_of_the_demo_model_are_its_pictures_one_by_one(demo: BaseModel) -> None:
    requests = [Request("a photo of a <x>", concepts={"<x>": concept(demo, n)}, seed=n) for n in range(3)]
    together = draw(demo, requests, settings_for(demo))
    for picture, request in zip(together, requests, strict=True):
        assert far(picture, draw(demo, [request], settings_for(demo))[0]) <= 1


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_draws_a_seed_the_same_in_any_batch(tiny: Tiny, scheduler: str) -> None:
    model = tiny("sd1")
    settings = settings_for(model, scheduler=scheduler)
    one, other = Request("a mug", seed=4), Request("a cat", seed=5)
    first, second = draw(model, [one, other], settings)
    assert far(first, draw(model, [one], settings)[0]) <= 1
    assert far(second, draw(model, [other], settings)[0]) <= 1
    assert far(first, second) > 1


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_knows_the_demo_models_own_noise_schedule(demo: BaseModel, scheduler: str) -> None:
    (picture,) = draw(demo, [Request("a photo of a cat", seed=0)], settings_for(demo, scheduler=scheduler))
    assert levels(picture).std() > 5  # neither black nor grey


PLAIN_EULER = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
}


def test_latents_are_clipped_if_the_models_own_configuration_says_so_and_not_otherwise(demo: BaseModel) -> None:
    def drawn(**stated: Any) -> Image.Image:
        model = replace(demo, scheduler_config={**PLAIN_EULER, **stated})
        return draw(model, [Request("a mug", seed=1, guidance=3.0)], SamplerSettings(3, "ddim", 64, 64))[0]

    assert np.array_equal(drawn(), drawn(clip_sample=False))
    assert not np.array_equal(drawn(), drawn(clip_sample=True))


def test_a_scheduler_by_name_is_that_scheduler_whatever_the_models_own_sampler_is() -> None:
    own = {**PLAIN_EULER, "use_beta_sigmas": True, "use_karras_sigmas": True, "final_sigmas_type": "sigma_min"}
    for name in SCHEDULERS:
        plain, other = (scheduler_for(name, config, 5, torch.device("cpu")) for config in (PLAIN_EULER, own))
        assert torch.equal(plain.timesteps, other.timesteps)
        assert {**plain.config, "_use_default_values": 0} == {**other.config, "_use_default_values": 0}


def test_drawing_leaves_the_model_and_the_global_generator_alone(tiny: Tiny) -> None:
    model = tiny("sdxl")
    before, state = model.state_hash(), torch.get_rng_state()
    draw(model, [Request("<x>", concepts={"<x>": concept(model, 1)})], settings_for(model, scheduler="euler-a"))
    assert model.state_hash() == before
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(encoder.table._forward_hooks for encoder in model.encoders)


def test_size_guidance_and_negative_prompt_matter(tiny: Tiny) -> None:
    model = tiny("sd1")
    request = Request("a mug", seed=1, guidance=3.0)
    (plain,) = draw(model, [request], settings_for(model))
    variants = [replace(request, guidance=9.0), replace(request, negative_prompt="cat"), replace(request, seed=2)]
    assert all(far(plain, picture) > 0 for picture in draw(model, variants, settings_for(model)))
    (wide,) = draw(model, [request], settings_for(model, width=48, height=24))
    assert wide.size == (48, 24)


def test_every_step_is_heard_and_may_end_the_loop(tiny: Tiny) -> None:
    heard: list[tuple[int, int]] = []
    draw(
        tiny("sd1"),
        [Request("a mug")],
        settings_for(tiny("sd1")),
        on_step=lambda step: heard.append((step.number, step.of)),
    )
    assert heard == [(1, 3), (2, 3), (3, 3)]

    def cancel(step: DenoisingStep) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw(tiny("sd1"), [Request("a mug")], settings_for(tiny("sd1")), on_step=cancel)


def test_no_requests_are_no_pictures(tiny: Tiny) -> None:
    assert draw(tiny("sd1"), [], settings_for(tiny("sd1"))) == []


def test_equal_texts_are_encoded_once(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    model, sizes = tiny("sd1"), []
    encode = type(model).condition
    monkeypatch.setattr(
        type(model),
        "condition",
        lambda self, ids, rows: sizes.append(len(ids["text_encoder"])) or encode(self, ids, rows),
    )
    embedding = concept(model, 1)
    texts = [Text("a <x>", {"<x>": embedding})] * 3 + [Text("a text of this test alone", {})]
    first, _, third, other = (each.context for each in condition(model, texts))
    assert sizes == [2]
    assert torch.equal(first, third)
    assert not torch.equal(first, other)
    assert torch.equal(condition(model, texts)[0].context, first)
    assert sizes == [2]  # cached
    condition(model, [Text("a <x>", {"<x>": concept(model, 2)})])
    assert sizes == [2, 1]  # the same words, and another concept


def test_the_same_placeholder_may_mean_different_things_in_one_batch(tiny: Tiny) -> None:
    model = tiny("sd1")
    texts = [Text("a <x>", {"<x>": concept(model, seed)}) for seed in (1, 2)]
    one, other = condition(model, texts)
    assert not torch.equal(one.context, other.context)


def test_too_many_tokens_are_an_error_with_the_count(demo: BaseModel) -> None:
    embedding = concept(demo, 1, vectors=16)
    with pytest.raises(
        DrawingError, match=r"164 tokens, and at most 120 are read \(4 windows of 30\)\. Shorten it by 44"
    ):
        draw(demo, [Request("a photo of a" + " <x>" * 10, concepts={"<x>": embedding})], settings_for(demo))


def test_a_concept_of_another_width_is_a_sentence_with_both(demo: BaseModel) -> None:
    embedding = Embedding({"text_encoder": torch.zeros(1, 768)})
    with pytest.raises(EmbeddingError, match=r"<x> has rows 768 wide \(Stable Diffusion 1.*Demo reads rows 128 wide"):
        draw(demo, [Request("a <x>", concepts={"<x>": embedding})], settings_for(demo))


def test_a_concept_of_sdxl_without_its_second_encoder_is_a_sentence_that_names_it(tiny: Tiny) -> None:
    half = {"<x>": Embedding({"text_encoder": torch.zeros(1, 32)})}
    with pytest.raises(EmbeddingError, match="The rows for its text_encoder_2 are missing"):
        draw(tiny("sdxl"), [Request("a <x>", concepts=half)], SamplerSettings(1, "ddim", 32, 32))


def test_a_concept_of_another_family_is_a_sentence_with_both(tiny: Tiny) -> None:
    embedding = concept(tiny("sd1"), 1)
    with pytest.raises(EmbeddingError, match=r"32 wide, and .* reads rows 32 wide and 64 wide"):
        draw(tiny("sdxl"), [Request("a <x>", concepts={"<x>": embedding})], settings_for(tiny("sdxl")))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"steps": 0}, "0 steps"),
        ({"steps": 10_000}, "10000 steps"),
        ({"steps": 60, "scheduler": "lcm"}, "lcm takes at most 50"),
        ({"scheduler": "heun"}, "no scheduler 'heun'. Choose one of ddim"),
        ({"width": 60}, "width is 60 pixels"),
        ({"height": 100_000}, "height is 100000 pixels"),
    ],
)
def test_impossible_settings_say_what_is_possible(demo: BaseModel, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(DrawingError, match=said):
        settings_for(demo, **asked)


@pytest.mark.parametrize(("width", "height"), [(8, 72), (64, 40)])
def test_sizes_off_the_models_own_are_drawn_at_that_size(demo: BaseModel, width: int, height: int) -> None:
    (picture,) = draw(demo, [Request("a mug")], settings_for(demo, width=width, height=height))
    assert picture.size == (width, height)
