"""Evaluation of a trained concept: drawings and scores. Tensors and pictures only; no database, no files."""

from worker.engine.evaluation.prompts import HELD_OUT, PLAIN, HeldOutPrompt
from worker.engine.evaluation.report import Drawing, EvaluationPlan, Prefer, Report, ScoredDrawings, draw_report
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
    "draw_report",
    "load_scorer",
]
