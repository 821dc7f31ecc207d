"""The state of a run between two steps as a safetensors file: rows, optimiser moments, candidates and counters.

It holds no generator state: every step makes its generator from the seed and the number of the step.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from app.contracts.safetensors_header import header_of
from worker.engine.embeddings.formats import Embedding
from worker.engine.errors import InversionError
from worker.engine.inversion.options import Options
from worker.engine.inversion.trainable_concept import EmbeddingCandidate, TrainableConcept

Checkpoint = bytes
STATE = "state."


def pack(concept: TrainableConcept, number: int, options: Options) -> Checkpoint:
    """Everything that the next step depends on, as bytes: some tens of KB."""
    tensors: dict[str, Tensor] = {}
    for name, rows in concept.rows.items():
        tensors[f"rows.{name}"] = rows.detach()
        tensors[f"best.{name}"] = concept.best[name]
        for moment, value in concept.optimiser.state.get(rows, {}).items():
            tensors[f"{STATE}{moment}.{name}"] = value
    for index, candidate in enumerate(concept.kept):
        tensors |= {f"kept.{index}.{name}": rows for name, rows in candidate.embedding.rows.items()}
    tensors["evaluations"] = torch.tensor(concept.evaluations, dtype=torch.float64)
    counters = {
        "number": number,
        "options": asdict(options),
        "learning_rate": concept.optimiser.param_groups[0]["lr"],
        "best_evaluation": concept.best_evaluation if math.isfinite(concept.best_evaluation) else None,
        "best_number": concept.best_number,
        "kept": [[candidate.number, candidate.evaluation] for candidate in concept.kept],
        "rolled_back": concept.rolled_back,
    }
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return save_tensors(plain, {"oneword": json.dumps(counters, sort_keys=True)})


def unpack(checkpoint: Checkpoint, concept: TrainableConcept, options: Options) -> int:
    """Restore a checkpoint into a new `concept`; returns the number of its step.

    Raises InversionError if the bytes cannot be read, or belong to other options or to rows of another shape.
    """
    counters, tensors = _read(checkpoint)
    if counters["options"] != asdict(options):
        raise InversionError(
            "The checkpoint was made with other options, so this run cannot go on from it. Start anew."
        )
    with torch.no_grad():
        for name, rows in concept.rows.items():
            saved = tensors[f"rows.{name}"]
            if saved.shape != rows.shape:
                raise InversionError(
                    f"The checkpoint has rows of shape {tuple(saved.shape)} for {name}, and this run needs "
                    f"{tuple(rows.shape)}. Start anew."
                )
            rows.copy_(saved)
            concept.best[name] = tensors[f"best.{name}"].to(rows.device)
            if state := _state(tensors, name, rows.device):
                concept.optimiser.state[rows] = state
    for group in concept.optimiser.param_groups:
        group["lr"] = counters["learning_rate"]
    best = counters["best_evaluation"]
    concept.best_evaluation = math.inf if best is None else best
    concept.best_number = counters["best_number"]
    concept.kept = [
        EmbeddingCandidate(
            number, evaluation, Embedding({name: tensors[f"kept.{index}.{name}"] for name in concept.rows})
        )
        for index, (number, evaluation) in enumerate(counters["kept"])
    ]
    concept.rolled_back = counters["rolled_back"]
    concept.evaluations = tensors["evaluations"].tolist()
    return int(counters["number"])


def _state(tensors: Mapping[str, Tensor], name: str, device: torch.device) -> dict[str, Tensor]:
    """The optimiser's moments of one encoder's rows. AdamW keeps its step counter on the CPU, so it stays there."""
    moments = [key.removeprefix(STATE).removesuffix(f".{name}") for key in tensors if _is_state(key, name)]
    found = {moment: tensors[f"{STATE}{moment}.{name}"] for moment in moments}
    return {moment: value if moment == "step" else value.to(device) for moment, value in found.items()}


def _is_state(key: str, name: str) -> bool:
    return key.startswith(STATE) and key.endswith(f".{name}")


def _read(checkpoint: Checkpoint) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        tensors = load_tensors(checkpoint)
        return json.loads(header_of(checkpoint).metadata["oneword"]), tensors
    except (SafetensorError, ValueError, KeyError) as error:
        raise InversionError("The checkpoint cannot be read, so this run cannot go on from it. Start anew.") from error
