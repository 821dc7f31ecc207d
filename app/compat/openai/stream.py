"""A drawing as OpenAI's server-sent events: partial images while it is drawn, and each picture when it is finished.

The events come from the job's own (`app.jobs.stream`): a `preview` has a small picture of each picture on its way, an
`image` names a finished one. A stream that meets an error ends with an event `error`, which the clients raise.
"""

import base64
import io
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from typing import Any, Final

from anyio import CancelScope
from PIL import Image as Pillow
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.compat.openai import answer, drawing
from app.compat.openai.errors import error_object
from app.compat.openai.request import ImageRequest
from app.compat.openai.schemas import CompletedImage, InputTokens, PartialImage
from app.contracts.generation import GenerationSpec
from app.core.errors import OnewordError
from app.generation import service
from app.jobs.stream import ALIVE, HEADERS, EventStream
from app.services import Services
from app.web.waiting import DRAWING, cancel_unless_ended, require_right

_NOTHING_READ: Final = InputTokens(image_tokens=0, text_tokens=0)


class ImageStream(EventStream):
    """The answer to a request with `stream`. A client that closes its connection before the end cancels the drawing,
    unless it sent an `Idempotency-Key`."""

    def __init__(self, services: Services, request: ImageRequest, job_id: str) -> None:
        self._services = services
        self._request = request
        self._job_id = job_id
        self._over = False
        super().__init__(self._content(), headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream. An exception other than ClientDisconnect means that the server stops: the job goes on."""
        with suppress(ClientDisconnect):
            await super().__call__(scope, receive, send)
        if not self._over and self._request.key is None:
            with CancelScope(shield=True):
                await run_in_threadpool(cancel_unless_ended, self._services, self._request.principal, self._job_id)

    async def _content(self) -> AsyncIterator[bytes]:
        person = self._request.principal
        try:
            with self._services.viewers.watching(person.user_id):
                async for content in self._events():
                    yield content
        except OnewordError as error:
            yield _encoded("error", {"type": "error", "error": error_object(error.problem())})
        self._over = True

    async def _events(self) -> AsyncIterator[bytes]:
        services, person = self._services, self._request.principal
        spec = await run_in_threadpool(drawing.spec_of, services, person, self._job_id)
        pictures = _Pictures(services, self._request, spec)
        watching = services.feed.watch(self._job_id, 0, person.credential_id, DRAWING)
        async with aclosing(watching) as chunks:
            async for chunk in chunks:
                if chunk.comment == ALIVE:
                    yield ALIVE
                for each in chunk.events:
                    for event in await run_in_threadpool(pictures.after, each.type, json.loads(each.data)):
                        yield _encoded(event.type, event.model_dump())
        await require_right(services, person, DRAWING)
        for event in await run_in_threadpool(pictures.rest, self._job_id):
            yield _encoded(event.type, event.model_dump())


class _Pictures:
    """What the client has been sent, and what follows from the job's next event."""

    def __init__(self, services: Services, request: ImageRequest, spec: GenerationSpec) -> None:
        self._services = services
        self._team_id = request.principal.team_id
        self._principal = request.principal
        self._form = request.form
        self._spec = spec
        self._steps = spec.steps  # fewer when drawn from a picture, as the job's progress says
        self._partial: Counter[int] = Counter()  # partial images sent, by picture
        self._finished: set[int] = set()

    def after(self, name: str, data: dict[str, Any]) -> list[PartialImage | CompletedImage]:
        """The client's events that follow from one event of the job. Raises NotFound for a picture that is gone."""
        if name == "progress":
            self._steps = data["steps_max"]
        if name == "preview":
            return [*self._partial_images(data)]
        if name == "image" and data["index"] not in self._finished:
            with self._services.database.reading() as session:
                key = service.image(session, self._team_id, data["id"]).key
            return [self._completed(data["index"], key)]
        return []

    def rest(self, job_id: str) -> list[PartialImage | CompletedImage]:
        """The pictures that no event named. Raises the error that the job ended with if it has none."""
        drawn = answer.drawn(self._services, self._principal, job_id)
        return [
            self._completed(image.position, image.key) for image in drawn.images if image.position not in self._finished
        ]

    def _partial_images(self, preview: dict[str, Any]) -> Iterator[PartialImage]:
        """Partial image k (from 0) of a picture is the first preview at or after (k + 1) / (partial images + 1) of the
        steps."""
        most = self._form.partial_images or 0
        reached = min(most, preview["step"] * (most + 1) // self._steps)
        for each in preview["glimpses"]:
            index = each["index"]
            if self._partial[index] >= reached:
                continue
            png = _enlarged(each["url"], (self._spec.width, self._spec.height))
            yield PartialImage(
                type=f"{self._form.events}.partial_image",
                partial_image_index=self._partial[index],
                **self._shared(index, png),
            )
            self._partial[index] += 1

    def _completed(self, index: int, key: str) -> CompletedImage:
        read = _NOTHING_READ if self._finished else answer.input_tokens(self._services, self._team_id, self._spec)
        self._finished.add(index)
        return CompletedImage(
            type=f"{self._form.events}.completed",
            usage=answer.usage(self._spec, 1, read),
            ignored=list(self._form.ignored),
            **self._shared(index, self._services.storage.get(key)),
        )

    def _shared(self, index: int, png: bytes) -> dict[str, Any]:
        return {
            "b64_json": answer.encoded(png, self._form),
            "created_at": int(time.time()),
            "output_format": self._form.output_format,
            "quality": self._form.quality or "auto",
            "size": f"{self._spec.width}x{self._spec.height}",
            "image_index": index,
        }


def _enlarged(preview: str, size: tuple[int, int]) -> bytes:
    """A worker's preview, a `data:` address of a small JPEG, as a PNG of the picture's size."""
    content = base64.b64decode(preview.partition(",")[2])
    with Pillow.open(io.BytesIO(content), formats=("JPEG",)) as opened:
        enlarged = opened.convert("RGB").resize(size, Pillow.Resampling.BICUBIC)
    png = io.BytesIO()
    enlarged.save(png, "PNG")
    return png.getvalue()


def _encoded(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
