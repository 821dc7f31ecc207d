"""The cells of a grid: what each picture is drawn with.

Example: prompts `a photo of <mug>` and `<*> on a table`, concepts `<mug>` and `<dog>`, seeds 1 and 2. Eight cells: `a
photo of <mug>` with seeds 1 and 2, `a photo of <dog>` with both, then the same for the second prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from app.contracts.grids import THE_CONCEPT
from app.contracts.placeholders import WRITTEN, pinned
from app.core.errors import InvalidInput, PromptError
from app.grids.request import GridRequest


@dataclass(frozen=True)
class Cell:
    """One picture of a grid, before the choices in its prompts are made."""

    prompt: str
    negative_prompt: str
    seed: int
    guidance: float | None


def cells_of(request: GridRequest, seeds: Sequence[int], cells_max: int) -> list[Cell]:
    """The cells in order. Raises InvalidInput for a grid that is too large, or whose axes contradict each other."""
    _check_axes(request)
    size = size_of(request)
    if size > cells_max:
        raise InvalidInput(
            f"This grid has {size} pictures, and one grid has at most {cells_max}. Take values off its axes.",
            field="prompts",
            code="grid-too-large",
        )
    concepts: Sequence[str | None] = request.concepts or [None]
    versions: Sequence[int | None] = request.versions or [None]
    guidances: Sequence[float | None] = request.guidance or [None]
    by_cell = bool(request.concepts or request.versions)
    templates = {prompt: _template(prompt, with_concepts=by_cell) for prompt in request.prompts}
    return [
        Cell(
            prompt=_filled(*templates[prompt], concept, version),
            negative_prompt=_filled(request.negative_prompt, templates[prompt][1], concept, version),
            seed=seed,
            guidance=guidance,
        )
        for prompt, concept, version, guidance, seed in product(request.prompts, concepts, versions, guidances, seeds)
    ]


def size_of(request: GridRequest) -> int:
    """How many cells a grid has."""
    axes = (request.prompts, request.concepts, request.versions, request.guidance, request.seeds)
    return prod(max(1, len(values)) for values in axes)


def axes_of(request: GridRequest, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """The axes as they are stored: those that were asked for, and always prompts and seeds."""
    values: dict[str, Sequence[Any]] = {
        "prompts": request.prompts,
        "concepts": request.concepts,
        "versions": request.versions,
        "guidance": request.guidance,
        "seeds": seeds,
    }
    return [{"name": name, "values": list(each)} for name, each in values.items() if each]


def _check_axes(request: GridRequest) -> None:
    for name in ("prompts", "concepts", "versions", "guidance", "seeds"):
        values: list[Any] = getattr(request, name)
        twice = next((each for place, each in enumerate(values) if each in values[:place]), None)
        if twice is not None:
            raise InvalidInput(f"{str(twice)[:80]} stands twice among the {name}. Take one out.", field=name)
    for concept in request.concepts:
        found = WRITTEN.fullmatch(concept)
        if found is None or concept == THE_CONCEPT:
            raise InvalidInput(
                f"{concept!r} is not written as a concept. Write its placeholder, such as <my-mug>.", field="concepts"
            )
        if found["number"] is not None and request.versions:
            raise InvalidInput(
                f"{concept} names a version, and so does the axis of versions. Leave one of them out.",
                field="concepts",
            )
    if not request.concepts and THE_CONCEPT in request.negative_prompt and not request.versions:
        raise PromptError(_NO_CONCEPTS, field="negative_prompt", code="prompt-no-concepts")


_NO_CONCEPTS = f"{THE_CONCEPT} stands for the concept of the cell, and the grid has none. Name some in `concepts`."


def _template(prompt: str, *, with_concepts: bool) -> tuple[str, str]:
    """A prompt with `<*>` where the concept of the cell goes, and the prompt's own concept, if it names one."""
    if not with_concepts:
        if THE_CONCEPT in prompt:
            raise PromptError(_NO_CONCEPTS, field="prompts", code="prompt-no-concepts")
        return prompt, ""
    if THE_CONCEPT in prompt:
        return prompt, ""
    named = {f"<{found['word']}>" for found in WRITTEN.finditer(prompt)}
    if len(named) != 1:
        what = "names no concept" if not named else f"names {len(named)} concepts"
        raise PromptError(
            f"The prompt “{prompt[:80]}” {what}, so it does not say where the concept of the cell goes. Write "
            f"{THE_CONCEPT} there.",
            field="prompts",
            code="prompt-no-place",
        )
    return WRITTEN.sub(THE_CONCEPT, prompt), named.pop()


def _filled(template: str, own: str, concept: str | None, version: int | None) -> str:
    placeholder = concept or own
    if THE_CONCEPT not in template:
        return template
    if not placeholder:
        raise PromptError(
            f"A prompt has {THE_CONCEPT}, and the grid has versions without concepts. Name the concept in `concepts`.",
            field="prompts",
            code="prompt-no-concepts",
        )
    return template.replace(THE_CONCEPT, placeholder if version is None else pinned(placeholder, version))
