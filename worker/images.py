"""Pictures as files: a drawn picture with its recipe inside, its blob and row, and a preview as a `data:` address."""

import base64
import io
import json
from collections.abc import Mapping
from typing import Any, Final

from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from app.contracts import recipe_text
from app.core.database import new_id
from app.generation.models import Image
from worker.job_run import JobRun

JPEG_QUALITY: Final = 70


def store_image(
    run: JobRun[Any],
    name: str,
    picture: Pillow.Image,
    *,
    position: int,
    seed: int,
    recipe: Mapping[str, Any],
    generation_id: str | None = None,
) -> Image:
    """Store a picture of this attempt as `name` and build its row, which the caller adds in a fenced transaction.

    `position` is the picture's number in its generation, or the training step of a preview. Only the pictures of a
    generation carry their recipe in the file. Raises StorageFull.
    """
    content = png(picture, recipe if generation_id is not None else None)
    key = run.key(name)
    run.context.storage.put(key, content)
    return Image(
        id=new_id(),
        team_id=run.job.team_id,
        job_id=run.job.id,
        generation_id=generation_id,
        position=position,
        key=key,
        seed=seed,
        width=picture.width,
        height=picture.height,
        bytes=len(content),
        recipe=dict(recipe),
    )


def png(picture: Pillow.Image, recipe: Mapping[str, Any] | None = None) -> bytes:
    """A PNG. With a recipe it carries ours as JSON, and the `parameters` text that AUTOMATIC1111 reads."""
    info = PngInfo()
    if recipe is not None:
        info.add_text("parameters", recipe_text.write(recipe))
        info.add_itxt("oneword", json.dumps(recipe, ensure_ascii=False))
    content = io.BytesIO()
    picture.save(content, "PNG", pnginfo=info)
    return content.getvalue()


def data_url(preview: Pillow.Image) -> str:
    """A small picture as a `data:` address of about 1 KB."""
    content = io.BytesIO()
    preview.save(content, "JPEG", quality=JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
