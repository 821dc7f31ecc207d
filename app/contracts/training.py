"""The spec of a training job. Pure data, written by the web service and read by the worker."""

from typing import Any, Final, Literal, get_args

from pydantic import BaseModel

ConceptKind = Literal["object", "style"]
Method = Literal["classic", "directional"]
StartMethod = Literal["tokens", "encoded"]
Prefer = Literal["balance", "likeness"]  # what a step is chosen by: likeness × editability, or likeness alone

KINDS: Final[tuple[ConceptKind, ...]] = get_args(ConceptKind)
METHODS: Final[tuple[Method, ...]] = get_args(Method)
START_METHODS: Final[tuple[StartMethod, ...]] = get_args(StartMethod)


class PictureSpec(BaseModel):
    """A clean picture, by its blob key."""

    key: str
    sha256: str
    mask_key: str | None = None
    caption: str = ""  # what it shows beside the concept; `{}` in it stands for the concept


class Tuning(BaseModel):
    """Training options. `None` leaves an option to the base model's card, or to the worker's default."""

    vectors: int | None = None
    steps_max: int | None = None
    batch: int | None = None
    resolution: int | None = None
    mirror: bool | None = None
    seed: int = 0
    method: Method | None = None
    kappa: float | None = None
    start: StartMethod | None = None
    context_weight: float | None = None
    snr_gamma: float | None = None
    prefer: Prefer | None = None

    def set_options(self) -> dict[str, Any]:
        """The options that are set, by their names in `worker.engine.inversion.Options`.

        `prefer` is not among them: it applies after the training, when a checkpoint is chosen.
        """
        options = self.model_dump(include=set(Tuning.model_fields) - {"prefer"})
        return {name: value for name, value in options.items() if value is not None}


class TrainingSpec(Tuning):
    """One training job."""

    concept_id: str
    version_id: str
    base_model: str
    placeholder: str
    initializer: str
    kind: ConceptKind
    pictures: list[PictureSpec]
    prompts: list[str] = []  # of the report, with {} for the concept
