"""A folder of the Stable Diffusion concepts library as a zip: the embedding, its name, kind and initializer, and its
pictures."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from app.contracts import concept_text
from app.contracts.concept_text import ConceptText
from app.contracts.encoders import FIRST
from app.embeddings.exporting import pickles
from app.embeddings.exporting.stored import StoredEmbedding


@dataclass(frozen=True)
class TaughtFrom:
    """A stored picture and its mask, both as PNG."""

    content: bytes
    mask: bytes | None = None


_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # fixed, so that equal folders give equal bytes


def write(stored: StoredEmbedding, placeholder: str, text: ConceptText, pictures: Sequence[TaughtFrom]) -> bytes:
    """The bytes of the zip. Of the texts that people write, only the checked placeholder appears in a path."""
    bare = placeholder.strip("<>")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(path: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(f"{bare}/{path}", _EPOCH), content)

        put("learned_embeds.bin", pickles.write({placeholder: stored.rows[FIRST]}))
        put("token_identifier.txt", placeholder.encode())
        put("type_of_concept.txt", text.kind.encode())
        put("concept.json", concept_text.write(text).encode())  # what the library's other files have no place for
        put("README.md", _readme(stored, placeholder, text.name, text.kind, len(pictures)).encode())
        for number, picture in enumerate(pictures):
            put(f"concept_images/{number}.jpeg", _jpeg(picture.content))
            if picture.mask is not None:
                put(f"concept_masks/{number}-mask.png", picture.mask)
    return file.getvalue()


def _readme(stored: StoredEmbedding, placeholder: str, name: str, kind: str, pictures: int) -> str:
    vectors, width = stored.rows[FIRST].shape
    plain = " ".join(name.split())
    use = f"a painting in the style of {placeholder}" if kind == "style" else f"a photo of {placeholder}"
    shown = "".join(f"![{placeholder}](concept_images/{number}.jpeg)\n" for number in range(pictures))
    return (
        f"# {plain}\n\n"
        f"`{placeholder}` is {'a style' if kind == 'style' else 'an object'}, learned by textual inversion: "
        f"{vectors} vector{'s' if vectors > 1 else ''}, {width} wide, "
        f"on {stored.metadata.get('base_model') or 'an unnamed base model'}.\n\n"
        "```python\n"
        f'pipeline.load_textual_inversion("learned_embeds.bin", token="{placeholder}")\n'
        f'pipeline("{use}")\n'
        "```\n\n"
        f"{shown}"
    )


def _jpeg(picture: bytes) -> bytes:
    content = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(content, "JPEG", quality=92)
    return content.getvalue()
