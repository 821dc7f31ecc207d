"""Examples of the calls about jobs, for the OpenAPI schema."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.openapi_examples_accounts import ADA, DONE, LATER, THEN
from app.web.openapi_examples_administration import MUG

JOB: Final = "01k9j0b0000000000000000mug"
IMAGE: Final = "01k91mage000000000000000a1"

TRAINING: Final = {
    "id": JOB,
    "kind": "training",
    "state": "queued",
    "title": "Teaching <my-mug>",
    "attempt": 0,
    "attempts_max": 3,
    "ahead": 0,
    "starts_at": LATER,
    "ends_at": DONE,
    "cancel": None,
    "progress": None,
    "error": None,
    "concept": {"id": MUG, "name": "my mug", "placeholder": "<my-mug>", "version": 1},
    "generation_id": None,
    "created_by": ADA,
    "created_at": THEN,
    "started_at": None,
    "finished_at": None,
}
RUNNING: Final = TRAINING | {
    "state": "running",
    "attempt": 1,
    "ahead": None,
    "starts_at": None,
    "progress": {
        "step": 60,
        "steps_max": 300,
        "loss": 0.31,
        "evaluation": 0.29,
        "seconds_left": 24.0,
        "seconds_likely": 7.0,
        "stage": None,
    },
    "started_at": LATER,
}
_EVENTS: Final = (
    'id: 41\nevent: state\ndata: {"state": "running", "attempt": 1}\n\n'
    'id: 42\nevent: progress\ndata: {"step": 60, "steps_max": 300, "loss": 0.31, "evaluation": 0.29, '
    '"seconds_left": 24.0}\n\n'
    f'id: 43\nevent: preview\ndata: {{"step": 100, "url": "/api/images/{IMAGE}", "prompt": "a photo of <my-mug>"}}\n\n'
    'id: 44\nevent: state\ndata: {"state": "succeeded", "attempt": 1, "error": null}\n\n'
)

REQUESTS: Final[Mapping[str, Any]] = {
    "cancel_job": {"keep": True},
}

RESPONSES: Final[Mapping[str, Any]] = {
    "list_jobs": {"items": [RUNNING], "next": None},
    "get_job": RUNNING,
    "cancel_job": RUNNING | {"cancel": "keep"},
    "watch_job": _EVENTS,
}
