"""Words whose states came out alike are moved apart, and all else that the text encoder says stays where it is.

The guess of a picture's code hardly needs to know which pattern it is, whether a thing is gold or yellow, or who stands
at the right. So such words came out alike: in "a cat next to a red {}", the states of two kinds differed by as little
as 0.1 of their length, where most kinds differ by 0.9, and from such words the denoiser learned nothing. So each word
is given a direction of its own among those that the states hardly use, and from the word on every state moves along
it, until another word of its group is said. A denoiser that was trained before still understands the rest.

And from the second kind that is said on, the states say that it is the second: one that stands at the right is called
as one that stands alone, and by its state at that word the denoiser could hardly tell that it belongs at the right."""

import copy
import itertools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.budget import Budget, rate
from models.recipe.train_step import train_step
from models.recipe.world import KINDS
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS

BATCH, RATE, SAMPLE = 128, 5e-4, 500  # captions; of Adam; captions to measure on
APART = 0.35  # how far a word moves the states, as a share of their length
ENOUGH = 0.25  # of the states' length, between two words that the denoiser can learn from
UNUSED = 0.5  # share of the directions, those in which the states vary least
ACCESSORIES = ("crown", "top", "bow", "glasses", "scarf", "party")  # the word of each that no other accessory has
GROUPS: tuple[tuple[str, ...], ...] = (PATTERNS, tuple(COLOURS), ACCESSORIES, KINDS)


def tokens_of(words: Sequence[str], tokenizer: CLIPTokenizer) -> Tensor:
    """(w,): each word is one token of the recipe's tokenizer."""
    return torch.tensor(tokenizer.convert_tokens_to_ids([tokenizer.tokenize(word)[0] for word in words]))


def holding(ids: Tensor, group: Tensor) -> Tensor:
    """Which of a group's words (w,) was said last, at each place of captions (b, c): (b, c, w), a one or none."""
    place = torch.arange(1, ids.shape[1] + 1)[:, None]
    last = ((ids[..., None] == group) * place).cummax(1).values  # (b, c, w) where each was said last
    return (last == last.amax(-1, keepdim=True)) & (last > 0)


def second_said(ids: Tensor, group: Tensor) -> Tensor:
    """From which places of captions (b, c) on two of a group's words (w,) were said: (b, c)."""
    return (ids[..., None] == group).any(-1).cumsum(1) >= 2


def tell_apart(
    model: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    ids: Tensor,
    groups: Sequence[Sequence[str]],
    mark_second: bool,
    minutes: float,
    device: str,
) -> None:
    """Train the model for so many minutes on captions ids (n, c)."""
    known, kinds = [tokens_of(group, tokenizer) for group in groups], tokens_of(KINDS, tokenizer)

    def held(chosen: Tensor) -> Tensor:
        marks = [holding(chosen, group) for group in known]
        if mark_second:
            marks.append(second_said(chosen, kinds)[..., None])
        return torch.cat(marks, dim=-1).float().to(device)

    model.to(device)
    older = copy.deepcopy(model).requires_grad_(False)
    moves = moves_apart(older, ids[:SAMPLE].to(device), sum(len(group) for group in groups) + mark_second)
    model.requires_grad_()
    weights: list[Tensor] = [*model.parameters()]
    optimiser = torch.optim.AdamW(weights, RATE, betas=(0.9, 0.99), weight_decay=0.0)
    random = torch.Generator().manual_seed(0)
    budget, step, mean = Budget(minutes), 0, 1.0
    while not budget.spent:
        chosen = ids[torch.randint(0, len(ids), (BATCH,), generator=random)]
        moved = held(chosen) @ moves
        chosen = chosen.to(device)
        with torch.no_grad():
            wanted = older(chosen).last_hidden_state + moved
        loss = (model(chosen).last_hidden_state - wanted).square().mean()
        train_step(optimiser, weights, loss, rate(RATE, budget.share, step))
        budget.tick()
        step, mean = step + 1, 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"words apart: {step} steps, error {mean:.4f}", flush=True)
    model.requires_grad_(False)


@torch.no_grad()
def distance(model: CLIPTextModel, tokenizer: CLIPTokenizer, ids: Tensor, group: Sequence[str]) -> float:
    """How far apart the two nearest words of the group are: between the states of captions with one and of the same
    captions with the other, the mean over all places from the word on, as a share of the states' length."""
    model.cpu()
    these = tokens_of(group, tokenizer)
    said = (ids[..., None] == these).any(-1)
    has = said.any(-1)
    sample, said = ids[has][:SAMPLE], said[has][:SAMPLE]
    after = said.cumsum(1) > 0
    states = [model(sample.masked_fill(said, int(word))).last_hidden_state[after] for word in these]
    nearest = min(float((one - other).norm(dim=-1).mean()) for one, other in itertools.combinations(states, 2))
    return nearest / float(states[0].norm(dim=-1).mean())


@torch.no_grad()
def second_apart(model: CLIPTextModel, tokenizer: CLIPTokenizer, ids: Tensor) -> float:
    """How far the states at the words of the second kind are from those at the words of the first, on average over
    captions (n, c), so that it is not who they are, as a share of the states' length."""
    model.cpu()
    kinds = tokens_of(KINDS, tokenizer)
    said, second = (ids[..., None] == kinds).any(-1), second_said(ids, kinds)
    two = second.any(-1)
    both, said, second = (tensor[two][:SAMPLE] for tensor in (ids, said, second))
    states = model(both).last_hidden_state
    first, last = states[said & ~second], states[said & second]
    return float((last.mean(0) - first.mean(0)).norm() / states.norm(dim=-1).mean())


@torch.no_grad()
def moves_apart(model: CLIPTextModel, ids: Tensor, count: int) -> Tensor:
    """(count, WIDTH): APART of the states' length each, nearly at right angles, in the part of the space where the
    states of these captions vary least. The very least of all is the one that layer normalisation takes away."""
    states = model(ids).last_hidden_state.flatten(0, 1)
    directions = torch.linalg.eigh(torch.cov(states.T)).eigenvectors.T
    unused = directions[1 : 1 + round(UNUSED * len(directions))]
    random = torch.Generator().manual_seed(0)
    mixed = torch.randn(count, len(unused), generator=random).to(unused) @ unused
    moves: Tensor = normalize(mixed, dim=-1) * APART * states.norm(dim=-1).mean()
    return moves
