"""The workers' Celery application, started with `celery -A worker.celery_app worker -Q training` (or `generation`).

Each device has one worker with one child (`-c 1`). The parent talks to the broker and never imports torch; the child
computes.
"""

from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown, worker_shutting_down

from app.core.broker import CONFIGURATION
from app.core.log import configure_logging
from app.core.parent_watch import end_with_parent
from app.core.settings import Settings
from worker.shutdown import SharedFlag

end_with_parent()
settings = Settings()
configure_logging(settings)

celery_app = Celery("oneword", broker=settings.resolved_broker_url, include=["worker.tasks"])
celery_app.conf.update(CONFIGURATION)

# Created before the fork: the parent receives SIGTERM, and the child has to stop.
shutdown = SharedFlag()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    shutdown.set()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _prepare(**_: Any) -> None:
    from worker.tasks import begin

    begin(celery_app.amqp.queues.consume_from)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**_: Any) -> None:
    from worker.tasks import leave

    leave()
