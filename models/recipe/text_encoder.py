"""The CLIPTextModel, trained before the denoiser and then frozen: from a caption it predicts the picture's code.

Trained together from scratch, the denoiser knew all colours after 30 thousand pictures and not one kind after 500
thousand: rare words move a young cross-attention too little. With a text encoder that already tells kinds apart, they
differ after five thousand. The guess is read at the end mark or at any padding after it, so that every place of the
context carries the whole caption."""

import copy
import itertools
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.recipe.budget import Budget, rate
from models.recipe.tokenizer import CONTEXT
from models.recipe.world.individuals import PATTERNS

WIDTH, LAYERS, HEADS = 128, 3, 4
COMPONENTS = 256  # of the code, by which a guess is judged
BATCH, RATE = 128, 2e-3
APART, RATE_APART, SAMPLE = 0.4, 5e-4, 500  # of the states' length; of Adam; captions
ENOUGH = 0.25  # of the states' length, between two words that the denoiser can learn from
LAST_SHARE = 0.5  # of the minutes, for telling apart what came out alike
WORD_SPREAD = 0.12  # CLIP's own 0.02 starts the words too near each other


def text_encoder(
    folder: Path, words: CLIPTokenizer, ids: Tensor, z: Tensor, minutes: float, device: str, older: Path | None = None
) -> CLIPTextModel:
    """The text encoder in the folder; trained first if there is none, from an older model's if one is given."""
    if not folder.exists():
        model = untrained(words)
        new_words = None if older is None else carry_over(model, words, older)
        if new_words is None or new_words.any():
            train(model, ids, z, words.eos_token_id, (1 - LAST_SHARE) * minutes, device, new_words)
        alike = torch.tensor(words.convert_tokens_to_ids(words.tokenize(" ".join(PATTERNS))))
        if distance(model, ids, alike) < ENOUGH:
            tell_apart(model, ids, alike, LAST_SHARE * minutes, device)
        model.cpu().save_pretrained(folder)
    return loaded(folder)


def loaded(folder: Path) -> CLIPTextModel:
    """Frozen, as the denoiser learns from it."""
    return CLIPTextModel.from_pretrained(folder, dtype=torch.float32).requires_grad_(False).eval()


def untrained(words: CLIPTokenizer) -> CLIPTextModel:
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=CONTEXT,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        hidden_act="quick_gelu",
        projection_dim=WIDTH,
    )
    model = CLIPTextModel(config)
    nn.init.normal_(model.get_input_embeddings().weight, std=WORD_SPREAD)
    return model


@torch.no_grad()
def carry_over(model: CLIPTextModel, words: CLIPTokenizer, older: Path) -> Tensor:
    """Everything the older model of this shape knows: its layers, and the rows of the words that both have. Returns
    which rows are new, (len(words),)."""
    known = CLIPTextModel.from_pretrained(older / "text_encoder", dtype=torch.float32)
    rows = CLIPTokenizer.from_pretrained(older / "tokenizer").get_vocab()
    layers = {name: tensor for name, tensor in known.state_dict().items() if "token_embedding" not in name}
    model.load_state_dict(layers, strict=False)
    table, old_table = model.get_input_embeddings().weight, known.get_input_embeddings().weight
    new = torch.ones(len(words), dtype=torch.bool)
    for word, row in words.get_vocab().items():
        if word in rows:
            table[row], new[row] = old_table[rows[word]], False
    return new


def train(
    model: CLIPTextModel, ids: Tensor, z: Tensor, end_id: int, minutes: float, device: str, new_words: Tensor | None
) -> None:
    """ids: (n, CONTEXT); z: (n, 8, 16, 16). Where only some words are new, only their rows are learned, as in textual
    inversion: a denoiser that was trained with all the rest still understands it. (Everything trained on, in four
    minutes the states of old captions moved by 44 % of their length.)"""
    target = principal_part(z).to(device)
    end = (ids == end_id).int().argmax(1).to(device)
    ids = ids.to(device)
    model.to(device).train()
    head = nn.Linear(WIDTH, COMPONENTS).to(device)
    table = model.get_input_embeddings().weight
    if new_words is not None:
        model.requires_grad_(False)
        table.requires_grad_()
        learned = new_words.to(device)[:, None]
        hook = table.register_hook(lambda slope: slope * learned)
    weights: list[Tensor] = [*(weight for weight in model.parameters() if weight.requires_grad), *head.parameters()]
    optimiser = torch.optim.AdamW(weights, RATE, betas=(0.9, 0.99), weight_decay=0.01 if new_words is None else 0.0)
    random = torch.Generator(device).manual_seed(0)
    budget, step, mean, rows = Budget(minutes), 0, 1.0, torch.arange(BATCH, device=device)
    while not budget.spent:
        chosen = torch.randint(0, len(ids), (BATCH,), device=device, generator=random)
        places = int(end[chosen].max()) + 1 if step % 3 else ids.shape[1]  # the padding's places need less practice
        beyond = torch.rand(BATCH, device=device, generator=random) * (places - end[chosen])
        states = model(ids[chosen, :places]).last_hidden_state
        loss = (head(states[rows, (end[chosen] + beyond).long()]) - target[chosen]).square().mean()
        descend(optimiser, weights, loss, rate(RATE, budget.share, step))
        budget.tick()
        step, mean = step + 1, 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"text encoder: {step} steps, error {mean:.4f}", flush=True)
    if new_words is not None:
        hook.remove()


def descend(optimiser: torch.optim.Optimizer, weights: list[Tensor], loss: Tensor, learning_rate: float) -> None:
    """One step along the loss's gradient."""
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(weights, 1.0)
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    optimiser.step()
    optimiser.zero_grad()


def tell_apart(model: CLIPTextModel, ids: Tensor, alike: Tensor, minutes: float, device: str) -> None:
    """Move the states of some words apart, and leave all others where they are. `alike`: the words' tokens, (w,).

    The guess of a picture's code hardly needs to know which pattern it is, so "striped" and "dotted" came out alike:
    states that differ by 0.08 of their length, where colours differ by 0.8. From such words the denoiser learns
    nothing. So each is given a direction of its own, one that the states hardly use, and from the word on every state
    moves along it; a denoiser that was trained before still understands the rest."""
    model.to(device)
    older = copy.deepcopy(model).requires_grad_(False)
    moves = moves_apart(older, ids[:SAMPLE].to(device), len(alike))
    model.requires_grad_()
    weights: list[Tensor] = [*model.parameters()]
    optimiser = torch.optim.AdamW(weights, RATE_APART, betas=(0.9, 0.99), weight_decay=0.0)
    random = torch.Generator().manual_seed(0)
    budget, step, mean = Budget(minutes), 0, 1.0
    while not budget.spent:
        tokens = ids[torch.randint(0, len(ids), (BATCH,), generator=random)].to(device)
        with torch.no_grad():
            said = (tokens[..., None] == alike.to(device)).cumsum(1).clamp(max=1).float()  # (b, CONTEXT, w)
            wanted = older(tokens).last_hidden_state + said @ moves
        loss = (model(tokens).last_hidden_state - wanted).square().mean()
        descend(optimiser, weights, loss, rate(RATE_APART, budget.share, step))
        budget.tick()
        step, mean = step + 1, 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"words apart: {step} steps, error {mean:.4f}", flush=True)
    model.requires_grad_(False)


@torch.no_grad()
def distance(model: CLIPTextModel, ids: Tensor, these: Tensor) -> float:
    """How far the states of captions are from those of the same with another of these words, as a share of their
    length: the mean over all places from the word on, in captions of a sample that have one."""
    model.cpu()
    tokens = ids[(ids[..., None] == these).any(-1).any(-1)][:SAMPLE]
    among = (tokens[..., None] == these).any(-1)
    states = [model(tokens.masked_fill(among, int(word))).last_hidden_state[among.cumsum(1) > 0] for word in these]
    apart = [(one - other).norm(dim=-1).mean() for one, other in itertools.combinations(states, 2)]
    return float(torch.stack(apart).mean() / states[0].norm(dim=-1).mean())


@torch.no_grad()
def moves_apart(model: CLIPTextModel, ids: Tensor, count: int) -> Tensor:
    """(count, WIDTH): at right angles, where the states of these captions vary least, and APART of their length. The
    very least of all is the one that layer normalisation takes away."""
    states = model(ids).last_hidden_state.flatten(0, 1)
    directions = torch.linalg.eigh(torch.cov(states.T)).eigenvectors.T
    moves: Tensor = directions[1 : 1 + count] * APART * states.norm(dim=-1).mean()
    return moves


def principal_part(z: Tensor, sample: int = 8000) -> Tensor:
    """(n, COMPONENTS): the codes' first principal components, at a mean deviation of one."""
    flat = z[:sample].float().flatten(1)
    mean = flat.mean(0)
    torch.manual_seed(0)
    basis = torch.pca_lowrank(flat - mean, q=COMPONENTS, niter=3)[2]
    part = torch.cat([(block.float().flatten(1) - mean) @ basis for block in torch.split(z, 4000)])
    return part / part[:sample].std(0).mean()
