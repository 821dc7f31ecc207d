"""Textual inversion, Gal et al. 2022 (arXiv 2208.01618): learn the rows v* of one new word, and nothing else.

    v* = arg min_v  E_{z ~ E(x), y, eps ~ N(0, 1), t}  || eps - eps_theta(z_t, t, c_theta(y)) ||^2        (equation 2)

`invert()` yields a Step after every optimiser step. Saving, cancelling and reporting belong to whoever iterates it;
there is no clock, no log and no file in here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from PIL import Image
from torch import Tensor

from worker.engine.base_models import BaseModel
from worker.engine.errors import InversionError
from worker.engine.inversion.checkpoint import Checkpoint, unpack
from worker.engine.inversion.context import Context
from worker.engine.inversion.initial import token_rows
from worker.engine.inversion.loss import Batch, losses
from worker.engine.inversion.options import Options
from worker.engine.inversion.pictures import encode_pictures
from worker.engine.inversion.samples import Samples, draw_samples, generator_for
from worker.engine.inversion.stopping import has_converged
from worker.engine.inversion.templates import CAPTIONS, caption_ids
from worker.engine.inversion.trainable_concept import TrainableConcept
from worker.engine.inversion.training_step import TrainingStep

LEARNED = "learned"  # the evaluation has stopped moving
OUT_OF_STEPS = "out of steps"


def invert(
    model: BaseModel,
    pictures: Sequence[Image.Image],
    initializer: str,
    options: Options,
    *,
    resume: Checkpoint | None = None,
) -> Iterator[TrainingStep]:
    """Learn one word from pictures of it, starting at what `initializer` means.

    Yields Step 0 for the initializer, or with `resume` the Step that the checkpoint was taken after; then one Step
    for each optimiser step. Raises InversionError with a sentence.
    """
    inversion = Inversion(model, pictures, initializer, options)
    yield inversion.begin(resume)
    while inversion.stopped is None:
        (step,) = advance(model, [inversion])
        yield step


def advance(model: BaseModel, inversions: Sequence["Inversion"]) -> list[TrainingStep]:
    """One optimiser step of every word, in one forward and one backward pass."""
    each = gradients(model, inversions)
    return [inversion.take_step(loss) for inversion, loss in zip(inversions, each, strict=True)]


def gradients(model: BaseModel, inversions: Sequence["Inversion"]) -> list[Tensor]:
    """Give every word's rows the gradient of its own next samples. Returns each word's loss, a scalar on the device."""
    each = losses(model, [inversion.next_batch() for inversion in inversions])
    torch.stack(each).sum().backward()  # type: ignore[no-untyped-call]
    return [loss.detach() for loss in each]


class Inversion:
    """One word on its way: its pictures, its captions, its rows, and how far it is."""

    def __init__(self, model: BaseModel, pictures: Sequence[Image.Image], initializer: str, options: Options) -> None:
        if not pictures:
            raise InversionError("There are no pictures to learn from. Give at least one.")
        self.model = model
        self.options = options.checked()
        self.concept = TrainableConcept.from_initializer(model, initializer, options)
        self.latents = encode_pictures(model, pictures, mirror=options.mirror)
        self.templates = CAPTIONS[options.kind]
        self.captions = {
            encoder.name: caption_ids(encoder, self.templates, options.vectors, model.device)
            for encoder in model.encoders
        }
        self.context = self._context(initializer)
        self.validation_batch = self._samples(options.evaluation_batch, "evaluation", 0)
        self.number = 0

    @property
    def stopped(self) -> str | None:
        """Why no further step is to be taken, if so."""
        window = max(2, round(self.options.stop_window / self.options.evaluate_every))
        if has_converged(self.concept.evaluations, window, self.options.stop_ratio):
            return LEARNED
        return OUT_OF_STEPS if self.number >= self.options.steps_max else None

    def begin(self, resume: Checkpoint | None = None) -> TrainingStep:
        """Stand at the initializer, or where a checkpoint was taken."""
        if resume is None:
            self.evaluate()
        else:
            self.number = unpack(resume, self.concept, self.options)
        return TrainingStep(self, self.number, torch.tensor(self.concept.evaluations[-1]), (), self.stopped)

    def next_batch(self) -> Batch:
        """What the next step looks at."""
        reading = self._reading(self._samples(self.options.batch, "step", self.number))
        return replace(reading, snr_gamma=self.options.snr_gamma, context=self.context)

    def take_step(self, loss: Tensor) -> TrainingStep:
        """Move the rows along the gradient they have received, and now and then look how good they are."""
        self.concept.update()
        self.number += 1
        warnings: tuple[str, ...] = ()
        if self.number % self.options.evaluate_every == 0 or self.number >= self.options.steps_max:
            warnings = self.evaluate()
        return TrainingStep(self, self.number, loss, warnings, self.stopped)

    @torch.no_grad()
    def evaluate(self) -> tuple[str, ...]:
        """Judge the rows by the plain loss of the fixed batch, whatever they are learned with.

        Rows that ran away go back to the best once; then it is an error.
        """
        if self.concept.is_sound():
            (loss,) = losses(self.model, [self._reading(self.validation_batch)])
            evaluation = loss.item()
            if evaluation == evaluation:  # not NaN
                self.concept.judge(evaluation, self.number)
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

    def _context(self, initializer: str) -> Context | None:
        if not self.options.context_weight:
            return None
        rows = {each.name: token_rows(each, initializer, self.options.vectors) for each in self.model.encoders}
        return Context.around(self.model, rows, self.options.kind, self.options.context_weight)

    def _samples(self, size: int, purpose: str, number: int) -> Samples:
        generator = generator_for(self.options.seed, purpose, number)
        time_steps = len(self.model.noise_schedule.alpha)
        return draw_samples(self.latents, len(self.templates), time_steps, size, generator, turn=number * size)

    def _reading(self, samples: Samples) -> Batch:
        ids = {name: captions[samples.captions] for name, captions in self.captions.items()}
        return Batch(samples, ids, self.concept.rows)
