"""Checks the addresses of webhooks, so that no webhook reaches the private network that the studio runs in.

An address needs https, no credentials, and a host name that resolves to public addresses only. The name is resolved
once and the connection goes to the checked address, so a later answer of the name server changes nothing. A setting
allows http and private addresses for development.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from app.core.errors import InvalidInput

Resolve = Callable[..., list[Any]]
# Addresses in this range contain an IPv4 address. The check applies to that inner address.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """A checked address: the connection goes to `ip`, TLS and the Host header name `host`."""

    scheme: str
    host: str
    ip: str
    port: int
    path: str  # with the query

    @property
    def url(self) -> str:
        """The URL with the checked IP address in place of the host name."""
        bracketed = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.scheme}://{bracketed}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        usual = {"https": 443, "http": 80}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"


def resolved(url: str, *, to_private: bool, resolve: Resolve = socket.getaddrinfo) -> Target:
    """Resolve `url` to one checked address. Raises InvalidInput with the reason."""
    parts, port = _parsed(url, to_private)
    host = parts.hostname or ""
    try:
        addresses = [str(entry[4][0]) for entry in resolve(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise _refused(f"the name {host} cannot be resolved") from error
    if not addresses:
        raise _refused(f"the name {host} has no address")
    if not to_private:
        inner = next((address for address in addresses if not is_public(address)), None)
        if inner is not None:
            raise _refused(f"{host} resolves to {inner}, which is not a public address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, addresses[0], port, path)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _parsed(url: str, to_private: bool) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError as error:
        raise _refused("it is not an address") from error
    if parts.scheme != "https" and not (to_private and parts.scheme == "http"):
        raise _refused("it does not begin with https://")
    if not parts.hostname or any(character.isspace() or ord(character) < 33 for character in url):
        raise _refused("it is not an address")
    if parts.username or parts.password:
        raise _refused("it contains a user name or a password")
    return parts, port


def _refused(why: str) -> InvalidInput:
    return InvalidInput(
        f"Nothing can be sent to this address: {why}. Give the https address of a receiver on the public internet.",
        field="url",
        code="webhook-address",
    )
