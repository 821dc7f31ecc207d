"""Ends a process once its supervisor is gone, also if the supervisor was killed, so that no process is left running.

A process knows its supervisor only by the process id in an environment variable.
"""

import os
import signal
import threading
from typing import Final

PARENT: Final = "ONEWORD_PARENT"  # set by the supervisor for its children
CHECK_SECONDS: Final = 1.0


def end_with_parent() -> None:
    """Send this process SIGTERM once the supervisor that started it is gone. Without a supervisor nothing happens."""
    # Removed from the environment: a child of this process has another parent and must not watch this one's.
    parent = os.environ.pop(PARENT, "")
    if parent:
        threading.Thread(target=_watch, args=(int(parent),), name="end-with-parent", daemon=True).start()


def _watch(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
