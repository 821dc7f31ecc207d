"""`make audit`: known vulnerabilities of what is installed, by `pip-audit` and `npm audit`.

Both programs end as if all was well when their source of advisories does not answer: `pip-audit` then skips every
package and reports "No known vulnerabilities found". This program counts what was checked, and never calls a skipped
check passed. Exit status 1 for a vulnerability that matters, else 0.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.core.settings import REPOSITORY

SECONDS_MAX: Final = 20.0
SERIOUS: Final = ("critical", "high")  # of npm's severities; advisories of PyPI state none, so each of them matters
_PIP: Final = (
    sys.executable, "-m", "pip_audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip",
    "--format", "json", "--progress-spinner", "off", "--timeout", "10",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line about a check, and whether it fails the build."""

    text: str
    fails: bool = False


def unreachable(program: str) -> Finding:
    """What is said about a check that did not take place."""
    return Finding(f"{program}: could not reach its source, nothing was checked")


def of_pip(output: str | None) -> Finding:
    """What `pip-audit --format json` found; None if it did not end in time."""
    report = _parsed(output)
    packages = report.get("dependencies")
    if not isinstance(packages, list):
        return unreachable("pip-audit")
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    checked = len(packages) - len(skipped)
    faults = [
        f"{package['name']} {package['version']} has {fault['id']}{_fixed_in(fault)}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    if not checked:
        return unreachable("pip-audit")
    rest = f"; NOT checked, since they are unknown to its source: {', '.join(skipped)}" if skipped else ""
    if faults:
        return Finding(f"pip-audit: {'; '.join(faults)} ({checked} packages checked{rest})", fails=True)
    return Finding(f"pip-audit: {checked} packages checked, no known vulnerability{rest}")


def of_npm(output: str | None, name: str, *, matters: bool) -> Finding:
    """What `npm audit --json` found. Without `matters` it is told and fails nothing."""
    report = _parsed(output)
    faults = report.get("vulnerabilities")
    counted = report.get("metadata", {}).get("dependencies", {}) if isinstance(faults, dict) else {}
    if not isinstance(faults, dict) or not counted:  # npm reports an HTTP error as `{"message": …, "statusCode": …}`
        return unreachable(name)
    checked = counted.get("prod", 0) if "--omit=dev" in name else counted.get("total", 0)
    if not faults:
        return Finding(f"{name}: {checked} packages checked, no known vulnerability")
    told = ", ".join(f"{package} ({fault['severity']})" for package, fault in sorted(faults.items()))
    serious = any(fault["severity"] in SERIOUS for fault in faults.values())
    return Finding(f"{name}: {told} ({checked} packages checked)", fails=matters and serious)


def output_of(command: Sequence[str], folder: Path, seconds: float = SECONDS_MAX) -> str | None:
    """Standard output of a command; None if it takes longer than `seconds`, or is not there."""
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return None
    return ended.stdout


def main() -> int:
    """Run the three checks, and print a line about each."""
    frontend = REPOSITORY / "frontend"
    shipped, all_of_them = "npm audit --omit=dev", "npm audit"
    options = ("--json", "--fetch-retries=0", "--fetch-timeout=10000")
    commands = ((_PIP, REPOSITORY), *(((*name.split(), *options), frontend) for name in (shipped, all_of_them)))
    with ThreadPoolExecutor() as threads:
        outputs = list(threads.map(lambda command: output_of(*command), commands))
    findings = [
        of_pip(outputs[0]),
        of_npm(outputs[1], shipped, matters=True),
        of_npm(outputs[2], all_of_them, matters=False),  # what builds the page comes near no user
    ]
    for finding in findings:
        print(finding.text)
    return 1 if any(finding.fails for finding in findings) else 0


def _parsed(output: str | None) -> Mapping[str, Any]:
    try:
        report = json.loads(output or "")
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}


def _fixed_in(fault: Mapping[str, Any]) -> str:
    versions = fault.get("fix_versions") or []
    return f", fixed in {' and '.join(versions)}" if versions else ", not fixed yet"


if __name__ == "__main__":
    sys.exit(main())
