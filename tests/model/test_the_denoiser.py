"""How the denoiser is trained, on next to nothing: that it goes on where it stopped, where its heads look, and what
lies between two ends. What it reaches is a figure of the score."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.recipe.budget import Budget, rate
from models.recipe.denoiser import TrainingSet
from models.recipe.denoiser import untrained as untrained_unet
from models.recipe.initial_attention import (
    attention_inputs,
    attention_map,
    cross_attentions,
    initialize_attention,
    target_words,
)
from models.recipe.mean import WEIGHTS, mean
from models.recipe.parallel_trainers import SharedWeights, train, views
from models.recipe.tokenizer import token_ids
from models.recipe.world import KINDS

DEMO = Path(__file__).parents[2] / "models" / "demo"


def tiny() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=16, in_channels=8, out_channels=8, block_out_channels=(8, 16), layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=128, attention_head_dim=2,
    )  # fmt: skip


@pytest.fixture
def text() -> CLIPTextModel:
    shape = {"hidden_size": 128, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    return CLIPTextModel(CLIPTextConfig(vocab_size=16, max_position_embeddings=32, eos_token_id=15, **shape))


@pytest.fixture
def training_set() -> TrainingSet:
    return TrainingSet(
        torch.randn(8, 8, 16, 16), torch.ones(8, 32, dtype=torch.long), torch.zeros(32).long(), torch.arange(8)
    )


def test_time_that_a_training_was_suspended_is_not_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("models.recipe.budget.time.monotonic", lambda: now[0])
    budget = Budget(minutes=1)
    for after in (10, 10, 3600, 10):
        now[0] += after
        budget.tick()
    assert budget.share == pytest.approx(0.5)


def test_the_learning_rate_is_level_and_then_falls_so_that_a_training_can_be_continued() -> None:
    assert rate(1.0, 0.1, 1000) == rate(1.0, 0.5, 1000) == 1.0
    assert rate(1.0, 0.8, 1000) == pytest.approx(0.51)
    assert rate(1.0, 1.0, 1000) == pytest.approx(0.02)


def test_flat_weights_are_the_unets_weights() -> None:
    unet = tiny()
    flat = SharedWeights(unet, "cpu").flat["master"]
    for weight, view in zip(unet.parameters(), views(unet, flat), strict=True):
        assert torch.equal(weight, view)


def test_a_training_of_two_goes_on_from_its_checkpoint(
    text: CLIPTextModel, training_set: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.recipe.parallel_trainers.torch.compile", lambda module: module)
    monkeypatch.setattr("models.recipe.parallel_trainers.LOGGED_EVERY", 1)
    unet = tiny()
    before = [weight.detach().clone() for weight in unet.parameters()]
    seen = []
    for _ in range(2):
        train(unet, text, training_set, minutes=0.01, run=tmp_path, device="cpu", cores=2)
        weights = SharedWeights(unet, "cpu")
        weights.load(tmp_path / "denoiser.safetensors")
        seen.append(int(weights.seen))
    assert 0 < seen[0] < seen[1]
    assert any(not torch.equal(old, new) for old, new in zip(before, unet.parameters(), strict=True))
    notes = [json.loads(line) for line in (tmp_path / "denoiser.jsonl").read_text().splitlines()]
    assert [note["seen"] for note in notes] == sorted(note["seen"] for note in notes)


def test_words_to_look_at_are_the_kind_at_each_side_and_what_is_said_of_it(words: CLIPTokenizer) -> None:
    captions = [
        "a photo of a red cat next to a mug", "a white striped red mug on the beach", "a blue bear with a top hat",
        "a photo of my kitten", "a dog",
    ]  # fmt: skip
    ids = token_ids(words, captions)
    rows, places = target_words(ids, words)
    said = [[words.decode(ids[row][head]).split() for head in heads] for row, heads in zip(rows, places, strict=True)]
    assert said == [
        [["cat", "mug"], ["red", "mug"]],
        [["mug", "mug"], ["striped", "striped"]],
        [["bear", "bear"], ["top", "top"]],
        [["dog", "dog"], ["dog", "dog"]],
    ]


def test_half_of_the_heads_look_at_each_sides_word_and_the_guess_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.recipe.initial_attention.BATCHES", 4)
    monkeypatch.setattr("models.recipe.initial_attention.STEPS", 120)
    known = CLIPTokenizer.from_pretrained(DEMO / "tokenizer")
    text, unet = CLIPTextModel.from_pretrained(DEMO / "text_encoder", dtype=torch.float32), untrained_unet().eval()
    text.requires_grad_(False)
    torch.nn.init.normal_(unet.conv_out.weight)  # an untrained one guesses nothing
    ids = token_ids(known, [f"a red {one} next to a {other}" for one in KINDS[:8] for other in KINDS[-8:]] + [""])
    training_set = TrainingSet(torch.randn(64, 8, 16, 16), ids[:-1], ids[-1], torch.arange(64))
    asked = training_set.z[:16], torch.full((16,), 700), text(training_set.ids[:16]).last_hidden_state
    with torch.no_grad():
        before = unet(*asked).sample
    assert initialize_attention(unet, text, training_set, known)
    assert not initialize_attention(unet, text, training_set, known)
    with torch.no_grad():
        moved = (unet(*asked).sample - before).square().mean() / before.var()
    assert moved < 0.01
    inputs, at_the_bottom = (
        attention_inputs(unet, text, training_set, known),
        "mid_block.attentions.0.transformer_blocks.0.attn2",
    )
    attention, features = cross_attentions(unet)[at_the_bottom], inputs.features[at_the_bottom]
    seen = attention_map(attention, 2, features, inputs.states).argmax(-1).view(-1, 4, 4)
    for half, columns in enumerate((slice(2), slice(2, None))):
        assert (seen[..., columns] == inputs.words[:, 0, half, None, None]).float().mean() > 0.95


def test_the_mean_of_two_denoisers_lies_between_them_as_far_as_is_asked(tmp_path: Path) -> None:
    ends = [untrained_unet().half() for _ in range(2)]
    ends[1].conv_in.weight.data.neg_()
    later, earlier, between = (tmp_path / name for name in ("later", "earlier", "between"))
    for unet, folder in zip([*ends, ends[0]], (later, earlier, between), strict=True):
        unet.save_pretrained(folder / "unet")
    mean(later, earlier, 0.75, between)
    one, other, mixed = (load_file(folder / WEIGHTS) for folder in (later, earlier, between))
    for name, part in mixed.items():
        assert part.dtype == torch.float16
        torch.testing.assert_close(
            part.float(), one[name].float() * 0.75 + other[name].float() * 0.25, atol=1e-3, rtol=0
        )
    assert not torch.equal(mixed["conv_in.weight"], one["conv_in.weight"])


def test_two_denoisers_of_different_shapes_have_no_mean(tmp_path: Path) -> None:
    for folder, unet in (("one", tiny()), ("other", untrained_unet())):
        unet.save_pretrained(tmp_path / folder / "unet")
    with pytest.raises(ValueError, match="not of one shape"):
        mean(tmp_path / "one", tmp_path / "other", 0.5, tmp_path / "one")
