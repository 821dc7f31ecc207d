"""Every parameter of OpenAI's client is obeyed, refused or named in `ignored`, as the table in `docs/rest.md` says."""

import re

import pytest
from fastapi.testclient import TestClient
from openai.types.image_create_variation_params import ImageCreateVariationParams
from openai.types.image_edit_params import ImageEditParamsStreaming
from openai.types.image_generate_params import ImageGenerateParamsStreaming

from app.compat.openai.schemas import IGNORED, EditIn, ImagesIn, PictureRequest, VariationIn
from app.core.settings import REPOSITORY, Settings
from tests.support.http import refused
from tests.support.pictures import photo

SECTION = (
    (REPOSITORY / "docs" / "rest.md").read_text("utf-8").partition("## The OpenAI clients")[2].partition("\n## ")[0]
)
TABLE = dict(re.findall(r"^\| `(\w+)` \| (obeyed|ignored|refused)\b", SECTION, re.MULTILINE))
PARAMETERS = {
    "/v1/images/generations": (ImageGenerateParamsStreaming, ImagesIn),
    "/v1/images/edits": (ImageEditParamsStreaming, EditIn),
    "/v1/images/variations": (ImageCreateVariationParams, VariationIn),
}


def taken(model: type[PictureRequest]) -> set[str]:
    """The fields of a request; `image[]` is another spelling of `image`."""
    return {field.alias or name for name, field in model.model_fields.items()} - {"image[]"}


def test_the_table_has_every_parameter_and_says_what_happens_to_it() -> None:
    theirs = {name for typed, _ in PARAMETERS.values() for name in typed.__annotations__}
    ours = {name for _, model in PARAMETERS.values() for name in taken(model)}
    assert set(TABLE) == theirs | ours
    assert {name for name, what in TABLE.items() if what == "refused"} == theirs - ours
    assert {name for name, what in TABLE.items() if what == "ignored"} == set(IGNORED)


@pytest.mark.parametrize("path", PARAMETERS)
def test_what_the_table_calls_refused_is_refused_by_its_name(member: TestClient, woken: list[str], path: str) -> None:
    typed, model = PARAMETERS[path]
    for name in set(typed.__annotations__) - taken(model):
        if path.endswith("generations"):
            answer = member.post(path, json={"prompt": "x", name: "1"})
        else:
            answer = member.post(path, data={"prompt": "x", name: "1"}, files={"image": ("x.png", photo(0))})
        refused(answer, name, f"There is no field {name} here.")
    assert woken == []


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"output_format": "gif"}, "output_format", "'png', 'jpeg' or 'webp'"),
        ({"output_compression": 50}, "output_compression", "Send output_format=jpeg or webp"),
        ({"output_format": "webp", "output_compression": 101}, "output_compression", "100"),
        ({"background": "transparent"}, "background", "'auto' or 'opaque'"),
        ({"quality": "best"}, "quality", "'high'"),
        ({"partial_images": 2}, "partial_images", "Send stream=true too"),
        ({"stream": True, "partial_images": 4}, "partial_images", "3"),
        ({"stream": True, "response_format": "url"}, "response_format", "b64_json"),
        ({"stream": True, "prompt": "a <nothing>"}, "prompt", "no concept <nothing>"),
        ({"model": "gpt-image-1"}, "model", "There is: demo. Send one of these, or leave the model out."),
    ],
)
def test_a_value_that_cannot_be_obeyed_is_refused(
    member: TestClient, woken: list[str], body: dict[str, object], field: str, says: str
) -> None:
    error = refused(member.post("/v1/images/generations", json={"prompt": "x"} | body), field, says)["error"]
    assert (error["param"], error["type"]) == (field, "invalid_request_error")
    assert woken == []


@pytest.mark.parametrize("aliases", ["gpt-image-1", "=demo", "gpt-image-1=,dall-e-3=demo"])
def test_aliases_that_are_no_pairs_are_refused_when_the_studio_starts(aliases: str) -> None:
    with pytest.raises(ValueError, match="write pairs such as gpt-image-1=demo"):
        Settings(openai_aliases=aliases)
