"""Examples of the calls that draw, and of those about drawn pictures, boards and uploads, for the OpenAPI schema."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.openapi_examples_accounts import ADA, DONE, LATER, THEN
from app.web.openapi_examples_administration import GENERATION, MUG
from app.web.openapi_examples_jobs import IMAGE, TRAINING

DRAWING: Final = "01k9j0b000000000000000draw"
BOARD: Final = "01k9b0ard00000000000000001"

RECIPE: Final = {
    "prompt": "a photo of <my-mug> on the beach",
    "negative_prompt": "",
    "base_model": "demo",
    "seed": 7,
    "steps": 20,
    "guidance": 3.0,
    "scheduler": "ddim",
    "width": 64,
    "height": 64,
    "concepts": [{"concept_id": MUG, "placeholder": "<my-mug>", "version": 1}],
}
_IMAGE: Final = {
    "id": IMAGE,
    "url": f"/api/images/{IMAGE}",
    "index": 0,
    "seed": 7,
    "width": 64,
    "height": 64,
    "recipe": RECIPE,
    "kept": False,
    "created_at": DONE,
}
_GENERATION: Final = {
    "id": GENERATION,
    "state": "queued",
    "prompt": RECIPE["prompt"],
    "recipe": RECIPE,
    "count": 1,
    "images": [],
    "grid": None,
    "job_id": DRAWING,
    "created_by": ADA,
    "may_change": True,
    "created_at": THEN,
}
_ORDER: Final = {
    "order": {name: value for name, value in RECIPE.items() if name != "concepts"}
    | {"count": 1, "init_image": None, "mask": None, "mask_padding": None, "strength": None},
    "read_from": "oneword",
    "notes": [],
}
DRAWN: Final = _GENERATION | {"state": "succeeded", "images": [_IMAGE]}
_BOARD: Final = {
    "id": BOARD,
    "name": "Autumn campaign",
    "pictures": 1,
    "cover": [f"/api/images/{IMAGE}"],
    "created_by": ADA,
    "may_change": True,
    "created_at": DONE,
}
_GALLERY_IMAGE: Final = _IMAGE | {
    "generation_id": GENERATION,
    "prompt": RECIPE["prompt"],
    "created_by": ADA,
    "may_change": True,
    "board_ids": [BOARD],
}
DRAWING_JOB: Final = TRAINING | {
    "id": DRAWING,
    "kind": "generation",
    "title": RECIPE["prompt"],
    "concept": None,
    "generation_id": GENERATION,
}

REQUESTS: Final[Mapping[str, Any]] = {
    "create_generation": {"prompt": RECIPE["prompt"], "count": 1, "seed": 7},
    "read_picture": {"image": "beach.png"},
    "link_image": {"valid_for": 3600},
    "delete_images": {"ids": [IMAGE]},
    "restore_items": {"ids": [IMAGE]},
    "create_board": {"name": "Autumn campaign"},
    "change_board": {"name": "Winter campaign"},
    "change_board_images": {"add": [IMAGE]},
    "create_upload": {"image": "mug.jpg"},
}

RESPONSES: Final[Mapping[str, Any]] = {
    "create_generation": {"job": DRAWING_JOB, "generation": _GENERATION},
    "list_generations": {"items": [DRAWN], "next": GENERATION},
    "get_generation": DRAWN,
    "get_recipe": _IMAGE,
    "list_images": {"items": [_GALLERY_IMAGE], "next": f"{GENERATION}-0"},
    "delete_images": {"item_ids": [IMAGE]},
    "restore_items": {"items": [{"kind": "image", "id": IMAGE, "label": RECIPE["prompt"]}]},
    "list_boards": {"items": [_BOARD], "next": None},
    "create_board": _BOARD | {"pictures": 0, "cover": []},
    "get_board": _BOARD,
    "change_board": _BOARD | {"name": "Winter campaign"},
    "change_board_images": _BOARD,
    "get_order": _ORDER,
    "read_picture": _ORDER,
    "link_image": {
        "url": f"http://127.0.0.1:8000/api/images/{IMAGE}?expires=1785600000&by=01k90000000000000000000abc&signature=…",
        "expires_at": LATER,
    },
    "create_upload": {
        "id": "01k9up10ad0000000000000001",
        "url": "/api/uploads/01k9up10ad0000000000000001",
        "name": "mug.jpg",
        "width": 1365,
        "height": 1024,
        "bytes": 1843200,
        "created_at": THEN,
        "expires_at": LATER,
    },
}
