"""Initial cross-attention: half of the heads start with attention to single words, where all heads attend uniformly.

Every padding position of the frozen text encoder carries the whole caption, so a head gains nothing from a choice:
after three million pictures, each of the 28 heads gave each of the 32 positions 1/32 of its attention, from everywhere
in the picture. A prompt acted as one vector for the whole picture, and with two things in a prompt the UNet could not
tell which belongs where: in the end it drew the first thing well and the second hardly at all.

So before training continues, half of the heads are fitted to attend, from the left of the picture, to the kind that is
named first and to its attribute, and from the right to the second kind and its attribute. The position in the picture
can be read from the features, because convolutions see their padding; the word can be read from its state. The other
half of the heads takes over the output of all heads, which attended uniformly anyway. The fitted heads output nothing
at first, so the model's predictions stay, and training gives them their output."""

import math
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.denoiser import TrainingSet, noise_schedule, noisy_batch
from models.recipe.telling_apart import ACCESSORIES, second_said, tokens_of
from models.recipe.world import KINDS
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS

BATCHES, BATCH = 12, 64  # noisy pictures to fit on
UNIFORM = 0.9  # of the entropy of uniform attention, mean over all heads: above this, no head attends to words
STEPS, RATE = 250, 3e-3  # of Adam, with BATCH pictures
TINY = 1e-6  # of the trace of the states' second moment, for directions in which no state lies


def target_words(ids: Tensor, tokenizer: CLIPTokenizer) -> tuple[Tensor, Tensor]:
    """The captions (n, c) that name one or two kinds: their row numbers (m,), and token positions (m, 2, 2): the kinds
    at the left and right, then their attributes at the left and right.

    With two kinds the attribute is the colour. With one kind it is the accessory, else the pattern, else the colour.
    Without an attribute it is the kind itself."""
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
    """(n,): the first marked position in each row of (n, c)."""
    return marks.int().argmax(-1)


@dataclass(frozen=True)
class AttentionInputs:
    """Inputs of a UNet's cross-attentions: the query features (n, h·w, f) of each by name, the captions' states
    (n, c, w), and the positions of the target words (n, 2, 2)."""

    features: dict[str, Tensor]
    states: Tensor
    words: Tensor


def initialize_attention(
    unet: UNet2DConditionModel, text: CLIPTextModel, training_set: TrainingSet, tokenizer: CLIPTokenizer
) -> bool:
    """If all heads attend uniformly, fit half of the heads of each cross-attention to words. Returns whether it did."""
    inputs, attentions = attention_inputs(unet, text, training_set, tokenizer), cross_attentions(unet)
    if relative_entropy(attentions, inputs) < UNIFORM:
        return False
    for name, attention in attentions.items():
        half = attention.heads // 2
        merge_heads(half, attention, inputs.states.mean(1))
        for head in range(half, attention.heads):
            fit_head(attention, head, inputs.features[name], inputs.states, inputs.words[:, (head - half) % 2])
    return True


def cross_attentions(unet: UNet2DConditionModel) -> dict[str, Attention]:
    return {name: part for name, part in unet.named_modules() if isinstance(part, Attention) and name.endswith("attn2")}


@torch.no_grad()
def attention_inputs(
    unet: UNet2DConditionModel, text: CLIPTextModel, training_set: TrainingSet, tokenizer: CLIPTokenizer
) -> AttentionInputs:
    """The inputs for noisy pictures of one or two kinds, sampled as in training."""
    random, schedule = torch.Generator().manual_seed(0), noise_schedule()
    features: dict[str, list[Tensor]] = {name: [] for name in cross_attentions(unet)}
    hooks = [
        attention.to_q.register_forward_pre_hook(lambda _, given, name=name: features[name].append(given[0]))
        for name, attention in cross_attentions(unet).items()
    ]
    states, words = [], []
    for _ in range(BATCHES):
        noisy, t, ids, _ = noisy_batch(training_set, BATCH, schedule, random)
        rows, places = target_words(ids, tokenizer)
        states.append(text(ids[rows]).last_hidden_state)
        words.append(places)
        unet(noisy[rows], t[rows], states[-1])
    for hook in hooks:
        hook.remove()
    return AttentionInputs(
        {name: torch.cat(parts) for name, parts in features.items()}, torch.cat(states), torch.cat(words)
    )


@torch.no_grad()
def relative_entropy(attentions: dict[str, Attention], inputs: AttentionInputs) -> float:
    """Mean entropy of the heads' attention, as a share of the largest possible: 1 if all attend uniformly."""
    found = []
    for name, attention in attentions.items():
        for head in range(attention.heads):
            seen = attention_map(attention, head, inputs.features[name][:BATCH], inputs.states[:BATCH])
            found.append(float(torch.special.entr(seen).sum(-1).mean()))
    return sum(found) / len(found) / math.log(inputs.states.shape[1])


@torch.no_grad()
def attention_map(attention: Attention, head: int, features: Tensor, states: Tensor) -> Tensor:
    """Attention of one head  # (n, h·w, c): from each position of the picture to each token."""
    own = _own(attention, head)
    return _logits(attention.to_q.weight[own], attention.to_k.weight[own], features, states).softmax(-1)


@torch.no_grad()
def merge_heads(heads: int, attention: Attention, states: Tensor) -> None:
    """Let the first `heads` heads output what all heads output for the captions' mean states (n, w), by a truncated SVD
    of the joint value-output map on such states; the loss is under 0.5 %. The other heads output nothing."""
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


def fit_head(attention: Attention, head: int, features: Tensor, states: Tensor, words: Tensor) -> None:
    """Fit a head's queries and keys so that it attends to the first of the words (n, 2) from the left half of the
    picture and to the second from the right half. Its values are the principal directions of the words' states."""
    own = _own(attention, head)
    query, key = (part.weight[own].detach().clone().requires_grad_() for part in (attention.to_q, attention.to_k))
    optimiser, random = torch.optim.Adam([query, key], RATE), torch.Generator().manual_seed(1)
    side = math.isqrt(features.shape[1])
    right = (torch.arange(side) >= side // 2).repeat(side)
    for _ in range(STEPS):
        some = torch.randperm(len(states), generator=random)[:BATCH]
        logits = _logits(query, key, features[some], states[some])
        target = torch.where(right, words[some, 1:], words[some, :1])
        torch.autograd.backward(cross_entropy(logits.flatten(0, 1), target.flatten()))
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
