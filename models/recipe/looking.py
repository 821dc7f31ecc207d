"""Heads of the cross-attention that look at words, where all of them looked at everything alike.

Every padding place of the frozen text encoder says the whole caption, so a head has no reason to choose: after three
million pictures each of the 28 gave each of the 32 places a thirty-second, wherever in the picture it asked. A prompt
was one vector for the whole picture, and of two things the UNet could not tell which belongs where: the one that is
said first was drawn well, in the end, and the other hardly at all.

So half of the heads are given something to look at before the denoiser goes on: at the left of the picture the kind
that is said first, at the right the one that is said second, and what is said of it. Where it asks from can be read
off the features, as convolutions know their padding, and what a word is off its state. What all heads said until then
the others go on saying, as they looked at everything alike anyway; those that look say nothing at first, so that
nothing is forgotten, and learn what to say."""

import math
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.denoiser import Lesson, noise_schedule, noisy_batch
from models.recipe.telling_apart import ACCESSORIES, second_said, tokens_of
from models.recipe.world import KINDS
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS

BATCHES, BATCH = 12, 64  # noisy pictures to fit on
BLIND = 0.9  # of the entropy of looking at everything alike, over all heads: nobody looks
STEPS, RATE = 250, 3e-3  # of Adam, with BATCH pictures
TINY = 1e-6  # of the states' second moment: directions that they never take


def words_to_look_at(ids: Tensor, tokenizer: CLIPTokenizer) -> tuple[Tensor, Tensor]:
    """Of captions (n, c) that name one kind or two, their rows (m,) and the places (m, 2, 2) of each kind and of what
    is said of it, at the left and at the right. Of two, it is the colour; of one, its accessory, pattern or colour,
    whichever it has first; the kind itself where nothing is said."""
    kinds, colours, patterns, accessories = (
        (ids[..., None] == tokens_of(group, tokenizer)).any(-1)
        for group in (KINDS, tuple(COLOURS), PATTERNS, ACCESSORIES)
    )
    rows = ((kinds.sum(-1) == 1) | (kinds.sum(-1) == 2)).nonzero()[:, 0]
    kinds = kinds[rows]
    first, second = _first(kinds), _first(kinds & second_said(ids[rows], tokens_of(KINDS, tokenizer)))
    second = torch.where(kinds.sum(-1) == 2, second, first)
    before = [torch.where(colours[rows, kind - 1], kind - 1, kind) for kind in (first, second)]
    alone = first == second
    for group in (patterns[rows], accessories[rows]):
        chosen = alone & group.any(-1)
        before = [torch.where(chosen, _first(group), place) for place in before]
    return rows, torch.stack([torch.stack([first, second], 1), torch.stack(before, 1)], 1)


def _first(marks: Tensor) -> Tensor:
    """(n,): the first place that is marked in each of (n, c)."""
    return marks.int().argmax(-1)


@dataclass(frozen=True)
class Sight:
    """What the cross-attentions of a UNet have before them: by each one's name the features that it asks from
    (n, h·w, f), the captions' states (n, c, w), and the places of the words to look at (n, 2, 2)."""

    features: dict[str, Tensor]
    states: Tensor
    words: Tensor


def look(unet: UNet2DConditionModel, text: CLIPTextModel, lesson: Lesson, tokenizer: CLIPTokenizer) -> bool:
    """If all heads look at everything alike, half of every cross-attention's are given words to look at. Says whether
    they were."""
    sight, attentions = seen_by(unet, text, lesson, tokenizer), cross_attentions(unet)
    if blindness(attentions, sight) < BLIND:
        return False
    for name, attention in attentions.items():
        half = attention.heads // 2
        say_with(half, attention, sight.states.mean(1))
        for head in range(half, attention.heads):
            give_words(attention, head, sight.features[name], sight.states, sight.words[:, (head - half) % 2])
    return True


def cross_attentions(unet: UNet2DConditionModel) -> dict[str, Attention]:
    return {name: part for name, part in unet.named_modules() if isinstance(part, Attention) and name.endswith("attn2")}


@torch.no_grad()
def seen_by(unet: UNet2DConditionModel, text: CLIPTextModel, lesson: Lesson, tokenizer: CLIPTokenizer) -> Sight:
    """Of noisy pictures of one kind or two, as the training shows them."""
    random, schedule = torch.Generator().manual_seed(0), noise_schedule()
    features: dict[str, list[Tensor]] = {name: [] for name in cross_attentions(unet)}
    hooks = [
        attention.to_q.register_forward_pre_hook(lambda _, given, name=name: features[name].append(given[0]))
        for name, attention in cross_attentions(unet).items()
    ]
    states, words = [], []
    for _ in range(BATCHES):
        noisy, t, ids, _ = noisy_batch(lesson, BATCH, schedule, random)
        rows, places = words_to_look_at(ids, tokenizer)
        states.append(text(ids[rows]).last_hidden_state)
        words.append(places)
        unet(noisy[rows], t[rows], states[-1])
    for hook in hooks:
        hook.remove()
    return Sight({name: torch.cat(parts) for name, parts in features.items()}, torch.cat(states), torch.cat(words))


@torch.no_grad()
def blindness(attentions: dict[str, Attention], sight: Sight) -> float:
    """The mean entropy of what the heads look at, as a share of the most: 1 if they look at everything alike."""
    found = []
    for name, attention in attentions.items():
        for head in range(attention.heads):
            seen = looks(attention, head, sight.features[name][:BATCH], sight.states[:BATCH])
            found.append(float(torch.special.entr(seen).sum(-1).mean()))
    return sum(found) / len(found) / math.log(sight.states.shape[1])


@torch.no_grad()
def looks(attention: Attention, head: int, features: Tensor, states: Tensor) -> Tensor:
    """(n, h·w, c): how much of what a head sees from each place of the picture is which word."""
    own = _own(attention, head)
    return _logits(attention.to_q.weight[own], attention.to_k.weight[own], features, states).softmax(-1)


@torch.no_grad()
def say_with(heads: int, attention: Attention, states: Tensor) -> None:
    """What all heads say of captions' mean states (n, w), the first ones say alone: the map that all are together, by
    its singular values on such states. What is lost is less than half a percent of it. The others say nothing."""
    second_moment = (states.T @ states / len(states)).double()
    values, vectors = torch.linalg.eigh(second_moment + TINY * second_moment.trace() * torch.eye(len(second_moment)))
    root, inverse = (vectors @ torch.diag(values**power) @ vectors.T for power in (0.5, -0.5))
    say, read = attention.to_out[0].weight, attention.to_v.weight
    left, strength, right = torch.linalg.svd(say.double() @ read.double() @ root, full_matrices=False)
    kept = min(heads * len(read) // attention.heads, len(strength))
    scale = strength[:kept].sqrt()
    read.zero_()
    say.zero_()
    read[:kept] = (scale[:, None] * right[:kept] @ inverse).to(read)
    say[:, :kept] = (left[:, :kept] * scale).to(say)


def give_words(attention: Attention, head: int, features: Tensor, states: Tensor, words: Tensor) -> None:
    """Fit a head's queries and keys so that it looks at the first of the words (n, 2) from the left half of the picture
    and at the second from the right half; what it reads there are their states' principal directions."""
    own = _own(attention, head)
    query, key = (part.weight[own].detach().clone().requires_grad_() for part in (attention.to_q, attention.to_k))
    optimiser, random = torch.optim.Adam([query, key], RATE), torch.Generator().manual_seed(1)
    side = math.isqrt(features.shape[1])
    right = (torch.arange(side) >= side // 2).repeat(side)
    for _ in range(STEPS):
        some = torch.randperm(len(states), generator=random)[:BATCH]
        logits = _logits(query, key, features[some], states[some])
        wanted = torch.where(right, words[some, 1:], words[some, :1])
        torch.autograd.backward(cross_entropy(logits.flatten(0, 1), wanted.flatten()))
        optimiser.step()
        optimiser.zero_grad()
    each = torch.arange(len(states))[:, None]
    there = states[each, words].flatten(0, 1)
    directions = torch.linalg.eigh(torch.cov(there.T)).eigenvectors.flip(1)[:, : len(query)].T
    with torch.no_grad():
        attention.to_q.weight[own], attention.to_k.weight[own] = query, key
        attention.to_v.weight[own] = directions / (there @ directions.T).std()


def _own(attention: Attention, head: int) -> slice:
    width = len(attention.to_q.weight) // attention.heads
    return slice(head * width, (head + 1) * width)


def _logits(query: Tensor, key: Tensor, features: Tensor, states: Tensor) -> Tensor:
    logits: Tensor = (features @ query.T) @ (states @ key.T).transpose(1, 2) / len(query) ** 0.5
    return logits
