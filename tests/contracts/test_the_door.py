"""One table of odd models, shown to the web service, to the worker and to `oneword pull`: all refuse alike, or none.

`pull` has a hub whose repository is the odd folder, and must refuse before it asks for any weights.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from app.base_models.catalog import AllowedModel
from app.base_models.fetching import fetch
from app.core.errors import InvalidInput, NotReady
from app.core.settings import Settings
from tests.support.base_models import DEMO, build_tiny_model
from tests.support.odd_folders import Change, both, linked_copy, stating, without, written
from worker.engine.base_models import load
from worker.engine.errors import BaseModelError

INDEX, CARD = "model_index.json", "oneword.json"
SCHEDULER, UNET, VAE = "scheduler/scheduler_config.json", "unet/config.json", "vae/config.json"
ENCODER, SECOND = "text_encoder/config.json", "text_encoder_2/config.json"
HUB = "org/odd@0123abc"


@pytest.fixture(scope="session")
def tiny_xl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SDXL model."""
    return build_tiny_model("sdxl", tmp_path_factory.mktemp("tiny-xl"))


def scheduler(kind: str, **values: Any) -> Change:
    """Another scheduler, in both files that name it."""
    return both(stating(INDEX, scheduler=["diffusers", kind]), stating(SCHEDULER, _class_name=kind, **values))


def alone(*names: str) -> Change:
    """Nothing of the folder but these files, at its top."""

    def change(folder: Path) -> None:
        kept = [(Path(name).name, (folder / name).read_bytes()) for name in names]
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, content in kept:
            (folder / name).write_bytes(content)

    return change


def added_tokens(folder: Path) -> None:
    path = folder / "tokenizer" / "tokenizer.json"
    content = json.loads(path.read_text())
    content["added_tokens"].append({**content["added_tokens"][-1], "id": 1029, "content": "<sks>"})
    path.write_text(json.dumps(content))


# Base, what is done to it, and a part of the sentence.
ODD: Mapping[str, tuple[str, Change, str]] = {
    "Playground 2.5": (
        "sdxl",
        both(
            scheduler("EDMDPMSolverMultistepScheduler", sigma_max=80.0, prediction_type="epsilon"),
            stating(VAE, latents_mean=[-1.6, 1.1, 1.0, 1.3], latents_std=[8.4, 5.9, 5.9, 5.5]),
        ),
        "Its scheduler is an EDMDPMSolverMultistepScheduler: an EDM scheduler, as Playground 2.5 has.",
    ),
    "latents with a mean": ("sdxl", stating(VAE, latents_mean=[0.1, 0.2, 0.3, 0.4]), "says latents_mean is [0.1, 0.2"),
    "latents with a deviation": ("sdxl", stating(VAE, latents_std=[1.0, 2.0, 3.0, 4.0]), "says latents_std is [1.0"),
    "latents with a shift": ("sdxl", stating(VAE, shift_factor=0.1159), "says shift_factor is 0.1159"),
    "flow matching": ("sdxl", scheduler("FlowMatchEulerDiscreteScheduler"), "a flow-matching scheduler"),
    "flow matching in the index alone": (
        "sdxl",
        stating(INDEX, scheduler=["diffusers", "FlowMatchHeunDiscreteScheduler"]),
        "Its scheduler is a FlowMatchHeunDiscreteScheduler: a flow-matching scheduler",
    ),
    "flow matching under another name": (
        "sdxl",
        scheduler("UniPCMultistepScheduler", use_flow_sigmas=True),
        "says use_flow_sigmas is True, which is flow matching",
    ),
    "a flow predicted": ("sdxl", stating(SCHEDULER, prediction_type="flow_prediction"), "'flow_prediction', which is"),
    "pictures predicted": ("demo", stating(SCHEDULER, prediction_type="sample"), "says prediction_type is 'sample'"),
    "a consistency scheduler": (
        "demo",
        scheduler("CMStochasticIterativeScheduler"),
        "CMStochasticIterativeScheduler: a scheduler that Oneword does not know",
    ),
    "a scheduler that is a number": ("demo", stating(INDEX, scheduler=["diffusers", 7]), "Its scheduler is a 7"),
    "no class of a scheduler": (
        "demo",
        both(stating(INDEX, scheduler=...), stating(SCHEDULER, _class_name=...)),
        "does not say _class_name, and it has to be the class of a scheduler",
    ),
    "an unknown schedule": ("demo", stating(SCHEDULER, beta_schedule="sigmoid"), "says beta_schedule is 'sigmoid'"),
    "betas above 1": ("demo", stating(SCHEDULER, beta_end=12), "says beta_end is 12"),
    "betas that are no numbers": ("demo", stating(SCHEDULER, beta_start=float("nan")), "says beta_start is nan"),
    "too few trained betas": ("demo", stating(SCHEDULER, trained_betas=[0.1, 0.2]), "says trained_betas is [0.1, 0.2]"),
    "an unknown spacing": ("demo", stating(SCHEDULER, timestep_spacing="karras"), "says timestep_spacing is 'karras'"),
    "noise predicted from pure noise": (
        "demo",
        stating(SCHEDULER, prediction_type="epsilon"),
        "says rescale_betas_zero_snr is True and prediction_type is 'epsilon'",
    ),
    "an inpainting UNet": (
        "demo",
        stating(UNET, in_channels=9),
        "takes 9 channels, and the latents of its autoencoder",
    ),
    "an inpainting UNet of SDXL": ("sdxl", stating(UNET, in_channels=9), "Such a UNet was made for inpainting."),
    "a UNet for depth": ("sdxl", stating(UNET, in_channels=5), "Such a UNet was made for drawing by depth."),
    "a UNet that predicts variances": ("demo", stating(UNET, out_channels=16), "Its UNet predicts 16 channels"),
    "a list of channels": ("demo", stating(UNET, in_channels=[8, 8]), "says in_channels is [8, 8]"),
    "pictures that are not square": ("demo", stating(UNET, sample_size=[8, 12]), "says sample_size is [8, 12]"),
    "pictures of enormous size": ("demo", stating(UNET, sample_size=10**9), "sample_size is 1000000000, and it has"),
    "guidance as an input": ("demo", stating(UNET, time_cond_proj_dim=256), "as Latent Consistency Models do"),
    "classes as an input": ("demo", stating(UNET, num_class_embeds=1000), "says num_class_embeds is 1000, an input"),
    "pictures as an input": (
        "demo",
        stating(UNET, encoder_hid_dim_type="ip_image_proj"),
        "says encoder_hid_dim_type is 'ip_image_proj', an input",
    ),
    "another added input": ("demo", stating(UNET, addition_embed_type="image"), "addition_embed_type is 'image', an"),
    "SDXL without sizes": ("sdxl", stating(UNET, addition_embed_type=None), "has to be 'text_time'"),
    "a refiner": ("sdxl", stating(INDEX, requires_aesthetics_score=True), "True, so it is a refiner"),
    "another number of sizes": (
        "sdxl",
        stating(UNET, projection_class_embeddings_input_dim=56),
        "takes 56 numbers beside the texts, and Stable Diffusion XL gives it 16 of its text_encoder_2 and 48",
    ),
    "texts of another width": (
        "sdxl",
        stating(SECOND, hidden_size=80),
        "reads texts 96 wide, and its text_encoder and",
    ),
    "SDXL without its second encoder": (
        "sdxl",
        stating(INDEX, text_encoder_2=[None, None]),
        "text_encoder_2 is missing",
    ),
    "zeros that are a text": (
        "sdxl",
        stating(INDEX, force_zeros_for_empty_prompt="no"),
        "_prompt is 'no', and it has to",
    ),
    "a tiny autoencoder": (
        "sdxl",
        stating(INDEX, vae=["diffusers", "AutoencoderTiny"]),
        "Its vae is an AutoencoderTiny, where Stable Diffusion XL has an AutoencoderKL.",
    ),
    "a tiny autoencoder under another name": (
        "demo",
        stating(VAE, _class_name="AutoencoderTiny"),
        "an AutoencoderTiny,",
    ),
    "a UNet for films": ("demo", stating(UNET, _class_name="UNetMotionModel"), "Its unet is a UNetMotionModel"),
    "pictures with transparency": ("demo", stating(VAE, out_channels=4), "says out_channels is 4"),
    "latents without a scale": ("demo", stating(VAE, scaling_factor=0), "says scaling_factor is 0"),
    "too deep an autoencoder": ("demo", stating(VAE, block_out_channels=[8] * 5), "a list of at most 4 numbers"),
    "a tokenizer of another kind": (
        "demo",
        stating(INDEX, tokenizer=["transformers", "T5Tokenizer"]),
        "Its tokenizer is a T5Tokenizer",
    ),
    "an encoder of another kind": ("demo", stating(ENCODER, model_type="t5"), "Its text_encoder is of the type 't5'"),
    "tokens without vectors": (
        "demo",
        added_tokens,
        "has a token with the number 1029, and its text_encoder has vectors",
    ),
    "a text of no length": ("demo", stating(ENCODER, max_position_embeddings=2), "max_position_embeddings is 2"),
    "a pipeline of another family": (
        "demo",
        both(stating(INDEX, _class_name="FluxPipeline"), without(UNET)),
        "It is a FluxPipeline, which Oneword cannot teach.",
    ),
    "an inpainting pipeline": (
        "demo",
        stating(INDEX, _class_name="StableDiffusionInpaintPipeline"),
        "It is a StableDiffusionInpaintPipeline, which",
    ),
    "a pipeline with its own code": (
        "demo",
        stating(INDEX, _class_name=["my_pipeline", "StableDiffusionPipeline"]),
        "It is a ['my_pipeline', 'StableDiffusionPipeline'], which",
    ),
    "no class of a pipeline": ("demo", stating(INDEX, _class_name=...), "does not say of which class the model is"),
    "a UNet alone": ("demo", alone(UNET), "It is a UNet2DConditionModel, without the other parts of a base model."),
    "a text encoder alone": ("demo", alone(ENCODER), "It is a CLIPTextModel, without the other parts"),
    "a LoRA": ("demo", both(written("pytorch_lora_weights.safetensors", b"x"), without(INDEX)), "It is a LoRA"),
    "a checkpoint in one file": (
        "demo",
        both(alone(), written("v1-5-pruned.safetensors", b"x")),
        "It holds v1-5-pruned.safetensors, a checkpoint in one file.",
    ),
    "a card with an unknown distillation": ("demo", stating(CARD, distilled="fast"), "distilled is 'fast', and it has"),
    "a card with a batch of none": (
        "demo",
        stating(CARD, teaching={"batch": 0}),
        "teaching.batch is 0, and it has to be",
    ),
    "a card with too large a batch": ("demo", stating(CARD, teaching={"batch": 65}), "a whole number from 1 to 32"),
    "a card with a batch in words": ("demo", stating(CARD, teaching={"batch": "many"}), "teaching.batch is 'many'"),
}


def base_of(name: str, tiny_xl: Path) -> Path:
    return DEMO if name == "demo" else tiny_xl


@pytest.mark.parametrize("name", ODD)
def test_web_worker_and_pull_refuse_an_odd_model_with_one_sentence_and_fetch_no_weights(
    tmp_path: Path, tiny_xl: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    base, change, said = ODD[name]
    folder = linked_copy(base_of(base, tiny_xl), tmp_path / "odd")
    change(folder)
    reason = AllowedModel("odd", str(folder)).not_ready_reason
    assert reason is not None
    assert said in reason
    assert reason.endswith(".")
    assert str(folder.parent) not in reason
    with pytest.raises(BaseModelError) as refused:
        load(folder, device="cpu")
    assert str(refused.value) == f"Base model odd cannot be loaded. {reason}"
    hub = Hub(folder, tmp_path / "cache", monkeypatch)
    with pytest.raises(NotReady) as unfit:
        fetch(Settings(base_models=HUB), HUB)
    assert unfit.value.detail == f"{HUB} cannot be used. {reason} Its weights were not downloaded."
    assert not [file for file in hub.fetched if file.endswith((".safetensors", ".bin"))]


class Hub:
    """A model hub with the files of one folder, of which it notes what is fetched."""

    def __init__(self, folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.cache = folder, cache
        self.fetched: list[str] = []
        names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        monkeypatch.setattr(HfApi, "list_repo_files", lambda *_, **__: names)
        monkeypatch.setattr("app.base_models.fetching.snapshot_download", self.download)

    def download(self, *_: str, allow_patterns: Sequence[str], **__: str) -> str:
        for name in allow_patterns:
            self.fetched.append(name)
            target = self.cache / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / name, target)
        self.cache.mkdir(exist_ok=True)
        return str(self.cache)


@pytest.mark.parametrize("base", ["demo", "sdxl"])
def test_pull_reads_the_json_files_first_and_then_fetches_the_weights(
    tmp_path: Path, tiny_xl: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    hub = Hub(base_of(base, tiny_xl), tmp_path / "cache", monkeypatch)
    folder = Path(fetch(Settings(base_models=HUB), HUB))
    assert AllowedModel("pulled", str(folder)).not_ready_reason is None
    first = next(number for number, name in enumerate(hub.fetched) if name.endswith(".safetensors"))
    assert {INDEX, UNET, VAE, SCHEDULER, ENCODER} <= set(hub.fetched[:first])


def test_pull_fetches_nothing_of_a_model_with_pickles_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = "unet/diffusion_pytorch_model"
    folder = linked_copy(DEMO, tmp_path / "odd")
    both(without(f"{weights}.safetensors"), written(f"{weights}.bin", b"x"))(folder)
    hub = Hub(folder, tmp_path / "cache", monkeypatch)
    with pytest.raises(NotReady, match="Its unet has weights only as pickles"):
        fetch(Settings(base_models=HUB), HUB)
    assert not [name for name in hub.fetched if name.endswith((".safetensors", ".bin"))]


def test_a_unet_of_another_model_is_refused_before_it_is_loaded(tmp_path: Path, tiny_xl: Path) -> None:
    folder = linked_copy(DEMO, tmp_path / "odd")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    weights.symlink_to(tiny_xl / "unet" / weights.name)
    reason = AllowedModel("odd", str(folder)).not_ready_reason
    assert reason is not None
    assert "The weights of its unet are another model's: conv_in.weight has the shape (16, 4, 3, 3)" in reason
    with pytest.raises(BaseModelError) as refused:
        load(folder, device="cpu")
    assert str(refused.value) == f"Base model odd cannot be loaded. {reason}"


# The model's folder, what is done to it, and what is taken for granted when it draws.
FEW_STEPS: Mapping[str, tuple[str, Change, str, int, str]] = {
    "its folder's name": ("dreamy-xl-turbo", without(), "Turbo", 4, "euler-a"),
    "steps in its name": ("sdxl_lightning_8step", without(), "Lightning", 8, "euler"),
    "another name": ("Hyper-SDXL", without(), "Hyper-SD", 8, "ddim"),
    "where it came from": ("renamed", stating(INDEX, _name_or_path="stabilityai/sdxl-turbo"), "Turbo", 4, "euler-a"),
    "where its UNet came from": ("renamed", stating(UNET, _name_or_path="/x/lcm-xl/unet"), "LCM", 4, "lcm"),
    "its scheduler": ("renamed", scheduler("LCMScheduler"), "LCM", 4, "lcm"),
    "another scheduler": ("renamed", scheduler("TCDScheduler"), "Trajectory Consistency", 4, "ddim"),
    "its card": ("renamed", written(CARD, '{"distilled": "dmd", "steps": 6}'), "DMD2", 6, "lcm"),
    "its card's name": ("renamed", written(CARD, '{"name": "My Lightning"}'), "Lightning", 4, "euler"),
}


@pytest.mark.parametrize("known_by", FEW_STEPS)
def test_a_few_step_model_draws_in_its_own_way_and_is_not_taught_on(
    tmp_path: Path, tiny_xl: Path, known_by: str
) -> None:
    name, change, title, steps, sampler = FEW_STEPS[known_by]
    folder = linked_copy(tiny_xl, tmp_path / name)
    change(folder)
    allowed, model = AllowedModel(name, str(folder)), load(folder, device="cpu")
    assert allowed.not_ready_reason is None
    card = allowed.facts.card
    assert (card.steps, card.guidance, card.scheduler) == (steps, 1.0, sampler)
    assert card == model.card
    assert model.scheduler_config["timestep_spacing"] == "trailing"
    with pytest.raises(InvalidInput) as refused:
        allowed.must_be_teachable()
    assert refused.value.detail == model.not_teachable_reason
    assert f"is a few-step model ({title}: " in refused.value.detail


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("flash-gordon-style", without()),
        ("xl-turbo", written(CARD, '{"distilled": "none"}')),
        ("hyper-realism", without()),
    ],
)
def test_an_ordinary_model_is_taught_on_whatever_its_name_seems_to_say(
    tmp_path: Path, tiny_xl: Path, name: str, change: Change
) -> None:
    folder = linked_copy(tiny_xl, tmp_path / name)
    change(folder)
    allowed = AllowedModel(name, str(folder))
    allowed.must_be_teachable()
    assert (allowed.facts.card.steps, allowed.facts.card.guidance) == (25, 7.5)


@pytest.mark.parametrize(("stated", "obeyed"), [(True, True), (False, False), (..., True)])
def test_whether_no_text_means_zeros_is_the_models_own_statement(
    tmp_path: Path, tiny_xl: Path, stated: object, obeyed: bool
) -> None:
    folder = linked_copy(tiny_xl, tmp_path / "odd")
    stating(INDEX, force_zeros_for_empty_prompt=stated)(folder)
    assert AllowedModel("odd", str(folder)).facts.zeros_for_empty_prompt is obeyed
    assert load(folder, device="cpu").zeros_for_empty_prompt is obeyed
