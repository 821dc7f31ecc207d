"""The text encoder: that it keeps what an older one knows, and that words which came out alike are told apart."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.autoencoder import as_one_matrix, as_tensor
from models.recipe.budget import Budget
from models.recipe.telling_apart import distance, holding, second_said, tell_apart, tokens_of
from models.recipe.text_encoder import carry_over, untrained
from models.recipe.tokenizer import token_ids
from models.recipe.two_at_once import fitted, last_states, learn_two, principal_part
from models.recipe.world import KINDS, SCENES, STYLES, plain_pair
from models.recipe.world.individuals import PATTERNS

DEMO = Path(__file__).parents[2] / "models" / "demo"


def test_every_word_of_the_world_is_one_token_and_no_letter_is_unknown(words: CLIPTokenizer) -> None:
    named = {word for name in (*KINDS, *SCENES, *STYLES) for word in name.split()}
    assert {word for word in named if len(words.tokenize(word)) != 1} == set()
    assert words.unk_token not in words.tokenize("the quick zub ñandú jumps over my waxy fjord 42!")


def test_a_larger_vocabulary_keeps_what_an_older_text_encoder_knows(words: CLIPTokenizer) -> None:
    model = untrained(words)
    carry_over(model, words, DEMO)
    older = CLIPTextModel.from_pretrained(DEMO / "text_encoder", dtype=torch.float32)
    its_words = CLIPTokenizer.from_pretrained(DEMO / "tokenizer")

    def states(text_encoder: CLIPTextModel, tokens: CLIPTokenizer) -> torch.Tensor:
        with torch.no_grad():
            return text_encoder(tokens("a photo of a red cat", return_tensors="pt").input_ids).last_hidden_state

    assert torch.allclose(states(model, words), states(older, its_words), atol=1e-5)


class Steps(Budget):
    """As many as are said, whatever the machine."""

    def __init__(self, count: float) -> None:
        self._taken, self._count = 0, count

    def tick(self) -> None:
        self._taken += 1

    @property
    def share(self) -> float:
        return self._taken / self._count


def test_words_that_came_out_alike_are_told_apart_and_the_others_stay(
    words: CLIPTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.recipe.telling_apart.Budget", Steps)
    monkeypatch.setattr("models.recipe.telling_apart.BATCH", 16)
    model = untrained(words).requires_grad_(False)
    carry_over(model, words, DEMO)
    alike = tokens_of(PATTERNS, words)
    table = model.get_input_embeddings().weight.data
    table[alike] = table[alike].mean(0)
    captions = [f"a photo of a {pattern} {kind}" for pattern in PATTERNS for kind in KINDS]
    others = token_ids(words, [f"a photo of a red {kind} on the beach" for kind in KINDS])
    ids = torch.cat([token_ids(words, captions), others])
    before = model(others).last_hidden_state
    assert distance(model, words, ids, PATTERNS) < 1e-5
    tell_apart(model, words, ids, [PATTERNS], False, 120, "cpu")
    after = model(others).last_hidden_state
    moved = float(((after - before).norm(dim=-1) / before.norm(dim=-1)).mean())
    assert distance(model, words, ids, PATTERNS) > 2 * moved


def test_of_a_group_of_words_the_one_said_last_holds(words: CLIPTokenizer) -> None:
    ids = token_ids(words, ["a photo of a red cat on a blue background", "a photo of a cat"])
    colours = tokens_of(["blue", "red", "gold"], words)
    held = holding(ids, colours)
    said = words.convert_ids_to_tokens(ids[0].tolist())
    red, blue = said.index("red</w>"), said.index("blue</w>")
    assert not held[0, :red].any()
    assert held[0, red:blue].tolist() == [[False, True, False]] * (blue - red)
    assert held[0, blue:].tolist() == [[True, False, False]] * (len(said) - blue)
    assert not held[1].any()


def test_who_is_said_second_is_marked_from_its_word_on(words: CLIPTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.recipe.telling_apart.Budget", Steps)
    monkeypatch.setattr("models.recipe.telling_apart.BATCH", 16)
    ids = token_ids(words, [f"a {one} next to a red {other}" for one in KINDS[:12] for other in KINDS[-12:]])
    second = second_said(ids, tokens_of(KINDS, words))
    assert words.convert_ids_to_tokens(int(ids[0][second[0]][0])) == f"{KINDS[-12]}</w>"
    assert second[0].sum() == len(second[0]) - second[0].tolist().index(True)
    model = untrained(words).requires_grad_(False)
    carry_over(model, words, DEMO)
    before = model(ids).last_hidden_state
    tell_apart(model, words, ids, [], True, 120, "cpu")
    moved = model(ids).last_hidden_state - before
    assert moved[second].mean(0).norm() > 2 * moved[~second].norm(dim=-1).mean()


def test_captions_with_two_come_to_say_what_they_look_like_and_the_others_stay(
    words: CLIPTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.recipe.two_at_once.Budget", Steps)
    monkeypatch.setattr("models.recipe.two_at_once.COMPONENTS", 16)
    monkeypatch.setattr("models.recipe.two_at_once.PASSES", 100)
    monkeypatch.setattr("models.recipe.two_at_once.RATE", 2e-4)
    random = Random(0)
    drawn = [plain_pair(random) for _ in range(300)]
    vae = AutoencoderKL.from_pretrained(DEMO / "vae", torch_dtype=torch.float32).requires_grad_(False)
    pixels = as_tensor(np.stack([np.asarray(one.picture) for one in drawn]), "cpu")
    two = token_ids(words, [one.caption for one in drawn]), as_one_matrix(vae, pixels[:8])(pixels)
    others = token_ids(words, [f"a photo of a red {kind} on the beach" for kind in KINDS])
    model = untrained(words).requires_grad_(False)
    carry_over(model, words, DEMO)
    target = principal_part(two[1], 16)

    def error() -> float:
        with torch.no_grad():
            return float((fitted(model, two[0], target)(last_states(model, two[0])) - target).square().mean())

    def states() -> list[torch.Tensor]:
        return [model(captions).last_hidden_state for captions in (two[0], others)]

    before, not_clear = states(), error()
    learn_two(model, two, others, tokens_of(KINDS, words), words.eos_token_id, 40, "cpu")
    assert error() < 0.95 * not_clear
    moved, stayed = ((new - old).norm(dim=-1).mean() for new, old in zip(states(), before, strict=True))
    assert stayed < 0.7 * moved


def test_a_guess_puts_no_weight_on_what_layer_normalisation_leaves_to_rounding(words: CLIPTokenizer) -> None:
    model = untrained(words).requires_grad_(False)
    carry_over(model, words, DEMO)
    random = Random(0)
    captions = [f"a photo of a {random.choice(KINDS)} next to a {random.choice(KINDS)}" for _ in range(300)]
    target = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
    assert fitted(model, token_ids(words, captions), target).weight.abs().max() < 100
