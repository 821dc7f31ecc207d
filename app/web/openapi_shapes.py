"""Rewrites the OpenAPI schema so that client generators understand it.

FastAPI describes what Pydantic has. Generators also need to know what is bytes and what is text, a type for events, a
description of every parameter, and no two names that become one in a programming language.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

BINARY: Final = {"type": "string", "format": "binary"}
OCTETS: Final = "application/octet-stream"
EVENTS: Final = "text/event-stream"
_BINARY_TYPES: Final = ("image/", OCTETS)
_UPLOAD_TYPES: Final = {"image": "image/png, image/jpeg, image/webp", "file": OCTETS}
_UPLOADS: Final[Mapping[str, str]] = {
    "images": "image", "image": "image", "mask": "image", "masks": "image", "init_image": "image", "file": "file",
}  # fmt: skip

_PARAMETERS: Final[Mapping[str, str]] = {
    "base_model": "Only concepts of the base model with this id.",
    "board_id": "Id of a board.",
    "concept_id": "Id of a concept.",
    "delivery_id": "Id of a delivery of this webhook.",
    "generation_id": "Id of a generation.",
    "grid_id": "Id of a grid, which is that of its generation.",
    "preset_name": "Name of a preset.",
    "list_name": "Name of a list, as prompts write it between two underscores on each side.",
    "image_id": "Id of a drawn picture.",
    "invitation_id": "Id of an invitation.",
    "item_id": "Id of a thing in the bin.",
    "job_id": "Id of a job.",
    "kind": "Only those of this kind.",
    "lesson_id": "Id of a lesson.",
    "limit": "Most entries of the answer.",
    "number": "Number of a version of this concept, from 1.",
    "owner": "Only concepts that the person with this id made.",
    "picture_id": "Id of a training picture.",
    "place": "Place of the picture in the report, from 0.",
    "query": "Only concepts whose name, placeholder, description or tags have these words.",
    "session_id": "Id of a session.",
    "state": "Only jobs in this state.",
    "step": "The step of a checkpoint that the version's report lists.",
    "tag": "Only concepts with this tag.",
    "token_id": "Id of a bearer token.",
    "upload_id": "Id of an upload, as `POST /api/uploads` and recipes name it.",
    "user_id": "Id of a person.",
    "version": "Number of the version. Empty: the one that the placeholder means.",
    "webhook_id": "Id of a webhook.",
}
_PARAMETERS_OF_CALLS: Final[Mapping[tuple[str, str], str]] = {
    ("get_lesson_picture", "number"): "Number of a picture of this lesson, from 1.",
    ("get_image", "download"): "Whether a browser saves the picture instead of showing it.",
    ("download_embedding", "format"): "The tool that the file is for.",
    ("list_audit", "action"): "Only this action.",
    ("download_audit", "action"): "Only this action.",
}


# The type of one event of the stream.
_EVENTS_OF_CALLS: Final = {"watch_job": "JobEvent", "generate_images": "ImagesEvent", "edit_image": "ImagesEvent"}
_OPTIONAL_BODIES: Final = ("teach_concept_again",)  # no field of the form is needed


def rewrite_schemas(schemas: dict[str, Any]) -> None:
    """Rewrite the named types in place."""
    for shape in schemas.values():
        properties: dict[str, Any] = shape.get("properties", {})
        for name in list(properties):
            if name.endswith("[]") and name.removesuffix("[]") in properties:
                del properties[name]  # an alias that generated clients could not tell from the field itself
        for name, described in properties.items():
            properties[name] = _as_binary(described)
            if "enum" in described and described.get("default") not in described["enum"]:
                described.pop("default", None)  # an empty text in a form, which stands for no text
    job = schemas.get("JobOut", {}).get("properties", {})
    if "error" in job:
        job["error"] = _or_null("#/components/schemas/Problem", job["error"])


def rewrite_operation(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Rewrite one call in place: its parameters, its form's files, and its answers."""
    for parameter in operation.get("parameters", ()):
        _describe(operation["operationId"], parameter)
    body = operation.get("requestBody", {"content": {}})
    if body["content"] and operation["operationId"] not in _OPTIONAL_BODIES and not _may_be_null(body):
        body["required"] = True
    for media_type, content in body["content"].items():
        if media_type == "multipart/form-data" and "$ref" in content["schema"]:
            _rewrite_form(content, schemas[content["schema"]["$ref"].rpartition("/")[2]]["properties"])
    for response in operation["responses"].values():
        _rewrite_answer(operation["operationId"], response)


def python_name(name: str) -> str:
    """The name that a generated client gives a field or parameter: `Last-Event-ID` becomes `last_event_id`."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _rewrite_answer(call: str, response: dict[str, Any]) -> None:
    content = response.get("content", {})
    for media_type, described in content.items():
        if media_type.startswith(_BINARY_TYPES):
            described["schema"] = dict(BINARY)
        elif media_type == EVENTS and call in _EVENTS_OF_CALLS:
            event = {"$ref": f"#/components/schemas/{_EVENTS_OF_CALLS[call]}"}
            described["schema"] = {"type": "string", "contentMediaType": EVENTS, "contentSchema": event}
    if any(media_type.startswith("image/") for media_type in content):
        # `Accept: application/octet-stream` gets the same bytes, see `app.web.file_responses`. Generators that know no
        # pictures read this entry.
        content[OCTETS] = {"schema": dict(BINARY)}


def _as_binary(described: dict[str, Any]) -> dict[str, Any]:
    """A file. Generators know `format: binary`, and not the `contentMediaType` alone that Pydantic writes."""
    if "items" in described:
        return described | {"items": _as_binary(described["items"])}
    options = [described, *described.get("anyOf", ())]
    if not any(option.get("contentMediaType") or option.get("format") == "binary" for option in options):
        return described
    kept = {key: value for key, value in described.items() if key in ("title", "description")}
    return kept | BINARY | {"contentMediaType": OCTETS}  # the first is OpenAPI 3.0's word for it, the second 3.1's


def _may_be_null(body: Mapping[str, Any]) -> bool:
    return any({"type": "null"} in content["schema"].get("anyOf", ()) for content in body["content"].values())


def _rewrite_form(content: dict[str, Any], fields: dict[str, Any]) -> None:
    """State the media types of a form's files, and what a form cannot have: a field is left out and never null.

    A `const` becomes an `enum` of one, since `openapi-python-client` writes no working code for a `const` in a form.
    """
    files = {name: {"contentType": _UPLOAD_TYPES[_UPLOADS[name]]} for name in fields if name in _UPLOADS}
    if files:
        content["encoding"] = files
    for described in fields.values():
        options = [option for option in described.get("anyOf", ()) if option != {"type": "null"}]
        if len(options) == 1:
            del described["anyOf"]
            described.update(options[0])
        if described.get("default", ...) is None:
            del described["default"]
        if "const" in described:
            described["enum"] = [described.pop("const")]


def _describe(call: str, parameter: dict[str, Any]) -> None:
    if not parameter.get("description"):
        name = parameter["name"]
        described = _PARAMETERS_OF_CALLS.get((call, name)) or _PARAMETERS.get(name)
        if described:
            parameter["description"] = described


def _or_null(reference: str, described: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"$ref": reference}, {"type": "null"}], "description": described.get("description", "")}


def operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of every call."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation
