"""One of everything that a team can have, each with a name or a text that nothing else has."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import BrowserSession
from app.concepts.models import Concept, Picture, Version
from app.core.database import utc_now
from app.generation.models import Generation, GenerationUpload, Image
from app.services import Services
from app.webhooks import events
from app.webhooks.models import Webhook
from app.webhooks.outbox import enqueue
from tests.support.embeddings import native
from tests.support.pictures import photo, photos


@dataclass(frozen=True)
class World:
    """The ids by the names that the paths of the interface give them, and the team's own texts."""

    ids: dict[str, str]
    texts: tuple[str, ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no other team may see."""
        return (*self.ids.values(), *self.texts)


def fill(owner: TestClient, services: Services, word: str = "kestrel") -> World:
    """Fill the team of a signed-in member through the interface, and with what only a worker would make."""
    form = {"placeholder": f"<my-{word}>", "initializer": "mug", "name": f"{word} name", "tags": f"{word}-tag",
            "description": f"{word} description"}  # fmt: skip
    deleted = (
        owner.post("/api/generations", json={"prompt": f"a {word} in the bin", "count": 1}).raise_for_status().json()
    )
    owner.delete(f"/api/generations/{deleted['generation']['id']}").raise_for_status()
    made = owner.post("/api/concepts", data=form, files=photos()).raise_for_status().json()
    drawn = owner.post("/api/generations", json={"prompt": f"a {word} prompt", "count": 1}).raise_for_status().json()
    board = owner.post("/api/boards", json={"name": f"{word} board"}).raise_for_status().json()
    grid = owner.post("/api/grids", json={"prompts": [f"a {word} grid"], "seeds": [1, 2]}).raise_for_status().json()
    owner.put(f"/api/presets/{word}-preset", json={"prompt": f"{word} light"}).raise_for_status()
    owner.put(f"/api/prompt-lists/{word}-list", json={"lines": [f"a {word} line"]}).raise_for_status()
    token = owner.post("/api/tokens", json={"name": f"{word} token"}).raise_for_status().json()
    concept, user = made["concept"], made["concept"]["owner"]["id"]
    key = f"jobs/{word}/0.png"
    services.storage.put(key, photo(0, format="PNG"))
    services.storage.put(f"jobs/{word}/rows", native())
    with services.database.transaction() as session:
        generation = session.get_one(Generation, drawn["generation"]["id"])
        place = {"team_id": generation.team_id, "generation_id": generation.id, "key": key, "width": 64, "height": 64}
        image = Image(**place, job_id=generation.job_id, position=0, seed=0, recipe={"prompt": f"a {word} recipe"})
        upload = GenerationUpload(**place, role="init_image", bytes=1)
        version = session.scalars(select(Version).where(Version.concept_id == concept["id"])).one()
        version.state, version.finished_at = "ready", utc_now()
        version.files = {"oneword": {"key": f"jobs/{word}/rows", "bytes": 1, "sha256": "0", "file_name": f"{word}.st"}}
        version.report = _report(key)
        session.get_one(Concept, concept["id"]).current_version = 1
        session.get_one(Picture, concept["pictures"][0]["id"]).mask_key = key
        webhook = Webhook(team_id=generation.team_id, user_id=user, url=f"https://{word}.example/", events=[],
                          secret="whsec_c2VjcmV0")  # fmt: skip
        session.add_all([image, upload, webhook])
        session.flush()
        delivery = enqueue(session, webhook, events.test_message())
        _, link = accounts.add_code(session, services.settings, user, generation.team_id)
        accounts.start_session(session, services.settings, link.partition("#")[2], f"{word} browser")
        browser = session.scalars(select(BrowserSession).where(BrowserSession.user_id == user)).one()
        unused, _ = accounts.add_code(session, services.settings, user, generation.team_id)
        ids = {
            "concept_id": concept["id"],
            "job_id": made["job"]["id"],
            "picture_id": concept["pictures"][0]["id"],
            "generation_id": drawn["generation"]["id"],
            "image_id": image.id,
            "grid_id": grid["generation"]["id"],
            "preset_name": f"{word}-preset",
            "list_name": f"{word}-list",
            "upload_id": upload.id,
            "board_id": board["id"],
            "token_id": token["id"],
            "user_id": user,
            "webhook_id": webhook.id,
            "delivery_id": delivery.id,
            "invitation_id": unused.id,
            "session_id": browser.id,
            "item_id": deleted["generation"]["id"],
        }
    own = [text for text in form.values() if word in text]
    return World(
        ids,
        (
            *own,
            f"a {word} prompt",
            f"a {word} recipe",
            f"{word} token",
            f"{word} board",
            f"{word}.example",
            f"a {word} in the bin",
            f"a {word} grid",
            f"{word} light",
            f"a {word} line",
        ),
    )


def _report(key: str) -> dict[str, Any]:
    drawings = [{"key": key, "step": None, "prompt": 0, "seed": 0, "bytes": 1}]
    return {"scorer": None, "chosen": 1, "prompts": ["a {}"], "pictures": None, "initializer": None, "checkpoints": [],
            "drawings": drawings}  # fmt: skip
