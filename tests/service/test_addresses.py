"""Which network addresses count as one, for every limit on addresses, and which are those of a proxy."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient

from app.accounts.throttle import ATTEMPTS, GUESSES
from app.core.addresses import counted_as, within
from app.core.settings import Settings
from app.ops.connection_limits import Connections, LimitedProtocol, Limits
from app.ops.web_server import limits_of
from tests.support import asgi

NEIGHBOURS = [f"2001:db8:0:1:{number:x}::{number:x}" for number in range(1, 10)]
ELSEWHERE = "2001:db8:0:2::1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_the_addresses_of_one_customer_count_as_one(address: str, counted: str) -> None:
    assert counted_as(address) == counted


@dataclass(eq=False)
class Connection:
    """A connection without a socket."""

    number: int
    waits_for: str | None = "reader"
    address: str = ELSEWHERE
    closed: bool = False
    loop: Any = field(default_factory=Mock)

    @property
    def counted_as(self) -> str:
        return counted_as(self.address)

    def current_wait(self) -> str | None:
        return self.waits_for

    def reset(self) -> None:
        self.closed = True


def admit(connections: Connections, connection: Connection) -> bool:
    return connections.admit(connection)  # type: ignore[arg-type]


def test_the_connections_of_one_network_of_ipv6_have_one_limit() -> None:
    connections = Connections(Limits(connections=100, connections_of_address=3))
    made = [Connection(number, address=address) for number, address in enumerate(NEIGHBOURS)]
    assert [admit(connections, each) for each in made].count(True) == 3
    assert admit(connections, Connection(99))
    connections.forget(made[0])  # type: ignore[arg-type]
    assert admit(connections, made[-1])


def test_the_protocol_counts_its_address_by_network() -> None:
    protocol = LimitedProtocol.__new__(LimitedProtocol)
    limits = Limits(connections=10, connections_of_address=1)
    protocol.all, protocol.loop, protocol.connections = Connections(limits), Mock(), set()
    protocol.logger = Mock(level=100)
    transport = Mock(spec=asyncio.Transport)
    transport.get_extra_info.side_effect = {"peername": (NEIGHBOURS[0], 4711)}.get
    protocol.connection_made(transport)
    assert dict(protocol.all.of_address) == {"2001:db8:0:1::/64": 1}


def test_a_full_service_closes_the_oldest_that_sends_its_body_if_all_have_begun_a_request() -> None:
    connections = Connections(Limits(connections=4, connections_of_address=4))
    waits = (None, "body", "body", "reader")
    made = [Connection(number, waits_for=wait) for number, wait in enumerate(waits)]
    assert all(admit(connections, each) for each in made)
    new = Connection(4, waits_for="headers", address=NEIGHBOURS[0])
    assert admit(connections, new)
    assert [each.closed for each in made] == [False, True, False, False]
    assert admit(connections, Connection(5, waits_for=None, address=NEIGHBOURS[0]))
    assert [each.closed for each in (*made, new)] == [False, True, False, False, True], "first who sent no request"


def test_a_service_full_of_work_refuses() -> None:
    connections = Connections(Limits(connections=2, connections_of_address=2))
    assert all(admit(connections, Connection(number, waits_for=None)) for number in range(2))
    assert not admit(connections, Connection(3, address=NEIGHBOURS[0]))


def statuses(app: Any, method: str, path: str, headers: dict[str, str], addresses: list[str]) -> list[int]:
    """The answers to the same request from each of these addresses."""

    async def one(address: str) -> int:
        scope = asgi.scope(app, method, path, headers) | {"client": (address, 4711)}
        return (await asgi.sent(app, scope, asgi.iter_chunks([b'{"code": "x"}']))).status

    return [asyncio.run(one(address)) for address in addresses]


def of_many(count: int) -> list[str]:
    return [f"2001:db8:0:1::{number:x}" for number in range(count + 1)]


JSON = {"Content-Type": "application/json"}


def test_sign_ins_are_counted_by_network(anonymous: TestClient) -> None:
    found = statuses(anonymous.app, "POST", "/api/session", JSON, [*of_many(ATTEMPTS.amount), ELSEWHERE])
    assert found == [401] * ATTEMPTS.amount + [429, 401]


def test_guesses_are_counted_by_network(anonymous: TestClient) -> None:
    headers = {"Authorization": "Bearer x"}
    found = statuses(anonymous.app, "GET", "/api/me", headers, [*of_many(GUESSES.amount), ELSEWHERE])
    assert found == [401] * GUESSES.amount + [429, 401]


class TestRates:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"changes_per_minute": 3})

    def test_changes_of_strangers_are_counted_by_network(self, anonymous: TestClient) -> None:
        assert statuses(anonymous.app, "POST", "/api/session", JSON, [*of_many(3), ELSEWHERE]) == [401] * 3 + [429, 401]


@pytest.mark.parametrize(
    ("networks", "inside", "outside"),
    [
        ("", [], ["127.0.0.1", "::1", ""]),
        ("127.0.0.1", ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", ""]),
        ("192.0.2.7, 172.16.0.0/12", ["192.0.2.7", "172.31.255.255"], ["192.0.2.8", "172.32.0.1", "::1"]),
        ("2001:db8::/32", ["2001:db8::1"], ["2001:db9::1", "127.0.0.1"]),
        ("*", ["127.0.0.1", "::1", ""], []),
        ("proxy.example", [], ["127.0.0.1"]),
    ],
)
def test_the_proxies_are_those_of_the_setting(networks: str, inside: list[str], outside: list[str]) -> None:
    is_proxy: Callable[[str], bool] = limits_of(Settings(proxies=networks)).is_proxy
    assert [address for address in (*inside, *outside) if is_proxy(address)] == inside
    assert all(within(networks)(address) for address in inside)
