"""Walls that import-linter cannot hold: what a running process has loaded, who unpickles, and whose rows are read.

The import walls themselves are contracts in `pyproject.toml`, `[tool.importlinter]`.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast, get_args

import pytest

from app.contracts.jobs import Kind
from app.contracts.queues import QUEUES
from app.core.settings import REPOSITORY
from app.rooms import metadata
from worker import work_loop
from worker.context import WorkerContext

HEAVY: Final = {"torch", "diffusers", "transformers", "accelerate"}
APP, WORKER = REPOSITORY / "app", REPOSITORY / "worker"

# Modules that hold queries besides each room's queries.py.
MORE_QUERIES: Final = {"app/jobs/fair_queue.py"}

# Modules that run statements of their own, and why.
OWN_STATEMENTS: Final = {
    "app/core/database.py": "the clock and the upsert of counters; knows no table",
    "app/core/idempotency.py": "a key is looked up within its team, in one place",
    "app/jobs/ledger.py": "every write is fenced by job id, attempt and state",
    "app/concepts/search_terms.py": "an event listener that follows the flush of one concept",
    "app/generation/search_terms.py": "an event listener that follows the flush of one generation",
}

# Queries that serve every team at once, and why.
ACROSS_TEAMS: Final = {
    "bin.remove_jobs_of": "removal goes through every team; the jobs were found before",
    "jobs.withdraw": "of the team of a job that was found before",
    "audit.remove_before": "the sweep serves every team",
    "bin.expired_concepts": "the sweep serves every team",
    "bin.expired_generations": "the sweep serves every team",
    "bin.remove_expired_images": "the sweep serves every team",
    "bin.remove_expired_boards": "the sweep serves every team",
    "bin.remove_jobs": "the sweep serves every team",
    "accounts.by_token": "finds out which team is asking",
    "accounts.by_session": "finds out which team is asking",
    "accounts.by_credential_id": "finds out whose signed address it is, before the signature is checked",
    "accounts.first_administrator": "for the command line, which cannot be reached over HTTP",
    "accounts.use_code": "finds out which team is asking",
    "accounts.link_owner": "by the secret's hash, which only its owner has",
    "accounts.renew_session": "writes when a session that was just shown was used",
    "accounts.rights": "the streams of every team are checked at once",
    "accounts.people": "for the command line, which cannot be reached over HTTP",
    "accounts.remove_expired": "the sweep serves every team",
    "accounts.touch_token": "writes when a token that was just shown was used",
    "accounts.end_session": "by the secret's hash, which only its owner has",
    "accounts.names": "names of people whose ids were found within the team",
    "jobs.ahead": "the queue is shared, and only a number leaves",
    "jobs.is_overtaken": "the queue is shared, and only yes or no leaves",
    "jobs.head": "a worker serves every team",
    "jobs.claimable": "a worker serves every team",
    "jobs.expired_leases": "a dead worker served every team",
    "jobs.batch_mates": "a worker serves every team",
    "jobs.queue_of": "figures for operators",
    "jobs.waiting_all": "the queue is shared; a forecast shows a team its own jobs",
    "jobs.running_all": "the queue is shared; a forecast shows a team its own jobs",
    "jobs.samples": "how long work takes is no team's secret",
    "jobs.is_drawn_by": "a worker serves every team",
    "jobs.first_queued": "the sweep serves every team",
    "jobs.remove_previews_of_ended": "the sweep serves every team",
    "retention.blob_keys": "the sweep serves every team",
    "jobs.events_after": "events of jobs that were found within their team",
    "retention.remove_drawings": "the sweep serves every team",
    "retention.remove_progress": "the sweep serves every team",
    "retention.remove_keys": "the sweep serves every team",
    "uploads.remove_expired": "the sweep serves every team",
    "usage.usage_counters": "figures for operators",
    "workers.every": "a worker serves every team",
    "workers.alive": "a worker serves every team",
    "workers.neighbours": "a worker serves every team",
    "workers.remove": "a worker serves every team",
    "workers.remove_stale_workers": "a worker serves every team",
    "webhooks.due": "the sender serves every team",
    "webhooks.sent": "the sender serves every team",
    "webhooks.receiver": "the webhook of a delivery that is due",
    "webhooks.backlog": "figures for operators",
    "webhooks.remove_before": "the sweep serves every team",
}

# What each process has to do when a job changes its state; see app.jobs.hooks.
HOOKS: Final = {
    "app.concepts.job_hooks.end_version",
    "app.concepts.job_hooks.withdraw_failed_import",
    "app.usage.accounting.count_ended_job",
    "app.usage.accounting.count_gpu_seconds",
    "app.usage.service.check_quotas",
    "app.webhooks.outbox.announce",
    "app.webhooks.outbox.announce_version",
}


def modules(*folders: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every module of these folders, by its path in the repository."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path.relative_to(REPOSITORY).as_posix(), ast.parse(path.read_text("utf-8"))


def run(script: str) -> str:
    """What a fresh process prints."""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


# --- What a process has loaded ---------------------------------------------------------------------------------------


def test_a_running_web_service_has_loaded_no_torch_and_no_worker() -> None:
    script = f"import sys, app.main; app.main.create_app(); print({HEAVY | {'worker'}!r} & set(sys.modules))"
    assert run(script) == "set()"


def test_a_running_sweep_has_loaded_no_torch() -> None:
    assert run(f"import sys, worker.maintenance.sweep; print({HEAVY!r} & set(sys.modules))") == "set()"


@pytest.mark.parametrize("process", ["app.main", "worker.context", "worker.maintenance.sweep", "app.rooms"])
def test_every_process_that_changes_jobs_has_loaded_every_hook(process: str) -> None:
    script = (
        f"import {process}; from app.jobs.hooks import registry as r; assert r.closed; "
        "from app.concepts.versions import ready_hooks as ready; "
        "print(*(f'{h.__module__}.{h.__name__}' for h in (*r.submit, *r.attempt_over, *r.final_state, *ready)))"
    )
    loaded = run(script).split()
    assert sorted(loaded) == sorted(HOOKS)


@pytest.mark.parametrize("change", ["run_final_state(None, None)", "run_attempt_over(None, None, 1.0)",
                                    "run_before_submit(None, '', 'training', None)"])  # fmt: skip
def test_a_process_that_forgot_the_hooks_fails_at_its_first_job(change: str) -> None:
    script = (
        "import app.jobs.ledger\nfrom app.jobs import hooks\n"
        f"try: hooks.{change}\nexcept hooks.HooksNotLoaded: print('refused')"
    )
    assert run(script) == "refused"


def test_a_hook_that_app_rooms_does_not_load_cannot_be_registered_later() -> None:
    script = (
        "import app.rooms\nfrom app.jobs import hooks\n"
        "try: hooks.on_final_state(lambda session, job: None)\nexcept RuntimeError: print('refused')"
    )
    assert run(script) == "refused"


def test_every_kind_of_job_has_a_queue_a_handler_and_a_place_in_the_order() -> None:
    kinds = sorted(get_args(Kind))
    handlers = work_loop.handlers(cast("WorkerContext", object()))
    assert sorted(QUEUES) == sorted(handlers) == sorted(work_loop.ORDER) == kinds
    assert [handler.kind for handler in handlers.values()] == list(handlers)


# --- What is unpickled ------------------------------------------------------------------------------------------------


def test_nothing_is_unpickled_but_embeddings_in_one_file_and_the_pools_own_messages() -> None:
    opens_pickles = {
        path
        for path, tree in modules(APP, WORKER)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "pickle.load", "pickle.loads"))
        or (isinstance(node, ast.Import) and {alias.name for alias in node.names} & {"pickle", "dill", "joblib"})
    }
    # The pipes of the decoder pool read pebble's own messages, and refuse every other class.
    assert opens_pickles == {"worker/engine/embeddings/pickled.py", "app/foreign_bytes/plain_pipes.py"}


# --- Whose rows are read ----------------------------------------------------------------------------------------------

CONSTRUCTORS: Final = {"select", "insert", "update", "delete", "text", "exists"}  # functions of sqlalchemy
SESSION_CALLS: Final = {"get", "get_one", "query", "execute", "scalar", "scalars", "stream", "stream_scalars"}
SESSIONS: Final = ("session", "connection")  # how variables that hold one end


def statements(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every place where a module builds or runs a statement: its line, and the call.

    The constructors of SQLAlchemy count however they were imported; a session's or connection's reading calls count
    whatever they are given, also a statement that was built elsewhere.
    """
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy"
        for alias in node.names
    }
    packages = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.split(".")[0] == "sqlalchemy"
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and names.get(called.id) in CONSTRUCTORS:
            yield node.lineno, called.id
        elif isinstance(called, ast.Attribute):
            owner = ast.unparse(called.value)
            built = called.attr in CONSTRUCTORS and owner in packages
            asked = called.attr in SESSION_CALLS and owner.lower().endswith(SESSIONS)
            if built or asked:
                yield node.lineno, f"{owner}.{called.attr}"


def is_for_queries(path: str) -> bool:
    return path.endswith("/queries.py") or path in MORE_QUERIES


def ad_hoc(folder: Path, of_tables: frozenset[str] = frozenset({"text", "exists"})) -> list[str]:
    """Statements outside of the modules that may have some. The wording of an index is not a statement."""
    return [
        f"{path}:{line} {call}"
        for path, tree in modules(folder)
        if not is_for_queries(path) and path not in OWN_STATEMENTS
        for line, call in statements(tree)
        if not (path.endswith("/models.py") and call in of_tables)
    ]


def test_in_app_only_queries_reach_rows() -> None:
    assert ad_hoc(APP) == []


def test_in_the_worker_only_queries_of_app_reach_rows() -> None:
    assert ad_hoc(WORKER) == []


def test_the_modules_with_statements_of_their_own_are_there_and_have_some() -> None:
    found = {path for path, tree in modules(APP, WORKER) if next(statements(tree), None) is not None}
    assert set(OWN_STATEMENTS) | MORE_QUERIES <= found


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import select as pick\npick(Job)",
        "import sqlalchemy as sa\nsa.delete(Job)",
        "session.get(Job, '1')",
        "session.get_one(Job, '1')",
        "self.session.scalars(queries.due())",
        "session.query(Job)",
        "from sqlalchemy.dialects.postgresql import insert\ninsert(Job)",
    ],
)
def test_the_check_sees_every_kind_of_statement(source: str) -> None:
    assert [line for line, _ in statements(ast.parse(source))] == [source.count("\n") + 1]


def queries() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every public function that is given a session."""
    for path, tree in modules(APP):
        if is_for_queries(path):
            for node in tree.body:
                asks = isinstance(node, ast.FunctionDef) and any(each.arg == "session" for each in node.args.args)
                if isinstance(node, ast.FunctionDef) and asks and not node.name.startswith("_"):
                    yield f"{Path(path).parent.name}.{node.name}", node


@pytest.mark.parametrize(
    ("name", "function"), list(queries()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_query_goes_through_a_team(name: str, function: ast.FunctionDef) -> None:
    arguments = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    if name in ACROSS_TEAMS:
        assert "team_id" not in arguments, "it takes a team now; take it off the list"
        return
    assert "team_id" in arguments
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "team_id"]
    built = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func) in ("select", "update", "delete", "session.get", "session.get_one"))
    ]
    assert len(uses) >= max(1, len(built)), "each of its statements has to name the team"


def test_the_list_of_queries_across_teams_names_only_ones_that_are_there() -> None:
    assert set(ACROSS_TEAMS) <= {name for name, _ in queries()}


# --- What is in the bin -----------------------------------------------------------------------------------------------

IN_LIBRARY: Final = {"Concept", "Version", "Picture", "SearchTerm", "Generation", "GenerationUpload", "Image", "Board"}

# Queries that also see what is in the bin, and why. The room of the bin is not looked at.
SEE_THE_BIN: Final = {
    "library._value_of": "a part of `page`, which leaves deleted ones out",
    "library._has_term": "a deleted concept has no search terms; `page` leaves deleted ones out",
    "concepts.including_deleted": "a repeated request gets its first answer",
    "concepts.versions": "of concepts that were found before",
    "concepts.version": "of a concept that was found before",
    "concepts.numbered": "of concepts that were found before",
    "concepts.next_number": "of a concept that was found before",
    "concepts.pictures": "of versions that were found before",
    "concepts.pictures_shown": "of versions that were found before",
    "concepts.trained_concepts": "the ledger names what a job was about",
    "concepts.end_training": "a deleted concept's training ends too",
    "generation.images_drawn": "a worker draws no picture again that is in the bin",
    "generation.move_images": "of a generation that was found before",
    "generation.previews_shown": "of jobs whose versions were found before",
    "generation.add_generated": "a worker writes what it drew, and looks at nothing",
    "generation.add_preview": "a worker writes what it drew, and looks at nothing",
    "retention.pictures": "of a concept that was found before",
    "retention.remove_drawings": "old drawings go, whether they are in the bin or not",
    "retention._ended": "old drawings go, whether they are in the bin or not",
    "retention._forget": "old drawings go, whether they are in the bin or not",
    "retention.blob_keys": "what is in the bin keeps its blobs",
}


def on_the_library() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function with a statement on concepts or drawings, or on what belongs to them."""
    for path, tree in modules(APP):
        for node in tree.body if is_for_queries(path) and path != "app/bin/queries.py" else ():
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(each, ast.Name) and each.id in IN_LIBRARY
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and ast.unparse(call.func) in ("select", "update", "delete")
                for each in ast.walk(call)
            ):
                yield f"{Path(path).parent.name}.{node.name}", node


def test_every_query_on_the_library_leaves_out_what_is_in_the_bin_or_says_why_not() -> None:
    seeing = {
        name
        for name, function in on_the_library()
        if not {"deleted_at", "_library"} & {*_words(ast.unparse(function).partition(chr(10))[2])}
    }
    assert seeing == set(SEE_THE_BIN)


def _words(source: str) -> list[str]:
    return re.findall(r"[a-z_]+", source)


# --- What is only added -----------------------------------------------------------------------------------------------


def test_nothing_changes_or_deletes_entries_of_the_audit_but_their_age() -> None:
    writing = {
        f"{path} {node.name}"
        for path, tree in modules(APP, WORKER)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and re.search(r"(update|delete)\(AuditEntry", ast.unparse(node))
    }
    assert writing == {"app/audit/queries.py remove_before"}


def test_every_table_that_belongs_to_a_team_says_so() -> None:
    # Events belong to a job, which belongs to a team; a worker serves every team, and the usage counters are of all.
    of_nobody_in_particular = {"teams", "users", "job_events", "workers", "usage_counters"}
    without = {table.name for table in metadata.sorted_tables if "team_id" not in table.columns}
    assert without == of_nobody_in_particular
