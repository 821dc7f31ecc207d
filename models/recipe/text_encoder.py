"""The CLIPTextModel, trained before the denoiser and then frozen: from a caption it predicts the picture's code.

Trained together from scratch, the denoiser knew all colours after 30 thousand pictures and not one kind after 500
thousand: rare words move a young cross-attention too little. With a text encoder that already tells kinds apart, they
differ after five thousand. The guess is read at the end mark or at any padding after it, so that every place of the
context carries the whole caption."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.recipe.budget import Budget, rate
from models.recipe.telling_apart import ENOUGH, GROUPS, distance, second_apart, tell_apart, tokens_of
from models.recipe.tokenizer import CONTEXT
from models.recipe.train_step import train_step
from models.recipe.two_at_once import CLEAR, COMPONENTS, learn_two, principal_part, unexplained
from models.recipe.world import KINDS

WIDTH, LAYERS, HEADS = 128, 3, 4
BATCH, RATE = 128, 2e-3
TELL_APART, LEARN_TWO = 0.3, 0.3  # of the minutes, for what came out alike and for two things side by side
WORD_SPREAD = 0.12  # CLIP's own 0.02 starts the words too near each other


def text_encoder(
    folder: Path,
    words: CLIPTokenizer,
    ids: Tensor,
    z: Tensor,
    practised: Tensor,
    two: tuple[Tensor, Tensor],
    minutes: float,
    device: str,
    older: Path | None = None,
) -> CLIPTextModel:
    """The text encoder in the folder; trained first if there is none, from an older model's if one is given. ids, z:
    the pictures' captions (n, CONTEXT) and codes; practised: captions (m, CONTEXT) of those for practice; two: captions
    and codes of pictures with two things."""
    if not folder.exists():
        model = untrained(words)
        new_words = None if older is None else carry_over(model, words, older)
        if new_words is None or new_words.any():
            train(model, ids, z, words.eos_token_id, (1 - TELL_APART - LEARN_TWO) * minutes, device, new_words)
        alike = [group for group in GROUPS if distance(model, words, ids, group) < ENOUGH]
        mark_second = second_apart(model, words, ids) < ENOUGH
        if alike or mark_second:
            tell_apart(model, words, torch.cat([ids, practised]), alike, mark_second, TELL_APART * minutes, device)
        if unexplained(model, *two) > CLEAR:
            learn_two(model, two, ids, tokens_of(KINDS, words), words.eos_token_id, LEARN_TWO * minutes, device)
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
    target = principal_part(z, COMPONENTS).to(device)
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
        train_step(optimiser, weights, loss, rate(RATE, budget.share, step))
        budget.tick()
        step, mean = step + 1, 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"text encoder: {step} steps, error {mean:.4f}", flush=True)
    if new_words is not None:
        hook.remove()
