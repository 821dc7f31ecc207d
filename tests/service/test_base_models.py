"""The allowlist, and words as a base model reads them."""

import json
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from huggingface_hub import HfApi

from app.base_models.catalog import Catalog
from app.base_models.examples import examples
from app.base_models.fetching import fetch, needed_files
from app.base_models.tokenizer import Tokenizer
from app.core.errors import InvalidInput, NotReady
from app.core.settings import REPOSITORY, Settings

DEMO = REPOSITORY / "models" / "demo"
TEXTS = [
    "a photo of a mug",
    "Red  robot's HAT, on\tthe beach!",
    "ünïcode 123 <my-mug>",
    "zzz qqq",
    "",
    "   ",
    "it's 4x4",
]


@pytest.fixture(scope="module")
def reference() -> object:
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(DEMO / "tokenizer", local_files_only=True)


@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_those_of_transformers(reference: object, text: str) -> None:
    expected = reference(text, add_special_tokens=False).input_ids  # type: ignore[operator]
    assert Tokenizer.from_folder(DEMO / "tokenizer").ids(text) == expected


@pytest.mark.parametrize("text", TEXTS)
def test_the_older_pair_of_files_gives_the_same_ids(reference: object, tmp_path: Path, text: str) -> None:
    model = json.loads((DEMO / "tokenizer/tokenizer.json").read_text())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    expected = reference(text, add_special_tokens=False).input_ids  # type: ignore[operator]
    assert Tokenizer.from_folder(tmp_path).ids(text) == expected


def test_a_model_with_a_missing_file_says_which(tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "half", ignore=shutil.ignore_patterns("*.safetensors"))
    catalog = Catalog(Settings(base_models=f"demo,{tmp_path / 'half'}"))
    reason = catalog.models[1].not_ready_reason
    assert reason is not None
    assert "model.safetensors is missing" in reason
    with pytest.raises(NotReady) as refused:
        catalog.get("half")
    assert refused.value.code == "base-model"


def test_only_what_the_settings_allow_can_be_asked_for() -> None:
    with pytest.raises(InvalidInput) as refused:
        Catalog(Settings()).get(str(DEMO))
    assert refused.value.code == "base-model-unknown"


def test_a_misspelt_word_gets_near_ones_and_a_free_placeholder(member: TestClient) -> None:
    answer = member.post("/api/tokenize", json={"base_model": "demo", "text": "mugg"}).json()
    assert (answer["known"], answer["single"]) == (False, False)
    assert "mug" in answer["suggestions"]
    assert answer["placeholder"] == "<my-mugg>"


def test_a_phrase_gets_its_own_words_first(member: TestClient) -> None:
    answer = member.post("/api/tokenize", json={"text": "red robot"}).json()
    assert (answer["known"], answer["single"], answer["count"]) == (True, False, 2)
    assert answer["suggestions"][0] == "robot"


def test_the_demo_model_is_ready(member: TestClient) -> None:
    (demo,) = member.get("/api/base-models").json()["items"]
    assert demo["ready"] is True
    assert (demo["family"], demo["resolution"], demo["width"], demo["context_length"]) == ("sd1", 64, 128, 32)


def test_ready_lessons_can_be_taught_as_they_are(member: TestClient) -> None:
    offered = member.get("/api/lessons").json()["items"]
    assert len(offered) >= 6
    lesson = next(lesson for lesson in offered if lesson["id"] == "king-purr")
    pictures = [("images", ("1.jpg", member.get(url).content, "image/jpeg")) for url in lesson["pictures"]]
    asked = {name: lesson[name] for name in ("placeholder", "initializer", "kind", "base_model", "name")}
    assert member.post("/api/concepts", data=asked, files=pictures).status_code == 202


@pytest.mark.parametrize(
    "path", ["nobody/pictures/1", "king-purr/pictures/0", "king-purr/pictures/9", "..%2f/pictures/1"]
)
def test_a_lesson_that_is_not_there_is_not_found(member: TestClient, path: str) -> None:
    assert member.get(f"/api/lessons/{path}").status_code == 404


def test_without_the_demo_model_there_are_no_lessons() -> None:
    assert examples(Catalog(Settings(base_models="some/model@0123abc"))) == ()


COMPONENTS = ("text_encoder", "unet", "vae")
SD15 = [
    ".gitattributes",
    "README.md",
    "model_index.json",
    "v1-5-pruned-emaonly.safetensors",
    "scheduler/scheduler_config.json",
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "text_encoder/model.fp16.safetensors",
    "text_encoder/pytorch_model.bin",
    "safety_checker/model.safetensors",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.non_ema.safetensors",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
]


def test_a_hub_models_weights_are_fetched_once_and_in_full_precision() -> None:
    assert [path for path in needed_files(SD15, COMPONENTS) if path.endswith(".safetensors")] == [
        "text_encoder/model.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]
    assert {"model_index.json", "tokenizer/merges.txt", "unet/config.json"} <= set(needed_files(SD15, COMPONENTS))
    assert not any(path.endswith(".bin") for path in needed_files(SD15, COMPONENTS))


def test_where_there_is_only_half_precision_that_is_fetched() -> None:
    half = [path for path in SD15 if "fp16" in path or not path.endswith(".safetensors")]
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in needed_files(half, COMPONENTS)


def test_weights_in_several_files_are_fetched_whole() -> None:
    shards = ["model_index.json", *(f"unet/diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2))]
    assert needed_files(shards, COMPONENTS)[-2:] == shards[1:]


def test_a_scorers_weights_lie_at_the_top() -> None:
    there = ["config.json", "model.safetensors", "pytorch_model.bin", "vocab.json", "merges.txt"]
    assert needed_files(there, [""]) == ["config.json", "vocab.json", "merges.txt", "model.safetensors"]


@pytest.mark.parametrize("source", ["org/other@0123abc", "demo", "org/name"])
def test_only_what_the_settings_name_is_fetched(source: str) -> None:
    with pytest.raises(InvalidInput, match="is not allowed here"):
        fetch(Settings(base_models="demo,org/name@0123abc", scorer="org/clip@0123abc"), source)


@pytest.mark.parametrize("whole", [True, False])
def test_a_fetched_model_is_checked_as_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: bool) -> None:
    folder = Path(shutil.copytree(DEMO, tmp_path / "fetched"))
    if not whole:
        (folder / "scheduler" / "scheduler_config.json").unlink()
    names = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    monkeypatch.setattr(HfApi, "list_repo_files", lambda *_, **__: names)
    monkeypatch.setattr("app.base_models.fetching.snapshot_download", lambda *_, **__: str(folder))
    settings = Settings(base_models="org/name@0123abc")
    if whole:
        assert fetch(settings, "org/name@0123abc") == str(folder)
        return
    with pytest.raises(NotReady, match=r"cannot be used\. The file scheduler/scheduler_config\.json is missing"):
        fetch(settings, "org/name@0123abc")


def test_more_steps_than_a_scheduler_takes_are_refused(member: TestClient) -> None:
    answer = member.post("/api/generations", json={"prompt": "a mug", "scheduler": "lcm", "steps": 60})
    assert (answer.status_code, answer.json()["field"], answer.json()["type"]) == (422, "steps", "/problems/steps")
    assert member.post("/api/generations", json={"prompt": "a mug", "scheduler": "lcm"}).status_code == 202
