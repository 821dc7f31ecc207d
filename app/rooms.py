"""Loads every table and every hook on jobs: the web service, the workers, the sweep and the migrations import it.

`metadata` is the whole schema. A room that gets a table, or a function that follows from a job's change of state
(`app.jobs.hooks`), adds its module here.
"""

import app.accounts.models
import app.concepts.job_hooks
import app.concepts.models
import app.concepts.search_terms
import app.core.idempotency
import app.generation.models
import app.jobs.models
import app.usage.accounting
import app.usage.models
import app.usage.service
import app.webhooks.models
import app.webhooks.outbox
import app.workers.models  # noqa: F401
from app.core.database import Base
from app.jobs import hooks

hooks.close_registration()
metadata = Base.metadata
