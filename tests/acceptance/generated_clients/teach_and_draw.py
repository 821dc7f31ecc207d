"""Teaches, waits, draws, and fetches the picture and the embedding, with a client that openapi-python-client made.

ADDRESS TOKEN PICTURES RESULTS: the studio, a bearer token, a folder of JPEGs, and a folder for what was fetched.
"""

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from oneword_generated import AuthenticatedClient
from oneword_generated.api.base_models import list_base_models
from oneword_generated.api.concepts import create_concept, download_embedding, get_concept
from oneword_generated.api.generations import create_generation, get_image
from oneword_generated.api.jobs import watch_job
from oneword_generated.models import (
    Accepted,
    BaseModelList,
    BodyCreateConcept,
    BodyCreateConceptKind,
    ConceptOut,
    DownloadEmbeddingFormat,
    Drawn,
    GenerationRequest,
    PreviewEvent,
    Problem,
    ProgressEvent,
    StateEvent,
)
from oneword_generated.types import File

Wanted = TypeVar("Wanted")
Event = StateEvent | ProgressEvent | PreviewEvent
TYPES: dict[str, type[Event]] = {"state": StateEvent, "progress": ProgressEvent, "preview": PreviewEvent}


def expect(kind: type[Wanted], answer: object) -> Wanted:
    """The answer, which is of the type that the schema promises."""
    assert isinstance(answer, kind), answer
    return answer


def events(stream: str) -> Iterator[Event]:
    """The events of a stream that has ended, as the schema describes them."""
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields.get("event") in TYPES:
            whole = {"id": int(fields["id"]), "event": fields["event"], "data": json.loads(fields["data"])}
            yield TYPES[fields["event"]].from_dict(whole)


def main(client: AuthenticatedClient, pictures: Path, results: Path) -> None:
    """The whole job."""
    models = expect(BaseModelList, list_base_models.sync(client=client))
    assert [model.id for model in models.items] == ["demo"]

    photos = [File(BytesIO(path.read_bytes()), path.name, "image/jpeg") for path in sorted(pictures.glob("*.jpg"))]
    form = BodyCreateConcept(
        images=photos,
        placeholder="<python-zub>",
        initializer="monster",
        kind=BodyCreateConceptKind.OBJECT,
        steps_max=12,
        seed=3,
        mirror=False,
        tags=["generated", "python"],
    )
    refused = expect(Problem, create_concept.sync(client=client, body=BodyCreateConcept(placeholder="<python-zub>")))
    assert (refused.status, refused.type_) == (422, "/problems/picture-count"), refused
    taught = expect(Accepted, create_concept.sync(client=client, body=form, idempotency_key="python-zub"))

    told = list(events(expect(str, watch_job.sync(taught.job.id, client=client))))
    assert {type(event) for event in told} == {StateEvent, ProgressEvent, PreviewEvent}
    assert isinstance(told[-1], StateEvent)
    assert told[-1].data.state == "succeeded", told[-1]
    concept = expect(ConceptOut, get_concept.sync(taught.concept.id, client=client))
    assert (concept.state, concept.tags) == ("ready", ["generated", "python"])

    request = GenerationRequest(prompt="a photo of <python-zub>", count=1, seed=7, steps=2)
    drawn = expect(Drawn, create_generation.sync(client=client, body=request, wait=60))
    (image,) = drawn.generation.images
    picture = expect(File, get_image.sync(image.id, client=client))
    (results / "picture.png").write_bytes(expect(bytes, picture.payload.read()))

    file = download_embedding.sync(concept.id, client=client, format_=DownloadEmbeddingFormat.DIFFUSERS)
    (results / "embedding.safetensors").write_bytes(expect(bytes, expect(File, file).payload.read()))


if __name__ == "__main__":
    address, token, *folders = sys.argv[1:]
    with AuthenticatedClient(base_url=address, token=token, timeout=None) as signed_in:
        main(signed_in, *map(Path, folders))
