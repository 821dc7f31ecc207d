"""Examples of the calls that manage a team: webhooks, the bin and the audit. `openapi_examples` includes them."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.openapi_examples_accounts import ADA, DONE, THEN

MUG, GENERATION = "01k9c0nc3pt000000000000mug", "01k9gen0000000000000000mug"

_WEBHOOK: Final = {
    "id": "01k9webh00k00000000000000a",
    "url": "https://example.org/oneword",
    "events": ["job.failed", "concept.ready"],
    "active": True,
    "created_at": THEN,
}
_DELIVERY: Final = {
    "id": "01k9de11very0000000000000a",
    "event": "concept.ready",
    "state": "delivered",
    "attempts": 1,
    "due_at": None,
    "status": 204,
    "error": None,
    "payload": {
        "type": "concept.ready",
        "timestamp": DONE,
        "data": {"id": MUG, "placeholder": "<my-mug>", "name": "my mug", "version": 1},
    },
    "created_at": DONE,
    "finished_at": DONE,
}
_BINNED: Final = {
    "kind": "concept",
    "id": MUG,
    "label": "<my-mug>",
    "owner": ADA,
    "may_change": True,
    "created_at": THEN,
    "deleted_at": DONE,
    "deleted_by": ADA,
    "expires_at": "2026-12-24T09:01:10Z",
}
_AUDITED: Final = {
    "id": "01k9aud1t00000000000000000",
    "at": DONE,
    "person": ADA,
    "credential": "token",
    "token": "build script",
    "address": "192.0.2.7",
    "request_id": "01k9request000000000000000",
    "action": "concept.deleted",
    "subject": {"kind": "concept", "id": MUG, "label": "<my-mug>"},
    "details": {"name": "my mug"},
}

REQUESTS: Final[Mapping[str, Any]] = {
    "create_webhook": {"url": "https://example.org/oneword", "events": ["job.failed", "concept.ready"]},
    "change_webhook": {"active": False},
    "restore_item": {"placeholder": "<my-mug-2>"},
}

RESPONSES: Final[Mapping[str, Any]] = {
    "list_webhooks": {"items": [_WEBHOOK], "next": None, "enabled": True},
    "create_webhook": _WEBHOOK | {"secret": "whsec_…"},
    "change_webhook": _WEBHOOK | {"active": False},
    "test_webhook": _DELIVERY
    | {
        "event": "webhook.test",
        "state": "waiting",
        "attempts": 0,
        "due_at": DONE,
        "status": None,
        "payload": {"type": "webhook.test", "timestamp": DONE, "data": {"text": "This is a test."}},
        "finished_at": None,
    },
    "list_deliveries": {"items": [_DELIVERY], "next": None},
    "send_delivery_again": _DELIVERY | {"state": "waiting", "attempts": 0, "due_at": DONE, "finished_at": None},
    "list_bin": {
        "items": [
            _BINNED,
            _BINNED | {"kind": "generation", "id": GENERATION, "label": "a photo of <my-mug> on the beach"},
        ],
        "next": None,
        "days": 30.0,
    },
    "restore_item": {"kind": "concept", "id": MUG, "label": "<my-mug-2>"},
    "list_audit": {"items": [_AUDITED], "next": None},
    "download_audit": "at,person,person_id,credential,token,address,action,subject_kind,subject,subject_id,details,"
    "request_id,id\r\n",
}
