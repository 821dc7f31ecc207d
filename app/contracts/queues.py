"""Which Celery task and which queue wake the workers of each kind of job.

The web service and the sweep send the messages; a worker subscribes to queues and derives the kinds it runs from them.
"""

from typing import Final

from app.contracts.jobs import Kind

TASKS: Final[dict[Kind, str]] = {
    "training": "oneword.train",
    "generation": "oneword.generate",
    "import": "oneword.import",
    "report": "oneword.report",
}
# An import takes about a second, so it goes to the generation workers: a training worker may be busy for minutes.
QUEUES: Final[dict[Kind, str]] = {
    "training": "training",
    "generation": "generation",
    "import": "generation",
    "report": "training",
}
