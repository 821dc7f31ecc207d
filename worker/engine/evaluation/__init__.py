"""Evaluates a trained concept: draws its report and scores it. Tensors and pictures only; no rows, no files."""

from app.contracts.training import Prefer
from worker.engine.evaluation.prompts import HELD_OUT, PLAIN, Held
from worker.engine.evaluation.report import Drawing, EvaluationPlan, Judged, Report, draw_report, evaluate
from worker.engine.evaluation.scorer import Scorer, load_scorer
from worker.engine.evaluation.scores import Scores

__all__ = [
    "HELD_OUT",
    "PLAIN",
    "Drawing",
    "EvaluationPlan",
    "Held",
    "Judged",
    "Prefer",
    "Report",
    "Scorer",
    "Scores",
    "draw_report",
    "evaluate",
    "load_scorer",
]
