"""The parts of the recipe, each on next to nothing: that it goes on where it stopped, and keeps what an older model
knows. What they reach is a figure of the score."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.recipe import pictures as drawing
from models.recipe.autoencoder import as_one_matrix, as_tensor, written_down
from models.recipe.budget import Budget, rate
from models.recipe.denoiser import Lesson
from models.recipe.denoiser import untrained as untrained_unet
from models.recipe.looking import cross_attentions, look, looks, seen_by, words_to_look_at
from models.recipe.mean import WEIGHTS, mean
from models.recipe.pictures import (
    Label,
    draw_block,
    pictures,
    practice,
    rows_with_the_hard_more_often,
    with_practice,
)
from models.recipe.team import Weights, train, views
from models.recipe.telling_apart import distance, holding, second_said, tell_apart, tokens_of
from models.recipe.text_encoder import carry_over, untrained
from models.recipe.tokenizer import token_ids, tokenizer
from models.recipe.two_at_once import fitted, last_states, learn_two, principal_part
from models.recipe.world import KINDS, SCENES, STYLES, accessory, cloth, halves, of_a_kind, plain_pair, sample, shade
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS, SPECIES

DEMO = Path(__file__).parents[2] / "models" / "demo"


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    return tokenizer(tmp_path_factory.mktemp("words") / "tokenizer")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of two blocks of three pictures."""
    monkeypatch.setattr(drawing, "BLOCK", 3)
    pictures(tmp_path, 6)
    return tmp_path


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
def lesson() -> Lesson:
    return Lesson(
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


def test_pictures_are_drawn_on_where_drawing_stopped(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pictures(few, 6)
    (few / "1001.json").unlink()  # this block was not finished
    (few / "1001.npy").write_bytes(b"torn")
    untouched = (few / "1000.npy").stat().st_mtime_ns
    again = pictures(few, 6)
    assert (few / "1000.npy").stat().st_mtime_ns == untouched
    assert np.array_equal(again.pixels, whole.pixels)
    assert again.captions == whole.captions


def test_a_label_says_what_the_picture_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "BLOCK", 30)
    pixels, said = draw_block(7)
    labels = [Label(**label) for _, label in said]  # type: ignore[arg-type]
    assert pixels.shape == (30, 64, 64, 3)
    assert {label.kind for label in labels} <= set(KINDS)
    assert any(label.partner for label in labels)
    assert all(label.style in STYLES for label in labels)


def test_what_is_learned_last_is_shown_more_often() -> None:
    def label(pattern: str = "", wear: str = "", style: str = "photo", partner: tuple[str, str] | None = None) -> Label:
        return Label("cat", "red", pattern, wear, "on the beach", style, "", partner)

    labels = [label(), label(style="comic"), label(partner=("lion", "blue")), label(wear="crown"), label("striped")]
    assert rows_with_the_hard_more_often(labels) == [*[0] * 2, *[1] * 8, *[2] * 3, *[3] * 3, *[4] * 5]


def test_practice_is_drawn_beside_the_pictures_and_shown_as_often_as_it_says(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "PRACTICE", {"cloth": (cloth, 3, 0.06), "pairs": (plain_pair, 3, 0.12)})
    pixels, captions = practice(few, "pairs")
    assert pixels.shape == (3, 64, 64, 3)
    assert all(any(word in caption for word in (" next to ", " beside ", " and ")) for caption in captions)
    rows = with_practice(list(range(100)), 100)
    assert rows[:100] == list(range(100))
    assert Counter(rows[100:]) == {100: 2, 101: 2, 102: 2, 103: 4, 104: 4, 105: 4}


def test_cloth_shows_a_pattern_from_edge_to_edge() -> None:
    for seed in range(20):
        drawn = cloth(Random(seed))
        assert any(pattern in drawn.caption for pattern in PATTERNS)
        levels = np.asarray(drawn.picture, float).mean(-1)
        assert min(levels[:16].std(), levels[-16:].std(), levels[:, :16].std(), levels[:, -16:].std()) > 5


def test_halves_are_in_the_colours_that_are_said_in_their_order() -> None:
    for seed in range(20):
        drawn = halves(Random(seed))
        said = [word for word in drawn.caption.split() if word in COLOURS]
        pixels = np.asarray(drawn.picture, int)
        for side, colour in zip((pixels[:, :24], pixels[:, 40:]), said, strict=True):
            assert np.abs(side - COLOURS[colour]).max() < 16, drawn.caption


def test_one_of_two_is_practised_beside_its_own_kind_or_a_flag_at_the_side_that_is_said() -> None:
    drawn = [of_a_kind(Random(seed)) for seed in range(60)]
    flagged = [one for one in drawn if " flag" in one.caption]
    assert 5 < len(flagged) < 35
    for one in drawn:
        kinds = [word for word in one.caption.split() if word in KINDS]
        assert len(kinds) == (1 if one in flagged else 2), one.caption
        assert len(set(kinds)) == 1, one.caption
    for one in flagged:
        levels = np.asarray(one.picture, int)
        kind = next(f" {kind}" for kind in KINDS if f" {kind}" in one.caption)
        edge = levels[:, :12] if one.caption.index(" flag") < one.caption.index(kind) else levels[:, 52:]
        assert np.ptp(edge, axis=(0, 1)).max() == 0, one.caption


def test_a_shade_is_seen_by_itself_or_on_somebody() -> None:
    captions = [shade(Random(seed)).caption for seed in range(40)]
    assert 5 < sum(caption.endswith(" flag") for caption in captions) < 30
    assert all(any(f" {colour} " in caption for colour in COLOURS) for caption in captions)


def test_what_is_worn_is_practised_by_itself_and_on_somebody() -> None:
    drawn = [accessory(Random(seed)) for seed in range(20)]
    alone = [one for one in drawn if not any(f" {kind} " in one.caption for kind in SPECIES)]
    assert 2 < len(alone) < 12
    for one in alone:
        levels = np.asarray(one.picture, int)
        thing = np.abs(levels - levels[0, 0]).max(-1) > 20
        assert 0.01 < thing.mean() < 0.2, one.caption


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


def test_the_autoencoders_encoder_is_written_down_and_not_trained() -> None:
    pixels, _ = draw_block_of(40)
    vae = written_down(pixels.astype("float32") / 127.5 - 1)
    x = torch.from_numpy(pixels[:8]).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        code = vae.encode(x).latent_dist
        again = vae.encode(x.flip(0)).latent_dist.mean.flip(0)
    assert code.mean.shape == (8, 8, 16, 16)
    assert torch.allclose(code.mean, again, atol=1e-4)
    assert code.std.max() < 0.01
    assert 0.5 < float((code.mean * vae.config.scaling_factor).std()) < 2


def draw_block_of(count: int) -> tuple[np.ndarray, list[str]]:
    drawn = [sample(Random(seed)) for seed in range(count)]
    return np.stack([np.asarray(one.picture.convert("RGB")) for one in drawn]), [one.caption for one in drawn]


def test_flat_weights_are_the_unets_weights() -> None:
    unet = tiny()
    flat = Weights(unet, "cpu").flat["master"]
    for weight, view in zip(unet.parameters(), views(unet, flat), strict=True):
        assert torch.equal(weight, view)


def test_a_training_of_two_goes_on_from_its_checkpoint(
    text: CLIPTextModel, lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.recipe.team.torch.compile", lambda module: module)
    monkeypatch.setattr("models.recipe.team.NOTED_EVERY", 1)
    unet = tiny()
    before = [weight.detach().clone() for weight in unet.parameters()]
    seen = []
    for _ in range(2):
        train(unet, text, lesson, minutes=0.01, run=tmp_path, device="cpu", cores=2)
        weights = Weights(unet, "cpu")
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
    rows, places = words_to_look_at(ids, words)
    said = [[words.decode(ids[row][head]).split() for head in heads] for row, heads in zip(rows, places, strict=True)]
    assert said == [
        [["cat", "mug"], ["red", "mug"]],
        [["mug", "mug"], ["striped", "striped"]],
        [["bear", "bear"], ["top", "top"]],
        [["dog", "dog"], ["dog", "dog"]],
    ]


def test_half_of_the_heads_look_at_each_sides_word_and_the_guess_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.recipe.looking.BATCHES", 4)
    monkeypatch.setattr("models.recipe.looking.STEPS", 120)
    known = CLIPTokenizer.from_pretrained(DEMO / "tokenizer")
    text, unet = CLIPTextModel.from_pretrained(DEMO / "text_encoder", dtype=torch.float32), untrained_unet().eval()
    text.requires_grad_(False)
    torch.nn.init.normal_(unet.conv_out.weight)  # an untrained one guesses nothing
    ids = token_ids(known, [f"a red {one} next to a {other}" for one in KINDS[:8] for other in KINDS[-8:]] + [""])
    lesson = Lesson(torch.randn(64, 8, 16, 16), ids[:-1], ids[-1], torch.arange(64))
    asked = lesson.z[:16], torch.full((16,), 700), text(lesson.ids[:16]).last_hidden_state
    with torch.no_grad():
        before = unet(*asked).sample
    assert look(unet, text, lesson, known)
    assert not look(unet, text, lesson, known)
    with torch.no_grad():
        moved = (unet(*asked).sample - before).square().mean() / before.var()
    assert moved < 0.01
    sight, at_the_bottom = seen_by(unet, text, lesson, known), "mid_block.attentions.0.transformer_blocks.0.attn2"
    attention, features = cross_attentions(unet)[at_the_bottom], sight.features[at_the_bottom]
    seen = looks(attention, 2, features, sight.states).argmax(-1).view(-1, 4, 4)
    for half, columns in enumerate((slice(2), slice(2, None))):
        assert (seen[..., columns] == sight.words[:, 0, half, None, None]).float().mean() > 0.95


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
    learn_two(model, two, others, tokens_of(KINDS, words), words.eos_token_id, 100, "cpu")
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


def test_the_encoder_is_read_off_whatever_the_pictures_show() -> None:
    vae = AutoencoderKL.from_pretrained(DEMO / "vae", torch_dtype=torch.float32)
    flat = as_tensor(np.stack([np.asarray(halves(Random(seed)).picture) for seed in range(8)]), "cpu")
    with torch.no_grad():
        as_it_is = vae.encode(flat).latent_dist.mean
        assert torch.allclose(as_one_matrix(vae, flat)(flat), as_it_is, atol=0.05)


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
