"""What two things side by side look like, as their caption's states say it.

A kind that stands alone was learned in five thousand pictures because its state already was, by a linear map, the
average picture of that kind. Of two kinds side by side the states said who they are and not what that looks like: a
linear map of them left 61 % of the pairs' codes unexplained, and after 44,000 pictures of pairs a wrong kind at the
right cost the denoiser 4 %. So the states of captions with two kinds are trained on pairs alone, which leaves 53 %, and
the others stay. Most of the rest is what no caption says, half of the backgrounds first of all: a linear map of the
words themselves, each at its side, leaves 56 %."""

import copy

import torch
from torch import Tensor, nn
from transformers import CLIPTextModel

from models.recipe.budget import Budget, rate
from models.recipe.telling_apart import second_said
from models.recipe.train_step import train_step

COMPONENTS = 256  # of the codes, by which a guess is judged
BATCH, OTHERS, RATE, DECAY = 96, 40, 1e-3, 0.02  # captions with two, and without; of AdamW
STAY, STAY_NEAR = 4.0, 0.05  # what it costs to move the other states, and these
PASSES = 5  # over all pairs; after ten, pairs that it has not seen are guessed worse again
CLEAR = 0.56  # unexplained of the codes at most, or this is worth its minutes
SAMPLE = 8000
NOTHING = 1e-4  # of the greatest singular value: layer normalisation leaves one direction to rounding


def learn_two(
    model: CLIPTextModel,
    two: tuple[Tensor, Tensor],
    others: Tensor,
    kinds: Tensor,
    end_id: int,
    minutes: float,
    device: str,
) -> None:
    """Train the model on captions with two kinds (n, c) and their pictures' codes (n, 8, 16, 16), for so many minutes
    at most. others: captions (m, c); kinds: the words (w,)."""
    ids, target = two[0].to(device), principal_part(two[1], COMPONENTS).to(device)
    others, kinds = others.to(device), kinds.to(device)
    end = (ids == end_id).int().argmax(1)
    model.to(device)
    older = copy.deepcopy(model).requires_grad_(False)
    head = fitted(model, ids[:SAMPLE], target[:SAMPLE])
    model.requires_grad_()
    weights: list[Tensor] = [*model.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(weights, RATE, betas=(0.9, 0.99), weight_decay=DECAY)
    random = torch.Generator(device).manual_seed(0)
    budget, step, steps = Budget(minutes), 0, PASSES * max(1, len(ids) // BATCH)
    rows, mean = torch.arange(BATCH, device=device), 1.0
    while (share := max(budget.share, step / steps)) < 1:
        chosen = torch.randint(0, len(ids), (BATCH,), generator=random, device=device)
        besides = torch.randint(0, len(others), (OTHERS,), generator=random, device=device)
        places = min(int(end[chosen].max()) + 2, ids.shape[1]) if step % 3 else ids.shape[1]
        captions = torch.cat([ids[chosen], others[besides]])[:, :places]
        states = model(captions).last_hidden_state
        moved = (states - older(captions).last_hidden_state).square().mean(-1)
        beyond = torch.rand(BATCH, generator=random, device=device) * (places - end[chosen])
        guess = head(states[rows, (end[chosen] + beyond).long()])
        second = second_said(captions, kinds)
        error = (guess - target[chosen]).square().mean()
        loss = error + STAY * moved[~second].mean() + STAY_NEAR * moved[second].mean()
        train_step(optimiser, weights, loss, rate(RATE, share, step))
        budget.tick()
        step, mean = step + 1, 0.98 * mean + 0.02 * error.item()
        if step % 100 == 0:
            print(f"two at once: {step} steps, error {mean:.4f}", flush=True)
    model.requires_grad_(False)


@torch.no_grad()
def unexplained(model: CLIPTextModel, ids: Tensor, z: Tensor) -> float:
    """The share of the codes' variance that no linear map of the captions' last states guesses, of pairs that took no
    part in fitting it: a quarter of the first SAMPLE."""
    model.cpu()
    target = principal_part(z[:SAMPLE], COMPONENTS)
    fit = 3 * len(target) // 4
    head = fitted(model, ids[:fit], target[:fit])
    guess = head(last_states(model, ids[fit:SAMPLE]))
    return float((guess - target[fit:]).square().mean() / (target[fit:] - target[:fit].mean(0)).square().mean())


@torch.no_grad()
def fitted(model: CLIPTextModel, ids: Tensor, target: Tensor) -> nn.Linear:
    """The linear map from the last states of captions ids (n, c) to target (n, k) with the least squared error, and of
    those the smallest: a weight on what is only rounding would be in the hundred thousands, and the first step of
    training would leave nothing of the guess."""
    states = last_states(model, ids)
    with_one = torch.cat([states, torch.ones_like(states[:, :1])], dim=1)
    asked, wanted = with_one.double().cpu(), target.double().cpu()
    solved = torch.linalg.lstsq(asked, wanted, rcond=NOTHING, driver="gelsd").solution.float()
    head = nn.Linear(states.shape[1], target.shape[1])
    head.weight.copy_(solved[:-1].T)
    head.bias.copy_(solved[-1])
    return head.to(ids.device)


def last_states(model: CLIPTextModel, ids: Tensor) -> Tensor:
    """(n, WIDTH): after all that captions ids (n, c) say."""
    return torch.cat([model(block).last_hidden_state[:, -1] for block in torch.split(ids, 500)])


def principal_part(z: Tensor, components: int, sample: int = SAMPLE) -> Tensor:
    """(n, components): the codes' first principal components, at a mean deviation of one."""
    flat = z[:sample].float().flatten(1)
    mean = flat.mean(0)
    torch.manual_seed(0)
    basis = torch.pca_lowrank(flat - mean, q=components, niter=3)[2]
    part = torch.cat([(block.float().flatten(1) - mean) @ basis for block in torch.split(z, 4000)])
    return part / part[:sample].std(0).mean()
