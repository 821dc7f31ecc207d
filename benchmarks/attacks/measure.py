"""Sends every attack to a running studio, and prints what each costs."""

import time
from contextlib import ExitStack
from typing import Final

from benchmarks.attacks.sent import ATTACKS, Attack
from benchmarks.attacks.target import Target, target

MINUTES_MAX: Final = 6
REACH_BYTES: Final = 200_000_000
REACH_SECONDS: Final = 0.25
_RESERVED_SECONDS: Final = 50  # for the attack that is measured last


def run(named: str = "") -> str:
    """A Markdown table of the attacks whose names contain `named`. A studio that does not recover is replaced."""
    lines = [
        "| attack | answer | memory above idle | longest stall of `/healthz` | longest wait of an honest request |",
        "|---|---|---|---|---|",
    ]
    over = time.monotonic() + MINUTES_MAX * 60 - _RESERVED_SECONDS
    with ExitStack() as stack:
        place = stack.enter_context(target())
        for attack in [attack for attack in ATTACKS if named in attack.name]:
            if time.monotonic() > over:
                lines.append(f"| {attack.name} | not measured: the {MINUTES_MAX} minutes are over | | | |")
                continue
            lines.append(_measured(place, attack))
            print(lines[-1], flush=True)
            if not place.is_settled():
                stack.close()
                place = stack.enter_context(target())
    return "\n".join(lines)


def _measured(place: Target, attack: Attack) -> str:
    send = attack.build()
    place.observed()
    outcome = send(place)
    seen = place.observed()
    honest = seen.honest_seconds if outcome.waited is None else outcome.waited
    memory = _marked(f"{seen.grown_bytes / 1e6:+.0f} MB", seen.grown_bytes > REACH_BYTES)
    stall = _marked(f"{seen.stall_seconds * 1000:.0f} ms", seen.stall_seconds > REACH_SECONDS)
    return f"| {attack.name} | {outcome.answer} | {memory} | {stall} | {honest * 1000:.0f} ms |"


def _marked(figure: str, beyond_reach: bool) -> str:
    return f"**{figure}**" if beyond_reach else figure
