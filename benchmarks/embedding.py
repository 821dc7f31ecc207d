"""How small a word is."""

import torch

from benchmarks.table import Row
from worker.engine.embeddings.formats import Embedding, write_native

WIDTH = 768


def run() -> list[Row]:
    """One vector for a 768-wide encoder, with the provenance that every version carries."""
    embedding = Embedding({"text_encoder": torch.randn(1, WIDTH)})
    provenance = {
        "initializer": "mug",
        "kind": "object",
        "base_model": "demo",
        "base_model_hash": "0" * 64,
        "steps": "500",
    }
    size = len(write_native(embedding, "<my-mug>", provenance))
    return [Row("one word of one vector, 768 wide, as a file", f"{size:,} bytes")]
