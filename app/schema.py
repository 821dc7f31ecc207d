"""Imports every table, so that `metadata` is the whole schema. For migrations, tests and the worker."""

import app.accounts.models
import app.concepts.models
import app.generation.models
import app.jobs.models
import app.teams.models  # noqa: F401
from app.db import Base

metadata = Base.metadata
