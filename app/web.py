"""Runs the web service: `python -m app.web`. Any ASGI server on `app.main:create_app` does as well."""

import uvicorn

from app.log import configure_logging
from app.main import create_app
from app.settings import Settings
from app.supervised import end_with_parent


def main() -> None:
    """Serve until SIGTERM."""
    end_with_parent()
    settings = Settings()
    configure_logging(settings)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=3,  # open event streams resume elsewhere
        server_header=False,
    )


if __name__ == "__main__":
    main()
