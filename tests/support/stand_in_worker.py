"""What a worker leaves in the database and in the storage, without any computing of a model."""

import numpy as np
from safetensors.numpy import save

from app.concepts import versions
from app.concepts.versions import VersionResult
from app.generation.models import Image
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.services import Services
from tests.support.pictures import photo
from worker.context import WorkerContext
from worker.maintenance.orphaned_blobs import remove_orphans


def teach(services: Services, job_id: str) -> str:
    """What a worker does, without learning. Returns the id of the preview it drew."""
    with services.database.transaction() as session:
        job = ledger.claim(session, "training", "test", 60)
        assert job is not None
        assert job.id == job_id
        folder = f"jobs/{job.id}/attempt-1"
        rows = {"text_encoder": np.zeros((1, 128), np.float32)}
        services.storage.put(f"{folder}/embedding.safetensors", save(rows))
        services.storage.put(f"{folder}/preview-0.png", photo(0, format="PNG"))
        preview = Image(team_id=job.team_id, job_id=job.id, generation_id=None, position=0, seed=7, width=64, height=64,
                        key=f"{folder}/preview-0.png", recipe={})  # fmt: skip
        session.add(preview)
        assert job.version_id is not None
        session.flush()
        file = {"bytes": 4, "sha256": "0", "file_name": "my-mug.safetensors"}
        files = {"oneword": {"key": f"{folder}/embedding.safetensors", **file}}
        result = VersionResult(files=files, vectors=1, sample_image_id=preview.id)
        versions.make_ready(session, job.team_id, job.version_id, result)
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")
        return preview.id


def draw(services: Services) -> None:
    with services.database.transaction() as session:
        job = ledger.claim(session, "generation", "test", 60)
        assert job is not None
        key = f"jobs/{job.id}/attempt-1/0.png"
        services.storage.put(key, photo(1, format="PNG"))
        session.add(Image(team_id=job.team_id, job_id=job.id, generation_id=job.generation_id, position=0, seed=7,
                          width=64, height=64, key=key, recipe={"prompt": "x"}))  # fmt: skip
        session.flush()
        ledger.finish(session, Lease(job.id, job.attempt), "succeeded")


def sweep(services: Services) -> None:
    remove_orphans(WorkerContext(services.settings, services.database, services.storage))
