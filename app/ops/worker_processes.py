"""`oneword worker`: the two worker processes of one GPU, on this host or in this container.

As many may be started as there are GPUs: each takes one that no other has. Knows processes and devices, not torch.
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
    """Run the workers until SIGTERM; a teaching that runs is then saved and handed over."""
    with _device(settings) as environment:
        kinds = WORKERS if only is None else (only,)
        Supervisor([Child(f"{kind} worker", worker_command(kind), environment=environment) for kind in kinds]).run()


@contextmanager
def _device(settings: Settings) -> Iterator[Mapping[str, str]]:
    """The environment that keeps the workers on a GPU of their own, unless somebody chose one."""
    gpus = _gpus()
    if settings.device != "auto" or "CUDA_VISIBLE_DEVICES" in os.environ or not gpus:
        yield {}
        return
    with free_gpu(gpus, settings.data_dir / "gpus") as gpu:
        log.info("works on", gpu=gpu)
        yield {"CUDA_VISIBLE_DEVICES": gpu}


@contextmanager
def free_gpu(gpus: list[str], folder: Path) -> Iterator[str]:
    """One of the GPUs that has the fewest workers; the lock goes with this process, however that ends.

    The folder is shared by the processes and containers of a host.
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
