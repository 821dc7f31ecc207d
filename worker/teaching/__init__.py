"""Training jobs: claimed words are learned together, each with its own lease, events, checkpoints and outcome.

`company.py` steps them, `teaching.py` is one of them, `record.py` is what it writes, `ending.py` what it ends with.
"""

from worker.teaching.company import teach
from worker.teaching.ending import Ending, Verdict

__all__ = ["Ending", "Verdict", "teach"]
