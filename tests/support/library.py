"""One of everything that a team has in its library."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.concepts.models import Version
from app.generation.models import GenerationUpload, Image
from app.services import Services
from tests.support.pictures import photo, photos
from tests.support.stand_in_worker import draw, teach

MUG = {"placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"}


def taught(member: TestClient, services: Services, **form: str) -> dict[str, Any]:
    """A concept with a ready version, a report and a preview."""
    made = member.post("/api/concepts", data=MUG | form, files=photos())
    assert made.status_code == 202, made.text
    teach(services, made.json()["job"]["id"])
    concept_id = made.json()["concept"]["id"]
    with services.database.transaction() as session:
        version = session.scalars(select(Version).where(Version.concept_id == concept_id)).one()
        key = f"jobs/{version.job_id}/attempt-1/report-0.webp"
        services.storage.put(key, photo(0, format="WEBP"))
        drawings = [{"key": key, "step": None, "prompt": 0, "seed": 0, "bytes": 7}]
        nothing: dict[str, Any] = {"scorer": None, "chosen": 1, "pictures": None, "initializer": None}
        version.set_report({**nothing, "prompts": ["a {}"], "checkpoints": [], "drawings": drawings})
    found: dict[str, Any] = member.get(f"/api/concepts/{concept_id}").json()
    return found


def drawn(member: TestClient, services: Services, prompt: str = "a cat") -> dict[str, Any]:
    """A generation with a picture, and a picture that was sent for it."""
    made = member.post("/api/generations", json={"prompt": prompt, "count": 1})
    assert made.status_code == 202, made.text
    draw(services)
    generation_id = made.json()["generation"]["id"]
    with services.database.transaction() as session:
        image = session.scalars(select(Image).where(Image.generation_id == generation_id)).one()
        session.add(
            GenerationUpload(
                team_id=image.team_id, generation_id=generation_id, role="init_image", key=image.key, width=64,
                height=64, bytes=1,
            )
        )  # fmt: skip
    found: dict[str, Any] = member.get(f"/api/generations/{generation_id}").json()
    return found


def ids_of(services: Services, concept: dict[str, Any], generation: dict[str, Any]) -> dict[str, str]:
    """The ids that the paths of routes are filled with."""
    with services.database.reading() as session:
        query = select(GenerationUpload.id).where(GenerationUpload.generation_id == generation["id"])
        upload_id = session.scalars(query).one()
    return {
        "concept_id": concept["id"],
        "picture_id": concept["pictures"][0]["id"],
        "generation_id": generation["id"],
        "image_id": generation["images"][0]["id"],
        "upload_id": upload_id,
        "job_id": generation["job_id"],
        "item_id": concept["id"],
    }


def delete(client: TestClient, what: str, thing: dict[str, Any]) -> None:
    """Put a thing into the bin."""
    assert client.delete(f"/api/{what}/{thing['id']}").status_code == 204


def bin_of(client: TestClient) -> list[dict[str, Any]]:
    """What is in the bin, as this client sees it."""
    found: list[dict[str, Any]] = client.get("/api/bin").json()["items"]
    return found
