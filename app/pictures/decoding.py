"""Turns foreign bytes into a clean picture. Runs in a child process with limits (`app.foreign_bytes.limits`).

Imports only Pillow and numpy, so that a child is small and starts fast. Knows nothing of requests or HTTP errors: a
file that is no usable picture comes back as a `PictureFault`.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from app.pictures.measures import Measures

FORMATS: Final = ("JPEG", "PNG", "WEBP")
# A JPEG is shrunk while it is decoded. Phones reach 48.8 million pixels; Pillow's bomb limit is 89 million.
PIXELS_MAX: Final = 50_000_000
# Other pictures are decoded whole, with up to 8 bytes a pixel; WebP's decoder takes 16. Each needs at most 200 MB.
PIXELS_WHOLE_MAX: Final = 24_000_000
PIXELS_WEBP_MAX: Final = 12_000_000
# Each scan of a JPEG goes through the whole picture. Programs write about ten; a file may have any number.
SCANS_MAX: Final = 32
_SCAN: Final = 0xDA  # the markers of a scan and of the end
_END: Final = 0xD9
_SEGMENT: Final = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")  # each marker but those that stand alone inside a scan
TEXT_BYTES_MAX: Final = 16_000_000  # of all texts of a PNG together, unpacked; of one text Pillow unpacks 1 MB
SIDE_MIN: Final = 32
SHORTER_SIDE_MAX: Final = 1024  # of a stored picture
LONGER_SIDE_MAX: Final = 4096
_SHARPNESS_SIDE: Final = 256  # of the square that sharpness is measured on
_HASH_SIDE: Final = 16
_UPRIGHT: Final = {  # EXIF orientation -> what turns the picture upright; those from 5 on swap width and height
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FOREIGN_FORMATS: Final = (
    (b"GIF8", "a GIF"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"%PDF", "a PDF"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"BM", "a BMP"),
    (b"PK\x03\x04", "an archive"),
)


@dataclass(frozen=True)
class PictureFault:
    """Why an upload is no usable picture. `detail` continues a sentence that begins with "Picture 1 (cat.jpg)"."""

    code: str
    detail: str


@dataclass(frozen=True)
class CleanPicture:
    """A picture of nothing but pixels. `width`, `height` and `crop` are in pixels of the upright upload."""

    content: bytes  # PNG
    mask: bytes | None  # PNG with one grey channel, white where the picture is opaque; None if it is opaque everywhere
    sha256: str  # of the stored pixels and those of the mask
    stored_width: int
    stored_height: int
    width: int
    height: int
    sharpness: float  # variance of the Laplacian of the crop
    fingerprint: int  # difference hash of the crop
    black: bool  # whether every pixel is black
    square: tuple[float, float, float] | None = None  # that a person chose: x, y and side; the stored picture is it
    measures: Measures | None = None  # of a picture to train on

    @property
    def crop(self) -> tuple[int, int, int]:
        """x, y and side of the square that training uses: the one that a person chose, or the one in the middle."""
        if self.square is not None:
            x, y, side = self.square
            return max(0, round(x)), max(0, round(y)), round(side)
        size = min(self.width, self.height)
        return (self.width - size) // 2, (self.height - size) // 2, size


def init_image(content: bytes) -> CleanPicture | PictureFault:
    """A picture that a generation starts from, on white. All of it is used."""
    return guarded(content, lambda: _clean(content, _on_white))


def inpaint_mask(content: bytes) -> CleanPicture | PictureFault:
    """A mask: what is white is drawn again, what is black or transparent stays."""
    return guarded(content, lambda: _clean(content, _mask_from_brightness))


def transparent_area(content: bytes) -> CleanPicture | PictureFault:
    """A mask as OpenAI's clients send it: what is transparent is drawn again, whatever its colour."""
    return guarded(content, lambda: _clean(content, _mask_from_transparency))


def kept_picture(content: bytes) -> CleanPicture | PictureFault:
    """A picture for later requests, which decode it again: its transparency stays."""
    return guarded(content, lambda: _clean(content, _with_transparency))


def is_transparent(content: bytes) -> bool | PictureFault:
    """Whether any pixel of a picture is transparent."""
    found = transparent_area(content)
    if isinstance(found, PictureFault):
        return False if found.code == "black" else found
    return True


@dataclass(frozen=True)
class Upright:
    """A decoded picture, upright: RGB, or RGBA where it may be transparent. `width` and `height` are the upload's."""

    picture: Image.Image
    width: int
    height: int


Decoded = TypeVar("Decoded")
Finish = Callable[[Image.Image, int, int], CleanPicture | PictureFault]  # upright picture; width, height of the upload


def guarded(content: bytes, action: Callable[[], Decoded | PictureFault]) -> Decoded | PictureFault:
    """The result of `action`, with every error that foreign bytes can cause turned into a PictureFault."""
    if not content:
        return PictureFault(
            "empty", "is empty (0 bytes). Choose the file again, or export it again from where it came."
        )
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_MEMORY = TEXT_BYTES_MAX
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Image appears to be a malformed MPO file")
        try:
            return action()
        except UnidentifiedImageError:
            return PictureFault(
                "not-a-picture", f"is {_format_name(content)}, not a picture. Send a JPEG, PNG or WebP."
            )
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return _too_many_pixels("far more", PIXELS_MAX)
        except MemoryError:
            return PictureFault("too-complex", "needs too much memory to open. Make it smaller and send it again.")
        except (OSError, ValueError, SyntaxError, EOFError, Warning) as error:
            if "could not create decoder object" in str(error):  # how Pillow's WebP decoder says that memory is short
                return _too_many_pixels("far more", PIXELS_WEBP_MAX)
            return PictureFault("damaged", f"is damaged and cannot be read ({_reason(error)}). Send an intact copy.")


def _clean(content: bytes, finish: Finish) -> CleanPicture | PictureFault:
    """Decode, shrink, turn upright, and hand over to `finish`."""
    found = upright(content)
    return found if isinstance(found, PictureFault) else finish(found.picture, found.width, found.height)


def upright(content: bytes, square: float | None = None) -> Upright | PictureFault:
    """Decode, shrink and turn upright. `square` is the side of a square of the upload, in pixels, whose detail has to
    stay; None: all of the picture becomes a stored one."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        if (fault := _unfit(opened, content)) is not None:
            return fault
        if square is None:
            scale = min(1.0, SHORTER_SIDE_MAX / min(width, height), LONGER_SIDE_MAX / max(width, height))
        else:  # a JPEG of that many pixels is decoded at half its size
            scale = min(1.0, SHORTER_SIDE_MAX / square, 0.5 if width * height > PIXELS_WHOLE_MAX else 1.0)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        opened.draft("RGB", size)  # a JPEG decodes at a half, a quarter or an eighth at a fraction of the cost
        opened.load()
        found = _eight_bits(opened)
        if square is None and found.size != size:
            found = found.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        orientation = _orientation(opened)
    # Turned after shrinking, which is cheap. `ImageOps.exif_transpose` would also encode the EXIF block again, and that
    # is dropped anyway.
    if orientation in _UPRIGHT:
        found = found.transpose(_UPRIGHT[orientation])
        if orientation >= 5:
            width, height = height, width
    return Upright(found, width, height)


def _unfit(opened: ImageFile.ImageFile, content: bytes) -> PictureFault | None:
    """Why a picture is not decoded, from its header alone; None if it is."""
    width, height = opened.size
    if width * height > (most := _pixels_max(opened)):
        return _too_many_pixels(f"{width}×{height}", most)
    if min(width, height) < SIDE_MIN:
        return PictureFault(
            "tiny", f"is {width}×{height} pixels. Each side needs at least {SIDE_MIN}, better 512 or more."
        )
    # A phone's JPEG may carry a second picture (depth, HDR gain), which is not an animation.
    if getattr(opened, "is_animated", False) and opened.format != "MPO":
        return PictureFault("animated", "is animated. Send a still picture.")
    if opened.format in ("JPEG", "MPO") and (scans := _scans(content)) > SCANS_MAX:
        return PictureFault(
            "too-complex", f"has {scans} scans, and at most {SCANS_MAX} are read. Save it again as a plain JPEG."
        )
    return None


def _scans(content: bytes) -> int:
    """The number of scans of a JPEG up to its end, found like libjpeg finds them.

    Scans in metadata, such as those of a thumbnail, do not count. Neither do those of a phone's second picture.
    """
    found, place = 0, 0
    while marker := _SEGMENT.search(content, place):
        place, kind = marker.end(), content[marker.end() - 1]
        if kind == _END:
            break
        found += kind == _SCAN
        place += int.from_bytes(content[place : place + 2], "big")  # the length of the segment
    return found


def _with_transparency(picture: Image.Image, width: int, height: int) -> CleanPicture:
    """The pixels as they are, with their alpha channel where a pixel is transparent."""
    if opaque_area(picture) is None:
        return repacked(without_alpha(picture), None, width, height)
    kept = png(Image.frombytes("RGBA", picture.size, picture.tobytes()))
    return replace(repacked(without_alpha(picture), None, width, height), content=kept)


def _on_white(picture: Image.Image, width: int, height: int) -> CleanPicture:
    """The picture on white."""
    return repacked(without_alpha(picture), None, width, height)


def _mask_from_brightness(picture: Image.Image, width: int, height: int) -> CleanPicture | PictureFault:
    """A mask from the brightness of the picture on black."""
    paper = Image.new("RGB", picture.size, "black")
    paper.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return _unless_black(repacked(paper.convert("L").convert("RGB"), None, width, height))


def _mask_from_transparency(picture: Image.Image, width: int, height: int) -> CleanPicture | PictureFault:
    """A mask that is white where the picture is transparent."""
    opacity = opaque_area(picture) or Image.new("L", picture.size, "white")
    return _unless_black(repacked(opacity.point(lambda level: 255 - level).convert("RGB"), None, width, height))


def _unless_black(mask: CleanPicture) -> CleanPicture | PictureFault:
    """The mask. A fault if it selects nothing."""
    if mask.black:
        return PictureFault(
            "black", "selects nothing, so nothing would be drawn. Make the area white that is to be drawn again."
        )
    return mask


def repacked(
    picture: Image.Image, mask: Image.Image | None, width: int, height: int, *, encode: bool = True
) -> CleanPicture:
    """The pixels in fresh images, encoded, with what is measured on them. Without `encode` their PNGs are empty."""
    fresh = Image.frombytes("RGB", picture.size, picture.tobytes())  # copies pixels and no metadata
    grey = centre_square(fresh).convert("L")
    pixels = f"{fresh.size}".encode() + fresh.tobytes() + (b"" if mask is None else mask.tobytes())
    return CleanPicture(
        content=png(fresh) if encode else b"",
        mask=None if mask is None else png(Image.frombytes("L", mask.size, mask.tobytes())) if encode else b"",
        sha256=hashlib.sha256(pixels).hexdigest(),
        stored_width=fresh.width,
        stored_height=fresh.height,
        width=width,
        height=height,
        sharpness=_sharpness(grey),
        fingerprint=_fingerprint(grey),
        black=fresh.getbbox() is None,
    )


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    return content.getvalue()


def centre_square(picture: Image.Image) -> Image.Image:
    """The square that training uses."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def opaque_area(picture: Image.Image) -> Image.Image | None:
    """The alpha channel; None if the picture is opaque everywhere."""
    if picture.mode != "RGBA":
        return None
    opacity = picture.getchannel("A")
    return None if opacity.getextrema()[0] == 255 else opacity


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image as RGB or RGBA with eight bits a channel, from any mode."""
    if image.mode in ("RGB", "RGBA"):
        return image
    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    transparent = image.mode in ("LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def without_alpha(image: Image.Image) -> Image.Image:
    """The picture as RGB on a white background."""
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1..8; 1 if there is none or it cannot be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a picture with broken metadata is still a picture
        return 1


def _sharpness(grey: Image.Image) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000), on a square of at most 256 pixels."""
    side = min(_SHARPNESS_SIDE, grey.width)
    z = np.asarray(grey.resize((side, side), Image.Resampling.BOX), dtype=np.float32)
    laplacian = z[:-2, 1:-1] + z[2:, 1:-1] + z[1:-1, :-2] + z[1:-1, 2:] - 4 * z[1:-1, 1:-1]
    return float(laplacian.var())


def _fingerprint(grey: Image.Image) -> int:
    """Difference hash of 256 bits: whether each of 16 × 16 cells is brighter than the cell to its left."""
    z: Any = np.asarray(grey.resize((_HASH_SIDE + 1, _HASH_SIDE), Image.Resampling.BOX), dtype=np.int16)
    return int.from_bytes(np.packbits(z[:, 1:] > z[:, :-1]).tobytes(), "big")


def _pixels_max(image: Image.Image) -> int:
    if image.format == "WEBP":
        return PIXELS_WEBP_MAX
    return PIXELS_WHOLE_MAX if image.format == "PNG" or image.info.get("progressive") else PIXELS_MAX


def _too_many_pixels(size: str, most: int) -> PictureFault:
    return PictureFault(
        "too-many-pixels",
        f"has too many pixels ({size}); at most {most // 1_000_000} million are read of its kind. "
        "Make it smaller, or save it as a plain JPEG, and send it again.",
    )


def _format_name(content: bytes) -> str:
    """A guess at what the file is, for the message."""
    head = content[:512].lstrip()
    for magic, name in _FOREIGN_FORMATS:
        if head.startswith(magic):
            return name
    if content[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    if b"<svg" in content[:2048].lower():
        return "an SVG drawing"
    try:
        content[:512].decode("utf-8")
    except UnicodeDecodeError:
        return "something unknown"
    return "a text file"


def _reason(error: BaseException) -> str:
    text = str(error).strip().rstrip(".")
    return text[:120] if text else type(error).__name__
