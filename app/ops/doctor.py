"""`oneword doctor`: checks every part of an installation, and says how to repair what does not work."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from app.base_models.catalog import Catalog
from app.contracts.jobs import Kind
from app.core.database import Database, now, utc_now
from app.core.errors import OnewordError
from app.core.settings import Settings
from app.core.storage import open_storage
from app.jobs.wake_up import waiting_messages
from app.ops.migrate import exists, is_current
from app.ops.queue_health import clock_skews, complaints
from app.workers import queries as workers

SKEW_MAX = timedelta(seconds=5)
GIGABYTE = 1_000_000_000
LOOK_AT_DEVICE = (
    "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU: workers use the CPU')"
)


@dataclass(frozen=True)
class Finding:
    """One part, whether it works, and what was found or what to do."""

    part: str
    well: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Check every part, also after one that does not work."""
    looks: dict[str, Callable[[Settings], Iterator[Finding]]] = {
        "database": _database,
        "broker": _broker,
        "storage": _storage,
        "base models": _base_models,
        "device": _device,
        "workers": _workers,
    }
    findings: list[Finding] = []
    if _is_missing(settings):
        start = f"there is no studio in {settings.data_dir.resolve()}: name another data folder, or run oneword serve"
        findings.append(Finding("database", False, start))
        looks = {part: looks[part] for part in ("base models", "device")}  # the others would create the folder
    for part, look in looks.items():
        try:
            findings += look(settings)
        except OnewordError as error:
            findings.append(Finding(part, False, error.detail))
    return findings


def _is_missing(settings: Settings) -> bool:
    return not settings.database_url and not exists(settings.resolved_database_url)


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.resolved_database_url)
    try:
        current = is_current(database)
    except SQLAlchemyError as error:
        yield Finding("database", False, f"does not answer ({error}). Check ONEWORD_DATABASE_URL.")
        return
    finally:
        database.dispose()
    yield Finding(
        "database", current, "answers, schema is current" if current else "schema is old: run oneword migrate"
    )


def _broker(settings: Settings) -> Iterator[Finding]:
    kinds: tuple[Kind, ...] = ("training", "generation")
    depths = {kind: waiting_messages(settings, kind) for kind in kinds}
    if None in depths.values():
        advice = "start the studio with oneword serve" if settings.embedded_broker else "check ONEWORD_BROKER_URL"
        yield Finding("broker", False, f"does not answer: {advice}. Accepted jobs wait in the database meanwhile.")
    else:
        yield Finding("broker", True, f"answers, {sum(depth or 0 for depth in depths.values())} wake-ups wait")


def _storage(settings: Settings) -> Iterator[Finding]:
    storage = open_storage(settings.resolved_storage_url)
    storage.put("doctor/probe", b"probe")
    storage.delete("doctor/probe")
    yield Finding("storage", True, "takes and gives back a blob")
    if settings.data_dir.exists():
        free = shutil.disk_usage(settings.data_dir).free
        enough = free > GIGABYTE
        yield Finding(
            "disk", enough, f"{free / GIGABYTE:.1f} GB free" + ("" if enough else ": make room, 1 GB at least")
        )


def _base_models(settings: Settings) -> Iterator[Finding]:
    for model in Catalog(settings).models:
        reason = model.not_ready_reason
        yield Finding(f"base model {model.id}", reason is None, reason or "is ready")


def _device(settings: Settings) -> Iterator[Finding]:
    look = subprocess.run([sys.executable, "-c", LOOK_AT_DEVICE], capture_output=True, text=True, check=False)  # noqa: S603
    if look.returncode:
        yield Finding(
            "device", False, "torch cannot be imported; install the worker's packages: pip install '.[worker]'"
        )
    else:
        yield Finding("device", True, look.stdout.strip())


def _workers(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.resolved_database_url)
    try:
        with database.reading() as session:
            yield from _clocks(now(session), clock_skews(workers.alive(session, now(session))))
            alive, complained = workers.alive(session, now(session)), complaints(session)
    except SQLAlchemyError:
        yield Finding(
            "workers", False, "cannot be asked about, since the database does not answer or its schema is old"
        )
        return
    finally:
        database.dispose()
    for worker in alive:
        yield Finding(f"worker {worker.name}", True, f"takes {', '.join(worker.kinds)} on {worker.device}")
    for complaint in complained:
        yield Finding("workers", False, complaint)
    if not alive and not complained:
        start = "oneword serve starts them" if settings.embedded_broker else "start some; nothing is done without them"
        yield Finding("workers", False, f"none is there: {start}")


def _clocks(database: datetime, skews: dict[str, timedelta]) -> Iterator[Finding]:
    """Leases depend on the database's clock alone; sign-in links and logs depend on the clock of each machine."""
    skews = {"this machine": abs(utc_now() - database)} | skews
    for name, skew in skews.items():
        if skew > SKEW_MAX:
            yield Finding(
                "clocks", False, f"that of {name} is {skew.total_seconds():.0f} s off the database's: set it by NTP"
            )
            return
    yield Finding("clocks", True, f"agree within {max(skews.values()).total_seconds():.1f} s")
