"""The trained rows beside each frozen embedding table, their optimiser, and their evaluations so far.

Pictures, captions and the stopping rule are in other modules.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import normalize

from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.inversion.directional import Directional
from worker.engine.inversion.initial import encoded_rows, mean_norm, token_rows
from worker.engine.inversion.loss_scale import LossScale
from worker.engine.inversion.options import NORM_MAX, Options

KEPT_MAX = 3  # candidates besides the best


@dataclass(frozen=True)
class EmbeddingCandidate:
    """The rows after a step, and the loss of the validation batch with them."""

    number: int  # of the step
    evaluation: float
    embedding: Embedding


@dataclass
class TrainableConcept:
    """Rows on the device, one parameter for each text encoder, with the best rows so far and a few earlier ones."""

    rows: dict[str, Tensor]  # (n, width) float32 for each encoder
    optimiser: torch.optim.Optimizer
    norm_limit: dict[str, float]  # longer rows count as diverged
    best: dict[str, Tensor]  # rows with the lowest evaluation
    best_evaluation: float = math.inf
    best_number: int = 0
    kept: list[EmbeddingCandidate] = field(default_factory=list)
    rolled_back: bool = False  # whether the rows have diverged once
    evaluations: list[float] = field(default_factory=list)
    loss_scale: LossScale | None = None  # for a denoiser in float16

    @classmethod
    def from_initializer(cls, model: BaseModel, initializer: str, options: Options) -> "TrainableConcept":
        """A concept whose rows are those of the initializer."""
        norms = {encoder.name: mean_norm(encoder) for encoder in model.encoders}
        tokens = {encoder.name: token_rows(encoder, initializer, options.vectors) for encoder in model.encoders}
        rows = dict(tokens)
        if options.start == "encoded":
            rows = {encoder.name: encoded_rows(encoder, initializer, options.vectors) for encoder in model.encoders}
        if options.method == "directional":
            rows = {name: norms[name] * normalize(value, dim=-1) for name, value in rows.items()}
        rows = {name: value.requires_grad_() for name, value in rows.items()}
        longest = {name: value.detach().norm(dim=-1).max().item() for name, value in rows.items()}
        limits = {name: NORM_MAX * max(norms[name], longest[name]) for name in rows}
        best = {name: value.detach().clone() for name, value in rows.items()}
        scale = LossScale.on(model.device) if model.precision.training == torch.float16 else None
        return cls(rows, _optimiser(rows, tokens, options), limits, best, loss_scale=scale)

    def update(self) -> None:
        """Take one optimiser step with the gradients of the rows, and discard them."""
        if self.loss_scale is not None:
            self.loss_scale.unscale(self.rows.values())
        self.optimiser.step()
        self.discard_gradients()

    def discard_gradients(self) -> None:
        """Discard the gradients of the rows: they are used, or the pass that computed them failed."""
        self.optimiser.zero_grad(set_to_none=True)

    def record_evaluation(self, evaluation: float, number: int) -> None:
        """Record the evaluation after step `number`; keep the rows if they are the best or due as a candidate."""
        self.evaluations.append(evaluation)
        if evaluation < self.best_evaluation:
            self.best_evaluation, self.best_number = evaluation, number
            self.best = {name: value.detach().clone() for name, value in self.rows.items()}
        self._keep(evaluation, number)

    def candidates(self) -> list[EmbeddingCandidate]:
        """Rows the result is chosen from: those with the lowest evaluation, then up to KEPT_MAX evenly spaced ones."""
        best = EmbeddingCandidate(self.best_number, self.best_evaluation, embedding_of(self.best))
        return [best, *(each for each in self.kept if each.number != self.best_number)]

    def _keep(self, evaluation: float, number: int) -> None:
        """Keep rows of evenly spaced steps, at most KEPT_MAX of them.

        The number of steps is not known in advance: when the list is full, drop every second entry and double the
        spacing. With an evaluation every 10 steps: 10, 20, 30, then (40 is one too many) 20, 40, then 20, 40, 60, …
        """
        spacing = self.kept[0].number if self.kept else number
        if number == 0 or number % spacing:
            return
        self.kept.append(EmbeddingCandidate(number, evaluation, embedding_of(self.rows)))
        if len(self.kept) > KEPT_MAX:
            self.kept = [each for each in self.kept if each.number % (2 * spacing) == 0]

    def has_diverged(self) -> bool:
        """Whether a row is not finite, or longer than NORM_MAX times the usual norm. Waits for the device."""
        lengths = {name: value.detach().norm(dim=-1).max().item() for name, value in self.rows.items()}
        return not all(math.isfinite(lengths[name]) and lengths[name] <= self.norm_limit[name] for name in lengths)

    @torch.no_grad()
    def roll_back(self) -> None:
        """Return to the best rows, clear the optimiser's moments, and divide the learning rate by 4."""
        for name, value in self.rows.items():
            value.copy_(self.best[name])
        self.optimiser.state.clear()
        for group in self.optimiser.param_groups:
            group["lr"] /= 4
        self.rolled_back = True


def _optimiser(rows: Mapping[str, Tensor], tokens: Mapping[str, Tensor], options: Options) -> torch.optim.Optimizer:
    if options.method == "directional":
        return Directional(list(rows.values()), [tokens[name] for name in rows], lr=options.angle, kappa=options.kappa)
    return torch.optim.AdamW(
        rows.values(),
        lr=options.learning_rate,
        betas=(options.beta_1, options.beta_2),
        eps=options.epsilon,
        weight_decay=options.weight_decay,
    )


def embedding_of(rows: Mapping[str, Tensor]) -> Embedding:
    """A copy of `rows` that no later step changes, on the CPU."""
    return Embedding({name: value.detach().to("cpu", torch.float32, copy=True) for name, value in rows.items()})
