"""One example for each call of the interface. Together they tell a story: a team teaches `<my-mug>` and draws with it.

By operation id. They are shown in the OpenAPI schema, and a test holds each to the types it is an example of.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.web import openapi_examples_administration as administration
from app.web import openapi_examples_teaching as teaching
from app.web.openapi_examples_accounts import ACCOUNT_REQUESTS, ACCOUNT_RESPONSES, ADA, DONE, LATER, THEN
from app.web.openapi_examples_administration import GENERATION, MUG
from app.web.openapi_examples_automatic1111 import A1111_REQUESTS, A1111_RESPONSES
from app.web.openapi_examples_grids import GRID_REQUESTS, grid_responses

JOB, DRAWING = "01k9j0b0000000000000000mug", "01k9j0b000000000000000draw"
IMAGE, PICTURE = "01k91mage000000000000000a1", "01k9p1cture000000000000001"
BOARD = "01k9b0ard00000000000000001"

_PICTURES: Final = [
    {
        "id": PICTURE,
        "url": f"/api/pictures/{PICTURE}",
        "width": 1024,
        "height": 768,
        "caption": "on a wooden table",
        "mask": None,
    }
]
_TRAINING: Final = {
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
_RUNNING: Final = _TRAINING | {
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
_TAUGHT: Final = {
    "id": MUG,
    "name": "my mug",
    "placeholder": "<my-mug>",
    "initializer": "mug",
    "kind": "object",
    "base_model": "demo",
    "family": "sd1",
    "description": "",
    "tags": ["kitchen"],
    "owner": ADA,
    "may_change": True,
    "state": "training",
    "current_version": None,
    "version_count": 1,
    "sample": None,
    "pictures": _PICTURES,
    "training_job": JOB,
    "score": None,
    "created_at": THEN,
    "updated_at": THEN,
}
_VERSION: Final = {
    "id": "01k9vers10n00000000000000a",
    "number": 1,
    "state": "ready",
    "current": True,
    "base_model": "demo",
    "base_model_hash": "5d41402a" * 8,
    "initializer": "mug",
    "vectors": 1,
    "steps": 180,
    "evaluation": 0.27,
    "seconds": 68.0,
    "score": 0.31,
    "embedding": {
        "bytes": 1104,
        "sha256": "9f86d081" * 8,
        "widths": {"text_encoder": 128},
        "formats": ["oneword", "diffusers", "diffusers-bin", "a1111", "kohya", "onetrainer"],
    },
    "sample": f"/api/images/{IMAGE}",
    "report": f"/api/concepts/{MUG}/versions/1/report",
    "origin": None,
    "previews": [{"step": 0, "url": f"/api/images/{IMAGE}"}],
    "pictures": _PICTURES,
    "job_id": JOB,
    "created_at": THEN,
    "finished_at": DONE,
}
_LEARNED: Final = _TAUGHT | {
    "state": "ready",
    "current_version": _VERSION,
    "sample": f"/api/images/{IMAGE}",
    "training_job": None,
    "score": 0.31,
    "updated_at": DONE,
}
_REPORT_DRAWINGS: Final = f"/api/concepts/{MUG}/versions/1/report/drawings"
_REPORT: Final = {
    "version": 1,
    "scorer": "scorer",
    "failed": None,
    "job_id": None,
    "prompts": ["a photo of a <my-mug>", "a <my-mug> on the beach"],
    "pictures": {"likeness": 0.91, "editability": 0.18, "copying": 0.94},
    "initializer": {
        "text": "mug",
        "scores": {"likeness": 0.55, "editability": 0.41, "copying": 0.58},
        "drawings": [{"url": f"{_REPORT_DRAWINGS}/2", "prompt": 0, "seed": 0}],
    },
    "checkpoints": [
        {
            "step": 120,
            "evaluation": 0.27,
            "chosen": True,
            "scores": {"likeness": 0.84, "editability": 0.37, "copying": 0.86},
            "drawings": [
                {"url": f"{_REPORT_DRAWINGS}/0", "prompt": 0, "seed": 0},
                {"url": f"{_REPORT_DRAWINGS}/1", "prompt": 1, "seed": 0},
            ],
        }
    ],
}
_RECIPE: Final = {
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
    "recipe": _RECIPE,
    "kept": False,
    "created_at": DONE,
}
_GENERATION: Final = {
    "id": GENERATION,
    "state": "queued",
    "prompt": _RECIPE["prompt"],
    "recipe": _RECIPE,
    "count": 1,
    "images": [],
    "grid": None,
    "job_id": DRAWING,
    "created_by": ADA,
    "may_change": True,
    "created_at": THEN,
}
_ORDER: Final = {
    "order": {name: value for name, value in _RECIPE.items() if name != "concepts"}
    | {"count": 1, "init_image": None, "mask": None, "mask_padding": None, "strength": None},
    "read_from": "oneword",
    "notes": [],
}
_DRAWN: Final = _GENERATION | {"state": "succeeded", "images": [_IMAGE]}
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
    "prompt": _RECIPE["prompt"],
    "created_by": ADA,
    "may_change": True,
    "board_ids": [BOARD],
}
_DRAWING_JOB: Final = _TRAINING | {
    "id": DRAWING,
    "kind": "generation",
    "title": _RECIPE["prompt"],
    "concept": None,
    "generation_id": GENERATION,
}
_SIZES: Final = {"pixels_max": 16384, "side_max": 256, "side_multiple": 8}
DEMO_MODEL: Final[dict[str, Any]] = {
    "id": "demo",
    "name": "Demo",
    "family": "sd1",
    "resolution": 64,
    "vectors_max": 16,
    "width": 128,
    "context_length": 32,
    "mirror": False,
    "steps": 20,
    "guidance": 3.0,
    "scheduler": "ddim",
    "weights_hash": "5d41402a" * 8,
    "ready": True,
    "not_ready_reason": None,
    "teachable": True,
    "not_teachable_reason": None,
    "description": "A small cartoon world, to see everything work in minutes.",
} | _SIZES
_THREE: Final = ["1.jpg", "2.jpg", "3.jpg"]
_EVENTS: Final = (
    'id: 41\nevent: state\ndata: {"state": "running", "attempt": 1}\n\n'
    'id: 42\nevent: progress\ndata: {"step": 60, "steps_max": 300, "loss": 0.31, "evaluation": 0.29, '
    '"seconds_left": 24.0}\n\n'
    f'id: 43\nevent: preview\ndata: {{"step": 100, "url": "/api/images/{IMAGE}", "prompt": "a photo of <my-mug>"}}\n\n'
    'id: 44\nevent: state\ndata: {"state": "succeeded", "attempt": 1, "error": null}\n\n'
)

_PNG_AT: Final = {
    "created": 1795510870,
    "background": "opaque",
    "data": [{"url": f"http://127.0.0.1:8000/api/images/{IMAGE}"}],
    "output_format": "png",
    "quality": "medium",
    "size": "512x512",
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 9},
        "output_tokens": 4096,
        "output_tokens_details": {"image_tokens": 4096, "text_tokens": 0},
        "total_tokens": 4105,
    },
    "ignored": [],
}
_PNG_FROM: Final = _PNG_AT | {
    "usage": {
        "input_tokens": 4105,
        "input_tokens_details": {"image_tokens": 4096, "text_tokens": 9},
        "output_tokens": 4096,
        "output_tokens_details": {"image_tokens": 4096, "text_tokens": 0},
        "total_tokens": 8201,
    }
}
_MODEL: Final = {"id": "demo", "object": "model", "created": 0, "owned_by": "oneword"}

# What is sent, for each call that takes a body.
REQUESTS: Final[Mapping[str, Any]] = {
    **ACCOUNT_REQUESTS,
    **administration.REQUESTS,
    **A1111_REQUESTS,
    **GRID_REQUESTS,
    "tokenize": {"base_model": "demo", "text": "mugg"},
    **teaching.REQUESTS,
    "create_concept": {
        "images": _THREE,
        "placeholder": "<my-mug>",
        "initializer": "mug",
        "kind": "object",
        "base_model": "demo",
        "name": "My mug",
        "tags": ["kitchen"],
    },
    "import_concept": {"file": ["my-mug.pt"], "placeholder": "<my-mug>", "initializer": "mug", "base_model": "demo"},
    "import_concepts": {"file": ["my-mug.pt", "old-street.safetensors"], "tags": ["from-elsewhere"]},
    "change_concept": {"name": "My mug", "tags": ["kitchen"], "current_version": 1},
    "create_generation": {"prompt": _RECIPE["prompt"], "count": 1, "seed": 7},
    "read_picture": {"image": "beach.png"},
    "link_image": {"valid_for": 3600},
    "delete_images": {"ids": [IMAGE]},
    "delete_concepts": {"ids": [MUG]},
    "change_concept_tags": {"ids": [MUG], "add": ["kitchen"], "remove": []},
    "restore_items": {"ids": [IMAGE]},
    "create_board": {"name": "Autumn campaign"},
    "change_board": {"name": "Winter campaign"},
    "change_board_images": {"add": [IMAGE]},
    "create_upload": {"image": "mug.jpg"},
    "cancel_job": {"keep": True},
    "generate_images": {"model": "demo", "prompt": _RECIPE["prompt"], "n": 1, "response_format": "url"},
    "edit_image": {"model": "demo", "prompt": _RECIPE["prompt"], "image": ["beach.png"], "mask": "mask.png"},
    "vary_image": {"model": "demo", "image": ["beach.png"], "n": 1, "prompt": _RECIPE["prompt"]},
    "call_mcp": {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "find_concepts", "arguments": {"query": "mug"}},
    },
}

# What comes back. Calls that answer 204 have nothing to show.
RESPONSES: Final[Mapping[str, Any]] = {
    **ACCOUNT_RESPONSES,
    **administration.RESPONSES,
    **A1111_RESPONSES,
    **grid_responses(_DRAWING_JOB, _DRAWN),
    "get_usage": {
        "queued_jobs": {"used": 3.0, "limit": 100.0, "near": False},
        "gpu_seconds": {"used": 5400.0, "limit": None, "near": False},
        "storage_bytes": {"used": 8.2e9, "limit": 10e9, "near": True},
        "bin_bytes": 1.1e9,
    },
    "list_base_models": {"items": [DEMO_MODEL], "next": None},
    "list_lessons": {
        "items": [
            {
                "id": "king-purr",
                "name": "King Purr",
                "placeholder": "<king-purr>",
                "initializer": "cat",
                "kind": "object",
                "base_model": "demo",
                "pictures": [f"/api/lessons/king-purr/pictures/{number}" for number in (1, 2, 3, 4)],
            }
        ],
        "next": None,
    },
    "tokenize": {
        "text": "mugg",
        "tokens": [{"id": 301, "text": "mu"}, {"id": 77, "text": "gg</w>"}],
        "count": 2,
        "single": False,
        "known": False,
        "suggestions": ["mug"],
        "placeholder": "<my-mugg>",
    },
    **teaching.RESPONSES,
    "create_concept": {"concept": _TAUGHT, "job": _TRAINING},
    "import_concept": {
        "concept": _TAUGHT | {"pictures": []},
        "job": _TRAINING | {"kind": "import", "title": "Importing <my-mug>"},
    },
    "import_concepts": {
        "job": _TRAINING | {"kind": "import", "title": "Importing 1 word", "concept": None},
        "concepts": [{"id": MUG, "placeholder": "<my-mug>"}],
        "refused": [
            {
                "name": "old-street.docx",
                "detail": "old-street.docx is not an embedding file. Send a file that ends in .safetensors or .pt.",
            }
        ],
    },
    "list_concepts": {"items": [_LEARNED], "next": None},
    "list_tags": {"items": [{"tag": "kitchen", "concepts": 3}], "next": None},
    "delete_concepts": {"ids": [MUG]},
    "change_concept_tags": {"ids": [MUG]},
    "get_concept": _LEARNED,
    "change_concept": _LEARNED | {"name": "My mug"},
    "list_versions": {"items": [_VERSION], "next": None},
    "teach_concept_again": {
        "concept": _LEARNED | {"training_job": JOB, "version_count": 2},
        "job": _TRAINING | {"concept": {"id": MUG, "name": "my mug", "placeholder": "<my-mug>", "version": 2}},
    },
    "get_report": _REPORT,
    "draw_report_again": {
        "job": _TRAINING | {"kind": "report", "title": "Drawing the report of <my-mug>"},
    },
    "use_checkpoint": _LEARNED | {"version_count": 2},
    "create_generation": {"job": _DRAWING_JOB, "generation": _GENERATION},
    "list_generations": {"items": [_DRAWN], "next": GENERATION},
    "get_generation": _DRAWN,
    "get_recipe": _IMAGE,
    "list_images": {"items": [_GALLERY_IMAGE], "next": f"{GENERATION}-0"},
    "delete_images": {"item_ids": [IMAGE]},
    "restore_items": {"items": [{"kind": "image", "id": IMAGE, "label": _RECIPE["prompt"]}]},
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
    "list_jobs": {"items": [_RUNNING], "next": None},
    "get_job": _RUNNING,
    "cancel_job": _RUNNING | {"cancel": "keep"},
    "watch_job": _EVENTS,
    "list_models": {"object": "list", "data": [_MODEL]},
    "get_model": _MODEL,
    "generate_images": _PNG_AT,
    "edit_image": _PNG_FROM,
    "vary_image": _PNG_FROM,
    "call_mcp": {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"content": [{"type": "text", "text": "<my-mug> (ready): my mug."}], "isError": False},
    },
    "healthz": {"status": "ok"},
    "readyz": {"database": "ok", "broker": "ok", "storage": "ok", "base_models": "ok", "workers": "ok"},
    "metrics": 'oneword_jobs{kind="training",state="queued"} 2.0\noneword_queue_age_seconds{kind="training"} 4.1\n',
}
