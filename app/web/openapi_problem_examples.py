"""Problems (RFC 9457) as the service sends them, by the name that the OpenAPI schema gives each example.

A name is the problem's code, with the kind of object behind it where the sentence differs.
"""

from collections.abc import Mapping
from typing import Any, Final

_VALUE: Final = "That value cannot be used"


def _problem(status: int, code: str, title: str, detail: str, **more: Any) -> dict[str, Any]:
    return {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, **more}


def _missing(detail: str) -> dict[str, Any]:
    return _problem(404, "not-found", "Not found", detail)


_DEMO_FORMATS: Final = [
    "oneword", "diffusers", "diffusers-bin", "a1111", "kohya", "onetrainer", "official", "a1111-card",
    "sd-concepts-library",
]  # fmt: skip

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "not-signed-in": _problem(
        401,
        "not-signed-in",
        "Sign in first",
        "Nobody is signed in. Open the link that `oneword sign-in` prints, or send `Authorization: Bearer` with a "
        "token from `oneword token NAME`.",
    ),
    "sign-in-link": _problem(
        401,
        "not-signed-in",
        "Sign in first",
        "This sign-in link is not valid: it was used, has expired or was revoked. Get a new one: ask an administrator, "
        "or run `oneword sign-in` where the studio runs.",
    ),
    "scope": _problem(
        403,
        "scope",
        "Not allowed",
        "This needs the scope teach, and this token has read. Send a token with that scope; the settings page makes "
        "one.",
    ),
    "not-owner": _problem(
        403,
        "not-owner",
        "Not allowed",
        "<my-mug> belongs to Ada. Only Ada and the administrators of Studio may change or delete it. Ask one of them.",
    ),
    "webhooks-off": _problem(
        403,
        "webhooks-off",
        "Not allowed",
        "This studio sends no webhooks. Its administrator can allow them with ONEWORD_WEBHOOKS=true.",
    ),
    "not-found": _missing("There is nothing at this address. /openapi.json lists every address there is."),
    "not-found-concept": _missing("There is no such concept. It may have been deleted."),
    "not-found-job": _missing("There is no such job. It may have been removed."),
    "not-found-image": _missing("There is no such picture. It may have been deleted."),
    "not-found-generation": _missing("There is no such generation. It may have been deleted."),
    "no-report": _problem(404, "no-report", "Not found", "Version 1 of <my-mug> has no report: none was drawn for it."),
    "no-session": _problem(
        409,
        "no-session",
        "Not possible now",
        "This request was made with a token, which has no session to end. To revoke the token, send DELETE "
        "/api/tokens/01k9t0ken0000000000000000a.",
    ),
    "job-ended": _problem(
        409,
        "job-ended",
        "Not possible now",
        "This job has already been cancelled, so there is nothing to cancel.",
    ),
    "idempotency-key-reused": _problem(
        409,
        "idempotency-key-reused",
        "Not possible now",
        "This Idempotency-Key was used for a different request. Send a new key with it.",
        field="Idempotency-Key",
    ),
    "changed-meanwhile": _problem(
        412,
        "changed-meanwhile",
        "Changed meanwhile",
        "It has changed since you read it, so nothing was done. Read it again, and send the new ETag as If-Match.",
        field="If-Match",
    ),
    "too-large": _problem(
        413,
        "too-large",
        "Too large",
        "The request is larger than 1 MB, which is the most that this address takes. Send less at once.",
    ),
    "invalid-input": _problem(
        422,
        "invalid-input",
        _VALUE,
        "There is no query parameter lmit here. Did you mean limit?",
        field="lmit",
        suggestions=["limit"],
    ),
    "cursor": _problem(
        422,
        "cursor",
        _VALUE,
        "This cursor is not one of this studio's. Send the `next` of the page before, or leave it out for the first "
        "page.",
        field="cursor",
    ),
    "initializer-unknown": _problem(
        422,
        "initializer-unknown",
        "That initializer cannot be used",
        "Demo does not know the word mugg. Near words are: mug.",
        field="initializer",
        suggestions=["mug"],
    ),
    "placeholder-malformed": _problem(
        422,
        "placeholder-malformed",
        "That placeholder cannot be used",
        "The placeholder my mug! has a space in it. It is lower-case letters, digits and hyphens between < and >, at "
        "most 40 of them, for example <my-mug-2>.",
        field="placeholder",
        suggestions=["<my-mug-2>"],
    ),
    "placeholder-taken": _problem(
        422,
        "placeholder-taken",
        "That placeholder cannot be used",
        "<my-mug> is already a concept of your team. Choose another, such as <my-mug-2>, or teach that one again.",
        field="placeholder",
        suggestions=["<my-mug-2>"],
    ),
    "picture-count": _problem(
        422,
        "picture-count",
        "That picture cannot be used",
        "2 pictures were sent, and a concept is taught from 3 to 5. Add some more views of the same thing.",
        field="images",
    ),
    "picture-not-a-picture": _problem(
        422,
        "picture-not-a-picture",
        "That picture cannot be used",
        "Picture 2 (2.jpg) is a text file, not a picture. Send a JPEG, PNG or WebP.",
        field="images",
        pictures=[
            {
                "index": 1,
                "name": "2.jpg",
                "detail": "Picture 2 (2.jpg) is a text file, not a picture. Send a JPEG, PNG or WebP.",
            }
        ],
    ),
    "file-count": _problem(
        422,
        "file-count",
        _VALUE,
        "0 embedding files were sent. Send one, or the two that diffusers writes for SDXL.",
        field="file",
    ),
    "file-kind": _problem(
        422,
        "file-kind",
        _VALUE,
        "a.txt is not an embedding file. Send a file that ends in .safetensors, .pt, .bin, .pti, .png or .webp.",
        field="file",
    ),
    "base-model-unknown": _problem(
        422,
        "base-model-unknown",
        _VALUE,
        "There is no base model 'dmo' here. There is: demo.",
        field="base_model",
        suggestions=["demo"],
    ),
    "format-unknown": _problem(
        422,
        "format-unknown",
        _VALUE,
        f"<my-mug> has no format 'comfy'. Its formats are: {', '.join(_DEMO_FORMATS)}.",
        field="format",
        suggestions=_DEMO_FORMATS,
    ),
    "prompt-unknown-placeholder": _problem(
        422,
        "prompt-unknown-placeholder",
        "That prompt cannot be drawn",
        "There is no concept <my-mugg> in your library. Did you mean <my-mug>?",
        field="prompt",
        suggestions=["<my-mug>"],
    ),
    "size-too-large": _problem(
        422,
        "size-too-large",
        _VALUE,
        "A picture of 2048×2048 pixels is too large for Demo, which draws at most 16384 pixels (a square of 128×128) "
        "with no side above 256. Ask for 128×128, or leave width and height out for 64×64.",
        field="width",
        suggestions=["128x128"],
    ),
    "count": _problem(
        422,
        "count",
        _VALUE,
        "1000 pictures were asked for, and one request draws at most 16.",
        field="count",
    ),
    "recipe-missing": _problem(
        422,
        "recipe-missing",
        _VALUE,
        "This file does not say how it was drawn. Take a PNG as Oneword or AUTOMATIC1111 saved it: chats and picture "
        "editors throw that away.",
        field="image",
    ),
    "queue-full": _problem(
        429,
        "queue-full",
        "Too many",
        "Your team already has 100 jobs waiting, and at most 100 may wait at once. Try again when some are done, or "
        "cancel some.",
    ),
    "too-many-streams": _problem(
        429,
        "too-many-streams",
        "Too many",
        "You already watch 50 jobs at once. Close some windows, or stop some scripts.",
    ),
    "too-fast": _problem(
        429, "too-fast", "Too many", "Too many requests: the limit is 600 changes a minute. Try again in 12 s."
    ),
    "storage-full": _problem(
        507,
        "storage-full",
        "No room left",
        "There is no room left to store this, so nothing was kept. Free some space, or ask the administrator of this "
        "studio to do so, and try again.",
    ),
}
