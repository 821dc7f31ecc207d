"""Drawn pictures in other file formats: PNG as it is stored, JPEG and WebP for those who want smaller files.

The recipe goes along. The `parameters` text becomes the EXIF `UserComment`, where AUTOMATIC1111 and the sites that read
its pictures look for it. Oneword's own recipe becomes a property of the XMP packet, which also says that a model drew
the picture (IPTC `trainedAlgorithmicMedia`). `app.pictures.recipes` reads both again.

A JPEG loses pixels, so a recipe read from one describes the picture and not its last bits.
"""

import io
from typing import Final, Literal, get_args
from xml.sax.saxutils import escape

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from app.pictures.recipes import XMP_RECIPE

PictureFormat = Literal["png", "jpeg", "webp"]
FORMATS: Final[tuple[PictureFormat, ...]] = get_args(PictureFormat)
MEDIA_TYPES: Final[dict[PictureFormat, str]] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}

QUALITY: Final[dict[PictureFormat, int]] = {"jpeg": 92, "webp": 90}  # where nobody asks for another
SEGMENT_BYTES_MAX: Final = 65_000  # of JPEG's EXIF and XMP segments, each
_XMP: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:oneword="urn:oneword:recipe" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia">'
    '{}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def in_format(png: bytes, format: PictureFormat, quality: int | None = None) -> bytes:
    """A picture that a worker has stored, as a file of `format` with its recipe. Blocks while it encodes.

    `quality` is 0..100, the larger the better; a PNG has none and comes back as it is. A recipe that the format has no
    room for is left out: JPEG takes 64 KB.
    """
    if format == "png":
        return png
    with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
        picture = opened.convert("RGB")
        parameters, recipe = (str(opened.info.get(name) or "") for name in ("parameters", "oneword"))
    extra = {"quality": QUALITY[format] if quality is None else quality}
    if format == "jpeg":
        extra |= {"optimize": True, "subsampling": 0}
    content = io.BytesIO()
    picture.save(content, format.upper(), **extra, **_metadata(parameters, recipe, format))
    return content.getvalue()


def resized(png: bytes, width: int) -> bytes:
    """A stored picture as a PNG of this width, in its own shape and with its texts. One that is not wider stays as it
    is."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
        if opened.width <= width:
            return png
        texts = PngInfo()
        for name in ("parameters", "oneword"):
            if opened.info.get(name):
                texts.add_itxt(name, str(opened.info[name]))
        height = max(1, round(opened.height * width / opened.width))
        smaller = opened.convert("RGB").resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    content = io.BytesIO()
    smaller.save(content, "PNG", pnginfo=texts, compress_level=1)
    return content.getvalue()


def _metadata(parameters: str, recipe: str, format: PictureFormat) -> dict[str, bytes]:
    """The arguments of Pillow's `save` that carry the texts of the PNG."""
    found = {}
    if parameters:
        found["exif"] = _exif(parameters)
    if recipe:
        found["xmp"] = _XMP.format(f"{XMP_RECIPE[0]}{escape(recipe)}{XMP_RECIPE[1]}").encode()
    return {name: part for name, part in found.items() if format != "jpeg" or len(part) <= SEGMENT_BYTES_MAX}


def _exif(parameters: str) -> bytes:
    """An EXIF block as AUTOMATIC1111 writes it (through piexif): big-endian, the text as UTF-16."""
    exif = Image.Exif()
    exif.endian = ">"
    exif[ExifTags.Base.Software] = "Oneword"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + parameters.encode("utf-16-be")
    return exif.tobytes()
