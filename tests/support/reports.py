"""Training reports, and embeddings to report on."""

from typing import Any

import torch

from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.inversion import EmbeddingCandidate

SCORES = {"likeness": 0.8, "editability": 0.3, "copying": 0.85}


def checkpoint(step: int) -> dict[str, Any]:
    file = {"key": f"jobs/x/{step}", "bytes": 9, "sha256": "0", "file_name": "my-mug.safetensors"}
    return {"step": step, "evaluation": 0.3, "oneword": file, **SCORES}


REPORT = {
    "scorer": "scorer",
    "chosen": 100,
    "prompts": ["a photo of a {}", "a {} at night"],
    "pictures": SCORES,
    "initializer": {"text": "mug", **SCORES},
    "checkpoints": [checkpoint(50), checkpoint(100)],
    "drawings": [
        {"key": "jobs/x/a.webp", "step": 50, "prompt": 0, "seed": 0},
        {"key": "jobs/x/b.webp", "step": 100, "prompt": 1, "seed": 0},
        {"key": "jobs/x/c.webp", "step": None, "prompt": 0, "seed": 1},
    ],
}


def candidate(model: BaseModel, step: int) -> EmbeddingCandidate:
    generator = torch.Generator().manual_seed(step)
    rows = {name: torch.randn(1, width, generator=generator) for name, width in model.widths.items()}
    return EmbeddingCandidate(step, 0.5, Embedding(rows))
