"""Textual inversion, Gal et al. 2022 (arXiv 2208.01618): train the rows v* of one concept, and nothing else.

`loss.py` has equation 2. `Inversion` is the run of one concept, `advance()` one optimiser step of several runs, and
`Inversion.steps()` the whole run of one. Saving, cancelling and reporting belong to the caller; there is no clock, no
log and no file in this module.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from PIL import Image
from torch import Tensor

from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.errors import InversionError
from worker.engine.free_memory import release_memory
from worker.engine.halving import is_out_of_memory
from worker.engine.inversion.batch import Batch
from worker.engine.inversion.checkpoint import Checkpoint, pack, unpack
from worker.engine.inversion.context import Context
from worker.engine.inversion.initial import token_rows
from worker.engine.inversion.loss import gradients, losses
from worker.engine.inversion.memory import passes_that_fit, too_large
from worker.engine.inversion.options import Options
from worker.engine.inversion.pictures import Latents, encode_pictures
from worker.engine.inversion.samples import Samples, draw_samples, generator_for
from worker.engine.inversion.stopping import has_converged
from worker.engine.inversion.templates import CAPTIONS, caption_ids, captioned
from worker.engine.inversion.trainable_concept import EmbeddingCandidate, TrainableConcept, embedding_of
from worker.engine.inversion.training_step import TrainingStep

LEARNED = "learned"  # the evaluation has converged
OUT_OF_STEPS = "out of steps"


def advance(model: BaseModel, inversions: Sequence["Inversion"]) -> list[TrainingStep]:
    """One optimiser step of every run, with one forward and one backward pass for all of them."""
    each = gradients(model, inversions)
    return [inversion.take_step(loss) for inversion, loss in zip(inversions, each, strict=True)]


class Inversion:
    """The run of one concept: its pictures, captions and rows, and the number of steps taken.

    `shown` says for each picture what it shows beside the concept, or nothing: that is in the prompts of that picture,
    so the concept does not learn it.

    Raises InversionError, with a message for the user, if there are no pictures, an option is out of range or the
    initializer has no token.
    """

    def __init__(
        self,
        model: BaseModel,
        pictures: Sequence[Image.Image],
        initializer: str,
        options: Options,
        shown: Sequence[str] = (),
    ) -> None:
        if model.not_teachable_reason is not None:
            raise InversionError(model.not_teachable_reason)
        if not pictures:
            raise InversionError("There are no pictures to learn from. Give at least one.")
        self.model = model
        self.options = options.checked()
        with model.encoders_here():
            self._prepare(pictures, initializer, shown)

    def _prepare(self, pictures: Sequence[Image.Image], initializer: str, shown: Sequence[str]) -> None:
        model, options = self.model, self.options
        self.concept = TrainableConcept.from_initializer(model, initializer, options)
        self.resolution = options.resolution or model.resolution
        self.passes = passes_that_fit(model, self.resolution, options.batch, options.evaluation_batch)
        self.latents = self._encoded(pictures)
        self.templates = CAPTIONS[options.kind]
        texts = [*shown, *[""] * (len(pictures) - len(shown))]
        different = list(dict.fromkeys(texts))
        templates = [
            template
            for text in different
            for template in captioned(model.encoders[0], self.templates, text, options.vectors)
        ]
        firsts = [different.index(text) * len(self.templates) for text in texts]
        views = len(self.latents) // len(pictures)  # of each picture: with its mirror image two
        self.first_captions = torch.tensor(firsts * views)  # on the CPU, where templates are drawn
        self.captions = {
            encoder.name: caption_ids(encoder, templates, options.vectors, model.device) for encoder in model.encoders
        }
        self.context = self._context(initializer)
        self.validation_batch = self._batch(options.evaluation_batch, "evaluation", 0)
        self.number = 0

    def steps(self, resume: Checkpoint | None = None) -> Iterator[TrainingStep]:
        """Train to the end. Yields step 0, or with `resume` the step of the checkpoint, then every optimiser step."""
        yield self.begin(resume)
        while self.stopped is None:
            (step,) = advance(self.model, [self])
            yield step

    def begin(self, checkpoint: Checkpoint | None = None) -> TrainingStep:
        """Start at the initializer, or continue from a checkpoint: bit for bit on a CPU.

        Raises InversionError if the checkpoint cannot be read or belongs to other options or another base model.
        """
        if checkpoint is None:
            self.evaluate()
            if not self.concept.evaluations:
                raise InversionError(
                    f"The loss is not a finite number before the first step, so {self.model.title} cannot be taught "
                    "on: its weights may be damaged, or too large for this worker's precision. Download them again, "
                    "or use another base model."
                )
        else:
            self.number = unpack(checkpoint, self.concept, self.options)
        return self._step(torch.tensor(self.concept.evaluations[-1]), ())

    def next_batch(self) -> Batch:
        """The batch of the next optimiser step. It depends on the seed and the number of the step alone."""
        batch = self._batch(self.options.batch, "step", self.number)
        scale = None if self.concept.loss_scale is None else self.concept.loss_scale.value
        return replace(batch, snr_gamma=self.options.snr_gamma, context=self.context, loss_scale=scale)

    def take_step(self, loss: Tensor) -> TrainingStep:
        """Update the rows from the gradients they hold; every `evaluate_every` steps evaluate them."""
        self.concept.update()
        self.number += 1
        warnings: tuple[str, ...] = ()
        if self.number % self.options.evaluate_every == 0 or self.number >= self.options.steps_max:
            warnings = self.evaluate()
        return self._step(loss, warnings)

    @torch.no_grad()
    def evaluate(self) -> tuple[str, ...]:
        """Score the rows by the plain loss of the validation batch, without min-SNR weighting and context.

        Returns warnings. The first time that the rows diverge, they return to the best rows with a quarter of the
        learning rate, and a warning says so; the second time raises InversionError.
        """
        if not self.concept.has_diverged():
            evaluation = self._validation_loss()
            if math.isfinite(evaluation):
                self.concept.record_evaluation(evaluation, self.number)
                return ()
        if self.concept.rolled_back:
            raise InversionError(
                f"Learning ran away twice, the second time by step {self.number}. Teach again with a lower learning "
                f"rate than {self.options.learning_rate:g}, or with clearer pictures."
            )
        self.concept.roll_back()
        return (
            f"Learning ran away by step {self.number}. It goes on from the best rows so far, with a quarter of the "
            "learning rate.",
        )

    def _validation_loss(self) -> float:
        """The loss of the validation batch, in passes of half as many samples after each that did not fit."""
        while True:
            try:
                (loss,) = losses(self.model, [self.validation_batch], self.passes)
                return loss.item()
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            release_memory()
            at_once = min(self.passes.evaluated, self.options.evaluation_batch)
            if at_once == 1:
                raise too_large(self.model, self.resolution)
            self.passes = replace(self.passes, evaluated=(at_once + 1) // 2)

    @property
    def stopped(self) -> str | None:
        """Why no further step follows; None while the run goes on."""
        window = max(2, round(self.options.stop_window / self.options.evaluate_every))
        if has_converged(self.concept.evaluations, window, self.options.stop_ratio):
            return LEARNED
        return OUT_OF_STEPS if self.number >= self.options.steps_max else None

    @property
    def steps_max(self) -> int:
        """The run ends after this number of steps at the latest."""
        return self.options.steps_max

    @property
    def embedding(self) -> Embedding:
        """A copy of the rows as they are now, on the CPU."""
        return embedding_of(self.concept.rows)

    @property
    def best(self) -> Embedding:
        """A copy of the rows with the lowest evaluation so far, on the CPU."""
        return embedding_of(self.concept.best)

    @property
    def best_evaluation(self) -> float:
        """The lowest loss of the validation batch so far."""
        return self.concept.best_evaluation

    @property
    def candidates(self) -> list[EmbeddingCandidate]:
        """Rows of several steps that the result is chosen from; the first has the lowest evaluation."""
        return self.concept.candidates()

    def checkpoint(self) -> Checkpoint:
        """The state after the present step, for `begin`."""
        return pack(self.concept, self.number, self.options)

    def _step(self, loss: Tensor, warnings: tuple[str, ...]) -> TrainingStep:
        return TrainingStep(self.number, loss, self.concept.evaluations[-1], warnings, self.stopped)

    def _encoded(self, pictures: Sequence[Image.Image]) -> Latents:
        try:
            return encode_pictures(self.model, pictures, self.resolution, mirror=self.options.mirror)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        raise too_large(self.model, self.resolution)

    def _context(self, initializer: str) -> Context | None:
        if not self.options.context_weight:
            return None
        rows = {each.name: token_rows(each, initializer, self.options.vectors) for each in self.model.encoders}
        return Context.around(self.model, rows, self.options.kind, self.options.context_weight)

    def _batch(self, size: int, purpose: str, number: int) -> Batch:
        samples = self._samples(size, generator_for(self.options.seed, purpose, number), samples_before=number * size)
        ids = {name: captions[samples.captions] for name, captions in self.captions.items()}
        return Batch(samples, ids, self.concept.rows)

    def _samples(self, size: int, generator: torch.Generator, samples_before: int) -> Samples:
        time_steps = len(self.model.noise_schedule.alpha)
        return draw_samples(
            self.latents, len(self.templates), time_steps, size, generator, samples_before, self.first_captions
        )
