"""Examples of the calls that prepare a training, for the OpenAPI schema."""

from collections.abc import Mapping
from typing import Any, Final

THREE: Final = ["1.jpg", "2.jpg", "3.jpg"]

REQUESTS: Final[Mapping[str, Any]] = {
    "check_pictures": {"images": THREE, "base_model": "demo"},
    "make_mask": {"image": "1.jpg"},
    "teach_concept_again": {
        "images": THREE,
        "edits": ['{"crop": {"x": 120, "y": 40, "size": 800}, "turn": 15, "caption": "on a wooden table"}'],
        "prompts": ["a <my-mug> on the moon"],
        "vectors": 2,
    },
}

RESPONSES: Final[Mapping[str, Any]] = {
    "check_pictures": {
        "ok": False,
        "pictures": [
            {
                "index": 0,
                "name": "1.jpg",
                "width": 4000,
                "height": 3000,
                "crop": {"x": 500, "y": 0, "size": 3000},
                "masked": False,
                "score": 85,
                "warnings": [{"code": "cut-off", "detail": "It seems cut off at the left. Move its square."}],
                "problem": None,
            },
            {
                "index": 1,
                "name": "2.jpg",
                "width": None,
                "height": None,
                "crop": None,
                "masked": False,
                "score": 0,
                "warnings": [],
                "problem": {"code": "not-a-picture", "detail": "It is a text file. Send a JPEG, PNG or WebP."},
            },
        ],
        "problems": [
            {
                "code": "picture-count",
                "detail": "2 pictures were sent, and a concept is taught from 3 to 5. "
                "Add some more views of the same thing.",
            }
        ],
        "score": 38,
        "advice": [],
    },
    "estimate_training": {
        "ahead": 2,
        "starts_at": "2026-01-01T12:03:00Z",
        "ends_at": "2026-01-01T12:09:00Z",
        "seconds": 360.0,
    },
}
