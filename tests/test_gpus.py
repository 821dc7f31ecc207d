"""Workers that are started together on one host spread over its GPUs."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.ops import worker_processes

GPUS = ["GPU-a", "GPU-b"]


def test_each_worker_takes_a_gpu_that_has_the_fewest(tmp_path: Path) -> None:
    with ExitStack() as alive:
        taken = [alive.enter_context(worker_processes.free_gpu(GPUS, tmp_path)) for _ in range(5)]
    assert taken == ["GPU-a", "GPU-b", "GPU-a", "GPU-b", "GPU-a"]


def test_a_gpu_is_free_again_once_its_worker_is_gone(tmp_path: Path) -> None:
    with worker_processes.free_gpu(GPUS, tmp_path), ExitStack() as second:
        assert second.enter_context(worker_processes.free_gpu(GPUS, tmp_path)) == "GPU-b"
        second.close()
        with worker_processes.free_gpu(GPUS, tmp_path) as third:
            assert third == "GPU-b"


def listing(folder: Path, script: str) -> str:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("script", "device", "chosen"),
    [
        ("echo GPU-a; echo GPU-b", "auto", {"CUDA_VISIBLE_DEVICES": "GPU-a"}),
        ("echo GPU-a; echo GPU-b", "cuda:1", {}),  # somebody chose
        ("echo 'NVIDIA-SMI has failed'; exit 9", "auto", {}),
    ],
)
def test_a_worker_is_kept_on_its_gpu_unless_somebody_chose_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, device: str, chosen: dict[str, str]
) -> None:
    monkeypatch.setenv("PATH", listing(tmp_path, script))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with worker_processes._device(Settings(data_dir=tmp_path / "data", device=device)) as environment:
        assert environment == chosen
