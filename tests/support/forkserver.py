"""A process that has imported everything once, and from which a test's real processes are forked.

A worker, a sweep or a web service is there in a moment instead of after five seconds of imports, and is otherwise what
`python -m …` would have started: a session of its own, its own environment, its own log.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from app.core.settings import REPOSITORY


class ForkServer:
    """The test's end of the fork server."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forkserver"],
            cwd=REPOSITORY,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, module: str, *arguments: str, environment: Mapping[str, str], log: Path) -> psutil.Process:
        """Run `python -m module arguments…`, its output appended to `log`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        log.touch()  # a reader need not wait for the fork
        wanted = {"module": module, "arguments": arguments, "environment": dict(environment), "log": str(log)}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return psutil.Process(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End it, and whatever it started that still runs."""
        self._process.communicate()


def main() -> None:
    """Fork one process for each line of the input; at its end kill those that are left."""
    _import_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them, so nothing of them stays
    born: list[int] = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        born.append(child)
        print(child, flush=True)
    for child in born:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)


def _import_everything() -> None:
    import kombu.transport.redis  # noqa: F401

    from worker.engine.base_models import load

    load(REPOSITORY / "models" / "demo", device="cpu")  # what a first model imports; the model itself is let go


def _become(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    code: Any = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
