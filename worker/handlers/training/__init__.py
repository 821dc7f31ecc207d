"""Training jobs: concepts that are trained together, each with its own lease, checkpoints, previews and outcome.

`handler.py` has the five methods of the runner, `training_batch.py` the steps that runs share, `training_run.py` one
run, and `training_record.py` what a run writes.
"""

from worker.handlers.training.handler import TrainingHandler

__all__ = ["TrainingHandler"]
