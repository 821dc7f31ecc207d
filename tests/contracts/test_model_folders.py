"""Odd model folders, each shown to both doors: the web's catalog and the worker's loading say the same of each."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.base_models.catalog import AllowedModel
from app.contracts.errors import UnfitModel
from app.contracts.model_folder import read_model_folder
from app.core.settings import REPOSITORY
from tests.support.odd_folders import (
    Change,
    both,
    linked_copy,
    older_tokenizer,
    renamed,
    sharded,
    state,
    stating,
    without,
    without_folder,
    written,
)
from worker.engine.base_models import load
from worker.engine.errors import BaseModelError

DEMO = REPOSITORY / "models" / "demo"
UNET = "unet/diffusion_pytorch_model.safetensors"
ENCODER = "text_encoder/model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the demo model that a test may change."""
    return linked_copy(DEMO, tmp_path / "odd")


LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 28000000\n"
SHARD = "model-00002-of-00002.safetensors"

REFUSED: Mapping[str, tuple[Change, str]] = {
    "no index": (without("model_index.json"), "The file model_index.json is missing."),
    "index that is not JSON": (written("model_index.json", "{"), "The file model_index.json is not valid JSON."),
    "index that is a list": (written("model_index.json", "[]"), "The file model_index.json is not a JSON object."),
    "pipeline of another kind": (
        stating("model_index.json", _class_name="StableDiffusion3Pipeline"),
        "It is a StableDiffusion3Pipeline, which Oneword cannot teach.",
    ),
    "encoder of another class": (
        stating("model_index.json", text_encoder=["transformers", "T5EncoderModel"]),
        "Its text_encoder is a T5EncoderModel, where Stable Diffusion 1 has a CLIPTextModel.",
    ),
    "UNet of a custom class": (stating("model_index.json", unet=["my_pipeline", "MyUNet"]), "Its unet is a MyUNet"),
    "autoencoder that the index does not name": (stating("model_index.json", vae=...), "Its vae is missing, where"),
    "no UNet configuration": (without("unet/config.json"), "The file unet/config.json is missing."),
    "no encoder configuration": (without("text_encoder/config.json"), "The file text_encoder/config.json is missing."),
    "no scheduler": (without("scheduler/scheduler_config.json"), "scheduler/scheduler_config.json is missing."),
    "prediction that cannot be trained": (
        stating("scheduler/scheduler_config.json", prediction_type="sample"),
        "says prediction_type is 'sample'",
    ),
    "pictures that are not square": (stating("unet/config.json", sample_size=[8, 12]), "says sample_size is [8, 12]"),
    "no size": (stating("unet/config.json", sample_size=...), "does not say sample_size"),
    "no autoencoder levels": (stating("vae/config.json", block_out_channels=...), "does not say block_out_channels"),
    "contexts of several widths": (
        stating("unet/config.json", cross_attention_dim=[128, 768]),
        "says cross_attention_dim is [128, 768]",
    ),
    "no width of the encoder": (stating("text_encoder/config.json", hidden_size="wide"), "says hidden_size is 'wide'"),
    "no weights": (without(UNET), f"The file {UNET} is missing."),
    "weights without moving average alone": (
        renamed(UNET, "diffusion_pytorch_model.non_ema.safetensors"),
        f"The file {UNET} is missing.",
    ),
    "pickles alone": (
        both(without(UNET), written("unet/diffusion_pytorch_model.bin", b"cos\nsystem\n")),
        "Its unet has weights only as pickles, which can run code",
    ),
    "weights that are cut off": (written(ENCODER, (DEMO / ENCODER).read_bytes()[:5000]), f"The file {ENCODER} cannot"),
    "weights that Git LFS did not fetch": (written(UNET, LFS_POINTER), f"The file {UNET} cannot be loaded: it is cut"),
    "shards without an index": (renamed(ENCODER, SHARD), f"The file {ENCODER}.index.json is missing."),
    "index without one of its shards": (
        both(sharded("text_encoder"), without(f"text_encoder/{SHARD}")),
        f"The file text_encoder/{SHARD} is missing.",
    ),
    "shards of half precision without one of them": (
        both(sharded("vae", ".fp16"), without("vae/diffusion_pytorch_model.fp16-00001-of-00002.safetensors")),
        "The file vae/diffusion_pytorch_model.fp16-00001-of-00002.safetensors is missing.",
    ),
    "index of files elsewhere": (
        both(without(ENCODER), written(f"{ENCODER}.index.json", '{"weight_map": {"a": "../unet/x.safetensors"}}')),
        "does not name safetensors beside it",
    ),
    "index of pickles": (
        both(without(ENCODER), written(f"{ENCODER}.index.json", '{"weight_map": {"a": "pytorch_model.bin"}}')),
        "does not name safetensors beside it",
    ),
    "no tokenizer": (without_folder("tokenizer"), "The folder tokenizer is missing."),
    "tokenizer without words": (without("tokenizer/tokenizer.json"), "Its tokenizer has neither tokenizer.json nor"),
    "words without merges": (
        both(older_tokenizer, without("tokenizer/merges.txt")),
        "Its tokenizer has neither tokenizer.json nor vocab.json with merges.txt.",
    ),
    "tokenizer that is not JSON": (written("tokenizer/tokenizer.json", "{"), "tokenizer.json is not valid JSON."),
    "tokenizer that is none": (written("tokenizer/tokenizer.json", '{"model": 1}'), "Its tokenizer cannot be read."),
    "card that is not JSON": (written("oneword.json", "{,}"), "The file oneword.json is not valid JSON."),
    "card with a word for a number": (stating("oneword.json", steps="many"), "says steps is 'many'"),
    "card with too many steps": (stating("oneword.json", scheduler="lcm", steps=60), "at most 50 with the scheduler"),
    "card with an unknown scheduler": (stating("oneword.json", scheduler="heun"), "says scheduler is 'heun'"),
}

ACCEPTED: Mapping[str, Change] = {
    "no card": without("oneword.json"),
    "prediction that is not stated": stating(
        "scheduler/scheduler_config.json", prediction_type=None, rescale_betas_zero_snr=False
    ),
    "card with a whole number as JSON may write it": stating("oneword.json", steps=25.0),
    "card without values": written("oneword.json", '{"steps": null, "colour": "red"}'),
    "size as a list": stating("unet/config.json", sample_size=[16, 16]),
    "half precision alone": both(
        renamed(UNET, "diffusion_pytorch_model.fp16.safetensors"), renamed(ENCODER, "model.fp16.safetensors")
    ),
    "weights in shards": both(sharded("text_encoder"), sharded("vae")),
    "weights in shards of half precision": both(sharded("text_encoder", ".fp16"), sharded("vae", ".fp16")),
    "the older tokenizer files": older_tokenizer,
    "a broken copy of the weights in half precision": written(
        "unet/diffusion_pytorch_model.fp16.safetensors", "half a file"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_web_and_worker_refuse_a_folder_with_the_same_sentence(folder: Path, name: str) -> None:
    change, said = REFUSED[name]
    change(folder)
    reason = AllowedModel("odd", str(folder)).not_ready_reason
    assert reason is not None
    assert said in reason
    with pytest.raises(BaseModelError) as refused:
        load(folder, device="cpu")
    assert str(refused.value) == f"Base model odd cannot be loaded. {reason}"
    assert str(folder.parent) not in reason


@pytest.mark.parametrize("name", ACCEPTED)
def test_web_and_worker_accept_a_folder_and_read_the_same_facts(folder: Path, name: str) -> None:
    ACCEPTED[name](folder)
    allowed = AllowedModel("odd", str(folder))
    assert allowed.not_ready_reason is None
    facts, model = allowed.facts, load(folder, device="cpu")
    assert (facts.family, facts.resolution, facts.context_length) == ("sd1", 64, 32)
    assert (model.family.name, model.resolution, model.context_length) == ("sd1", 64, 32)
    assert dict(facts.widths) == model.widths == {"text_encoder": 128}
    assert facts.card == model.card


def test_both_text_encoders_of_a_folder_need_their_tokenizer(folder: Path) -> None:
    state(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionXLPipeline",
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        },
    )
    shutil.copytree(folder / "text_encoder", folder / "text_encoder_2", symlinks=True)
    with pytest.raises(UnfitModel, match="The folder tokenizer_2 is missing"):
        read_model_folder(folder)


def test_only_the_files_that_are_read_are_listed(folder: Path) -> None:
    for name in ("diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.non_ema.safetensors"):
        (folder / "unet" / name).symlink_to(DEMO / UNET)
    assert read_model_folder(folder).weights["unet"].files == (folder / UNET,)
