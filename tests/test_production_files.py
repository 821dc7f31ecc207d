"""The files of a production installation, which no engine on a developer's machine may be there to start."""

import re
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import crossplane
import pytest
import yaml

from app.core.settings import REPOSITORY, Settings
from app.jobs.stream import ALIVE_SECONDS

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
OURS = ("web", "sweep", "migrate", "worker")


def variables(text: str) -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", text))


def tool(name: str, *arguments: str) -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_compose_file_follows_the_compose_specification() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_a_linter_finds_nothing_to_say_about_the_dockerfiles(name: str) -> None:
    tool("hadolint", "--no-color", "--failure-threshold", "style", name)


def test_every_service_but_those_that_end_is_watched_over_or_says_why_not() -> None:
    images = {"oneword-web": "Dockerfile", "oneword-worker": "Dockerfile.gpu"}
    for name, service in COMPOSE["services"].items():
        in_image = "HEALTHCHECK" in (REPOSITORY / images.get(service["image"], ".dockerignore")).read_text()
        assert "healthcheck" in service or in_image, name
        assert service["restart"] in ("unless-stopped", "no")


def test_a_service_that_ends_is_waited_for_by_one_that_does_not_so_that_up_wait_succeeds() -> None:
    ending = {name for name, service in COMPOSE["services"].items() if service["restart"] == "no"}
    awaited = {
        needed
        for service in COMPOSE["services"].values()
        for needed, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert ending == awaited == {"migrate"}


def test_workers_are_scaled_by_that_name_and_see_every_gpu_to_choose_a_free_one() -> None:
    worker = COMPOSE["services"]["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker
    assert worker["deploy"]["resources"]["reservations"]["devices"][0]["count"] == "all"


def test_every_variable_of_the_compose_file_is_explained_in_the_example_or_has_a_default() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text()
    example = (REPOSITORY / ".env.example").read_text()
    explained = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    with_default = set(re.findall(r"\$\{([A-Z_]+):-", text))
    assert variables(text) <= explained | with_default
    assert explained <= variables(text)


@pytest.mark.parametrize("name", [*OURS, "proxy"])
def test_our_containers_run_read_only_without_capabilities_and_within_limits(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "migrate":
        assert service["restart"] == "unless-stopped"
        assert "memory" in service["deploy"]["resources"]["limits"]


def test_only_the_web_service_publishes_a_port_and_only_on_this_host_by_default() -> None:
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert published.pop("web")[0].startswith("${ONEWORD_LISTEN:-127.0.0.1:")
    assert list(published) == ["proxy"]
    assert COMPOSE["services"]["proxy"]["profiles"] == ["proxy"], "it starts only if somebody asks for it"


def test_the_word_of_the_proxy_is_taken_and_that_of_nobody_else_on_the_host() -> None:
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    subnet, dynamic = ip_network(network["subnet"]), ip_network(network["ip_range"])
    proxy = COMPOSE["services"]["proxy"]["networks"]["default"]["ipv4_address"]
    assert COMPOSE["x-oneword"]["ONEWORD_PROXIES"] == f"${{ONEWORD_PROXIES:-{proxy}}}"
    assert "ONEWORD_PROXIES" not in re.findall(r"^([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    assert ip_address(proxy) in subnet
    assert ip_address(proxy) not in dynamic, "another container could get this address"
    assert proxy != network["gateway"], "where connections to a published port come from"
    assert dynamic.subnet_of(subnet)
    for name, service in COMPOSE["services"].items():
        assert ("networks" in service) == (name == "proxy"), "all others are in the same network, at any address"


def test_the_broker_keeps_what_it_accepted_and_has_no_open_user() -> None:
    command = COMPOSE["services"]["valkey"]["command"]
    for part in ("--appendonly yes", "--maxmemory-policy noeviction", "--user default off", "-@dangerous"):
        assert part in command


def test_every_oneword_setting_that_is_handed_over_is_a_setting() -> None:
    known = {f"ONEWORD_{name.upper()}" for name in Settings.model_fields}
    handed = {name for name in COMPOSE["x-oneword"] if name.startswith("ONEWORD_")}
    assert handed <= known


def directives(block: list[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Every directive of a block of nginx, and of the blocks in it."""
    for directive in block:
        yield directive["directive"], directive["args"]
        yield from directives(directive.get("block", []))


@pytest.fixture(scope="module")
def nginx() -> dict[str, list[str]]:
    """The proxy's directives, and what each says where it is said last."""
    parsed = crossplane.parse(str(REPOSITORY / "nginx.conf"), single=True)
    assert parsed["errors"] == []
    return dict(directives(parsed["config"][0]["parsed"]))


def test_the_proxy_limits_time_size_and_number(nginx: dict[str, list[str]]) -> None:
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout", "keepalive_timeout"):
        assert 5 <= int(nginx[name][0].removesuffix("s")) <= 60, name
    assert nginx["client_max_body_size"] == [f"{Settings().body_bytes_max // 1_000_000}m"]
    assert int(nginx["limit_conn"][1]) < Settings().connections_max
    assert {"limit_conn_zone", "large_client_header_buffers", "reset_timedout_connection"} <= set(nginx)


def test_the_proxy_speaks_tls_and_passes_on_no_word_of_the_caller_about_itself(nginx: dict[str, list[str]]) -> None:
    assert set(nginx["ssl_protocols"]) == {"TLSv1.2", "TLSv1.3"}
    text = (REPOSITORY / "nginx.conf").read_text()
    for line in ("X-Forwarded-For $remote_addr;", "X-Forwarded-Proto $scheme;", 'Forwarded "";', "Host $host;"):
        assert f"proxy_set_header {line}" in text


def test_the_proxy_holds_back_neither_events_nor_the_refusal_of_an_upload(nginx: dict[str, list[str]]) -> None:
    assert nginx["proxy_buffering"] == nginx["proxy_request_buffering"] == ["off"]
    assert nginx["proxy_http_version"] == ["1.1"]
    assert int(nginx["proxy_read_timeout"][0].removesuffix("m")) * 60 > 300 > 2 * ALIVE_SECONDS


def test_the_proxy_listens_and_finds_its_files_where_the_compose_file_says(nginx: dict[str, list[str]]) -> None:
    proxy = COMPOSE["services"]["proxy"]
    assert [port.rpartition(":")[2] for port in proxy["ports"]] == ["8080", nginx["listen"][0]]
    assert nginx["ssl_certificate"][0].startswith(proxy["volumes"][1].split(":")[-2])
    assert proxy["volumes"][0] == "./nginx.conf:/etc/nginx/nginx.conf:ro"


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_an_image_runs_as_a_user_of_its_own_and_copies_only_what_is_there(name: str) -> None:
    lines = (REPOSITORY / name).read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001"], "a number, so that an orchestrator can see that it is not root"
    copied = [
        part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]
    ]
    assert [part for part in copied if not (REPOSITORY / part).exists()] == []


def test_the_build_context_lets_in_everything_that_an_image_copies() -> None:
    allowed = {line[1:] for line in Path(REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in ("Dockerfile", "Dockerfile.gpu"):
        for line in (REPOSITORY / name).read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for part in line.split()[1:-1]:
                    assert any(part.rstrip("/") == entry or part.startswith(f"{entry}/") for entry in allowed), part


def test_the_images_install_the_extras_that_they_need_and_no_more() -> None:
    assert "-e '.[postgres]'" in (REPOSITORY / "Dockerfile").read_text()
    assert "-e '.[worker,postgres]'" in (REPOSITORY / "Dockerfile.gpu").read_text()
