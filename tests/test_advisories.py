"""`make audit` tells a check that found nothing from a check that did not take place."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import REPOSITORY
from tests.support.advisories import of_npm, of_pip, output_of

NOTHING = "could not reach its source, nothing was checked"
SKIPPED = {"name": "pillow", "skip_reason": "Dependency not found on PyPI and could not be audited: pillow (13.0.0)"}
SOUND = {"name": "numpy", "version": "2.4.6", "vulns": []}
ILL = {"name": "pillow", "version": "9.0.0", "vulns": [{"id": "CVE-2022-1", "fix_versions": ["9.1.0"]}]}


def pip(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def npm(**severities: str) -> str:
    faults = {name: {"name": name, "severity": severity} for name, severity in severities.items()}
    counted = {"prod": 12, "dev": 163, "total": 174}
    return json.dumps({"vulnerabilities": faults, "metadata": {"dependencies": counted}})


@pytest.mark.parametrize("output", [None, "", "Connection refused", "[]", "{}", pip(), pip(SKIPPED, SKIPPED)])
def test_pip_audit_that_checked_no_package_is_never_passed(output: str | None) -> None:
    """The last of these is what it prints, with exit status 0, where its source has no advisories."""
    found = of_pip(output)
    assert (found.text, found.fails) == (f"pip-audit: {NOTHING}", False)


def test_pip_audit_names_the_packages_that_it_skipped() -> None:
    found = of_pip(pip(SOUND, SKIPPED))
    assert "1 packages checked" in found.text
    assert "NOT checked, since they are unknown to its source: pillow" in found.text
    assert not found.fails


def test_a_vulnerable_python_package_fails_the_build() -> None:
    found = of_pip(pip(SOUND, ILL))
    assert found.fails
    assert "pillow 9.0.0 has CVE-2022-1, fixed in 9.1.0" in found.text
    assert of_pip(pip(SOUND)).text == "pip-audit: 1 packages checked, no known vulnerability"


REFUSED = json.dumps({"message": "405 Method Not Allowed", "statusCode": 405, "body": "", "error": {"summary": ""}})


@pytest.mark.parametrize("output", [None, "", "npm error code ENOTFOUND", "{}", REFUSED])
def test_npm_audit_that_reached_no_source_is_never_passed(output: str | None) -> None:
    found = of_npm(output, "npm audit", matters=True)
    assert (found.text, found.fails) == (f"npm audit: {NOTHING}", False)


@pytest.mark.parametrize(("severity", "fails"), [("critical", True), ("high", True), ("moderate", False)])
def test_a_serious_vulnerability_of_what_the_page_ships_fails_the_build(severity: str, fails: bool) -> None:
    found = of_npm(npm(react=severity), "npm audit --omit=dev", matters=True)
    assert (found.text, found.fails) == (f"npm audit --omit=dev: react ({severity}) (12 packages checked)", fails)


def test_a_vulnerability_of_what_only_builds_the_page_is_told() -> None:
    found = of_npm(npm(vite="high"), "npm audit", matters=False)
    assert (found.text, found.fails) == ("npm audit: vite (high) (174 packages checked)", False)


def test_a_check_that_hangs_is_ended(tmp_path: Path) -> None:
    assert output_of([sys.executable, "-c", "import threading; threading.Event().wait()"], tmp_path, 0.2) is None
    assert output_of([str(tmp_path / "no-such-program")], tmp_path) is None


def test_make_test_audits_what_is_installed() -> None:
    rules = (REPOSITORY / "Makefile").read_text()
    assert "tests.support.advisories" in rules
    test_rule = rules[rules.index("\ntest:") : rules.index("\nlint:")]
    assert "audit" in test_rule
