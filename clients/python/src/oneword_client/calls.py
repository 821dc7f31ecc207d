"""Every call of the studio that this package knows, as exchanges. `Client` and `AsyncClient` offer them as methods.

A concept is named by its placeholder (`<mug>` or `mug`) or its id, a job by its id or the `Job`.
"""

import os
import uuid
from collections.abc import Iterable
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO, Final

from oneword_client.errors import JobFailed, UnknownConcept
from oneword_client.exchange import Exchange, Request, Stream, answer, events, model, pages
from oneword_client.models import (
    BaseModelInfo,
    Concept,
    Drawn,
    Event,
    Generation,
    Image,
    Job,
    Me,
    Page,
    Picture,
    Taught,
    Version,
)

File = str | os.PathLike[str] | bytes | BinaryIO
Fields = dict[str, Any]

ID_LENGTH: Final = 26  # of a ULID


def me() -> Exchange[Me]:
    """Who is signed in."""
    return model(Me, Request("GET", "api/me"))


def base_models() -> Stream[BaseModelInfo]:
    """The base models of the studio, the default first."""
    return pages(BaseModelInfo, Request("GET", "api/base-models"))


# --- Concepts ---


def teach(
    pictures: Iterable[File],
    placeholder: str,
    initializer: str,
    *,
    kind: str | None = None,
    base_model: str | None = None,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] = (),
    steps_max: int | None = None,
    vectors: int | None = None,
    seed: int | None = None,
    idempotency_key: str | None = None,
    **more: Any,
) -> Exchange[Taught]:
    """Teach a new word from 3 to 5 pictures: paths, bytes or open files.

    `initializer` is a word for what the pictures show, `kind` is `object` or `style`. `more` are further fields of
    `POST /api/concepts`, such as `method`. Returns at once; `wait` for the job.
    """
    fields = _concept_fields(placeholder, initializer, kind, base_model, name, description, tags)
    fields |= {"steps_max": steps_max, "vectors": vectors, "seed": seed, **more}
    return model(Taught, _form("api/concepts", fields, [("images", each) for each in pictures], idempotency_key))


def teach_again(
    concept: str,
    pictures: Iterable[File] = (),
    *,
    initializer: str | None = None,
    steps_max: int | None = None,
    vectors: int | None = None,
    seed: int | None = None,
    idempotency_key: str | None = None,
    **more: Any,
) -> Exchange[Taught]:
    """Teach a new version of a word, which keeps its older ones. Without pictures it is taught from those it has."""
    fields = {"initializer": initializer, "steps_max": steps_max, "vectors": vectors, "seed": seed, **more}
    images = [("images", each) for each in pictures]
    found = yield from show(concept)
    return (yield from model(Taught, _form(f"api/concepts/{found.id}/versions", fields, images, idempotency_key)))


def import_(
    files: File | list[File],
    placeholder: str,
    *,
    initializer: str | None = None,
    kind: str | None = None,
    base_model: str | None = None,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] = (),
    idempotency_key: str | None = None,
) -> Exchange[Taught]:
    """Take in the embedding file of another tool or studio; for SDXL also the two files that diffusers writes."""
    fields = _concept_fields(placeholder, initializer, kind, base_model, name, description, tags)
    sent = [("file", each) for each in (files if isinstance(files, list) else [files])]
    return model(Taught, _form("api/concepts/import", fields, sent, idempotency_key))


def export(concept: str, *, format: str = "oneword", version: int | None = None) -> Exchange[tuple[str, bytes]]:
    """The embedding of a word in the format of a tool, as the file's name and its bytes."""
    found = yield from show(concept)
    request = Request("GET", f"api/concepts/{found.id}/embedding", {"format": format, "version": version})
    response = yield from answer(request)
    return _file_name(response.headers.get("Content-Disposition", "")) or f"{found.name}.{format}", response.content


def concepts(
    query: str | None = None,
    *,
    tag: str | None = None,
    kind: str | None = None,
    base_model: str | None = None,
    owner: str | None = None,
) -> Stream[Concept]:
    """The library, newest first; only what matches, if something is asked for."""
    params = {"query": query, "tag": tag, "kind": kind, "base_model": base_model, "owner": owner, "limit": 100}
    return pages(Concept, Request("GET", "api/concepts", params))


def show(concept: str) -> Exchange[Concept]:
    """One concept. Raises UnknownConcept if the library has none of this placeholder or id."""
    if len(concept) == ID_LENGTH and concept.isalnum():
        return (yield from model(Concept, Request("GET", f"api/concepts/{concept}")))
    placeholder = concept if concept.startswith("<") else f"<{concept}>"
    cursor: str | None = None
    while True:
        params = {"query": placeholder, "limit": 100, "cursor": cursor}
        page = yield from model(Page[Concept], Request("GET", "api/concepts", params))
        for found in page.items:
            if found.placeholder.casefold() == placeholder.casefold():
                return found
        cursor = page.next
        if cursor is None:
            raise UnknownConcept(f"There is no word {placeholder} in the library.")


def versions(concept: str) -> Stream[Version]:
    """Every teaching of a word, newest first."""
    found = yield from show(concept)
    yield from pages(Version, Request("GET", f"api/concepts/{found.id}/versions"))


def change(concept: str, **changes: Any) -> Exchange[Concept]:
    """Change `name`, `placeholder`, `description`, `tags` or `current_version` of a word."""
    found = yield from show(concept)
    return (yield from model(Concept, Request("PATCH", f"api/concepts/{found.id}", json=changes)))


def delete(concept: str) -> Exchange[None]:
    """Put a word with all its versions into the bin."""
    found = yield from show(concept)
    yield from answer(Request("DELETE", f"api/concepts/{found.id}"))


# --- Drawing ---


def draw(
    prompt: str,
    *,
    count: int | None = None,
    negative_prompt: str | None = None,
    base_model: str | None = None,
    seed: int | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    scheduler: str | None = None,
    width: int | None = None,
    height: int | None = None,
    init_image: File | Image | None = None,
    mask: File | None = None,
    strength: float | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Drawn]:
    """Draw. `init_image` is a picture to start from, a file or an `Image` of the studio.

    Returns at once; `wait` for the job, then ask for `generation(drawn.generation.id)`.
    """
    fields: Fields = {"prompt": prompt, "negative_prompt": negative_prompt, "base_model": base_model, "count": count}
    fields |= {"seed": seed, "steps": steps, "guidance": guidance, "scheduler": scheduler}
    fields |= {"width": width, "height": height, "strength": strength}
    if isinstance(init_image, Image):
        fields["init_image"], init_image = {"image_id": init_image.id}, None
    sent = [(name, file) for name, file in (("init_image", init_image), ("mask", mask)) if file is not None]
    if sent:
        return model(Drawn, _form("api/generations", fields, sent, idempotency_key))
    headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
    return model(Drawn, Request("POST", "api/generations", headers=headers, json=_given(fields)))


def generation(generation_id: str) -> Exchange[Generation]:
    """What was drawn by one request, as far as it is drawn."""
    return model(Generation, Request("GET", f"api/generations/{generation_id}"))


def generations(concept: str | None = None) -> Stream[Generation]:
    """What was drawn, newest first; with a concept's id only what was drawn with it."""
    return pages(Generation, Request("GET", "api/generations", {"concept": concept, "limit": 100}))


def delete_generation(generation_id: str) -> Exchange[None]:
    """Put a request and its pictures into the bin."""
    yield from answer(Request("DELETE", f"api/generations/{generation_id}"))


def fetch(picture: Image | Picture | str) -> Exchange[bytes]:
    """The bytes of a drawing, a training picture or a preview, or of any other address of the studio."""
    response = yield from answer(Request("GET", picture if isinstance(picture, str) else picture.url))
    content: bytes = response.content
    return content


# --- Jobs ---


def job(job_id: str) -> Exchange[Job]:
    """One job."""
    return model(Job, Request("GET", f"api/jobs/{job_id}"))


def jobs(*, state: str | None = None, active: bool = False, kind: str | None = None) -> Stream[Job]:
    """The team's jobs, newest first. `active`: only those that wait or run."""
    params = {"state": state, "active": "true" if active else None, "kind": kind, "limit": 100}
    return pages(Job, Request("GET", "api/jobs", params))


def watch(job: Job | str, after: str | None = None) -> Stream[Event]:
    """The events of a job until it ends. A stream that was cut goes on where it was, and no event comes twice."""
    return events(_id(job), after)


def wait(job: Job | str) -> Exchange[Job]:
    """The job once it succeeded. Raises JobFailed if it failed or was cancelled."""
    yield from watch(job)
    ended = yield from model(Job, Request("GET", f"api/jobs/{_id(job)}"))
    if ended.state != "succeeded":
        raise JobFailed(ended)
    return ended


def cancel(job: Job | str, *, keep: bool = False) -> Exchange[Job]:
    """Stop a job. `keep` keeps the best embedding that a teaching has found so far."""
    return model(Job, Request("POST", f"api/jobs/{_id(job)}/cancel", json={"keep": keep}))


# --- Parts ---


def _id(job: Job | str) -> str:
    return job if isinstance(job, str) else job.id


def _given(fields: Fields) -> Fields:
    """The fields without those that are None: the studio has the defaults."""
    return {name: value for name, value in fields.items() if value is not None}


def _concept_fields(
    placeholder: str,
    initializer: str | None,
    kind: str | None,
    base_model: str | None,
    name: str | None,
    description: str | None,
    tags: Iterable[str],
) -> Fields:
    return {
        "placeholder": placeholder,
        "initializer": initializer,
        "kind": kind,
        "base_model": base_model,
        "name": name,
        "description": description,
        "tags": list(tags) or None,
    }


def _form(path: str, fields: Fields, files: list[tuple[str, File]], idempotency_key: str | None) -> Request:
    headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
    data = {name: "true" if value is True else value for name, value in _given(fields).items()}
    sent = [(name, _read(file, f"{number}")) for number, (name, file) in enumerate(files, 1)]
    return Request("POST", path, headers=headers, data=data, files=sent)


def _read(file: File, name: str) -> tuple[str, bytes]:
    """Name and content of a file. All of it is read, since it may be sent more than once."""
    if isinstance(file, bytes):
        return name, file
    if isinstance(file, str | os.PathLike):
        return Path(file).name, Path(file).read_bytes()
    return Path(str(getattr(file, "name", name))).name, file.read()


def _file_name(disposition: str) -> str:
    """The name in a `Content-Disposition`, without any folder."""
    message = Message()
    message["Content-Disposition"] = disposition
    return Path(message.get_filename() or "").name
