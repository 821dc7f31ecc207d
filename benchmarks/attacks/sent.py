"""Each attack: what is sent, and what the studio answers."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx

from benchmarks.attacks import connections
from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.target import SMALL_ORDER, Target, finished
from benchmarks.upload import photo
from tests.support import attacks as made

JSON: Final = "application/json"
ANSWER_SECONDS: Final = 15.0
SPELLINGS: Final = (
    "Bearer {}",
    "bearer {}",
    "BEARER {}",
    "BeArEr {}",
    "Bearer  {}",
    "Bearer   {}",
    "bearer  {}",
    "bEARER {}",
)
CHANGES: Final = 800  # the limit is 600 a minute
Send = Callable[[Target], Outcome]
Build = Callable[[], Send]
Multipart = Sequence[tuple[str, tuple[str, bytes, str]]]


@dataclass(frozen=True)
class Attack:
    """What the table calls it, and the function that builds what is sent. Building costs time that is not measured."""

    name: str
    build: Callable[[], "Send"]


def described(answer: httpx.Response) -> str:
    """Status and kind of problem: `413 too-large`."""
    kind = ""
    if answer.status_code == 200 and answer.headers.get("content-type") == "application/json":
        kind = f"with {len(answer.json()['problems'])} problems" if "problems" in answer.json() else ""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        kind = str(answer.json().get("type", "")).removeprefix("/problems/")
    return f"{answer.status_code} {kind}".strip()


def _request(method: str, path: str, *, signed_in: bool = True, **sent: Any) -> Build:
    """An attack of one request. A callable value builds what is sent."""

    def build() -> Send:
        built = {name: value() if callable(value) else value for name, value in sent.items()}
        return lambda target: _answer(target, method, path, signed_in, built)

    return build


def _answer(target: Target, method: str, path: str, signed_in: bool, sent: Mapping[str, Any]) -> Outcome:
    with target.client(target.attacker if signed_in else None, ANSWER_SECONDS) as client:
        try:
            return Outcome(described(client.request(method, path, **sent)))
        except httpx.TimeoutException:
            return Outcome(f"none within {ANSWER_SECONDS:.0f} s")
        except httpx.TransportError:
            return Outcome("connection closed")


def _json(path: str, content: Callable[[], bytes], *, signed_in: bool = True) -> Build:
    return _request("POST", path, signed_in=signed_in, content=content, headers={"Content-Type": JSON})


def _read(content: Callable[[], bytes]) -> Build:
    """The endpoint that reads a recipe from a picture."""
    return _request("POST", "/api/generations/read", files=lambda: [("image", ("x.png", content(), "image/png"))])


def _checked(name: str, content: Callable[[], bytes]) -> Build:
    """The endpoint that checks pictures."""
    return _request("POST", "/api/pictures/check", files=lambda: [("images", (name, content(), "image/png"))])


def _import(name: str, content: Callable[[], bytes]) -> Build:
    """The import of an embedding, up to the end of its job."""

    def build() -> Send:
        built = content()
        return lambda target: _imported(target, name, built)

    return build


def _imported(target: Target, name: str, content: bytes) -> Outcome:
    with target.client(target.attacker, ANSWER_SECONDS) as client:
        try:
            answer = client.post("/api/concepts/import", files={"file": (name, content)})
            if answer.status_code != 202:
                return Outcome(described(answer))
            job = finished(client, answer.json()["job"]["id"], ANSWER_SECONDS)
        except httpx.TransportError as error:
            return Outcome(type(error).__name__)
    if job is None:
        return Outcome(f"202, and the job runs for more than {ANSWER_SECONDS:.0f} s")
    kind = str((job["error"] or {}).get("type", "")).removeprefix("/problems/")
    return Outcome(f"202, job {job['state']} {kind}".strip())


def _several(*builds: Build) -> Build:
    """Several requests; each answer once."""

    def build() -> Send:
        sending = [each() for each in builds]
        return lambda target: Outcome(", ".join(dict.fromkeys(send(target).answer for send in sending)))

    return build


def _plain(send: Send) -> Build:
    """An attack that builds nothing."""
    return lambda: send


def _spellings(target: Target) -> Outcome:
    """More changes than a minute allows, under one token in many spellings."""
    passed = 0
    with target.client(None, ANSWER_SECONDS) as client:
        for number in range(CHANGES):
            headers = {"Authorization": SPELLINGS[number % len(SPELLINGS)].format(target.spare)}
            answer = client.patch("/api/concepts/nothing", json={"name": "x"}, headers=headers)
            passed += answer.status_code != 429
    return Outcome(f"{passed} of {CHANGES} changes let through")


def _huge_order(target: Target) -> Outcome:
    """OpenAI's default size on the demo model, and the next small order behind it."""
    answers: list[str] = []

    def order() -> None:
        body = {"prompt": "a cat", "size": "1024x1024", "n": 1}
        with target.client(target.attacker, ANSWER_SECONDS + 5) as client:
            try:
                answers.append(described(client.post("/v1/images/generations", json=body)))
            except httpx.TransportError:
                answers.append("drawn for longer than the honest order waits")

    thread = threading.Thread(target=order)
    thread.start()
    time.sleep(1.0)
    began = time.monotonic()
    with target.client(target.honest, ANSWER_SECONDS) as client:
        job = client.post("/api/generations", json=SMALL_ORDER).raise_for_status().json()["job"]["id"]
        finished(client, job, ANSWER_SECONDS)
    waited = time.monotonic() - began
    thread.join()
    return Outcome(answers[0], waited)


def _many_uploads() -> Send:
    """One team sends large pictures from many connections, another checks one small picture now and then."""
    files = [("images", (f"{number}.jpg", photo(number), "image/jpeg")) for number in range(4)]
    mine = {"images": ("mine.jpg", made.small_jpeg(1), "image/jpeg")}

    def send(target: Target) -> Outcome:
        over = time.monotonic() + ANSWER_SECONDS / 2
        answers: list[str] = []

        def upload() -> None:
            with target.client(target.attacker, 2 * ANSWER_SECONDS) as client:
                while time.monotonic() < over:
                    answers.append(described(client.post("/api/pictures/check", files=files)))

        threads = [threading.Thread(target=upload) for _ in range(8)]
        for thread in threads:
            thread.start()
        waited = 0.0
        with target.client(target.honest, 2 * ANSWER_SECONDS) as client:
            while time.monotonic() < over:
                began = time.monotonic()
                client.post("/api/pictures/check", files=mine)
                waited = max(waited, time.monotonic() - began)
        for thread in threads:
            thread.join()
        counts = ", ".join(f"{answers.count(each)} × {each}" for each in dict.fromkeys(answers))
        return Outcome(counts, waited)

    return send


def _nothing(target: Target) -> Outcome:
    time.sleep(3.0)
    return Outcome("–")


def _thousand_files() -> Multipart:
    return [("images", (f"{number}.jpg", made.small_jpeg(number), "image/jpeg")) for number in range(1000)]


def _pictures_in_json() -> bytes:
    """Four large photos and a file that is none, 125 MB of JSON in all. Nothing is taught."""
    blank = bytes(16_000_000)  # behind the end of a JPEG, where no decoder looks
    return made.json_of_pictures("images", *(photo(number) + blank for number in range(4)), bytes(18_000_000))


def _brackets() -> dict[str, tuple[None, str]]:
    return {"prompt": (None, "x"), "init_image": (None, "[" * 60_000)}


def _surrogate_name() -> bytes:
    return json.dumps({"name": "\ud800"}).encode()


NUMBERS: Final = ("seed", "width", "steps", "count", "guidance")

ATTACKS: Final = (
    Attack("nothing at all", _plain(_nothing)),
    Attack("30 MB of JSON, signed in as nobody", _json("/api/generations", made.json_of_many_objects, signed_in=False)),
    Attack("30 MB of JSON, signed in", _json("/api/generations", made.json_of_many_objects)),
    Attack("JSON nested 400,000 deep", _json("/api/generations", made.json_of_deep_nesting)),
    Attack("JSON of 50,000 names below one of 400,000 letters", _json("/api/tokenize", made.json_of_long_names)),
    Attack(
        "330,000 tags that are none",
        _request("PATCH", "/api/concepts/x", content=made.json_of_many_tags, headers={"Content-Type": JSON}),
    ),
    Attack("a form whose picture is 60,000 brackets", _request("POST", "/api/generations", files=_brackets)),
    Attack("1,000 pictures in one form", _request("POST", "/api/pictures/check", files=_thousand_files)),
    Attack("125 MB of pictures as base64 in JSON", _json("/api/concepts", _pictures_in_json)),
    Attack("zip whose files unpack to 700 MB", _import("x.zip", lambda: made.zip_of_files(*[70_000_000] * 10))),
    Attack("zip of 25 MB of zeros, all of which are read", _import("x.zip", lambda: made.zip_of_files(25_000_000))),
    Attack("`.pt`: a list of shared lists, 10⁸ entries written out", _import("x.pt", made.pt_of_shared_lists)),
    Attack("`.pt` with a tail, 680 kB that unpack to 700 MB", _import("x.pt", made.pt_with_a_tail)),
    Attack("PNG text of 100,000 letters", _read(made.recipe_of_letters)),
    Attack("recipe that names 20,000 concepts", _read(made.recipe_of_concepts)),
    Attack("JPEG of 2,000 scans", _checked("x.jpg", made.jpeg_of_many_scans)),
    Attack("JPEG of 2,000 scans, and a comment of as many marks", _checked("x.jpg", made.jpeg_of_disguised_scans)),
    Attack("ICC profile that unpacks to 400 MB", _checked("x.png", made.png_of_profile_bomb)),
    Attack("60 iTXt texts that unpack to 480 MB", _read(lambda: made.png_of_text_bomb(b"iTXt"))),
    Attack("60 zTXt texts that unpack to 480 MB", _read(lambda: made.png_of_text_bomb(b"zTXt"))),
    Attack("PNG of 20,000×20,000", _checked("x.png", made.png_of_many_pixels)),
    Attack(
        "integers of 400 digits",
        _several(
            *(_json("/api/generations", partial(made.json_of_many_digits, name)) for name in NUMBERS),
            _request("GET", "/api/jobs?limit=1" + "0" * 400),
            _read(made.recipe_of_numbers),
        ),
    ),
    Attack(
        "half a character (lone surrogate)",
        _several(_json("/api/generations", made.json_of_a_surrogate), _json("/api/tokens", _surrogate_name)),
    ),
    Attack(
        "`²` where a number stands",
        _several(
            _request("POST", "/api/generations", json={"prompt": "a <my-mug@²>"}),
            _request("GET", "/api/concepts/x/versions/%C2%B2/report"),
            _read(lambda: made.recipe_of_numbers("²")),
        ),
    ),
    Attack(
        "tensor with a side of 2**70",
        _import("x.safetensors", lambda: made.tensor("F32", [2**70, 128], 512)),
    ),
    Attack("tensor of type F4", _import("x.safetensors", lambda: made.tensor("F4", [1, 128], 64))),
    Attack("one token in many spellings", _plain(_spellings)),
    Attack("200 connections that never finish their headers", _plain(connections.unfinished_headers)),
    Attack("100 bodies of a byte a second", _plain(connections.slow_bodies)),
    Attack("event streams that say they send a form; an upload of their team", _plain(connections.streams_of_forms)),
    Attack("40 forms of 130 MB that never come; an upload of another team", _plain(connections.unsent_forms)),
    Attack("32 large pictures at a time from one team; one small picture from another", _many_uploads),
    Attack("1024×1024 on the demo model; a small order behind it", _plain(_huge_order)),
)
