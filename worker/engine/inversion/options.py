"""The options of a training run: each with its unit, its default and the source of the default."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from app.contracts.limits import TRAINING_STEPS_MAX as STEPS_MAX
from app.contracts.training import ConceptKind, Method, StartMethod
from app.contracts.training_options import unfit_option
from worker.engine.errors import InversionError

if TYPE_CHECKING:
    from worker.engine.base_models import BaseModel

NORM_MAX = 100.0


@dataclass(frozen=True)
class Options:
    """How one concept is trained. Defaults are the paper's or the reference script's unless a line says otherwise."""

    kind: ConceptKind = "object"
    # classic: AdamW on the rows (Gal et al. 2022). directional: the rows keep the vocabulary's mean norm and only their
    # direction is trained (Kim et al. 2025, arXiv 2512.13672).
    method: Method = "classic"
    # tokens: the initializer's own rows. encoded: the text encoder's output for the initializer (Cross Initialization,
    # Pang et al. 2023, arXiv 2312.15905).
    start: StartMethod = "tokens"
    # Rows per text encoder. Gal et al. 2022 use 1; more rows raise likeness and lower editability.
    vectors: int = 1
    # Upper limit; the stopping rule below usually ends the run much earlier. 3000 is the reference script's.
    steps_max: int = 3000
    # Samples per step. The reference script accumulates 4 steps of 1 sample.
    batch: int = 4
    # Side of the squares that are learned from, in pixels; 0 is the model's own. A smaller side takes less memory and
    # time, and details are lost.
    resolution: int = 0
    # Directional method: radians that a row turns per step, 0.01 as its authors run it for 400 steps; and the weight of
    # the prior towards the initializer, relative to the gradient of the loss.
    angle: float = 1e-2
    kappa: float = 0.1
    # Weight of context regularisation (CoRe, Wu et al. 2024, arXiv 2408.15914); 0 turns it off.
    context_weight: float = 0.0
    # Gamma of min-SNR weighting (Hang et al. 2023, arXiv 2303.09556, where it is 5); 0 turns it off.
    snr_gamma: float = 0.0
    # Classic method. Gal et al. 2022, section 4.3: 0.005 per step with batch scaling; the reference script's
    # `5e-4 --scale_lr` comes near to it.
    learning_rate: float = 5e-3
    # AdamW as the reference script sets it. Here the optimiser acts on the concept's rows only.
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 1e-2
    seed: int = 0
    # Train on the mirror image of every picture too. Wrong for text, logos and handles; the base model's card
    # states the default.
    mirror: bool = False
    # DVAR (Voronov et al. 2023, arXiv 2302.04841): stop when the variance of the evaluation over the last
    # `stop_window` steps is under `stop_ratio` of its variance over all; W = 310 and 0.15 as published.
    evaluate_every: int = 10
    # Samples in the validation batch. With too few, the loss depends more on their time steps than on the rows: on the
    # demo model the loss of 8 samples rose while that of 32 still fell.
    evaluation_batch: int = 16
    stop_window: int = 310
    stop_ratio: float = 0.15

    @classmethod
    def for_model(cls, model: "BaseModel", **overrides: Any) -> "Options":
        """Defaults of the base model's card, overridden by `overrides`. Raises InversionError for an invalid value."""
        known = {field.name for field in fields(cls)}
        stated = {name: value for name, value in model.card.teaching.items() if name in known}
        return replace(cls(mirror=model.card.mirror), **{**stated, **overrides}).checked()

    def patient(self) -> "Options":
        """These options with twice the stop window: likeness still rises after the evaluation has almost converged."""
        return replace(self, stop_window=min(2 * self.stop_window, STEPS_MAX))

    def checked(self) -> "Options":
        """These options, or an InversionError that names the option out of range, its value and its range."""
        for field in fields(self):
            value = getattr(self, field.name)
            if (expected := unfit_option(field.name, value)) is not None:
                raise InversionError(f"{field.name} is {value!r}, and has to be {expected}.")
        return self
