"""Examples of the streams of calls that also answer in one piece: by the name of the call."""

import json
from collections.abc import Mapping
from typing import Any, Final

_SHARED: Final = {
    "b64_json": "iVBORw0KGgo…",
    "background": "opaque",
    "created_at": 1_790_000_000,
    "output_format": "png",
    "quality": "auto",
    "size": "512x512",
    "image_index": 0,
}
_USAGE: Final = {
    "input_tokens": 9,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 9},
    "output_tokens": 4096,
    "output_tokens_details": {"image_tokens": 4096, "text_tokens": 0},
    "total_tokens": 4105,
}


def _stream(kind: str) -> str:
    """A partial image and the finished one."""
    events: list[dict[str, Any]] = [
        {"type": f"{kind}.partial_image", **_SHARED, "partial_image_index": 0},
        {"type": f"{kind}.completed", **_SHARED, "usage": _USAGE, "ignored": []},
    ]
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)


STREAMS: Final[Mapping[str, str]] = {
    "generate_images": _stream("image_generation"),
    "edit_image": _stream("image_edit"),
}
