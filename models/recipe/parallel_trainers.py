"""Parallel training of the UNet: one process on a GPU, one process per core on CPUs, with one set of weights in shared
memory. The trainers do not wait for each other: each computes a gradient from the weights as they were at its start,
and applies the gradient under a lock (asynchronous SGD, Recht et al. 2011, arXiv 1106.5730, here with a lock). A core
that another program needs slows down its own trainer only.

Each trainer computes with a half-precision copy of the weights; the master weights, their average and Adam's moments
are in full precision. Compared with full-precision weights under autocast, this and torch.compile train on 1.5 times
as many pictures in the same time."""

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextModel

from models.recipe.budget import Budget, rate
from models.recipe.denoiser import TrainingSet, noise_schedule, noisy_batch
from models.recipe.precision import precision

RATE = 6e-4
BATCH = {"cpu": 24, "cuda": 512}
DECAY = 0.999  # of the running average of the weights; the average is shipped
AVERAGED_EVERY = 4  # steps
WARM_UP = 100  # steps
NORM_MOST = 1.0  # of a gradient
LOGGED_EVERY = 200  # steps
STATE = ("master", "average", "first", "second")


def views(unet: UNet2DConditionModel, flat: Tensor) -> Iterator[Tensor]:
    """Views of one flat vector in the shapes of the UNet's parameters, convolutions with channels last."""
    at = 0
    for weight in unet.parameters():
        part, at = flat[at : at + weight.numel()], at + weight.numel()
        if weight.dim() == 4:
            out, into, height, width = weight.shape
            yield part.view(out, height, width, into).permute(0, 3, 1, 2)
        else:
            yield part.view(weight.shape)


class SharedWeights:
    """The state shared by all trainers. `seen`: pictures of all runs; `share`: elapsed part of the time."""

    def __init__(self, unet: UNet2DConditionModel, device: str) -> None:
        size = sum(weight.numel() for weight in unet.parameters())
        self.flat = {name: torch.zeros(size, device=device) for name in STATE}
        self.steps, self.seen, self.share = (torch.zeros((), dtype=torch.float64) for _ in range(3))
        for part, weight in zip(views(unet, self.flat["master"]), unet.parameters(), strict=True):
            part.copy_(weight.detach())
        self.flat["average"].copy_(self.flat["master"])
        if device == "cpu":
            for tensor in (*self.flat.values(), self.steps, self.seen, self.share):
                tensor.share_memory_()  # type: ignore[no-untyped-call]

    def save(self, file: Path) -> None:
        new = file.with_suffix(".new")
        save_file(
            {**{name: flat.cpu() for name, flat in self.flat.items()}, "seen": self.seen, "steps": self.steps}, new
        )
        os.replace(new, file)

    def load(self, file: Path) -> None:
        kept = load_file(file)
        for name, flat in self.flat.items():
            flat.copy_(kept[name])
        self.seen.copy_(kept["seen"])
        self.steps.copy_(kept["steps"])

    def average_into(self, unet: UNet2DConditionModel) -> None:
        for part, weight in zip(views(unet, self.flat["average"]), unet.parameters(), strict=True):
            weight.data = part.detach().cpu().contiguous().clone()


def train(
    unet: UNet2DConditionModel,
    text: CLIPTextModel,
    training_set: TrainingSet,
    minutes: float,
    run: Path,
    device: str,
    cores: int,
) -> None:
    """Train for `minutes`, from the checkpoint in the folder `run` if there is one, and put the averaged weights into
    the UNet. Call this before the process uses autograd, because the other trainers are its forks."""
    checkpoint = run / "denoiser.safetensors"
    weights = SharedWeights(unet, device)
    if checkpoint.exists():
        weights.load(checkpoint)
    weights.share.zero_()
    training_set = training_set.on(device)
    forking = multiprocessing.get_context("fork")
    lock = forking.Lock()
    trainers = [Trainer(rank, unet, text, training_set, weights, lock, device) for rank in range(cores)]
    others = [forking.Process(target=trainer.run, args=(minutes, run), daemon=True) for trainer in trainers[1:]]
    for other in others:
        other.start()
    trainers[0].run(minutes, run)
    for other in others:
        other.join()
    weights.save(checkpoint)
    weights.average_into(unet)


class Trainer:
    """One training process. The trainer of rank 0 also keeps the time, logs and writes checkpoints."""

    def __init__(
        self, rank: int, unet: UNet2DConditionModel, text: CLIPTextModel, training_set: TrainingSet,
        weights: SharedWeights, lock: Any, device: str,
    ) -> None:  # fmt: skip
        self.rank, self.unet, self.text, self.training_set = rank, unet, text, training_set
        self.weights, self.lock, self.device = weights, lock, device
        self.half = precision(device)

    def run(self, minutes: float, folder: Path) -> None:
        """Train until the time is over."""
        if self.device == "cpu":
            torch.set_num_threads(1)
        self._prepare()
        with self.lock:  # the first trainer compiles, the others use its cache; not counted as training time
            torch.autograd.backward(self._loss())
        self.gradient.zero_()
        began, seen = time.monotonic(), float(self.weights.seen)
        budget, step, mean = Budget(minutes), 0, 0.0
        while float(self.weights.share) < 1:
            loss = self._loss()
            torch.autograd.backward(loss)
            budget.tick()
            if self.rank == 0:
                self.weights.share.fill_(budget.share)
            with self.lock:
                self._apply()
            step += 1
            mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
            if self.rank == 0 and step % LOGGED_EVERY == 0:
                speed = (float(self.weights.seen) - seen) / (time.monotonic() - began)
                self._log(folder, mean, speed)
            if self.rank == 0 and budget.due():
                with self.lock:
                    self.weights.save(folder / "denoiser.safetensors")

    def _prepare(self) -> None:
        """Put this trainer's half-precision weights and gradient, two flat vectors, behind the UNet's parameters."""
        master = self.weights.flat["master"]
        if self.rank == 0:
            torch._inductor.config.compile_threads = 1
        self.own = master.to(self.half)
        self.gradient = torch.zeros_like(self.own)
        pairs = zip(views(self.unet, self.own), views(self.unet, self.gradient), strict=True)
        for weight, (value, slope) in zip(self.unet.parameters(), list(pairs), strict=True):
            weight.data, weight.grad = value, slope
        self.text.to(self.device, self.half).requires_grad_(False)
        self.forward = torch.compile(self.unet)
        self.schedule = noise_schedule()
        self.random = torch.Generator(self.device).manual_seed(7919 * self.rank + int(self.weights.seen))
        self.part = master.requires_grad_()
        self.part.grad = torch.zeros_like(master)
        self.optimiser = torch.optim.AdamW([self.part], RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.optimiser.state[self.part] = {
            "step": torch.zeros((), device=self.device),
            "exp_avg": self.weights.flat["first"],
            "exp_avg_sq": self.weights.flat["second"],
        }

    def _loss(self) -> Tensor:
        noisy, t, tokens, velocity = noisy_batch(self.training_set, BATCH[self.device], self.schedule, self.random)
        with torch.no_grad():
            states = self.text(tokens).last_hidden_state
        noisy = noisy.to(self.half, memory_format=torch.channels_last)
        guess: Tensor = self.forward(noisy, t, states).sample  # type: ignore[no-untyped-call]
        return (guess.float() - velocity).square().mean()

    @torch.no_grad()
    def _apply(self) -> None:
        """Take one step of Adam on the master weights, and copy them into this trainer's weights."""
        weights, slope = self.weights, self.part.grad
        assert slope is not None
        slope.copy_(self.gradient)
        self.gradient.zero_()
        norm = float(slope.norm())
        if norm > NORM_MOST:
            slope.mul_(NORM_MOST / norm)
        steps = int(weights.steps)
        self.optimiser.state[self.part]["step"].fill_(steps)
        self.optimiser.param_groups[0]["lr"] = rate(RATE, float(weights.share), steps, WARM_UP)
        self.optimiser.step()
        weights.steps += 1
        weights.seen += BATCH[self.device]
        if steps % AVERAGED_EVERY == 0:
            forget = 1 - min(DECAY, (steps + 1) / (steps + 10)) ** AVERAGED_EVERY
            weights.flat["average"].lerp_(self.part, forget)
        self.own.copy_(self.part)

    def _log(self, folder: Path, loss: float, speed: float) -> None:
        entry = {"seen": int(self.weights.seen), "loss": round(loss, 4), "pictures_per_second": round(speed, 1)}
        with (folder / "denoiser.jsonl").open("a") as log:
            log.write(json.dumps(entry) + "\n")
        print("denoiser:", json.dumps(entry), flush=True)
