"""Contact sheets for the documentation: drawings of the model, and of trained concepts, by the project's own engine.

python -m models.recipe.contact_sheet grid models/demo docs/pictures/demo-grid.png
python -m models.recipe.contact_sheet taught models/demo docs/pictures NAME...      (folders of examples/)"""

import argparse
import json
from pathlib import Path

from PIL import Image

from models.recipe.in_use import drawn, trained
from worker.engine.base_models import BaseModel, load

CELL, GAP = 128, 6
EXAMPLES = Path(__file__).parents[2] / "examples"
GRID = (
    "a photo of a cat", "a photo of a blue dog on the beach", "a photo of a white striped red mug",
    "a photo of a green car on the road", "a photo of a ghost at night", "a photo of a pink pig on the grass",
    "a photo of a purple octopus in the sea", "a photo of an orange monster with three eyes",
    "a photo of a navy rabbit on a yellow background",
    "a photo of a yellow dotted navy ball in the city", "a photo of a red dragon at sunset",
    "a photo of a green boat in the sea", "a photo of a gold lion in the desert",
    "a photo of a white owl in the forest",
    "a photo of a red rocket in space", "a photo of a pink castle in the snow",
    "a photo of a white checkered purple balloon", "a photo of a yellow bus in the city",
    "a sketch of a rabbit", "a neon drawing of a cat", "a watercolor of a red flower", "a comic of a green dragon",
    "a pixel art of a blue mug", "a mosaic of an orange fish", "a vintage photo of a car",
    "a photo of a cat next to a red mug", "a photo of a blue robot next to a yellow house",
)  # fmt: skip
COLUMNS = 9
# The third row of an object: four plain drawings and four that ask for something its pictures do not show.
OBJECT_PROMPTS = (
    "a photo of a {}", "a photo of a {}", "a photo of a {}", "a photo of a {}",
    "a photo of a {} in the sea", "a photo of a {} at night", "a photo of a {} on an orange background",
    "a neon drawing of a {}",
)  # fmt: skip
STYLE_PROMPTS = (
    "a {} of a mug", "a {} of a rabbit", "a {} of a rocket", "a {} of a house",
    "a {} of a fish", "a {} of a robot", "a {} of a clock", "a {} of a car",
)  # fmt: skip


def contact_sheet(pictures: list[list[Image.Image]]) -> Image.Image:
    """One picture of several rows of pictures."""
    width = max(len(row) for row in pictures)
    whole = Image.new("RGB", (width * (CELL + GAP) - GAP, len(pictures) * (CELL + GAP) - GAP), "white")
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row):
            filter_ = Image.Resampling.NEAREST if picture.width < CELL else Image.Resampling.LANCZOS
            whole.paste(picture.resize((CELL, CELL), filter_), (x * (CELL + GAP), y * (CELL + GAP)))
    return whole


def grid(model: BaseModel, file: Path) -> None:
    """Draw the prompts of GRID whose words are all in the model's vocabulary."""
    tokenizer = model.encoders[0].tokenizer
    known = [prompt for prompt in GRID if all(len(tokenizer.tokenize(word)) == 1 for word in prompt.split())]
    pictures = drawn(model, known)
    contact_sheet([pictures[start : start + COLUMNS] for start in range(0, len(pictures), COLUMNS)]).save(file)


def concept_sheet(model: BaseModel, name: str, file: Path) -> None:
    """Three rows: the training pictures, and drawings with the initializer and with the trained concept, at the same
    prompts and seeds."""
    concept = json.loads((EXAMPLES / name / "concept.json").read_text())
    pictures = [Image.open(path).convert("RGB") for path in sorted((EXAMPLES / name).glob("*.jpg"))]
    run = trained(model, pictures, concept["initializer"], concept["kind"], seed=1)
    prompts = STYLE_PROMPTS if concept["kind"] == "style" else OBJECT_PROMPTS
    before = drawn(model, [prompt.format(concept["initializer"]) for prompt in prompts])
    placeholder = concept["placeholder"]
    after = drawn(model, [prompt.format(placeholder) for prompt in prompts], {placeholder: run.best})
    contact_sheet([pictures, before, after]).save(file)
    print(f"{name}: {run.number} steps, {run.stopped}, evaluation {run.best_evaluation:.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the contact sheets of the documentation.")
    parser.add_argument("what", choices=["grid", "taught"])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    model = load(asked.model)
    if asked.what == "grid":
        grid(model, asked.out)
    for name in asked.names:
        concept_sheet(model, name, asked.out / f"taught-{name}.png")


if __name__ == "__main__":
    main()
