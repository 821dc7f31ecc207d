"""Turns bytes that a stranger sent into a clean picture. Runs in a child process with limits on time and memory.

Imports only Pillow and numpy, so that a child is small and starts fast. Knows nothing of requests or errors over HTTP:
what is wrong comes back as a `Fault`.
"""

import hashlib
import io
import resource
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

FORMATS: Final = ("JPEG", "PNG", "WEBP")
PIXELS_MAX: Final = 50_000_000  # phones reach 48.8 million; Pillow's bomb limit is 89 million
SIDE_MIN: Final = 32
SHORTER_SIDE_MAX: Final = 1024  # of a stored picture
LONGER_SIDE_MAX: Final = 4096
MEMORY_BYTES: Final = 1_200_000_000  # beyond what the child has mapped when it starts
_LOOK: Final = 256  # side of the square that sharpness is measured on
_HASH: Final = 16
_UPRIGHT: Final = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
_OTHERS: Final = (
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
class Fault:
    """Why an upload is no usable picture: a short code, and what it is as the end of a sentence about it."""

    code: str
    detail: str


@dataclass(frozen=True)
class Clean:
    """A clean picture. `width`, `height` and `crop` are in pixels of the upright upload."""

    content: bytes  # PNG
    mask: bytes | None  # PNG of one grey channel, white where the picture is opaque; None where all of it is
    sha256: str  # of the stored pixels, with the mask's
    stored_width: int
    stored_height: int
    width: int
    height: int
    sharpness: float  # variance of the Laplacian of the crop
    fingerprint: int  # difference hash of the crop
    black: bool  # everywhere

    @property
    def crop(self) -> tuple[int, int, int]:
        """x, y and side of the centred square that is learned from."""
        size = min(self.width, self.height)
        return (self.width - size) // 2, (self.height - size) // 2, size


def limit_this_process() -> None:
    """Cap the memory that the child may map. A picture that needs more ends as MemoryError, not as a full machine."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))


def clean(content: bytes) -> Clean | Fault:
    """Decode, turn upright, shrink, and copy to a fresh picture without metadata."""
    return _guarded(content, lambda: _clean(content, _to_learn))


def start(content: bytes) -> Clean | Fault:
    """The same for a picture to draw from, of which all is used."""
    return _guarded(content, lambda: _clean(content, _to_draw_from))


def mask(content: bytes) -> Clean | Fault:
    """Where a picture is to be drawn anew, in white. What shows through is black: it stays."""
    return _guarded(content, lambda: _clean(content, _by_light))


def transparent_area(content: bytes) -> Clean | Fault:
    """The same as OpenAI's clients send it: what shows through is drawn anew, whatever colour it has."""
    return _guarded(content, lambda: _clean(content, _by_holes))


def texts(content: bytes) -> dict[str, str] | Fault:
    """The texts that a PNG carries in front of its pixels, by keyword. Other formats carry none."""
    return _guarded(content, lambda: _texts(content))


def is_transparent(content: bytes) -> bool | Fault:
    """Whether a picture is transparent anywhere."""
    found = _guarded(content, lambda: _clean(content, _by_holes))
    if isinstance(found, Fault):
        return False if found.code == "black" else found
    return True


Made = TypeVar("Made")
Finish = Callable[[Image.Image, int, int], Clean | Fault]  # of the upright picture, and its size as it was sent


def _guarded(content: bytes, action: Callable[[], Made | Fault]) -> Made | Fault:
    """What `action` makes of bytes from outside, or what is wrong with them."""
    if not content:
        return Fault("empty", "is empty (0 bytes). Choose it again, or take it from where it came from once more.")
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Image appears to be a malformed MPO file")
        try:
            return action()
        except UnidentifiedImageError:
            return Fault("not-a-picture", f"is {_what(content)}, not a picture. Send a JPEG, PNG or WebP.")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return _too_many_pixels("far more")
        except MemoryError:
            return Fault("too-complex", "needs too much memory to open. Make it smaller and send it again.")
        except (OSError, ValueError, SyntaxError, EOFError, Warning) as error:
            return Fault("damaged", f"is damaged and cannot be read ({_reason(error)}). Send an intact copy.")


def _clean(content: bytes, finish: Finish) -> Clean | Fault:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > PIXELS_MAX:
            return _too_many_pixels(f"{width}×{height}")
        if min(width, height) < SIDE_MIN:
            return Fault(
                "tiny", f"is {width}×{height} pixels. Each side has to have at least {SIDE_MIN}, better 512 or more."
            )
        # A phone's JPEG may carry a second picture (depth, HDR gain), which is not an animation.
        if getattr(opened, "is_animated", False) and opened.format != "MPO":
            return Fault("animated", "is animated. Send one still picture of it.")
        scale = min(1.0, SHORTER_SIDE_MAX / min(width, height), LONGER_SIDE_MAX / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        opened.draft("RGB", size)  # a JPEG decodes at a half, a quarter or an eighth at a fraction of the cost
        opened.load()
        shrunk = _eight_bits(opened)
        if shrunk.size != size:
            shrunk = shrunk.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        turns = _UPRIGHT.get(_orientation(opened), ())
    for turn in turns:
        shrunk = shrunk.transpose(turn)
        if turn in _SIDEWAYS:
            width, height = height, width
    return finish(shrunk, width, height)


_SIDEWAYS: Final = {
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
}


def _to_learn(picture: Image.Image, width: int, height: int) -> Clean | Fault:
    """On white, with what is opaque as its mask."""
    mask = _mask(picture)
    if mask is not None and not _centre(mask).getbbox():
        return Fault(
            "transparent",
            "is transparent everywhere in the square in its middle, so nothing of it could be learned. Send one whose "
            "middle shows it.",
        )
    return _finished(_flat(picture), mask, width, height)


def _to_draw_from(picture: Image.Image, width: int, height: int) -> Clean:
    """On white."""
    return _finished(_flat(picture), None, width, height)


def _by_light(picture: Image.Image, width: int, height: int) -> Clean | Fault:
    """A mask in greys, on black."""
    paper = Image.new("RGB", picture.size, "black")
    paper.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return _marked(_finished(paper.convert("L").convert("RGB"), None, width, height))


def _by_holes(picture: Image.Image, width: int, height: int) -> Clean | Fault:
    """A mask that is white where the picture shows through."""
    opacity = _mask(picture) or Image.new("L", picture.size, "white")
    return _marked(_finished(opacity.point(lambda level: 255 - level).convert("RGB"), None, width, height))


def _marked(mask: Clean) -> Clean | Fault:
    """A mask with something to draw."""
    if mask.black:
        return Fault("black", "marks nothing, so nothing would be drawn. Make white what is to be drawn anew.")
    return mask


def _finished(picture: Image.Image, mask: Image.Image | None, width: int, height: int) -> Clean:
    fresh = Image.frombytes("RGB", picture.size, picture.tobytes())  # nothing but pixels comes along
    grey = _centre(fresh).convert("L")
    seen = f"{fresh.size}".encode() + fresh.tobytes() + (b"" if mask is None else mask.tobytes())
    return Clean(
        content=_png(fresh),
        mask=None if mask is None else _png(Image.frombytes("L", mask.size, mask.tobytes())),
        sha256=hashlib.sha256(seen).hexdigest(),
        stored_width=fresh.width,
        stored_height=fresh.height,
        width=width,
        height=height,
        sharpness=_sharpness(grey),
        fingerprint=_fingerprint(grey),
        black=fresh.getbbox() is None,
    )


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    return content.getvalue()


def _centre(picture: Image.Image) -> Image.Image:
    """The square that is learned from."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def _mask(picture: Image.Image) -> Image.Image | None:
    """Where the picture is opaque; None if it is everywhere."""
    if picture.mode != "RGBA":
        return None
    opacity = picture.getchannel("A")
    return None if opacity.getextrema()[0] == 255 else opacity


def _eight_bits(image: Image.Image) -> Image.Image:
    """RGB or RGBA, eight bits each, from whatever mode the file has."""
    if image.mode in ("RGB", "RGBA"):
        return image
    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    transparent = image.mode in ("LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency: what shows through is white, as on paper."""
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _texts(content: bytes) -> dict[str, str]:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        # Pillow reads the header and the texts in front of the pixels, with limits of its own; pixels stay undecoded.
        return {str(name): text for name, text in opened.info.items() if isinstance(text, str)}


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 when there is none that can be read."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # a picture with broken metadata is still a picture
        return 1


def _sharpness(grey: Image.Image) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000), on a square of at most 256 pixels."""
    side = min(_LOOK, grey.width)
    z = np.asarray(grey.resize((side, side), Image.Resampling.BOX), dtype=np.float32)
    laplacian = z[:-2, 1:-1] + z[2:, 1:-1] + z[1:-1, :-2] + z[1:-1, 2:] - 4 * z[1:-1, 1:-1]
    return float(laplacian.var())


def _fingerprint(grey: Image.Image) -> int:
    """Difference hash: whether each of 16 × 16 places is brighter than the one to its left."""
    z: Any = np.asarray(grey.resize((_HASH + 1, _HASH), Image.Resampling.BOX), dtype=np.int16)
    return int.from_bytes(np.packbits(z[:, 1:] > z[:, :-1]).tobytes(), "big")


def _too_many_pixels(size: str) -> Fault:
    return Fault(
        "too-many-pixels",
        f"has too many pixels ({size}); at most {PIXELS_MAX // 1_000_000} million are read. "
        "Make it smaller and send it again.",
    )


def _what(content: bytes) -> str:
    head = content[:512].lstrip()
    for magic, name in _OTHERS:
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
