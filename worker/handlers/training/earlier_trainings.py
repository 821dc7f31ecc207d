"""When a training will probably stop by itself: after as many steps as the team's earlier ones of the same kind.

Example: earlier trainings stopped after 110, 130 and 150 steps. A new one will probably take 130. At step 140 only the
third says anything about what follows, so 150 is likely; from step 150 on nothing is known but the maximum.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final

from sqlalchemy.orm import Session

from app.contracts.training import TrainingSpec
from app.jobs import queries as jobs

EARLIER_MAX: Final = 40  # the newest trainings on the same base model
COMPARED: Final = ("kind", "method", "prefer", "vectors", "start", "context_weight", "snr_gamma", "batch", "resolution")


def stops_before(session: Session, team_id: str, spec: TrainingSpec) -> list[int]:
    """The steps that the team's newest trainings with the same options took until they stopped by themselves."""
    ended = jobs.newest_trained(session, team_id, spec.base_model, EARLIER_MAX)
    return [
        progress["step"]
        for before, progress in ended
        if all(before.get(name) == getattr(spec, name) for name in COMPARED)
        and progress["step"] < progress["steps_max"]  # otherwise nobody knows where it would have stopped
    ]


def likely_last_step(stops: Sequence[int], step: int, steps_max: int) -> int | None:
    """The median of the earlier stops after `step`, at most `steps_max`; None if no training came further."""
    after = [min(each, steps_max) for each in stops if each > step]
    return round(median(after)) if after else None
