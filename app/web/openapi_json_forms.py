"""The JSON twins of forms in the OpenAPI schema: the same fields, with base64 where the form has files."""

import copy
from collections.abc import Sequence
from typing import Any, Final

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from app.web.bounded_bodies import FORM, JSON
from app.web.json_forms import FormOrJson

_FILE: Final = "FileInJson"
_REF: Final = "#/components/schemas/"
_DATA: Final = {
    "type": "string",
    "description": "A `data:` address with base64, or bare base64.",
    "examples": ["data:image/png;base64,iVBORw0KGgo="],
}
_SHAPES: Final[dict[str, Any]] = {
    "FileData": {
        "type": "object",
        "title": "FileData",
        "description": "A file with its name. An embedding file is known by the end of its name.",
        "required": ["data"],
        "additionalProperties": False,
        "properties": {
            "data": _DATA,
            "name": {"type": "string", "description": "The file's name, such as `my-mug.safetensors`."},
        },
    },
    "UploadRef": {
        "type": "object",
        "title": "UploadRef",
        "description": "A picture that was sent to `POST /api/uploads`.",
        "required": ["upload_id"],
        "additionalProperties": False,
        "properties": {"upload_id": {"type": "string", "description": "The `id` of the upload."}},
    },
    _FILE: {
        "title": _FILE,
        "description": "A picture or a file in JSON.",
        "anyOf": [_DATA, {"$ref": f"{_REF}FileData"}, {"$ref": f"{_REF}UploadRef"}],
    },
}


def add_json_bodies(schema: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Add the body in JSON to every operation whose form may be sent as JSON."""
    names = {
        context.route.name
        for context in iter_route_contexts(routes)
        if isinstance(context.route, APIRoute) and isinstance(context.route, FormOrJson)
    }
    schemas = schema["components"]["schemas"]
    for methods in schema["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if operation["operationId"] in names and FORM in content and _generators_cope(operation):
                form = content[FORM]["schema"]
                name = (form.get("$ref") or form["anyOf"][0]["$ref"]).removeprefix(_REF)
                schemas[f"{name}_json"] = _twin(schemas[name], f"{name}_json")
                content[JSON] = {"schema": {"$ref": f"{_REF}{name}_json"}}
    schemas.update(copy.deepcopy(_SHAPES))


def _generators_cope(operation: dict[str, Any]) -> bool:
    """Whether generated clients work with two kinds of body here. `openapi-python-client` writes broken code for a call
    with two kinds of body and no optional parameter, so the JSON of such a call is described in docs/rest.md alone."""
    return any(not parameter.get("required") for parameter in operation.get("parameters", ()))


def _twin(form: dict[str, Any], title: str) -> dict[str, Any]:
    twin = copy.deepcopy(form) | {"title": title}
    for name, field in twin["properties"].items():
        if _is_file(field):
            twin["properties"][name] = {"$ref": f"{_REF}{_FILE}"}
        elif _is_file(field.get("items", {})):
            field["items"] = {"$ref": f"{_REF}{_FILE}"}
    return twin


def _is_file(field: dict[str, Any]) -> bool:
    return field.get("format") == "binary" or "contentMediaType" in field
