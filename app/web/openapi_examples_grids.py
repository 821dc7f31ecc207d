"""Examples of the calls about grids, presets and prompt lists. `openapi_examples` includes them."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.openapi_examples_accounts import ADA, DONE

GRID_REQUESTS: Final[Mapping[str, Any]] = {
    "create_grid": {
        "title": "Which scale",
        "prompts": ["a photo of <*> on the beach", "a drawing of <*>"],
        "concepts": ["<my-mug>"],
        "guidance": [2.0, 4.0],
        "seeds": [7, 8, 9],
    },
    "save_preset": {"prompt": "{prompt}, studio light", "guidance": 5.0},
    "save_prompt_list": {"lines": ["red", "dark {blue|green}", "pink"]},
}
_AXES: Final = [
    {"name": "prompts", "values": ["a photo of <*> on the beach", "a drawing of <*>"]},
    {"name": "concepts", "values": ["<my-mug>"]},
    {"name": "guidance", "values": [2.0, 4.0]},
    {"name": "seeds", "values": [7, 8, 9]},
]
_PRESET: Final = {
    "prompt": "{prompt}, studio light",
    "negative_prompt": "",
    "steps": None,
    "guidance": 5.0,
    "scheduler": None,
    "width": None,
    "height": None,
    "name": "Studio",
    "changed_by": ADA,
    "changed_at": DONE,
}
_LIST: Final = {
    "name": "colours",
    "lines": ["red", "dark {blue|green}", "pink"],
    "changed_by": ADA,
    "changed_at": DONE,
}


def grid_responses(job: Mapping[str, Any], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """The answers, given the example of a job that draws and that of a generation with its picture."""
    about = {"count": 12, "prompt": "Which scale", "grid": {"title": "Which scale", "axes": _AXES}}
    grid = {**drawn, **about}
    queued = {"job": {**job, "title": "Which scale"}, "generation": grid | {"state": "queued", "images": []}}
    return {
        "create_grid": queued,
        "list_grids": {"items": [grid], "next": None},
        "get_grid": grid,
        "resume_grid": queued,
        "list_presets": {"items": [_PRESET], "next": None},
        "save_preset": _PRESET,
        "list_prompt_lists": {"items": [_LIST], "next": None},
        "save_prompt_list": _LIST,
    }
