"""Training jobs: claimed words are learned together, each with its own lease, events, checkpoints and outcome.

`company.py` steps them, `teaching.py` is one of them, `record.py` is what it writes, `ending.py` what it ends with.
"""

from worker.handlers.training.ending import Ending, Verdict
from worker.handlers.training.pictures import as_learned
from worker.handlers.training.training_batch import teach
from worker.handlers.training.training_run import Interrupted

__all__ = ["Ending", "Interrupted", "Verdict", "as_learned", "teach"]
