"""The walls of `docs/architecture.md`, read off the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import REPOSITORY
from app.rooms import metadata

HEAVY = {"torch", "diffusers", "transformers", "accelerate"}
APP, WORKER = REPOSITORY / "app", REPOSITORY / "worker"
CONTRACTS, ENGINE = APP / "contracts", WORKER / "engine"

# Queries that are asked of every team at once, and why.
ACROSS_TEAMS = {
    "accounts.by_token": "finds out which team is asking",
    "accounts.by_session": "finds out which team is asking",
    "accounts.first_administrator": "for the command line, which nobody reaches over HTTP",
    "accounts.use_code": "finds out which team is asking",
    "accounts.touch_token": "writes when a token that was just shown was used",
    "accounts.end_session": "by the secret's hash, which only its owner has",
    "concepts.next_number": "of a concept that was found within its team",
    "concepts.names": "people's names, of rows that were found within the team",
    "jobs.ahead": "the queue is everybody's, and only a number leaves",
    "jobs.head": "a worker serves every team",
    "jobs.claimable": "a worker serves every team",
    "jobs.silent": "a dead worker served every team",
    "jobs.batch_mates": "a worker serves every team",
    "jobs.queue_of": "figures for operators",
    "jobs.waiting_all": "the queue is everybody's; a forecast shows a team its own jobs",
    "jobs.running_all": "the queue is everybody's; a forecast shows a team its own jobs",
    "jobs.samples": "how long work takes is no team's secret",
    "jobs.is_drawn_by": "a worker serves every team",
    "jobs.usage_counters": "figures for operators",
    "retention.remove_drawings": "the sweep serves every team",
    "retention.remove_deleted": "the sweep serves every team",
    "retention.remove_progress": "the sweep serves every team",
    "retention.remove_keys": "the sweep serves every team",
    "workers.every": "a worker serves every team",
    "workers.alive": "a worker serves every team",
    "workers.neighbours": "a worker serves every team",
    "workers.forget": "a worker serves every team",
    "workers.remove_stale_workers": "a worker serves every team",
    "webhooks.due": "the sender serves every team",
    "webhooks.sent": "the sender serves every team",
    "webhooks.receiver": "of a delivery that is due",
    "webhooks.backlog": "figures for operators",
    "webhooks.forget_before": "the sweep serves every team",
    "jobs.events_after": "of jobs that were found within their team",
    "jobs.names": "of jobs that were found within their team",
    "jobs.taught_by": "of jobs that were found within their team",
}


def modules(*folders: Path) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Top-level packages that a module imports anywhere, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def offenders(folders: tuple[Path, ...], forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(REPOSITORY)} imports {', '.join(sorted(bad))}"
        for path, tree in modules(*folders)
        if (bad := imported(tree) & forbidden)
    ]


def test_a_running_web_service_has_loaded_no_torch_and_no_worker() -> None:
    script = f"import sys, app.main; app.main.create_app(); print({HEAVY | {'worker'}!r} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_a_running_sweep_has_loaded_no_torch() -> None:
    script = f"import sys, worker.maintenance.sweep; print({HEAVY!r} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_app_imports_neither_the_worker_nor_torch() -> None:
    assert offenders((APP,), HEAVY | {"worker"}) == []


def test_the_engine_knows_tensors_and_not_rows() -> None:
    assert offenders((ENGINE,), {"sqlalchemy", "celery", "structlog"}) == []


def test_what_both_sides_read_alike_knows_neither() -> None:
    assert offenders((CONTRACTS,), HEAVY | {"worker", "sqlalchemy"}) == []


def test_nothing_is_unpickled_but_in_one_file() -> None:
    opens_pickles = {
        path.relative_to(REPOSITORY).as_posix()
        for path, tree in modules(APP, WORKER)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "pickle.load", "pickle.loads"))
        or (isinstance(node, ast.Import) and {alias.name for alias in node.names} & {"pickle", "dill", "joblib"})
    }
    assert opens_pickles == {"worker/engine/embeddings/pickled.py"}


def queries() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path, tree in modules(*(folder for folder in APP.iterdir() if (folder / "queries.py").is_file())):
        if path.name == "queries.py":
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield f"{path.parent.name}.{node.name}", node


@pytest.mark.parametrize(
    ("name", "function"), list(queries()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_query_goes_through_a_team(name: str, function: ast.FunctionDef) -> None:
    arguments = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    if name in ACROSS_TEAMS:
        assert "team_id" not in arguments, "it takes a team now; take it off the list"
        return
    assert "team_id" in arguments
    used = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "team_id"]
    assert used, "it takes a team and does not look at it"


def test_the_list_of_queries_across_teams_names_only_ones_that_are_there() -> None:
    assert set(ACROSS_TEAMS) <= {name for name, _ in queries()}


def test_people_reach_rows_only_through_queries() -> None:
    """Outside `queries.py`, no endpoint and no service of `app` selects anything by itself."""
    own_sql = {
        path.relative_to(APP).as_posix()
        for path, tree in modules(APP)
        if path.name != "queries.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("select", "update", "session.get", "session.query")
    }
    assert own_sql <= {"jobs/ledger.py", "core/database.py", "ops/migrate.py", "usage/accounting.py"}


def test_every_table_that_belongs_to_a_team_says_so() -> None:
    # Events belong to a job, which belongs to a team; a worker serves every team, and the usage counters are of all.
    of_nobody_in_particular = {"teams", "users", "job_events", "workers", "usage_counters"}
    without = {table.name for table in metadata.sorted_tables if "team_id" not in table.columns}
    assert without == of_nobody_in_particular
