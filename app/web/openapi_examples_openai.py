"""Examples of OpenAI's calls that are answered in one piece, for the OpenAPI schema."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.openapi_examples_drawing import RECIPE
from app.web.openapi_examples_jobs import IMAGE

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

REQUESTS: Final[Mapping[str, Any]] = {
    "generate_images": {"model": "demo", "prompt": RECIPE["prompt"], "n": 1, "response_format": "url"},
    "edit_image": {"model": "demo", "prompt": RECIPE["prompt"], "image": ["beach.png"], "mask": "mask.png"},
    "vary_image": {"model": "demo", "image": ["beach.png"], "n": 1, "prompt": RECIPE["prompt"]},
}

RESPONSES: Final[Mapping[str, Any]] = {
    "list_models": {"object": "list", "data": [_MODEL]},
    "get_model": _MODEL,
    "generate_images": _PNG_AT,
    "edit_image": _PNG_FROM,
    "vary_image": _PNG_FROM,
}
