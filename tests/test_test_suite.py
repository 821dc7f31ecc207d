"""Rules of the tests themselves, read off their source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import REPOSITORY

TESTS = REPOSITORY / "tests"
OURS = {"app", "worker", "models", "benchmarks"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(TESTS.rglob("*.py")):
        yield path.relative_to(REPOSITORY).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Modules that a module imports anywhere, also inside functions: `a.b` for `from a import b` too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def imported_from(tree: ast.Module) -> dict[str, str]:
    """The top-level package of every name that a module imports."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(alias.asname or alias.name).partition(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: node.module for alias in node.names}
    return {name: module.partition(".")[0] for name, module in found.items()}


def patched(call: ast.Call, packages: dict[str, str]) -> tuple[str, str] | None:
    """Top-level package and last name of what `monkeypatch.setattr` or the like replaces. A local is of package ""."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("setattr", "delattr", "patch", "object"):
        return None
    texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if not call.args or not texts:
        return None
    root = call.args[0]
    if isinstance(root, ast.Constant):
        return texts[0].partition(".")[0], texts[0].rpartition(".")[2]
    while isinstance(root, ast.Attribute | ast.Call):
        root = root.value if isinstance(root, ast.Attribute) else root.func
    return packages.get(root.id, "") if isinstance(root, ast.Name) else "", texts[0]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def is_test_module(name: str) -> bool:
    last = name.rpartition(".")[2]
    return name.startswith(("tests.", ".")) and (last.startswith("test_") or last == "conftest")


def test_what_tests_share_lives_in_support_and_no_test_module_imports_another() -> None:
    offenders = [(path, name) for path, tree in modules() for name in sorted(imported(tree)) if is_test_module(name)]
    assert offenders == []


def sleeps(node: ast.AST) -> bool:
    """Whether a call lets time pass. `asyncio.sleep(0)` lets other tasks run and no time pass."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("time.sleep", "sleep", "asyncio.sleep"):
        return False
    return [ast.unparse(argument) for argument in node.args] != ["0"]


def test_a_test_waits_for_an_event_and_never_sleeps() -> None:
    """Code that stands in for work of a child process, in `tests/support/*_tasks.py`, may take its time."""
    offenders = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if not path.endswith("_tasks.py")
        for node in ast.walk(tree)
        if sleeps(node)
    ]
    assert offenders == []


def test_no_test_replaces_a_private_name_of_what_it_tests() -> None:
    """Another package's private name may be replaced where that package offers nothing better."""
    offenders = [
        f"{path}:{node.lineno} replaces {found[1]}"
        for path, tree in modules()
        for packages in [imported_from(tree)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (found := patched(node, packages)) is not None
        and is_private(found[1])
        and found[0] in OURS | {"", "tests"}
    ]
    assert offenders == []


def test_a_fixture_is_found_by_its_name_and_never_imported() -> None:
    """Support modules hold plain functions; only the modules that `tests/conftest.py` registers hold fixtures."""
    offenders = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if path.startswith("tests/support/") and not Path(path).name.startswith("fixtures_")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator).startswith("pytest.fixture") for decorator in node.decorator_list)
    ]
    assert offenders == []
