"""What the supervisor starts ends with it, however the supervisor ended: a killed studio leaves nothing running.

Knows only who its parent was.
"""

import os
import signal
import threading
from typing import Final

PARENT: Final = "ONEWORD_PARENT"  # set by the supervisor for its children
LOOK_SECONDS: Final = 1.0


def end_with_parent() -> None:
    """Send this process SIGTERM once the supervisor that started it is gone. Without a supervisor nothing happens."""
    # Taken out, so that whatever this process starts does not look for a parent that it never had.
    parent = os.environ.pop(PARENT, "")
    if parent:
        threading.Thread(target=_follow, args=(int(parent),), name="end-with-parent", daemon=True).start()


def _follow(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
