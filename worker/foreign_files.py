"""Embedding files of other tools, read in a child process with limits on memory, processor time and output.

The child is forked from a small server process, never from the one that computes. That server starts with the first
file and loads torch, which takes some seconds and 170 MB; every other file takes milliseconds. This module imports no
torch itself.
"""

import multiprocessing
import os
from functools import cache, partial
from multiprocessing import process
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.foreign_bytes.answers import ReadingFailed
from app.foreign_bytes.decoder_pool import DecoderPool
from app.foreign_bytes.limits import Limits, limit_this_process
from worker.engine.errors import EmbeddingError

if TYPE_CHECKING:
    from worker.engine.embeddings.formats import Foreign

log = structlog.get_logger(__name__)

READER: Final = "worker.engine.embeddings.plain"
LIMITS: Final = Limits(memory_bytes=400_000_000, processor_seconds=10, wall_seconds=20.0, answer_bytes=8_000_000)
FILES_PER_CHILD: Final = 100
STALLED_SECONDS: Final = 180.0  # on a busy machine torch alone takes many seconds to load


@cache
def pool() -> DecoderPool:
    """The pool of this process, of one child."""
    _be_a_main_process()
    return DecoderPool(
        prepare_child,
        STALLED_SECONDS,
        limits=LIMITS,
        preload=[READER, __name__],
        workers=1,
        tasks_per_child=FILES_PER_CHILD,
    )


def _be_a_main_process() -> None:
    """Let this process start children.

    Celery's billiard puts its own process object in place of the standard library's. That one is a daemon, which may
    have no children, and its key cannot be sent to one.
    """
    if isinstance(multiprocessing.current_process(), process.BaseProcess):
        return
    library: Any = process
    main = library.BaseProcess()
    main._config = {"authkey": library.AuthenticationString(os.urandom(32)), "semprefix": "/mp"}
    library._current_process = main


def prepare_child() -> None:
    """Load torch, which takes far more memory than any embedding, and then set the limits."""
    import torch

    import worker.engine.embeddings.plain  # noqa: F401

    torch.set_num_threads(1)  # the child may start no thread
    limit_this_process(memory_bytes=LIMITS.memory_bytes)


def read(content: bytes, filename: str) -> "Foreign":
    """Read an embedding from any tool's file. Raises EmbeddingError, and NotReady if no child can start."""
    from worker.engine.embeddings import plain

    try:
        found = pool().result(pool().submit(partial(plain.read_plain, filename=filename), content))
    except ReadingFailed as failed:
        log.warning("embedding not read", reason=failed.reason, detail=failed.detail)
        raise EmbeddingError(
            f"{filename} needs more {'time' if failed.reason == 'slow' else 'memory'} to read than any embedding does. "
            "Export the embedding again, best as .safetensors."
        ) from failed
    return plain.foreign(found, filename)
