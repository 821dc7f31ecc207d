"""A corpus of bad and odd uploads, built here, through the real child processes."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageOps

from app.pictures.cleaning import CheckedUpload, PictureCleaner, UploadedFile
from tests.support.pictures import huge_png, photo


def check(cleaner: PictureCleaner, *contents: bytes, resolution: int = 64) -> list[CheckedUpload]:
    return cleaner.check([UploadedFile(f"{n}.jpg", content) for n, content in enumerate(contents)], resolution)


def stored(checked: CheckedUpload) -> Image.Image:
    assert checked.picture is not None, checked.problem
    return Image.open(io.BytesIO(checked.picture.content))


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def animated(format: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green")]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:])


BAD = {
    "zero bytes": (b"", "empty", "0 bytes"),
    "text named jpg": (b"hello there", "not-a-picture", "a text file"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not-a-picture", "an SVG"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not-a-picture", "PostScript"),
    "gif": (encoded(Image.new("P", (64, 64)), "GIF"), "not-a-picture", "a GIF"),
    "truncated": (photo(1)[:3000], "damaged", "damaged"),
    "bomb": (huge_png(30_000), "too-many-pixels", "30000×30000|far more"),
    "many pixels": (huge_png(8_000), "too-many-pixels", "8000×8000"),
    "1x1": (encoded(Image.new("RGB", (1, 1)), "PNG"), "tiny", "1×1"),
    "20000x1": (encoded(Image.new("RGB", (20_000, 1)), "PNG"), "tiny", "20000×1"),
    "apng": (animated("PNG"), "animated", "animated"),
    "animated webp": (animated("WEBP"), "animated", "animated"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_usable_picture_is_refused_with_a_sentence(cleaner: PictureCleaner, name: str) -> None:
    content, code, says = BAD[name]
    (checked,) = check(cleaner, content)
    assert checked.problem is not None
    assert checked.problem.code == code
    assert any(part in checked.problem.detail for part in says.split("|"))
    assert checked.problem.detail.endswith(".")


def test_the_exif_orientation_is_applied_and_the_crop_is_upright(cleaner: PictureCleaner) -> None:
    image = Image.new("RGB", (200, 100), "blue")
    image.paste("red", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the left is the top
    (checked,) = check(cleaner, encoded(image, "JPEG", exif=exif, quality=95))
    upright = stored(checked)
    assert upright.size == (100, 200)
    assert upright.getpixel((50, 20))[0] > 200
    assert upright.getpixel((50, 180))[2] > 200
    assert checked.picture is not None
    assert checked.picture.crop == (0, 50, 100)


@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_is_turned_as_pillow_itself_would(cleaner: PictureCleaner, orientation: int) -> None:
    image = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    image.paste("red", (0, 0, 30, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation  # 0 and 9 do not exist
    sent = encoded(image, "PNG", exif=exif)
    (checked,) = check(cleaner, sent)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(sent)))
    assert ImageChops.difference(stored(checked), expected).getbbox() is None
    assert checked.picture is not None
    assert (checked.picture.width, checked.picture.height) == expected.size


def test_no_metadata_and_no_foreign_bytes_are_kept(cleaner: PictureCleaner) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRETPLACE"
    jpeg = io.BytesIO(photo(3, exif=exif))
    with zipfile.ZipFile(jpeg, "a") as archive:
        archive.writestr("evil.txt", "PAYLOAD")
    (checked,) = check(cleaner, jpeg.getvalue())
    assert checked.picture is not None
    assert b"SECRETPLACE" not in checked.picture.content
    assert b"evil.txt" not in checked.picture.content
    assert stored(checked).info == {}


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "RGBA", "LA", "I;16"])
def test_every_colour_mode_becomes_rgb(cleaner: PictureCleaner, mode: str) -> None:
    if mode == "I;16":
        grey = Image.fromarray(np.full((64, 64), 0x9900, dtype=np.uint16))
    else:
        grey = Image.new("RGB", (64, 64), (153, 153, 153)).convert(mode)
    (checked,) = check(cleaner, encoded(grey, "JPEG" if mode == "CMYK" else "PNG"))
    image = stored(checked)
    assert image.mode == "RGB"
    if mode != "1":
        assert all(abs(value - 153) <= 2 for value in image.getpixel((30, 30)))


def cut_out(size: tuple[int, int], box: tuple[int, int, int, int], **options: object) -> bytes:
    """Navy inside the box, and red outside that is transparent."""
    image = Image.new("RGBA", size, (255, 0, 0, 0))
    image.paste((0, 0, 128, 255), box)
    return encoded(image, "PNG", **options)


def test_what_is_transparent_becomes_white_and_is_kept_as_a_mask(cleaner: PictureCleaner) -> None:
    (checked,) = check(cleaner, cut_out((80, 64), (16, 8, 40, 40)))
    assert [stored(checked).getpixel(place) for place in ((5, 5), (20, 20))] == [(255, 255, 255), (0, 0, 128)]
    assert checked.picture is not None
    assert checked.picture.mask is not None
    mask = Image.open(io.BytesIO(checked.picture.mask))
    assert (mask.mode, mask.size) == ("L", stored(checked).size)
    assert mask.getbbox() == (16, 8, 40, 40)


def test_a_mask_is_turned_as_its_picture_is(cleaner: PictureCleaner) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees clockwise
    (checked,) = check(cleaner, cut_out((80, 64), (16, 8, 40, 40), exif=turned))
    assert checked.picture is not None
    assert checked.picture.mask is not None
    assert Image.open(io.BytesIO(checked.picture.mask)).getbbox() == (64 - 40, 16, 64 - 8, 40)


def test_a_picture_that_is_opaque_everywhere_has_no_mask(cleaner: PictureCleaner) -> None:
    (checked,) = check(cleaner, encoded(Image.new("RGBA", (64, 64), "navy"), "PNG"))
    assert checked.picture is not None
    assert checked.picture.mask is None


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 10, 64)], ids=["nowhere", "outside of the square"])
def test_a_picture_that_is_opaque_nowhere_in_its_square_is_refused(
    cleaner: PictureCleaner, box: tuple[int, int, int, int]
) -> None:
    (checked,) = check(cleaner, cut_out((120, 64), box))
    assert checked.problem is not None
    assert (checked.problem.code, checked.picture) == ("transparent", None)


def test_pictures_that_differ_only_in_what_is_transparent_are_two(cleaner: PictureCleaner) -> None:
    white = Image.new("RGBA", (64, 64), "white")
    white.putpixel((30, 30), (255, 255, 255, 0))
    _, other = check(cleaner, encoded(Image.new("RGB", (64, 64), "white"), "PNG"), encoded(white, "PNG"))
    assert other.problem is None


def test_a_large_picture_is_stored_smaller_and_never_stretched(cleaner: PictureCleaner) -> None:
    (checked,) = check(cleaner, photo(4, (4000, 3000)))
    assert stored(checked).size == (1365, 1024)
    assert checked.picture is not None
    assert checked.picture.crop == (500, 0, 3000)


def test_the_same_picture_twice_is_found_even_under_another_name_and_format(cleaner: PictureCleaner) -> None:
    image = Image.open(io.BytesIO(photo(5, format="PNG")))
    _, twin = check(cleaner, encoded(image, "PNG"), encoded(image, "WEBP", lossless=True))
    assert twin.problem is not None
    assert "same picture as Picture 1" in twin.problem.detail


def test_the_same_picture_saved_worse_is_a_warning(cleaner: PictureCleaner) -> None:
    _, worse = check(cleaner, photo(6), photo(6, quality=60))
    assert worse.problem is None
    assert [warning.code for warning in worse.warnings] == ["alike"]


def test_small_long_and_blurred_pictures_are_warned_about(cleaner: PictureCleaner) -> None:
    small, long, blurred = check(
        cleaner, photo(7, (40, 40)), photo(8, (400, 100)), encoded(Image.linear_gradient("L"), "PNG")
    )
    assert "small" in [warning.code for warning in small.warnings]
    assert "cropped" in [warning.code for warning in long.warnings]
    assert "blurred" in [warning.code for warning in blurred.warnings]


def test_more_bytes_than_allowed_are_not_even_opened() -> None:
    cleaner = PictureCleaner(bytes_max=10)
    (checked,) = check(cleaner, photo(1))
    assert checked.problem is not None
    assert checked.problem.code == "too-large"
