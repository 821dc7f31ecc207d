"""The states of a job and the only moves between them.

    queued ──claim──▶ running ──finish──▶ succeeded | failed | cancelled
      ▲                  │
      └──lease expired, ─┘        queued ──cancel──▶ cancelled
         or handed back

Knows no database.
"""

from typing import Final, Literal

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Kind = Literal["training", "generation", "import", "report"]

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    "queued": frozenset({"running", "cancelled"}),
    "running": frozenset({"queued", "succeeded", "failed", "cancelled"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}

FINAL: Final[frozenset[State]] = frozenset(state for state, following in TRANSITIONS.items() if not following)
ACTIVE: Final[frozenset[State]] = frozenset(TRANSITIONS) - FINAL
