"""Watches a studio from a process of its own: memory of its process tree, and how long honest people wait.

python -m benchmarks.attacks.watch PORT PID TOKEN

Each line on standard input asks for a report of the time since the last one, as a line of JSON on standard output.
"""

import http.client
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

PROBE_SECONDS: Final = 0.02  # between two probes of /healthz, and between two samples of memory
HONEST_SECONDS: Final = 0.1
CHILDREN_SECONDS: Final = 0.25  # between two searches for new processes
ANSWER_SECONDS: Final = 5.0
_NOTICEABLE_BYTES: Final = 2_000_000


@dataclass(frozen=True)
class Observed:
    """What happened since the last report."""

    grown_bytes: int  # memory of the process tree at its peak, above that at the beginning
    stall_seconds: float  # longest time without an answer of /healthz
    honest_seconds: float  # longest time that a small, signed-in request of another team took


class Probe(threading.Thread):
    """Sends one request again and again, each on a new connection, and keeps the longest time until a 200."""

    def __init__(self, port: int, path: str, headers: dict[str, str], pause: float) -> None:
        super().__init__(daemon=True)
        self._port, self._path, self._headers, self._pause = port, path, headers, pause
        self._began: float | None = None
        self._longest = 0.0

    def run(self) -> None:
        """Probe until the process ends."""
        while True:
            self._began = time.monotonic()
            while not self._is_answered():
                time.sleep(PROBE_SECONDS)
            took = time.monotonic() - self._began
            self._longest = max(self._longest, took)
            self._began = None
            time.sleep(max(0.0, self._pause - took))

    def longest(self) -> float:
        """The longest time until an answer since the last call, that of a request in flight included."""
        now, began = time.monotonic(), self._began
        found = max(self._longest, 0.0 if began is None else now - began)
        self._longest = 0.0
        if began is not None:
            self._began = now
        return found

    def _is_answered(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", self._path, headers=self._headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Memory(threading.Thread):
    """Samples the memory of a process and of everything that it started.

    Resident sizes count shared pages for each process, and are quick to read. The proportional size counts them once;
    it is read whenever the resident sizes reach a new peak.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._pids: list[int] = [pid]
        self._searched = 0.0
        self._lock = threading.Lock()
        self._resident_peak = self._idle = self._peak = 0
        self._start()

    def run(self) -> None:
        """Sample until the process ends."""
        while True:
            with self._lock:
                resident = self._resident()
                if resident > self._resident_peak + _NOTICEABLE_BYTES:
                    self._resident_peak = resident
                    self._peak = max(self._peak, self._proportional())
            time.sleep(PROBE_SECONDS)

    def grown(self) -> int:
        """Bytes between the beginning and the peak since the last call."""
        with self._lock:
            grown = self._peak - self._idle
            self._start()
            return grown

    def _start(self) -> None:
        self._resident_peak = self._resident()
        self._idle = self._peak = self._proportional()

    def _resident(self) -> int:
        now = time.monotonic()
        if now - self._searched > CHILDREN_SECONDS:
            children: list[psutil.Process] = self._root.children(recursive=True)
            self._searched, self._pids = now, [self._root.pid, *(each.pid for each in children)]
        return sum(_pages(each) for each in self._pids)

    def _proportional(self) -> int:
        return sum(_proportional(each) for each in self._pids)


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):  # it has ended
        return 0


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Watch until standard input ends."""
    port, pid, token = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    health = Probe(port, "/healthz", {}, PROBE_SECONDS)
    honest = Probe(port, "/api/concepts?limit=5", {"Authorization": f"Bearer {token}"}, HONEST_SECONDS)
    memory = Memory(pid)
    for thread in (health, honest, memory):
        thread.start()
    for _ in sys.stdin:
        print(json.dumps(asdict(Observed(memory.grown(), health.longest(), honest.longest()))), flush=True)


if __name__ == "__main__":
    main()
