"""One example for each call of the interface. Together they tell a story: a team teaches `<my-mug>` and draws with it.

By operation id. They are shown in the OpenAPI schema, and a test holds each to the types it is an example of.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.web import openapi_examples_administration as administration
from app.web import openapi_examples_drawing as drawing
from app.web import openapi_examples_jobs as jobs
from app.web import openapi_examples_openai as openai
from app.web import openapi_examples_teaching as teaching
from app.web.openapi_examples_accounts import ACCOUNT_REQUESTS, ACCOUNT_RESPONSES, ADA, DONE, THEN
from app.web.openapi_examples_administration import MUG
from app.web.openapi_examples_automatic1111 import A1111_REQUESTS, A1111_RESPONSES
from app.web.openapi_examples_drawing import DRAWING_JOB, DRAWN
from app.web.openapi_examples_grids import GRID_REQUESTS, grid_responses
from app.web.openapi_examples_jobs import IMAGE, JOB, TRAINING
from app.web.openapi_examples_teaching import THREE

PICTURE: Final = "01k9p1cture000000000000001"

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

# What is sent, for each call that takes a body.
REQUESTS: Final[Mapping[str, Any]] = {
    **ACCOUNT_REQUESTS,
    **administration.REQUESTS,
    **A1111_REQUESTS,
    **GRID_REQUESTS,
    "tokenize": {"base_model": "demo", "text": "mugg"},
    **teaching.REQUESTS,
    **drawing.REQUESTS,
    **jobs.REQUESTS,
    **openai.REQUESTS,
    "create_concept": {
        "images": THREE,
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
    "delete_concepts": {"ids": [MUG]},
    "change_concept_tags": {"ids": [MUG], "add": ["kitchen"], "remove": []},
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
    **grid_responses(DRAWING_JOB, DRAWN),
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
    **drawing.RESPONSES,
    **jobs.RESPONSES,
    **openai.RESPONSES,
    "create_concept": {"concept": _TAUGHT, "job": TRAINING},
    "import_concept": {
        "concept": _TAUGHT | {"pictures": []},
        "job": TRAINING | {"kind": "import", "title": "Importing <my-mug>"},
    },
    "import_concepts": {
        "job": TRAINING | {"kind": "import", "title": "Importing 1 word", "concept": None},
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
        "job": TRAINING | {"concept": {"id": MUG, "name": "my mug", "placeholder": "<my-mug>", "version": 2}},
    },
    "get_report": _REPORT,
    "draw_report_again": {
        "job": TRAINING | {"kind": "report", "title": "Drawing the report of <my-mug>"},
    },
    "use_checkpoint": _LEARNED | {"version_count": 2},
    "call_mcp": {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"content": [{"type": "text", "text": "<my-mug> (ready): my mug."}], "isError": False},
    },
    "healthz": {"status": "ok"},
    "readyz": {"database": "ok", "broker": "ok", "storage": "ok", "base_models": "ok", "workers": "ok"},
    "metrics": 'oneword_jobs{kind="training",state="queued"} 2.0\noneword_queue_age_seconds{kind="training"} 4.1\n',
}
