"""Imports every table, so that `metadata` is the whole schema. For migrations, tests and the worker."""

import app.accounts.models
import app.concepts.models
import app.concepts.search_terms
import app.generation.models
import app.jobs.models
import app.teams.models
import app.usage.models
import app.webhooks.models
import app.workers.models  # noqa: F401
from app.core.database import Base

metadata = Base.metadata
