"""Runs the web service: `python -m app.ops.web_server`.

Any ASGI server can run `app.main:create_app` instead. It then needs a proxy that limits connections, since the limits
of `app.ops.connection_limits` are those of this server.
"""

import gc
import resource
import threading

import uvicorn

from app.core.addresses import within
from app.core.log import configure_logging
from app.core.parent_watch import end_with_parent
from app.core.private_folder import keep_private
from app.core.settings import Settings
from app.main import create_app
from app.ops.connection_limits import Limits, protocol_within

OTHER_FILES = 256  # that the process may have open beside its connections: database, blobs, pipes of the decoders


def main() -> None:
    """Serve until SIGTERM."""
    end_with_parent()
    settings = Settings()
    serve(settings, limits_of(settings))


def limits_of(settings: Settings) -> Limits:
    """The limits on connections that these settings ask for."""
    is_proxy = within(settings.proxies)
    return Limits(settings.connections_max, settings.connections_per_address_max, is_proxy=is_proxy)


def serve(settings: Settings, limits: Limits) -> None:
    """Serve within these limits until SIGTERM."""
    configure_logging(settings)
    keep_private(settings.data_dir)
    _allow_open_files(limits.connections + OTHER_FILES)
    app = create_app(settings)
    if settings.warm_up:
        catalog = app.state.services.catalog
        threading.Thread(target=catalog.warm, name="warm-up", daemon=True).start()
    # Objects that exist now live as long as the process. Without freeze(), each full collection scans them, which stops
    # every answer for 60 ms.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol_within(limits),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.proxies.strip()),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=3,  # open event streams resume elsewhere
        server_header=False,
    )


def _allow_open_files(count: int) -> None:
    """Raise the soft limit on open files to `count`, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
