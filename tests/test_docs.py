"""The pages that list things are held to the things they list."""

import json
import re

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.compat.mcp.tools import TOOLS
from app.core.settings import REPOSITORY, Settings
from app.main import create_app

SETTINGS = (REPOSITORY / "docs" / "settings.md").read_text("utf-8")
REST = (REPOSITORY / "docs" / "rest.md").read_text("utf-8")


def shown(default: object) -> str:
    """A default as the tables show it."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default == "":
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) and default < 1e6 else f"`{default}`"


def line(name: str, field: FieldInfo) -> str:
    """A setting's line in the tables of `docs/settings.md`."""
    return f"| `ONEWORD_{name.upper()}` | {shown(field.default)} | {field.description} |"


def test_every_setting_is_documented_as_it_is() -> None:
    lines = [line(name, field) for name, field in Settings.model_fields.items()]
    missing = [each for each in lines if each not in SETTINGS]
    assert missing == [], "put these lines into docs/settings.md:\n" + "\n".join(missing)


def test_no_setting_is_documented_that_is_gone() -> None:
    documented = re.findall(r"^\| `ONEWORD_([A-Z_0-9]+)`", SETTINGS, re.MULTILINE)
    assert sorted(documented) == sorted(name.upper() for name in Settings.model_fields)


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


def test_every_call_is_on_the_page_about_rest_and_no_other() -> None:
    calls = {
        f"{method.upper()} {path}"
        for path, methods in create_app(Settings()).openapi()["paths"].items()
        for method in methods
    }
    assert set(re.findall(r"`((?:GET|POST|PATCH|PUT|DELETE) /\S*)`", REST)) == calls


def test_the_page_about_agents_lists_every_tool_with_its_scopes() -> None:
    page = (REPOSITORY / "docs" / "agents.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|", page, re.MULTILINE))
    assert listed == {name: " or ".join(f"`{scope}`" for scope in tool.needs.any_of) for name, tool in TOOLS.items()}


def test_what_the_page_about_agents_shows_to_copy_is_json_for_this_studio() -> None:
    page = (REPOSITORY / "docs" / "agents.md").read_text("utf-8")
    snippets = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    servers = [(each.get("mcpServers") or each["servers"])["oneword"] for each in snippets]
    assert len(servers) == 4
    for server in servers:
        by_address = server.get("url", "").endswith("/mcp") and "Authorization" in server["headers"]
        assert by_address or server["args"] == ["mcp"]


PATH = re.compile(r"`((?:app|worker|frontend|benchmarks|migrations|models|tests|docs|examples)/[\w./-]+)`")


def test_every_path_on_a_page_exists() -> None:
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    named = [
        (page.name, path)
        for page in pages
        for line in page.read_text("utf-8").splitlines()
        for path in PATH.findall(line)
    ]
    assert named
    assert [each for each in named if not (REPOSITORY / each[1]).exists()] == []
