"""`oneword worker`: the two worker processes of one GPU, on this host or in this container.

Start one for each GPU: each takes a GPU that no other has. This module does not import torch.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from app.core.settings import Settings
from app.ops.supervisor import WORKERS, Child, Supervisor, worker_command

log = structlog.get_logger(__name__)

LIST_GPUS = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")


def work(settings: Settings, only: str | None = None) -> None:
    """Run the workers until SIGTERM. A running training then stores its checkpoint and goes back to the queue."""
    with _device(settings) as environment:
        kinds = WORKERS if only is None else (only,)
        Supervisor([Child(f"{kind} worker", worker_command(kind), environment=environment) for kind in kinds]).run()


@contextmanager
def _device(settings: Settings) -> Iterator[Mapping[str, str]]:
    """The environment variable that keeps the workers on a GPU of their own, unless the settings choose one."""
    gpus = _gpus()
    if settings.device != "auto" or "CUDA_VISIBLE_DEVICES" in os.environ or not gpus:
        yield {}
        return
    with free_gpu(gpus, settings.data_dir / "gpus") as gpu:
        log.info("works on", gpu=gpu)
        yield {"CUDA_VISIBLE_DEVICES": gpu}


@contextmanager
def free_gpu(gpus: list[str], folder: Path) -> Iterator[str]:
    """One of the GPUs that have the fewest workers. The lock is released when this process ends, however it ends.

    The processes and containers of a host share the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for share in range(len(gpus) * 8):
        gpu = gpus[share % len(gpus)]
        with (folder / f"{gpu}.{share // len(gpus)}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield gpu
            return
    yield gpus[0]


def _gpus() -> list[str]:
    """Ids of this host's NVIDIA GPUs, as `CUDA_VISIBLE_DEVICES` takes them."""
    if shutil.which(LIST_GPUS[0]) is None:
        return []
    listed = subprocess.run(LIST_GPUS, capture_output=True, text=True, check=False)  # noqa: S603 (our own arguments)
    return listed.stdout.split() if listed.returncode == 0 else []
