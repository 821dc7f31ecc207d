"""The word itself: a few trainable rows beside each frozen table, their optimiser, and what they have been.

Knows nothing of pictures, captions or when to stop.
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
from worker.engine.inversion.options import NORM_MAX, Options

KEPT_MAX = 3  # candidates besides the best


@dataclass(frozen=True)
class EmbeddingCandidate:
    """Rows as they were after a step, and what the fixed evaluation batch said of them."""

    number: int
    evaluation: float
    embedding: Embedding


@dataclass
class TrainableConcept:
    """Rows on the device, one parameter for each encoder."""

    rows: dict[str, Tensor]
    optimiser: torch.optim.Optimizer
    norm_limit: dict[str, float]
    best: dict[str, Tensor]
    best_evaluation: float = math.inf
    best_number: int = 0
    kept: list[EmbeddingCandidate] = field(default_factory=list)
    rolled_back: bool = False
    evaluations: list[float] = field(default_factory=list)

    @classmethod
    def from_initializer(cls, model: BaseModel, initializer: str, options: Options) -> "TrainableConcept":
        """A word that so far means what the initializer means."""
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
        return cls(rows, _optimiser(rows, tokens, options), limits, best)

    def update(self) -> None:
        """One optimiser step from the gradients that the rows have received."""
        self.optimiser.step()
        self.discard_gradients()

    def discard_gradients(self) -> None:
        """Drop what the rows have received: it was used, or the pass that gave it broke."""
        self.optimiser.zero_grad(set_to_none=True)

    def judge(self, evaluation: float, number: int) -> None:
        """Note the evaluation after step `number`, and keep the rows if they are the best or their turn has come."""
        self.evaluations.append(evaluation)
        if evaluation < self.best_evaluation:
            self.best_evaluation, self.best_number = evaluation, number
            self.best = {name: value.detach().clone() for name, value in self.rows.items()}
        self._keep(evaluation, number)

    def candidates(self) -> list[EmbeddingCandidate]:
        """What the word may end as: the rows with the lowest evaluation, then some of the way, evenly spaced."""
        best = EmbeddingCandidate(self.best_number, self.best_evaluation, embedding_of(self.best))
        return [best, *(each for each in self.kept if each.number != self.best_number)]

    def _keep(self, evaluation: float, number: int) -> None:
        """Keep some rows of the way. Nobody knows its length, so with each that is too many every other one goes."""
        spacing = self.kept[0].number if self.kept else number
        if number == 0 or number % spacing:
            return
        self.kept.append(EmbeddingCandidate(number, evaluation, embedding_of(self.rows)))
        if len(self.kept) > KEPT_MAX:
            self.kept = [each for each in self.kept if each.number % (2 * spacing) == 0]

    def is_sound(self) -> bool:
        """Whether every row is finite and of a length that the encoder could still read."""
        lengths = {name: value.detach().norm(dim=-1).max().item() for name, value in self.rows.items()}
        return all(math.isfinite(lengths[name]) and lengths[name] <= self.norm_limit[name] for name in lengths)

    @torch.no_grad()
    def roll_back(self) -> None:
        """Return to the best rows, forget the momentum that led astray, and go on four times as carefully."""
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
