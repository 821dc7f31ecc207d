"""The size of a picture, held to the limit of its base model (`app.contracts.sizes`)."""

from app.base_models.catalog import AllowedModel, Catalog
from app.contracts.sizes import SizeLimit
from app.core.errors import InvalidInput, NotReady
from app.generation.request import GenerationRequest


class SizeRefused(InvalidInput):
    """A picture of this size is larger than the base model draws."""

    code = "size-too-large"

    def __init__(self, title: str, limit: SizeLimit, width: int, height: int) -> None:
        self.reason = limit.refusal(title, width, height)
        self.nearest = "{}x{}".format(*limit.nearest(width, height))
        self.own = f"{limit.resolution}x{limit.resolution}"
        super().__init__(
            f"{self.reason} Ask for {self.nearest.replace('x', '×')}, or leave width and height out for "
            f"{self.own.replace('x', '×')}.",
            field="width" if width >= height else "height",
            suggestions=[self.nearest],
        )


def check(model: AllowedModel, width: int, height: int) -> None:
    """Raise SizeRefused for a picture that is larger than the base model draws."""
    if not model.size_limit.allows(width, height):
        raise SizeRefused(model.facts.name, model.size_limit, width, height)


def fitted(catalog: Catalog, request: GenerationRequest) -> tuple[GenerationRequest, list[str]]:
    """A recovered request at the nearest size that its base model draws, and a note if that is another size.

    Unchanged where the model is not known before the prompt is read.
    """
    width, height = request.width, request.height
    if width is None or height is None or (request.base_model is None and len(catalog.models) > 1):
        return request, []
    try:
        model = catalog.get(request.base_model)
    except (InvalidInput, NotReady):
        return request, []
    if model.size_limit.allows(width, height):
        return request, []
    across, down = model.size_limit.nearest(width, height)
    note = f"The size {width}×{height} is larger than {model.facts.name} draws; {across}×{down} is taken."
    return request.model_copy(update={"width": across, "height": down}), [note]
