"""Network addresses: which count as one, and whether one is in a list of networks."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


def counted_as(address: str) -> str:
    """What limits count an address as.

    A provider gives a customer a /64 of IPv6 at least, so all addresses in one count as one. What is no IP address,
    such as the empty text of a socket of this machine, counts as itself.
    """
    found = _parsed(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found), 64), strict=False))
    return address if found is None else str(found)


def within(networks: str) -> Callable[[str], bool]:
    """Whether an address is one of these addresses and networks, separated by commas; `*` has every address.

    They are read as uvicorn reads `forwarded_allow_ips`. What is no network is left out.
    """
    names = [name.strip() for name in networks.split(",")]
    known = [network for network in map(_network, names) if network is not None]

    def is_within(address: str) -> bool:
        found = _parsed(address)
        return "*" in names or (found is not None and any(found in network for network in known))

    return is_within


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _network(name: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(name)
    except ValueError:
        return None
