"""Which addresses may be sent to: a creator's URL must not lead into our own network (server-side request forgery). Pure."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""A translator in the network makes an IPv4 address of the last four bytes (RFC 6052)."""
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
"""Likewise, to wherever the network likes (RFC 8215)."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, multicast or reserved.

    IPv6 addresses that stand for an IPv4 address are judged by that one.

    Raises:
        ValueError: it is no IP address.
    """
    # An interface's name behind % is not part of what is judged; link-local addresses have it.
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        inner = _ipv4_in(parsed)
        if inner is not None:
            return _is_public(inner)
        if parsed in _LOCAL_NAT64:
            return False
    return _is_public(parsed)


def _ipv4_in(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
