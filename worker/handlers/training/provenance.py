"""The provenance that an embedding's file carries, as the texts of a safetensors header."""

import json
from dataclasses import fields

from app.contracts.training import TrainingSpec
from worker.engine.base_models import BaseModel
from worker.engine.inversion import Options


def provenance(spec: TrainingSpec, model: BaseModel, options: Options) -> dict[str, str]:
    """Base model and pictures by their hashes, and every option that is not its default."""
    defaults = Options()
    recipe = {
        field.name: value
        for field in fields(options)
        if (value := getattr(options, field.name)) != getattr(defaults, field.name)
    }
    return {
        "initializer": spec.initializer,
        "kind": spec.kind,
        "base_model": spec.base_model,
        "base_model_hash": model.weights_hash,
        "pictures": ",".join(picture.sha256[:16] for picture in spec.pictures),
        "recipe": json.dumps(recipe, sort_keys=True),
    }
