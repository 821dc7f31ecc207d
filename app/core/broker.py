"""The only Celery client: sends wake-up messages and checks the state of the broker.

A message carries no work: it only tells a worker that a job waits. A lost message delays the job by a few seconds,
until the sweep sends another, so an unreachable broker never fails a request. Task and queue names are plain text
here; `app.contracts.queues` maps each kind of job to its own.
"""

from functools import lru_cache
from typing import Any, Final

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from app.core.settings import Settings

log = structlog.get_logger(__name__)

CONFIGURATION: Final[dict[str, Any]] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": False,  # the lease decides who runs a job again, not the broker
    "task_default_queue": "training",
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"visibility_timeout": 6 * 3600, "socket_timeout": 5, "socket_connect_timeout": 2},
}


@lru_cache
def client(broker_url: str) -> Celery:
    """A Celery application that can send messages and registers no task."""
    celery = Celery("oneword", broker=broker_url, set_as_current=False)
    celery.conf.update(CONFIGURATION)
    # With its default retries, Kombu blocks a request for six seconds while the broker is down. The sweep retries.
    celery.conf.broker_transport_options |= {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    }
    return celery


def send(settings: Settings, task: str, queue: str, *arguments: str) -> bool:
    """Send a message that starts `task` in a worker of `queue`. Returns whether the broker accepted the message."""
    try:
        client(settings.resolved_broker_url).send_task(
            task, args=list(arguments), queue=queue, retry=False, ignore_result=True
        )
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable; the sweep will send again", task=task, arguments=arguments, error=str(error))
        return False
    return True


def is_reachable(settings: Settings) -> bool:
    """Whether the broker accepts a connection now."""
    try:
        with client(settings.resolved_broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
            return True
    except (OperationalError, OSError):
        return False


def depth(settings: Settings, queue: str) -> int | None:
    """The number of messages that wait in a queue; None if the broker is unreachable."""
    try:
        with client(settings.resolved_broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
            declared = connection.default_channel.queue_declare(queue, durable=True, passive=False, auto_delete=False)
            return int(declared.message_count)
    except (OperationalError, OSError):
        return None
