"""The examples of the calls about people, teams, tokens, sessions and sign-in links. See `app.web.openapi_examples`."""

from collections.abc import Mapping
from typing import Any, Final

ADA: Final = {"id": "01k9user00000000000000000a", "name": "Ada"}
TEAM: Final = {"id": "01k9team000000000000000000", "name": "Studio"}
THEN, LATER, DONE = "2026-11-24T09:00:00Z", "2026-11-24T09:00:02Z", "2026-11-24T09:01:10Z"
_IN_A_WEEK, _IN_A_MONTH = "2026-12-01T09:00:00Z", "2026-12-24T09:00:00Z"

_TOKEN: Final = {
    "id": "01k9t0ken0000000000000000a",
    "name": "build script",
    "created_at": THEN,
    "last_used_at": None,
    "scopes": ["read", "draw"],
    "expires_at": _IN_A_MONTH,
}
_GRACE: Final = {"id": "01k9user00000000000000000b", "name": "Grace"}
_FRIEND: Final = _GRACE | {"role": "member", "created_at": THEN}
_LINK: Final = "http://127.0.0.1:8000/sign-in#owc_…"
_INVITATION: Final = "01k91nv1tat10n00000000000a"

ACCOUNT_REQUESTS: Final[Mapping[str, Any]] = {
    "preview_sign_in": {"code": "owc_…"},
    "sign_in": {"code": "owc_…"},
    "create_token": {"name": "build script", "scopes": ["read", "draw"], "expires_in_days": 30},
    "invite_member": {"name": "Grace", "role": "member"},
    "change_member": {"role": "admin"},
}

ACCOUNT_RESPONSES: Final[Mapping[str, Any]] = {
    "preview_sign_in": {"user": _GRACE, "team": TEAM, "role": "member", "expires_at": _IN_A_WEEK, "signed_in": None},
    "list_sessions": {
        "items": [
            {
                "id": "01k95ess10n000000000000000",
                "user_agent": "Firefox on Linux",
                "created_at": THEN,
                "last_used_at": DONE,
                "expires_at": _IN_A_MONTH,
                "current": True,
            }
        ],
        "next": None,
    },
    "get_me": {
        "user": ADA,
        "team": TEAM,
        "role": "admin",
        "credential": "token",
        "scopes": ["read", "draw"],
        "expires_at": _IN_A_MONTH,
        "limits": {
            "pictures_min": 3,
            "pictures_max": 5,
            "upload_bytes_max": 25_000_000,
            "count_max": 16,
            "grid_cells_max": 200,
            "steps_max": 3000,
            "queued_jobs_max": 100,
            "prompt_characters_max": 2000,
            "pixels_max": 4_194_304,
            "drawings_days": 0.0,
            "sizes": {"demo": {"pixels_max": 16384, "side_max": 256, "side_multiple": 8}},
        },
    },
    "list_tokens": {"items": [_TOKEN | {"last_used_at": DONE}], "next": None},
    "create_token": _TOKEN | {"token": "owt_…"},
    "list_members": {"items": [ADA | {"role": "admin", "created_at": THEN}, _FRIEND], "next": None},
    "invite_member": _FRIEND | {"sign_in_url": _LINK},
    "change_member": _FRIEND | {"role": "admin"},
    "create_sign_in_link": {"id": _INVITATION, "sign_in_url": _LINK, "expires_at": _IN_A_WEEK},
    "list_invitations": {
        "items": [
            {
                "id": _INVITATION,
                "user": _GRACE,
                "role": "member",
                "created_by": ADA,
                "created_at": THEN,
                "expires_at": _IN_A_WEEK,
            }
        ],
        "next": None,
    },
}
