"""The only Celery client: sends wake-up messages, and asks the broker how it is.

A message carries no work, only the news that a job waits. A lost message costs a few seconds, until the sweep sends it
again, so a broker that is down never fails a request. This module knows task and queue names only as text; which kind
of job has which is in `app.contracts.queues`.
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
    # Kombu's own retries would hold a request for six seconds while the broker is away. The sweep retries instead.
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


def answers(settings: Settings) -> bool:
    """Whether the broker can be reached now."""
    try:
        with client(settings.resolved_broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
            return True
    except (OperationalError, OSError):
        return False


def depth(settings: Settings, queue: str) -> int | None:
    """The number of messages that wait in a queue; None when the broker cannot be asked."""
    try:
        with client(settings.resolved_broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
            declared = connection.default_channel.queue_declare(queue, durable=True, passive=False, auto_delete=False)
            return int(declared.message_count)
    except (OperationalError, OSError):
        return None
