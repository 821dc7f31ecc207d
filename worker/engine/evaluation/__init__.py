"""Evaluation of a trained concept: drawings and scores. Tensors and pictures only; no database, no files."""

from app.contracts.training import Prefer
from worker.engine.evaluation.prompts import HELD_OUT, PLAIN, HeldOutPrompt
from worker.engine.evaluation.report import Drawing, EvaluationPlan, Report, ScoredDrawings, evaluate
from worker.engine.evaluation.scorer import Scorer, load_scorer
from worker.engine.evaluation.scores import Scores

__all__ = [
    "HELD_OUT",
    "PLAIN",
    "Drawing",
    "EvaluationPlan",
    "HeldOutPrompt",
    "Prefer",
    "Report",
    "ScoredDrawings",
    "Scorer",
    "Scores",
    "evaluate",
    "load_scorer",
]
