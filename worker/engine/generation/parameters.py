"""A recipe as the `parameters` text that AUTOMATIC1111 writes into its PNGs and that many tools read."""

import json
from collections.abc import Mapping
from typing import Any

from worker.engine.generation.schedulers import SCHEDULERS


def parameters_text(recipe: Mapping[str, Any]) -> str:
    """Prompt, negative prompt, and one line of `Name: value` pairs, in AUTOMATIC1111's order and spelling."""
    sampler = SCHEDULERS.get(str(recipe["scheduler"]))
    facts = {
        "Steps": recipe["steps"],
        "Sampler": sampler.label if sampler else recipe["scheduler"],
        "CFG scale": f"{recipe['guidance']:g}",
        "Seed": recipe["seed"],
        "Size": f"{recipe['width']}x{recipe['height']}",
        "Model": recipe["base_model"],
    }
    if recipe.get("strength") is not None:
        facts["Denoising strength"] = f"{recipe['strength']:g}"
    lines = [str(recipe["prompt"])]
    if recipe.get("negative_prompt"):
        lines.append(f"Negative prompt: {recipe['negative_prompt']}")
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in facts.items()))
    return "\n".join(lines)


def _quoted(value: object) -> str:
    """Values with a comma, a colon or a line break are quoted, as A1111's reader expects."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text
