"""The only Celery client of the web service: wakes a worker by task name, after the commit.

A message carries no work, only the news that there is some. One that is lost costs a few seconds, until the sweep
sends it again; so a broker that is down never fails a request.
"""

from functools import lru_cache
from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from app.contracts.jobs import Kind
from app.core.settings import Settings

log = structlog.get_logger(__name__)

TASKS: dict[Kind, str] = {
    "training": "oneword.train",
    "generation": "oneword.generate",
    "import": "oneword.import",
    "report": "oneword.report",
}
# An import takes a moment, so it goes to the workers that are not busy for minutes.
QUEUES: dict[Kind, str] = {
    "training": "training",
    "generation": "generation",
    "import": "generation",
    "report": "training",
}

CONFIGURATION: dict[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": False,  # the lease decides who runs a job again, not the broker
    "task_routes": {name: {"queue": QUEUES[kind]} for kind, name in TASKS.items()},
    "task_default_queue": "training",
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"visibility_timeout": 6 * 3600, "socket_timeout": 5, "socket_connect_timeout": 2},
}


@lru_cache
def client(broker_url: str) -> Celery:
    """A Celery application that can send, and registers no task."""
    celery = Celery("oneword", broker=broker_url, set_as_current=False)
    celery.conf.update(CONFIGURATION)
    # Kombu's own retries would hold a request for six seconds while the broker is away. The sweep is our retry.
    celery.conf.broker_transport_options |= {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    }
    return celery


def wake(settings: Settings, kind: Kind, job_id: str) -> bool:
    """Tell the workers of a kind that `job_id` waits. Returns whether the broker took the message."""
    try:
        client(settings.resolved_broker_url).send_task(
            TASKS[kind], args=[job_id], queue=QUEUES[kind], retry=False, ignore_result=True
        )
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable; the sweep will send again", job=job_id, error=str(error))
        return False
    return True


def answers(settings: Settings) -> bool:
    """Whether the broker can be reached now."""
    try:
        with client(settings.resolved_broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
            return True
    except (OperationalError, OSError):
        return False


def depth(settings: Settings, kind: Kind) -> int | None:
    """How many wake-ups of a kind wait in the broker; None when it cannot be asked."""
    try:
        with client(settings.resolved_broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
            declared = connection.default_channel.queue_declare(
                QUEUES[kind], durable=True, passive=False, auto_delete=False
            )
            return int(declared.message_count)
    except (OperationalError, OSError):
        return None
