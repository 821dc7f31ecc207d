"""The error responses of each call in the OpenAPI schema, with examples in the studio's own words.

What every call of a kind can answer follows from its description: a call with a body can be too large, a call with
`If-Match` can be out of date. `_OF_CALLS` adds what one call alone answers. `tests/service/test_openapi_problems.py`
makes the service answer with these examples.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.web.openapi_problem_examples import EXAMPLES
from app.web.problems import MEDIA_TYPE

ANY_PROBLEM: Final = "Problem"  # in `components/responses`
_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}
_STATUSES: Final[Mapping[int, str]] = {
    400: "A value cannot be used.",
    401: "Nobody is signed in, or the credential is not valid.",
    403: "The caller may not do this.",
    404: "There is no such object, or it belongs to another team.",
    409: "The present state does not allow it.",
    412: "The object has changed since it was read.",
    413: "The request has more bytes than the service reads.",
    422: "A value cannot be used.",
    429: "Too many at once; `Retry-After` says when to try again.",
}
_PLACEHOLDERS: Final = ("placeholder-malformed", "placeholder-taken")
_PICTURES: Final = ("picture-count", "picture-not-a-picture")
_PROMPTS: Final = ("prompt-unknown-placeholder", "size-too-large", "count", "base-model-unknown")
_OF_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "sign_in": ("sign-in-link",),
    "preview_sign_in": ("sign-in-link",),
    "sign_out": ("no-session",),
    "check_pictures": ("base-model-unknown",),
    "create_concept": ("initializer-unknown", *_PICTURES, *_PLACEHOLDERS, "base-model-unknown", "queue-full"),
    "import_concept": ("file-count", "file-kind", *_PLACEHOLDERS, "base-model-unknown", "queue-full"),
    "teach_concept_again": ("initializer-unknown", *_PICTURES, "queue-full"),
    "change_concept": _PLACEHOLDERS,
    "download_embedding": ("format-unknown",),
    "get_report": ("no-report",),
    "draw_report_again": ("queue-full",),
    "use_checkpoint": ("no-report",),
    "create_generation": (*_PROMPTS, "queue-full"),
    "create_grid": ("prompt-unknown-placeholder", "size-too-large", "base-model-unknown", "queue-full"),
    "resume_grid": ("queue-full",),
    "read_picture": ("recipe-missing",),
    "generate_images": (*_PROMPTS, "queue-full"),
    "edit_image": (*_PROMPTS, "queue-full"),
    "vary_image": (*_PROMPTS, "queue-full"),
    "sdapi_txt2img": (*_PROMPTS, "queue-full"),
    "sdapi_img2img": (*_PROMPTS, "queue-full"),
    "cancel_job": ("job-ended", "not-owner"),
    "watch_job": ("too-many-streams",),
    "tokenize": ("base-model-unknown",),
    "create_webhook": ("webhooks-off",),
}
_BY_OWNERS: Final = (
    "change_concept", "delete_concept", "forget_pictures", "teach_concept_again", "use_checkpoint", "draw_report_again",
    "delete_generation", "delete_images", "change_board", "delete_board", "resume_grid", "restore_items",
    "restore_item", "remove_item",
)  # fmt: skip
_NEEDS_NO_SCOPE: Final = ("get_me", "sign_out", "delete_token")


def add_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add the error responses of one call, and `default` for those that are not listed.

    A response that the endpoint declares itself stays as it is.
    """
    by_status: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for code in dict.fromkeys(_codes(path, method, operation)):
        example = EXAMPLES[code]
        if path.startswith("/v1/") and example["status"] == 422:
            example = example | {"status": 400}  # OpenAI's word for it, see app.compat.openai.errors
        by_status[example["status"]][code] = {"summary": example["title"], "value": example}
    for status, examples in sorted(by_status.items()):
        content = {MEDIA_TYPE: {"schema": _SCHEMA, "examples": examples}}
        operation["responses"].setdefault(str(status), {"description": _STATUSES[status], "content": content})
    operation["responses"]["default"] = {"$ref": f"#/components/responses/{ANY_PROBLEM}"}


def any_problem() -> dict[str, Any]:
    """The response of every call for errors that its own responses do not list."""
    shown = {"schema": _SCHEMA, "example": EXAMPLES["storage-full"]}
    return {"description": "What happened, to what, and what to do (RFC 9457).", "content": {MEDIA_TYPE: shown}}


def _codes(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    name = operation["operationId"]
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    yield from _OF_CALLS.get(name, ())
    if operation.get("security"):
        yield "not-signed-in"
        if name not in _NEEDS_NO_SCOPE:
            yield "scope"
        if name in _BY_OWNERS:
            yield "not-owner"
    if "{" in path:
        yield _missing(path)
    if "Idempotency-Key" in parameters:
        yield "idempotency-key-reused"
    if "If-Match" in parameters:
        yield "changed-meanwhile"
    if "requestBody" in operation:
        yield "too-large"
    if "cursor" in parameters:
        yield "cursor"
    yield "invalid-input"
    if method not in ("get", "head"):
        yield "too-fast"


def _missing(path: str) -> str:
    """The example of a 404 for the last kind of id in a path."""
    for part, code in (("{job_id}", "not-found-job"), ("{image_id}", "not-found-image")):
        if part in path:
            return code
    if path.startswith("/api/concepts/"):
        return "not-found-concept"
    return "not-found-generation" if "{generation_id}" in path else "not-found"
