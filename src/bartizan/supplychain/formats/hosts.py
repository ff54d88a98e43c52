"""Addresses without encryption, and which of them lead no further than this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import re2

_OPEN = re2.compile(r"(?i)http:[/\\]{0,4}(?:\[[0-9a-f:.]*\][^\s\"'<>,\]})]*|[^\s\"'<>,\]})]+)")


def open_addresses(text: str) -> list[str]:
    """Every ``http://`` address in a text that leads to another machine, as it stands there."""
    return [found.group() for found in _OPEN.finditer(text) if not is_local(host_of(found.group()))]


def is_local(host: str) -> bool:
    """Whether a host, with or without port, is this machine; False for what is none.

    Args:
        host: name or address, IPv6 in brackets or bare.
    """
    if host.count(":") < 2 or host.startswith("["):
        host = host_of(f"http://{host}/")
    host = host.rstrip(".").casefold()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(address: str) -> str:
    """The host that an address leads to; empty if readers may take another one out of it."""
    if "\\" in address:
        return ""
    try:
        return urlsplit("http://" + address.partition(":")[2].lstrip("/")).hostname or ""
    except ValueError:
        return ""
