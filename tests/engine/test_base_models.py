"""Base models: what loads, what is refused and how, and what stays warm."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.contracts.weights import fingerprint
from tests.support.base_models import DEMO
from worker.engine.base_models import BaseModel, Conditioning, WarmModels, load, memory
from worker.engine.base_models import warm as warm_module
from worker.engine.base_models.precision import Precision, frozen_copy
from worker.engine.errors import BaseModelError
from worker.engine.free_memory import free_bytes

Tiny = Callable[[str], BaseModel]
TinyFolder = Callable[[str], Path]


@pytest.fixture
def folder(tiny_folder: TinyFolder, tmp_path: Path) -> Path:
    """A copy of a tiny model that a test may break."""
    return shutil.copytree(tiny_folder("sd1"), tmp_path / "broken")


FULL, HALF = torch.float32, torch.bfloat16


@pytest.mark.parametrize(
    ("megabytes", "able", "expected"),
    [
        (600, True, Precision(HALF, HALF)),
        (600, False, Precision(FULL, FULL)),
        (1, True, Precision(FULL, HALF)),
        (1, False, Precision(FULL, FULL)),
    ],
)
def test_on_a_cpu_bf16_is_for_large_models_and_for_teaching_and_only_where_the_cpu_computes_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int, able: bool, expected: Precision
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able)
    weights = tmp_path / "diffusion_pytorch_model.safetensors"
    with weights.open("wb") as file:
        file.truncate(megabytes * 1_000_000)  # a hole, which takes no room
    assert Precision.of(torch.device("cpu"), [weights]) == expected


def test_a_copy_in_bf16_answers_nearly_the_same_and_leaves_the_unet_as_it_was(tiny_folder: TinyFolder) -> None:
    model = load(tiny_folder("sdxl"), device="cpu")
    before = model.state_hash()
    copy = frozen_copy(model.unet, torch.bfloat16)
    assert {weight.dtype for weight in copy.parameters()} == {torch.bfloat16}
    assert not any(weight.requires_grad for weight in copy.parameters())
    assert model.state_hash() == before
    told = Conditioning(torch.randn(2, 5, 96), torch.randn(2, 16))
    z_t, t = torch.randn(2, 4, 16, 16), torch.tensor([10, 900])
    halved = replace(model, precision=Precision(FULL, HALF))
    near, exact = halved.predict_for_training(z_t, t, told), model.predict(z_t, t, told)
    assert near.dtype is torch.float32
    assert 0 < (near - exact).norm() / exact.norm() < 0.03


def test_the_demo_model_says_what_it_is(demo: BaseModel) -> None:
    assert demo.family.name == "sd1"
    assert demo.resolution == 64
    assert demo.widths == {"text_encoder": 128}
    assert demo.context_length == 32
    assert demo.noise_schedule.prediction == "v_prediction"
    assert demo.card.mirror is False


@pytest.mark.parametrize(
    ("family", "widths"),
    [
        ("sd1", {"text_encoder": 32}),
        ("sd2", {"text_encoder": 1024}),
        ("sdxl", {"text_encoder": 32, "text_encoder_2": 64}),
    ],
)
def test_every_family_is_recognised_with_its_encoders(tiny: Tiny, family: str, widths: dict[str, int]) -> None:
    model = tiny(family)
    assert model.family.name == family
    assert model.widths == widths


def test_nothing_of_a_loaded_model_can_be_trained(demo: BaseModel) -> None:
    modules = [demo.unet, demo.vae, *(encoder.module for encoder in demo.encoders)]
    assert not any(parameter.requires_grad for module in modules for parameter in module.parameters())
    assert not any(module.training for module in modules)


def test_the_state_hash_sees_one_changed_number(tiny_folder: TinyFolder) -> None:
    model = load(tiny_folder("sd1"), device="cpu")
    before = model.state_hash()
    assert before == model.state_hash()
    with torch.no_grad():
        next(model.unet.parameters()).view(-1)[0] += 1
    assert model.state_hash() != before


def test_the_weights_hash_belongs_to_the_files(folder: Path, tiny_folder: TinyFolder) -> None:
    before = load(tiny_folder("sd1"), device="cpu").weights_hash
    assert load(folder, device="cpu").weights_hash == fingerprint(folder) == before
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert fingerprint(folder) != before


def test_a_large_file_is_told_from_another_by_its_blocks(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    weights = tmp_path / "unet" / "diffusion_pytorch_model.safetensors"
    rows = np.random.default_rng(0).standard_normal(6_000_000, np.float32)
    weights.write_bytes(rows.tobytes())
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    weights.write_bytes((rows * 1.0001).tobytes())
    assert fingerprint(tmp_path) != before


def test_a_learned_row_is_looked_up_beside_the_table_and_nothing_is_left_behind(demo: BaseModel) -> None:
    (encoder,) = demo.encoders
    plain = torch.tensor([encoder.framed(encoder.token_ids("a photo of a mug"))])
    spliced = torch.tensor([encoder.framed([*encoder.token_ids("a photo of a"), encoder.first_row_id])])
    assert torch.equal(encoder.encode(spliced, encoder.rows_of("mug")).last, encoder.encode(plain).last)
    assert not encoder.table._forward_hooks
    assert encoder.table.num_embeddings == len(encoder.tokenizer)


def test_a_sentence_about_a_folder_does_not_say_where_it_lies(folder: Path) -> None:
    (folder / "unet" / "config.json").unlink()
    with pytest.raises(BaseModelError) as refused:
        load(folder, device="cpu")
    assert "broken" in str(refused.value)
    assert str(folder.parent) not in str(refused.value)


@pytest.mark.parametrize("source", ["nowhere", "org/name", "org/name@main"])
def test_a_hub_name_without_a_pinned_revision_is_refused(source: str) -> None:
    with pytest.raises(BaseModelError, match="pinned revision"):
        load(source)


def test_a_hub_model_that_is_not_cached_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BaseModelError, match="not found in this machine's hub cache"):
        load("org/name@0123abc")


def test_the_least_recently_used_model_makes_room(tiny_folder: TinyFolder) -> None:
    warm = WarmModels(capacity=2, device="cpu")
    first, second, third = (str(tiny_folder(family)) for family in ("sd1", "sdxl", "sd2"))
    one = warm.get(first)
    warm.get(second)
    assert warm.get(first) is one
    warm.get(third)
    assert len(warm) == 2
    assert first in warm
    assert second not in warm


def test_a_model_that_would_not_fit_beside_the_others_sends_them_out(
    tiny_folder: TinyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (str(tiny_folder(family)) for family in ("sd1", "sdxl", "sd2"))
    warm = WarmModels(capacity=4, device="cpu")
    monkeypatch.setattr(warm_module, "free_bytes", lambda _: 2**40)
    warm.get(first)
    warm.get(second)
    assert len(warm) == 2
    room = iter((0, 2**40))  # one has to go, then there is enough
    monkeypatch.setattr(warm_module, "free_bytes", lambda _: next(room))
    warm.get(third)
    assert first not in warm
    assert second in warm


def test_a_model_alone_is_loaded_however_little_memory_there_seems_to_be(
    tiny_folder: TinyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_module, "free_bytes", lambda _: 0)
    assert WarmModels(device="cpu").get(str(tiny_folder("sd1"))).family.name == "sd1"


def test_memory_that_runs_out_while_loading_empties_the_rest_and_then_is_a_sentence(
    tiny_folder: TinyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = WarmModels(device="cpu")
    warm.get(str(tiny_folder("sd1")))

    def full(*_: object, **__: object) -> BaseModel:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("worker.engine.base_models.warm.load", full)
    with pytest.raises(BaseModelError, match="does not fit into the memory"):
        warm.get(str(tiny_folder("sdxl")))
    assert len(warm) == 0


@pytest.mark.parametrize("able", [True, False])
def test_the_estimate_covers_what_a_model_takes(demo: BaseModel, monkeypatch: pytest.MonkeyPatch, able: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able)
    modules = [demo.unet, demo.vae, *(encoder.module for encoder in demo.encoders)]
    if able:
        modules.append(frozen_copy(demo.unet, torch.bfloat16))
    held = sum(value.numel() * value.element_size() for module in modules for value in module.state_dict().values())
    estimate = memory.needed(DEMO, torch.device("cpu"))
    assert held <= estimate - memory.WORKING_BYTES_MIN <= held * 1.1


def test_free_memory_of_this_machine_is_a_positive_number_or_unknown() -> None:
    free = free_bytes(torch.device("cpu"))
    assert free is None or free > 0


def test_the_demo_model_ships_with_the_project() -> None:
    assert (DEMO / "model_index.json").is_file()
