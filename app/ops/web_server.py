"""Runs the web service: `python -m app.ops.web_server`. Any ASGI server can run `app.main:create_app` instead."""

import gc

import uvicorn

from app.core.log import configure_logging
from app.core.parent_watch import end_with_parent
from app.core.private_folder import keep_private
from app.core.settings import Settings
from app.main import create_app


def main() -> None:
    """Serve until SIGTERM."""
    end_with_parent()
    settings = Settings()
    configure_logging(settings)
    keep_private(settings.data_dir)
    app = create_app(settings)
    # Objects that exist now live as long as the process. Without freeze(), each full collection scans them, which stops
    # every answer for 60 ms.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.proxies.strip()),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=3,  # open event streams resume elsewhere
        server_header=False,
    )


if __name__ == "__main__":
    main()
