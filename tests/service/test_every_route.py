"""Every route of the interface, called by everybody who may not, with real ids of a team that has one of everything.

`MAY` says who may call what. A route that is missing there fails the first test: a new route gets a line.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.core.settings import Settings
from app.main import create_app
from app.services import Services
from tests.support.http import filled, unusable
from tests.support.pictures import photo, photos
from tests.support.principals import PRINCIPALS, client_of
from tests.support.world import World, fill

Route = tuple[str, str]

# The lowest role that may call a route: nobody's, or a viewer, a member or an administrator of the team.
MAY: dict[str, str] = {
    "anybody": """
        POST /api/session          POST /api/session/preview
        GET /healthz               GET /readyz           GET /metrics
    """,
    "viewer": """
        DELETE /api/session        GET /api/sessions     DELETE /api/sessions
        DELETE /api/sessions/{session_id}                GET /api/bin
        GET /api/me           GET /api/tokens      DELETE /api/tokens/{token_id}
        GET /api/members           GET /api/base-models  POST /api/tokenize   GET /api/usage
        GET /api/lessons           GET /api/lessons/{lesson_id}/pictures/{number}
        GET /api/concepts          GET /api/concepts/{concept_id}             GET /api/concepts/{concept_id}/versions
        GET /api/tags              GET /api/concepts.zip
        GET /api/concepts/{concept_id}/embedding         GET /api/pictures/{picture_id}
        GET /api/pictures/{picture_id}/mask
        GET /api/concepts/{concept_id}/versions/{number}/report
        GET /api/concepts/{concept_id}/versions/{number}/report/drawings/{place}
        GET /api/generations       GET /api/generations/{generation_id}       GET /api/images/{image_id}
        GET /api/images/{image_id}/recipe                GET /api/images/{image_id}/order
        GET /api/uploads/{upload_id}                     POST /api/images/{image_id}/link
        GET /api/images            GET /api/images.zip   GET /api/boards      GET /api/boards/{board_id}
        GET /api/grids             GET /api/grids/{grid_id}                   GET /api/grids/{grid_id}/picture
        GET /api/grids/{grid_id}/archive                 GET /api/presets     GET /api/prompt-lists
        GET /api/jobs              GET /api/jobs/{job_id}                     GET /api/jobs/{job_id}/events
        GET /v1/models             GET /v1/models/{model_id}
        GET /sdapi/v1/progress     GET /sdapi/v1/options GET /sdapi/v1/samplers                 GET /sdapi/v1/schedulers
        GET /sdapi/v1/sd-models    GET /sdapi/v1/embeddings
        POST /mcp
    """,
    "member": """
        POST /api/tokens           POST /api/pictures/check                   POST /api/concepts
        POST /api/pictures/mask    GET /api/trainings/estimate
        POST /api/concepts/import  PATCH /api/concepts/{concept_id}           DELETE /api/concepts/{concept_id}
        POST /api/concepts/import-many
        POST /api/concepts/{concept_id}/versions         DELETE /api/concepts/{concept_id}/pictures
        POST /api/concepts/{concept_id}/versions/{number}/report
        POST /api/concepts/{concept_id}/versions/{number}/checkpoints/{step}
        POST /api/generations      POST /api/generations/read                 DELETE /api/generations/{generation_id}
        POST /api/grids            POST /api/grids/{grid_id}/resume
        PUT /api/presets/{preset_name}                   DELETE /api/presets/{preset_name}
        PUT /api/prompt-lists/{list_name}                DELETE /api/prompt-lists/{list_name}
        PUT /api/images/{image_id}/kept                  DELETE /api/images/{image_id}/kept
        POST /api/jobs/{job_id}/cancel                   POST /api/uploads    DELETE /api/uploads/{upload_id}
        POST /api/bin/{item_id}/restore                  DELETE /api/bin/{item_id}
        POST /api/concepts/tags    POST /api/concepts/delete
        POST /api/bin/restore      POST /api/images/delete                    POST /api/boards
        PATCH /api/boards/{board_id}                     DELETE /api/boards/{board_id}
        PATCH /api/boards/{board_id}/images
        POST /v1/images/generations                      POST /v1/images/edits
        POST /v1/images/variations
        POST /sdapi/v1/txt2img     POST /sdapi/v1/img2img                     POST /sdapi/v1/png-info
        POST /sdapi/v1/interrupt   POST /sdapi/v1/skip   POST /sdapi/v1/options
    """,
    "admin": """
        POST /api/members          PATCH /api/members/{user_id}               DELETE /api/members/{user_id}
        POST /api/members/{user_id}/sign-in-link
        GET /api/invitations       DELETE /api/invitations/{invitation_id}
        DELETE /api/bin            GET /api/audit        GET /api/audit.csv
        GET /api/webhooks          POST /api/webhooks    PATCH /api/webhooks/{webhook_id}
        DELETE /api/webhooks/{webhook_id}                POST /api/webhooks/{webhook_id}/test
        GET /api/webhooks/{webhook_id}/deliveries
        POST /api/webhooks/{webhook_id}/deliveries/{delivery_id}/send
    """,
}
HIDDEN = (
    "/openapi.json",
    "/",
    "/sign-in",
    "/library/{concept_id}",
)  # the schema, and the page, which is the same for all
# A viewer's own credentials. A token for reading does not manage them, and a token has no session to end.
CREDENTIALS = {
    ("DELETE", "/api/tokens/{token_id}"),
    ("DELETE", "/api/sessions/{session_id}"),
    ("DELETE", "/api/sessions"),
}
EVERYBODYS = {  # come with the studio and belong to no team, or are names that each team gives for itself
    ("PUT", "/api/presets/{preset_name}"),
    ("PUT", "/api/prompt-lists/{list_name}"),
    ("DELETE", "/api/presets/{preset_name}"),
    ("DELETE", "/api/prompt-lists/{list_name}"),
    ("GET", "/api/lessons/{lesson_id}/pictures/{number}"),
    ("GET", "/v1/models/{model_id}"),
}


def allowed() -> dict[Route, str]:
    """The lowest role of each route."""
    found: dict[Route, str] = {}
    for role, lines in MAY.items():
        words = lines.split()
        for method, path in zip(words[::2], words[1::2], strict=True):
            assert (method, path) not in found
            found[method, path] = role
    return found


ROLE = allowed()


def routes() -> Iterator[Route]:
    for path, methods in create_app(Settings()).openapi()["paths"].items():
        yield from ((method.upper(), path) for method in methods)


@pytest.fixture
def world(member: TestClient, services: Services) -> World:
    return fill(member, services)


def bodies(world: World) -> dict[Route, dict[str, Any]]:
    """Bodies that are as they should be, and name the team's objects wherever a body can."""
    picture = {"image_id": world.ids["image_id"]}
    upload = {"upload_id": world.ids["upload_id"]}
    order = {"prompt": "a <my-kestrel>", "init_image": picture, "mask": upload}
    form = {"placeholder": "<my-new>", "initializer": "mug"}
    return {
        ("POST", "/api/tokens"): {"json": {"name": "x"}},
        ("POST", "/api/members"): {"json": {"name": "x"}},
        ("POST", "/api/session"): {"json": {"code": world.ids["token_id"]}},
        ("POST", "/api/session/preview"): {"json": {"code": world.ids["token_id"]}},
        ("PATCH", "/api/members/{user_id}"): {"json": {"role": "admin"}},
        ("POST", "/api/tokenize"): {"json": {"text": "a <my-kestrel>"}},
        ("POST", "/api/concepts"): {"data": form, "files": photos()},
        ("POST", "/api/concepts/import"): {"files": {"file": ("x.safetensors", b"\0" * 16)}},
        ("POST", "/api/concepts/import-many"): {"files": {"file": ("x.safetensors", b"\0" * 16)}},
        ("PATCH", "/api/concepts/{concept_id}"): {"json": {"name": "x"}},
        ("POST", "/api/pictures/check"): {"files": photos()},
        ("POST", "/api/generations"): {"json": order},
        ("POST", "/api/grids"): {"json": {"prompts": ["a <my-kestrel>"]}},
        ("PUT", "/api/presets/{preset_name}"): {"json": {"prompt": "x"}},
        ("PUT", "/api/prompt-lists/{list_name}"): {"json": {"lines": ["x"]}},
        ("POST", "/api/generations/read"): {"files": {"image": ("x.png", photo(1, format="PNG"))}},
        ("POST", "/api/uploads"): {"files": {"image": ("x.png", photo(1, format="PNG"))}},
        ("POST", "/api/images/{image_id}/link"): {"json": {}},
        ("POST", "/api/concepts/tags"): {"json": {"ids": [world.ids["concept_id"]], "add": ["x"]}},
        ("POST", "/api/concepts/delete"): {"json": {"ids": [world.ids["concept_id"]]}},
        ("POST", "/api/images/delete"): {"json": {"ids": [world.ids["image_id"]]}},
        ("POST", "/api/bin/restore"): {"json": {"ids": [world.ids["item_id"]]}},
        ("POST", "/api/boards"): {"json": {"name": "x"}},
        ("PATCH", "/api/boards/{board_id}"): {"json": {"name": "x"}},
        ("PATCH", "/api/boards/{board_id}/images"): {"json": {"add": [world.ids["image_id"]]}},
        ("POST", "/api/webhooks"): {"json": {"url": "https://example.com/", "events": ["job.failed"]}},
        ("PATCH", "/api/webhooks/{webhook_id}"): {"json": {}},
        ("POST", "/mcp"): {"json": tool_call(world)},
        ("POST", "/v1/images/generations"): {"json": {"prompt": "a <my-kestrel>"}},
        ("POST", "/v1/images/variations"): {"data": {"prompt": "a <my-kestrel>"}, "files": {"image": ("x.png", b"")}},
        ("POST", "/sdapi/v1/txt2img"): {"json": {"prompt": "a my-kestrel and a <my-kestrel>"}},
        ("POST", "/sdapi/v1/img2img"): {"json": {"prompt": "a <my-kestrel>", "init_images": [""]}},
        ("POST", "/sdapi/v1/png-info"): {"json": {"image": ""}},
        ("POST", "/sdapi/v1/options"): {"json": {}},
        ("POST", "/v1/images/edits"): {"data": {"prompt": "a <my-kestrel>"}, "files": {"image": ("x.png", b"")}},
    }


def tool_call(world: World) -> dict[str, Any]:
    """An agent's call that names the team's concept. `tests/service/test_agents.py` looks at each tool."""
    params = {"name": "draw", "arguments": {"prompt": "a <my-kestrel>", "picture": {"image_id": world.ids["image_id"]}}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def queries(world: World) -> dict[Route, dict[str, str]]:
    """Filters that name the team's objects."""
    ids = world.ids
    return {
        ("GET", "/api/concepts"): {"owner": ids["user_id"]},
        ("GET", "/api/generations"): {"concept": ids["concept_id"]},
        ("GET", "/api/images"): {"concept": ids["concept_id"], "board": ids["board_id"], "person": ids["user_id"]},
        ("GET", "/api/images.zip"): {"id": ids["image_id"]},
        ("GET", "/api/concepts.zip"): {"id": ids["concept_id"]},
    }


def call(client: TestClient, route: Route, world: World) -> httpx.Response:
    method, path = route
    sent = bodies(world).get(route, {})
    return client.request(method, filled(path, **world.ids), params=queries(world).get(route), **sent)  # type: ignore[return-value]


def leaked(answer: httpx.Response, world: World) -> list[str]:
    """What an answer shows of the team and the request did not hold."""
    shown = answer.text + repr(answer.headers)
    sent = str(answer.request.url) + answer.request.read().decode("latin-1")
    return [secret for secret in world.secrets if secret in shown and secret not in sent]


def expected(route: Route, access: str) -> set[int]:
    """The statuses that a principal may get. None of them tells whether an object exists."""
    role = ROLE[route]
    if role == "anybody":
        return {200, 204, 401, 404, 503}
    if access == "none":
        return {401}
    if route == ("DELETE", "/api/session"):
        return {409}  # a token has no session
    if access == "look":
        return {403} if role in ("member", "admin") else {200, 204, 403, 404} if route in CREDENTIALS else {200, 204}
    if "{" in route[1] and route not in EVERYBODYS:
        return {404}
    return {200, 201, 202, 204, 403, 404, unusable(route[1])}


def test_every_route_says_who_may_call_it() -> None:
    known = set(routes())
    assert sorted(known - set(ROLE)) == [], "give each of these a place in MAY"
    assert sorted(set(ROLE) - known) == [], "these are gone"


@pytest.mark.parametrize("name", PRINCIPALS)
def test_a_caller_without_the_right_is_refused_and_learns_nothing(
    name: str, anonymous: TestClient, services: Services, world: World
) -> None:
    make, access = PRINCIPALS[name]
    client = client_of(anonymous, make(services))
    for route in sorted(ROLE, key=lambda route: (route[0] == "DELETE", route)):
        if access == "look" and route[1].endswith("/events"):
            continue  # a stream without an end
        answer = call(client, route, world)
        assert answer.status_code in expected(route, access), (name, route, answer.status_code, answer.text[:300])
        if answer.status_code >= 400 and route[1] not in ("/readyz",):
            assert answer.headers["content-type"] == "application/problem+json", (name, route)
        if access != "look":
            assert leaked(answer, world) == [], (name, route)


@pytest.mark.parametrize("name", PRINCIPALS)
def test_what_the_schema_does_not_show_tells_nobody_of_a_team(
    name: str, anonymous: TestClient, services: Services, world: World
) -> None:
    make, _ = PRINCIPALS[name]
    client = client_of(anonymous, make(services))
    for path in HIDDEN:
        answer = client.get(filled(path, **world.ids))
        assert answer.status_code in (200, 503), (name, path)  # 503: the page is not built here
        assert leaked(answer, world) == [], (name, path)


def test_nothing_of_the_team_changed_after_all_of_them_tried(
    anonymous: TestClient, administrator: TestClient, services: Services, world: World
) -> None:
    reads = [(method, path) for method, path in ROLE if method == "GET" and path.startswith("/api")]
    reads = [
        route
        for route in reads
        if not route[1].endswith(
            ("/events", "/me", "/tokens", "/usage", "/members", "/sessions", "/audit", "/audit.csv")
        )
    ]
    before = {route: call(administrator, route, world).content for route in reads}
    for make, _ in PRINCIPALS.values():
        client = client_of(anonymous, make(services))
        for route in ROLE:
            if route[0] != "GET" and "{" in route[1]:
                call(client, route, world)
    assert {route: call(administrator, route, world).content for route in reads} == before


def test_the_ids_are_real_so_that_a_refusal_is_about_the_person(administrator: TestClient, world: World) -> None:
    for route in ROLE:
        if route[0] == "GET" and "{" in route[1] and not route[1].endswith("/events"):
            assert call(administrator, route, world).status_code == 200, route
