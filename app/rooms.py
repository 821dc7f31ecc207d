"""Imports every module with tables or with hooks on jobs, for the web service, the workers, the sweep and migrations.

`metadata` is the whole schema. A room is a folder of `app`. A room that gains a table or a hook on jobs
(`app.jobs.hooks`) adds its module here.
"""

import app.accounts.models
import app.audit.models
import app.concepts.job_hooks
import app.concepts.models
import app.concepts.search_terms
import app.core.idempotency
import app.gallery.models
import app.generation.models
import app.generation.search_terms
import app.jobs.models
import app.presets.models
import app.uploads.models
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
