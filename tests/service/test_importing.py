"""Embeddings of other tools: taken in by the service as they are, read by a worker, refused with sentences."""

import io
import pickle
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient
from safetensors.torch import save

from app.services import Services
from tests.support.foreign_files import kohya, rows
from tests.support.http import refused, send
from tests.support.pictures import photo, photos
from tests.support.stored import written
from tests.support.worker import run_import
from worker.context import WorkerContext
from worker.engine.embeddings import formats
from worker.engine.evaluation import EvaluationPlan


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports as on a machine where a picture takes minutes: without one."""
    monkeypatch.setattr(WorkerContext, "base_model", lambda *_: None)
    monkeypatch.setattr(EvaluationPlan, "for_model", lambda _: EvaluationPlan(steps=1, seeds=1, compare=False))


pytestmark = pytest.mark.usefixtures("undrawn")


def pickled(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


class Evil:
    """What a pickle should never be allowed to do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("owned",)


def failure(member: TestClient, services: Services, *files: tuple[str, bytes]) -> str:
    """The sentence that an import ends with."""
    made = send(member, *files, placeholder="<my-import>")
    assert made.status_code == 202, made.text
    run_import(services)
    job = member.get(f"/api/jobs/{made.json()['job']['id']}").json()
    assert job["state"] == "failed"
    assert job["error"]["field"] == "file"
    detail: str = job["error"]["detail"]
    return detail


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mug.safetensors", kohya()),
        ("learned_embeds.safetensors", save({"<mug>": rows()})),
        ("learned_embeds.bin", pickled({"<mug>": rows()[0]})),
        (
            "mug.pt",
            pickled({"string_to_token": {"*": 265}, "string_to_param": {"*": rows()}, "name": "mug", "step": 9}),
        ),
        ("MUG.PT", pickled({"emb_params": rows()})),
    ],
)
def test_a_file_of_another_tool_becomes_a_concept_to_draw_with(
    member: TestClient, services: Services, woken: list[str], name: str, content: bytes
) -> None:
    answer = send(member, (name, content), placeholder="<my-import>", name="Import", tags="foreign", initializer="mug")
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert (made["job"]["kind"], made["job"]["state"], made["concept"]["state"]) == ("import", "queued", "training")
    assert woken == [made["job"]["id"]]
    run_import(services)
    concept = member.get(f"/api/concepts/{made['concept']['id']}").json()
    assert (concept["state"], concept["name"], concept["tags"]) == ("ready", "Import", ["foreign"])
    assert concept["current_version"]["vectors"] == (1 if name.endswith("bin") else 2)
    assert member.post("/api/generations", json={"prompt": "a <my-import>"}).status_code == 202
    native = member.get(f"/api/concepts/{concept['id']}/embedding").content
    given = formats.read(content, name).embedding.rows["text_encoder"]
    assert torch.equal(formats.read_native(native).rows["text_encoder"], given)
    assert list(services.storage.list("imports")) == []


def test_what_was_downloaded_can_be_imported_again(member: TestClient, services: Services) -> None:
    made = send(member, ("mug.safetensors", kohya()), placeholder="<my-import>").json()
    run_import(services)
    for format in ("oneword", "diffusers", "diffusers-bin", "a1111", "a1111-card", "kohya", "onetrainer", "official"):
        file = member.get(f"/api/concepts/{made['concept']['id']}/embedding?format={format}")
        name = file.headers["content-disposition"].split('"')[1]
        again = send(member, (name, file.content), placeholder=f"<my-{format}>")
        run_import(services)
        assert member.get(f"/api/jobs/{again.json()['job']['id']}").json()["state"] == "succeeded"


def library_folder(token: bytes = b"<blue-mug>", kind: bytes = b"style\n") -> list[tuple[str, bytes]]:
    """Every file of a folder of the concepts library, as a browser sends them."""
    return [
        ("README.md", b"# Blue mug"),
        ("concept_images/0.jpeg", photo(1)),
        ("0.jpeg", photo(2)),
        ("learned_embeds.bin", pickled({"<blue-mug>": rows()})),
        ("token_identifier.txt", token),
        ("type_of_concept.txt", kind),
    ]


def test_a_folder_of_the_concepts_library_says_its_name_and_kind(member: TestClient, services: Services) -> None:
    answer = send(member, *library_folder())
    assert answer.status_code == 202, answer.text
    run_import(services)
    concept = member.get(f"/api/concepts/{answer.json()['concept']['id']}").json()
    assert (concept["placeholder"], concept["name"], concept["kind"]) == ("<blue-mug>", "blue mug", "style")
    assert concept["state"] == "ready"


def test_what_was_asked_for_counts_more_than_what_lies_beside(member: TestClient) -> None:
    concept = send(member, *library_folder(), placeholder="<my-cup>", kind="object", name="Cup").json()["concept"]
    assert (concept["placeholder"], concept["name"], concept["kind"]) == ("<my-cup>", "Cup", "object")


@pytest.mark.parametrize("token", [b"", b"two words", b"\xff\xfe", b"x" * 10_000])
def test_a_name_beside_that_is_none_is_passed_over(member: TestClient, token: bytes) -> None:
    answer = send(member, *library_folder(token, b"smell"))
    assert answer.status_code == 202, answer.text
    assert (answer.json()["concept"]["placeholder"], answer.json()["concept"]["kind"]) == (
        "<my-learned-embeds>",
        "object",
    )


def test_a_picture_alone_with_a_number_for_a_name_may_be_a_card(member: TestClient) -> None:
    assert send(member, ("0.png", photo(1, format="PNG"))).status_code == 202


def test_what_was_left_out_of_a_file_is_said(member: TestClient, services: Services) -> None:
    made = send(member, ("mug.safetensors", save({"emp_params": rows(), "emp_params_out": rows() + 1}))).json()
    run_import(services)
    (version,) = member.get(f"/api/concepts/{made['concept']['id']}/versions").json()["items"]
    assert version["origin"]["imported_from"] == "onetrainer"
    assert "only OneTrainer can use" in version["origin"]["note"]


def test_without_a_placeholder_the_files_name_becomes_one(member: TestClient) -> None:
    first = send(member, ("Blue Mug v2.safetensors", kohya())).json()
    assert first["concept"]["placeholder"] == "<my-blue-mug-v2>"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("xl.safetensors", save({"clip_l": rows(1, 768), "clip_g": rows(1, 1280)}), "128 wide"),
        ("sd.safetensors", kohya(1, 768), "768 wide (Stable Diffusion 1 (CLIP-L)), and Demo reads rows 128 wide"),
        ("long.safetensors", kohya(40), "has 40 vectors, and Demo reads at most 30"),
        ("nan.safetensors", save({"emb_params": rows() * float("nan")}), "not finite"),
        ("lora.safetensors", save({"lora_up": rows(), "lora_down": rows()}), "Is it a LoRA"),
        ("flux.safetensors", save({"t5": rows(1, 4096)}), "a T5 text encoder"),
        ("evil.pt", pickled({"emb_params": Evil()}), "cannot be read safely"),
        ("evil.bin", pickle.dumps(Evil()), "cannot be read safely"),
        ("text.pt", b"hello", "cannot be read safely"),
        ("half.safetensors", kohya()[:100], "not a whole safetensors file"),
        ("photo.png", photo(1, format="PNG"), "a picture without an embedding inside"),
    ],
)
def test_a_file_that_does_not_fit_fails_with_a_sentence(
    member: TestClient, services: Services, capsys: pytest.CaptureFixture[str], name: str, content: bytes, says: str
) -> None:
    detail = failure(member, services, (name, content))
    assert name in detail
    assert says in detail
    assert "owned" not in capsys.readouterr().out


def test_two_files_that_are_no_pair_fail_with_a_sentence(member: TestClient, services: Services) -> None:
    narrow = save({"emb_params": torch.zeros(1, 64)})
    detail = failure(member, services, ("a.safetensors", narrow), ("b.safetensors", kohya(2)))
    assert "a.safetensors and b.safetensors are not the two halves" in detail


def test_two_words_at_once_are_told_to_come_one_at_a_time(member: TestClient, services: Services) -> None:
    detail = failure(member, services, ("a.safetensors", kohya(2)), ("b.safetensors", kohya(2)))
    assert "a.safetensors and b.safetensors are two embeddings of their own" in detail
    assert "one at a time" in detail
    assert "wide" not in detail


def test_a_failed_import_leaves_no_word_in_the_library_and_its_sentence_in_the_queue(
    member: TestClient, services: Services
) -> None:
    key = {"Idempotency-Key": "once"}
    sent = ("mug.safetensors", kohya(1, 768))
    made = send(member, sent, headers=key).json()
    run_import(services)
    assert member.get("/api/concepts").json()["items"] == []
    assert member.get(f"/api/concepts/{made['concept']['id']}").status_code == 404
    (job,) = member.get("/api/jobs").json()["items"]
    assert (job["state"], job["concept"]["placeholder"]) == ("failed", made["concept"]["placeholder"])
    assert "mug.safetensors" in job["error"]["detail"]
    repeated = send(member, sent, headers=key)
    assert (repeated.status_code, repeated.json()["job"]["id"]) == (200, made["job"]["id"])


def test_an_import_that_was_cancelled_leaves_no_word_in_the_library(member: TestClient) -> None:
    made = send(member, ("mug.safetensors", kohya())).json()
    assert member.post(f"/api/jobs/{made['job']['id']}/cancel").status_code == 200
    assert member.get("/api/concepts").json()["items"] == []


def test_a_failed_import_does_not_keep_its_placeholder(member: TestClient, services: Services) -> None:
    failure(member, services, ("mug.safetensors", kohya(1, 768)))
    again = send(member, ("mug.safetensors", kohya()), placeholder="<my-import>")
    assert again.status_code == 202, again.text
    (concept,) = member.get("/api/concepts").json()["items"]
    assert concept["id"] == again.json()["concept"]["id"]


@pytest.mark.parametrize(
    ("files", "form", "field", "code"),
    [
        ([], {}, "file", "file-count"),
        ([("a.pt", b"x"), ("b.pt", b"x"), ("c.pt", b"x")], {}, "file", "file-count"),
        ([("a.ckpt", b"x")], {}, "file", "file-kind"),
        ([("my-mug.zip", b"PK")], {}, "file", "file-damaged"),
        ([("token_identifier.txt", b"<mug>")], {}, "file", "file-count"),
        ([("a.pt", b"x")] * 21, {}, "file", "invalid-input"),
        ([("", b"x")], {}, "file", "invalid-input"),
        ([("a.pt", b"")], {}, "file", "file-empty"),
        ([("a.pt", b"x" * 1_000_001)], {}, "file", "file-large"),
        ([("a.png", b"x" * 8_000_001)], {}, "file", "file-large"),
        ([("a.pt", b"x")], {"placeholder": "my-mug"}, "placeholder", "placeholder-malformed"),
        ([("a.pt", b"x")], {"placeholder": "<my-cat>"}, "placeholder", "placeholder-taken"),
        ([("a.pt", b"x")], {"base_model": "sdxl"}, "base_model", "base-model-unknown"),
        ([("a.pt", b"x")], {"initializer": "mugg"}, "initializer", "initializer-unknown"),
        ([("a.pt", b"x")], {"kind": "smell"}, "kind", "kind"),
    ],
)
def test_what_cannot_be_imported_is_said_at_once_and_leaves_nothing(
    member: TestClient,
    services: Services,
    files: list[tuple[str, bytes]],
    form: dict[str, str],
    field: str,
    code: str,
) -> None:
    member.post("/api/concepts", data={"placeholder": "<my-cat>", "initializer": "cat"}, files=photos())
    before = written(services)
    refused(send(member, *files, **form), field, code=code)
    assert written(services) == before


def test_the_same_idempotency_key_imports_once(member: TestClient, services: Services) -> None:
    headers = {"Idempotency-Key": "once"}
    first, again = (send(member, ("mug.safetensors", kohya()), headers=headers).json() for _ in range(2))
    assert first["job"]["id"] == again["job"]["id"]
    assert len(list(services.storage.list("imports"))) == 1


def test_an_import_can_be_cancelled_and_deleted(member: TestClient, services: Services) -> None:
    made = send(member, ("mug.safetensors", kohya())).json()
    assert member.delete(f"/api/concepts/{made['concept']['id']}").status_code == 204
    assert member.get(f"/api/jobs/{made['job']['id']}").json()["state"] == "cancelled"


def test_an_imported_word_is_taught_again_with_pictures_and_an_initializer(
    member: TestClient, services: Services
) -> None:
    made = send(member, ("mug.safetensors", kohya())).json()
    run_import(services)
    url = f"/api/concepts/{made['concept']['id']}/versions"
    refused(member.post(url, files=photos()), "initializer", code="initializer-empty")
    refused(member.post(url, data={"initializer": "mug"}), "images", code="picture-count")
    assert member.post(url, data={"initializer": "mug"}, files=photos()).status_code == 202
