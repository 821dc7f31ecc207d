"""What would become of a training that nobody has asked for yet: its place in the queue, and when it would end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.jobs import fair_queue
from app.jobs.cost import cost_of, units_of
from app.jobs.forecast import plans
from app.jobs.models import Job


@dataclass(frozen=True)
class Prospect:
    """The place of a job that would be queued now. The moments are None where nothing is known of them."""

    ahead: int
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """From its beginning to its end."""
        if self.starts_at is None or self.ends_at is None:
            return None
        return (self.ends_at - self.starts_at).total_seconds()


def prospect(session: Session, team_id: str, user_id: str, base_model: str, spec: Mapping[str, Any]) -> Prospect:
    """The prospect of a training with this specification. Writes nothing."""
    ahead = fair_queue.prospective_ahead(session, team_id, user_id, "training", cost_of("training", spec))
    job = Job(id="", state="queued", base_model=base_model, units=units_of("training", spec))
    estimate = plans(session)["training"].of(job, ahead)
    if estimate is None:
        return Prospect(ahead, None, None)
    return Prospect(ahead, estimate.starts_at, estimate.ends_at)
