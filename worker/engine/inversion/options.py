"""What can be chosen about learning a word: every option with its unit, its default and where that comes from."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from app.contracts.limits import KAPPA_MAX, LOSS_WEIGHT_MAX, VECTORS_MAX
from app.contracts.limits import TRAINING_STEPS_MAX as STEPS_MAX
from app.contracts.training import KINDS, METHODS, START_METHODS, ConceptKind, Method, StartMethod
from worker.engine.errors import InversionError

if TYPE_CHECKING:
    from worker.engine.base_models import BaseModel

CHOICES = {"kind": KINDS, "method": METHODS, "start": START_METHODS}
BATCH_MAX = 64
NORM_MAX = 100.0


@dataclass(frozen=True)
class Options:
    """How one word is learned. Defaults are the paper's or the reference script's unless a line says otherwise."""

    kind: ConceptKind = "object"
    # classic: rows go where AdamW takes them (Gal et al. 2022). directional: they keep the vocabulary's mean length
    # and only turn (Kim et al. 2025, arXiv 2512.13672).
    method: Method = "classic"
    # tokens: at the initializer's own rows. encoded: at the text encoder's answer to it (Cross Initialization, Pang et
    # al. 2023, arXiv 2312.15905).
    start: StartMethod = "tokens"
    # Rows per text encoder. Gal et al. 2022 use one; more follow the pictures closer and the prompt less.
    vectors: int = 1
    # Upper end; the stop below usually comes long before. The reference script's 3000.
    steps_max: int = 3000
    # Samples per step. The reference script's 1 x 4 accumulated.
    batch: int = 4
    # Of the directional method: radians that a row turns per step, 0.01 as its authors run it for 400 steps; and the
    # pull of the prior that holds it near its initializer, against the pull of the pictures.
    angle: float = 1e-2
    kappa: float = 0.1
    # Weight of context regularisation (CoRe, Wu et al. 2024, arXiv 2408.15914); 0 for none.
    context_weight: float = 0.0
    # Gamma of min-SNR weighting (Hang et al. 2023, arXiv 2303.09556, where it is 5); 0 for none.
    snr_gamma: float = 0.0
    # Of the classic method. Gal et al. 2022, section 4.3: 0.005 per step with batch scaling; `5e-4 --scale_lr` of the
    # reference script comes near to it.
    learning_rate: float = 5e-3
    # AdamW as the reference script sets it, though here it can only act on the word itself.
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 1e-2
    seed: int = 0
    # Show every picture also mirrored. Wrong for text, logos and handles; the base model states the default.
    mirror: bool = False
    # DVAR (Voronov et al. 2023, arXiv 2302.04841): stop when the variance of the evaluation over the last
    # `stop_window` steps is under `stop_ratio` of its variance over all; W = 310 and 0.15 as published.
    evaluate_every: int = 10
    # Samples in the fixed batch. Too few, and their few time steps say more than the word does: on the demo model 8
    # samples rose while 32 still fell.
    evaluation_batch: int = 16
    stop_window: int = 310
    stop_ratio: float = 0.15

    @classmethod
    def for_model(cls, model: "BaseModel", **asked: Any) -> "Options":
        """Defaults that the base model's card states, then what was asked for. Raises InversionError."""
        known = {field.name for field in fields(cls)}
        stated = {name: value for name, value in model.card.teaching.items() if name in known}
        return replace(cls(mirror=model.card.mirror), **{**stated, **asked}).checked()

    def patient(self) -> "Options":
        """The same, with twice the stop window: likeness still rises where the evaluation hardly moves any more."""
        return replace(self, stop_window=min(2 * self.stop_window, STEPS_MAX))

    def checked(self) -> "Options":
        """These options, or an InversionError that names the one out of range, its value and its range."""
        ranges: dict[str, tuple[float, float]] = {
            "vectors": (1, VECTORS_MAX),
            "steps_max": (1, STEPS_MAX),
            "batch": (1, BATCH_MAX),
            "learning_rate": (1e-7, 10.0),
            "angle": (1e-5, 1.0),
            "kappa": (0.0, KAPPA_MAX),
            "context_weight": (0.0, LOSS_WEIGHT_MAX),
            "snr_gamma": (0.0, LOSS_WEIGHT_MAX),
            "beta_1": (0.0, 0.9999),
            "beta_2": (0.0, 0.99999),
            "epsilon": (0.0, 1.0),
            "weight_decay": (0.0, 1.0),
            "evaluate_every": (1, STEPS_MAX),
            "evaluation_batch": (1, BATCH_MAX),
            "stop_window": (1, STEPS_MAX),
            "stop_ratio": (0.0, 1.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InversionError(f"{name} is {value}, and has to be between {low:g} and {high:g}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise InversionError(f"The {name} is {getattr(self, name)!r}, and has to be {' or '.join(choices)}.")
        return self
