"""What a run is made of: crops, captions, samples, initial rows, and when to stop."""

from collections.abc import Callable

import pytest
import torch
from PIL import Image

from worker.engine.base_models import BaseModel
from worker.engine.errors import InversionError
from worker.engine.inversion import Inversion, Options
from worker.engine.inversion.initial import token_rows
from worker.engine.inversion.pictures import Latents, encode_pictures, square
from worker.engine.inversion.samples import draw_samples, generator_for
from worker.engine.inversion.stopping import has_converged
from worker.engine.inversion.templates import CAPTIONS, caption_ids, captioned

Tiny = Callable[[str], BaseModel]


def thirds(width: int, height: int) -> Image.Image:
    """Red, green and blue side by side."""
    picture = Image.new("RGB", (width, height), "green")
    picture.paste("red", (0, 0, width // 3, height))
    picture.paste("blue", (2 * width // 3, 0, width, height))
    return picture


def test_a_wide_picture_is_cropped_in_the_middle_and_never_stretched() -> None:
    cropped = square(thirds(120, 30), 64)
    assert cropped.size == (64, 64)
    assert {cropped.getpixel(place) for place in ((2, 2), (32, 32), (61, 61))} == {(0, 128, 0)}


def test_a_photo_that_says_it_is_turned_is_turned_first() -> None:
    picture = thirds(90, 90)
    picture.getexif()[0x0112] = 6  # to be turned by 90 degrees clockwise
    upright = square(picture, 90)
    assert [upright.getpixel((45, y)) for y in (10, 80)] == [(255, 0, 0), (0, 0, 255)]


def test_mirroring_adds_the_mirror_image_of_every_picture(tiny: Tiny) -> None:
    picture, flipped = thirds(32, 32), thirds(32, 32).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    both = encode_pictures(tiny("sd1"), [picture], mirror=True)
    expected = encode_pictures(tiny("sd1"), [picture, flipped], mirror=False)
    assert torch.equal(both.mean, expected.mean)


def test_latents_are_drawn_from_the_posterior_anew() -> None:
    latents = Latents(torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 2.0), torch.ones(1, 1, 1, 1))
    assert latents.draw(torch.tensor([0]), torch.full((1, 1, 1, 1), 3.0)).item() == 6.0


@pytest.mark.parametrize(("kind", "count"), [("object", 27), ("style", 19)])
def test_the_captions_are_as_many_as_the_papers_and_each_has_the_rows_once(tiny: Tiny, kind: str, count: int) -> None:
    (encoder,) = tiny("sd1").encoders
    ids = caption_ids(encoder, CAPTIONS[kind], 3, torch.device("cpu"))
    assert ids.shape == (count, encoder.context_length)
    rows = [encoder.first_row_id + number for number in range(3)]
    assert all([token for token in caption.tolist() if token >= encoder.first_row_id] == rows for caption in ids)


def test_time_steps_are_stratified_and_views_take_turns() -> None:
    latents = Latents(torch.zeros(3, 1, 2, 2), torch.ones(3, 1, 2, 2), torch.ones(3, 1, 2, 2))
    samples = draw_samples(latents, 5, 1000, 8, generator_for(0, "step", 4))
    assert sorted((samples.t // 125).tolist()) == list(range(8))
    turns = [draw_samples(latents, 5, 1000, 3, generator_for(0, "step", n), samples_before=3 * n).z_0 for n in range(2)]
    assert len(turns) == 2
    assert samples.captions.max() < 5


def test_a_caption_is_in_every_prompt_of_its_picture_and_of_its_mirror_image_alone(tiny: Tiny) -> None:
    model = tiny("sd1")
    pictures = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    options = Options(batch=6, evaluation_batch=6, mirror=True, vectors=2)
    shown = ["on a table", "", "a {} in the rain"]
    inversion = Inversion(model, pictures, "cat", options, shown)
    plain = Inversion(model, pictures, "cat", options)
    ids = inversion.next_batch().ids["text_encoder"]  # views take turns: three pictures, then their mirror images
    (encoder,) = model.encoders
    rows = [encoder.first_row_id, encoder.first_row_id + 1]
    table = encoder.token_ids(", on a table")
    for caption in (ids[0], ids[3]):
        assert _contains(caption.tolist(), table)
        assert _contains(caption.tolist(), rows)
    assert torch.equal(ids[[1, 4]], plain.next_batch().ids["text_encoder"][[1, 4]])
    whole = encoder.framed([*encoder.token_ids("a "), *rows, *encoder.token_ids(" in the rain")])
    assert ids[2].tolist() == ids[5].tolist() == whole


def test_a_caption_goes_before_its_template_where_both_are_too_long(tiny: Tiny) -> None:
    (encoder,) = tiny("sd1").encoders
    room = encoder.context_length - 2
    most = next(
        text
        for count in range(room, 0, -1)
        if len(encoder.token_ids(text := ", " + " ".join(["cat"] * count))) <= room - 1
    ).removeprefix(", ")
    assert set(captioned(encoder, CAPTIONS["object"], most, 1)) == {f"{{}}, {most}"}
    assert caption_ids(encoder, [f"{{}}, {most}"], 1, torch.device("cpu")).shape == (1, encoder.context_length)
    with pytest.raises(InversionError, match="caption is too long"):
        caption_ids(encoder, [f"{{}}, {most} cat cat"], 1, torch.device("cpu"))


def _contains(ids: list[int], part: list[int]) -> bool:
    return any(ids[start : start + len(part)] == part for start in range(len(ids)))


def test_a_generator_belongs_to_its_seed_purpose_and_number() -> None:
    asked = [(0, "step", 1), (0, "step", 1), (1, "step", 1), (0, "evaluation", 1), (0, "step", 2)]
    draws = [torch.rand(1, generator=generator_for(*name)).item() for name in asked]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 4


def test_a_word_starts_as_its_initializer_and_a_phrase_is_cycled(tiny: Tiny) -> None:
    (encoder,) = tiny("sd1").encoders
    phrase = encoder.rows_of("cat mug")
    assert len(phrase) == 2
    assert torch.equal(token_rows(encoder, "cat mug", 3), phrase[[0, 1, 0]])
    assert torch.equal(token_rows(encoder, "cat mug", 1), phrase[[1]])


def test_an_evaluation_that_still_falls_has_not_converged() -> None:
    assert not has_converged([1 - 0.01 * n for n in range(60)], window=10, ratio=0.15 / 100)


def test_an_evaluation_that_has_flattened_has_converged() -> None:
    assert has_converged([1.0, 0.8, 0.6, 0.5, *[0.45] * 10], window=6, ratio=0.15)


def test_too_few_evaluations_say_nothing() -> None:
    assert not has_converged([1.0, 0.5, 0.5], window=3, ratio=0.15)
