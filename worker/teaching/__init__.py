"""Training jobs: claimed words are learned together, each with its own lease, events, checkpoints and outcome.

`company.py` steps them, `teaching.py` is one of them, `record.py` is what it writes, `ending.py` what it ends with.
"""

from worker.teaching.company import teach
from worker.teaching.ending import Ending, Verdict
from worker.teaching.pictures import as_learned
from worker.teaching.teaching import Interrupted

__all__ = ["Ending", "Interrupted", "Verdict", "as_learned", "teach"]
