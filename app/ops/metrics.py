"""Metrics for Prometheus: the queue, ended jobs, the workers, and this process's requests.

The workers' metrics are read from their rows, so that workers need no port. No metric names a person, a prompt or a
picture.
"""

import hmac
import time
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.contracts.jobs import Kind
from app.core.database import now
from app.core.errors import Forbidden
from app.jobs import queries as jobs
from app.services import Services
from app.usage import queries as usage
from app.web.dependencies import Reading, ServicesOf
from app.webhooks import queries as webhooks
from app.workers import queries as workers

router = APIRouter(tags=["operations"])
disable_created_metrics()  # type: ignore[no-untyped-call]

LOCAL: Final = {"127.0.0.1", "::1", "localhost", "testclient"}
PAGE: Final = "path"  # the path parameter of the route that serves the page
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FORWARDED: Final = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
# A worker's own metrics by name, with their help texts.
OF_WORKERS: Final = {
    "steps_per_second": "Optimiser steps per second of the teaching that runs, of all words taught together.",
    "pictures_per_second": "Pictures per second of the newest loop.",
    "batch_pictures": "Pictures in the newest loop.",
    "gpu_memory_bytes": "GPU memory that the worker holds.",
}


class RequestMetrics:
    """Counts and times this process's requests by route. A stream counts when it begins to answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["method", "route", "status"]
        self.requests = Counter("oneword_http_requests", "Requests that were answered.", labels, registry=registry)
        self.seconds = Histogram(
            "oneword_http_request_seconds",
            "Time until an answer began.",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
            registry=registry,
        )


class Timing:
    """Middleware that feeds RequestMetrics."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Measure the time until the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def timing(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = _route(scope)
                method = scope["method"] if scope["method"] in METHODS else "other"  # a client may invent any number
                self._metrics.requests.labels(method, route, message["status"]).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, timing)


def _route(scope: Scope) -> str:
    """The path with parameters replaced by their names. A route itself does not know the prefix of its router."""
    if scope.get("route") is None:
        return "none"
    segments = scope["path"].split("/")
    for name, value in scope.get("path_params", {}).items():
        if name == PAGE:
            return "page"
        if str(value) in segments:
            segments[segments.index(str(value))] = f"{{{name}}}"
    return "/".join(segments)


def _allowed(request: Request, services: ServicesOf) -> None:
    """Raise Forbidden unless the request has the token or, if none is set, comes from this machine without a proxy."""
    token = services.settings.metrics_token.get_secret_value()
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if token:
        if scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode()):
            return
        raise Forbidden("These figures need `Authorization: Bearer` with the token of ONEWORD_METRICS_TOKEN.")
    caller = request.client.host if request.client else ""
    if caller not in LOCAL or any(name in request.headers for name in FORWARDED):
        raise Forbidden(
            "These metrics are shown to this machine alone. To read them from elsewhere, set ONEWORD_METRICS_TOKEN and "
            "send it as a bearer token."
        )


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(services: ServicesOf, session: Reading, _: Annotated[None, Depends(_allowed)]) -> Response:
    """Metrics for Prometheus. From elsewhere than this machine they need the token of `ONEWORD_METRICS_TOKEN`."""
    registry = CollectorRegistry()
    registry.register(_Given(_of_ledger(session, services)))
    Gauge("oneword_event_streams", "Open event streams of this process.", registry=registry).set(services.feed.watching)
    content = generate_latest(registry) + generate_latest(services.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)


class _Given(Collector):
    """A collector of metrics that are read already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _of_ledger(session: Session, services: Services) -> Iterator[Metric]:
    yield from _of_queue(session, services.settings.lease_seconds)
    yield from _of_ended(session)
    yield from _of_workers(session)
    waiting, oldest = webhooks.backlog(session)
    yield GaugeMetricFamily("oneword_webhook_deliveries_waiting", "Webhook deliveries that wait.", waiting)
    age = 0.0 if oldest is None else (now(session) - oldest).total_seconds()
    yield GaugeMetricFamily("oneword_webhook_delivery_age_seconds", "Age of the oldest waiting delivery.", age)


def _of_queue(session: Session, lease_seconds: float) -> Iterator[Metric]:
    moment = now(session)
    count = GaugeMetricFamily("oneword_jobs", "Jobs that wait or run.", labels=["kind", "state"])
    age = GaugeMetricFamily("oneword_queue_age_seconds", "Age of the oldest waiting job.", labels=["kind"])
    lease = GaugeMetricFamily(
        "oneword_lease_age_seconds", "Time since the most silent running job was renewed.", labels=["kind"]
    )
    for kind in get_args(Kind):
        queue = jobs.queue_of(session, kind)
        count.add_metric([kind, "queued"], queue.waiting)
        count.add_metric([kind, "running"], queue.running)
        age.add_metric([kind], 0.0 if queue.oldest is None else (moment - queue.oldest).total_seconds())
        left = lease_seconds if queue.lease_until is None else (queue.lease_until - moment).total_seconds()
        lease.add_metric([kind], max(0.0, lease_seconds - left))
    yield from (count, age, lease)


def _of_ended(session: Session) -> Iterator[Metric]:
    ended = CounterMetricFamily("oneword_jobs_ended", "Jobs that ended.", labels=["kind", "state", "reason"])
    units = CounterMetricFamily(
        "oneword_work", "Work done: optimiser steps of teachings, megapixel steps of drawings.", labels=["kind"]
    )
    seconds = CounterMetricFamily("oneword_gpu_seconds", "Seconds of workers that ended jobs took.", labels=["kind"])
    work: dict[str, list[float]] = {kind: [0.0, 0.0] for kind in get_args(Kind)}
    for counter in usage.usage_counters(session):
        ended.add_metric([counter.kind, counter.state, counter.reason], counter.jobs)
        work[counter.kind][0] += counter.units
        work[counter.kind][1] += counter.gpu_seconds
    for kind, (done, took) in work.items():
        units.add_metric([kind], done)
        seconds.add_metric([kind], took)
    yield from (ended, units, seconds)


def _of_workers(session: Session) -> Iterator[Metric]:
    moment = now(session)
    alive = workers.alive(session, moment)
    there = GaugeMetricFamily("oneword_workers", "Workers that are alive.", labels=["kind"])
    for kind in get_args(Kind):
        there.add_metric([kind], sum(kind in worker.kinds for worker in alive))
    yield there
    silence = GaugeMetricFamily(
        "oneword_worker_silent_seconds", "Time since a worker's last heartbeat.", labels=["worker"]
    )
    for worker in workers.every(session):
        silence.add_metric([worker.name], (moment - worker.seen_at).total_seconds())
    yield silence
    for name, meaning in OF_WORKERS.items():
        family = GaugeMetricFamily(f"oneword_worker_{name}", meaning, labels=["worker", "device"])
        for worker in alive:
            if name in worker.metrics:
                family.add_metric([worker.name, worker.device], float(worker.metrics[name]))
        yield family
