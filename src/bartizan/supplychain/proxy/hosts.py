"""Where the proxy may connect to: the registry that was named, and the hosts that it may send downloads to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from yarl import URL

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.proxy.interface import UnavailableError

_PATTERN: Final = re.compile(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Hosts:
    """Hosts by name. A name in the list is trusted with its certificate; addresses that it resolves to are not judged.

    Args:
        base: URL of the registry.
        others: ``host``, ``host:port`` or ``*.domain``, to which the registry may redirect.

    Raises:
        ConfigurationError: the URL is not ``https``, or ``http`` on this machine; or a pattern is none.
    """

    def __init__(self, base: str, others: Sequence[str] = ()) -> None:
        try:
            self.base = URL(base.rstrip("/"))
            port = self.base.port
        except ValueError:
            raise ConfigurationError(f"{printable(base, 200)} is no URL") from None
        local = self.base.scheme == "http" and self.base.host in _LOOPBACK
        if not (local or self.base.scheme == "https") or not self.base.host or port is None or self.base.user:
            raise ConfigurationError(
                f"{printable(base, 200)} cannot be a registry",
                "name an https URL without a user; http is for this machine alone",
            )
        for one in others:
            if _PATTERN.fullmatch(one) is None:
                raise ConfigurationError(f"{printable(one, 200)} names no host", "write host, host:port or *.domain")
        self._others = tuple(one.lower() for one in others)

    @property
    def name(self) -> str:
        """The registry as origins name it: the host, with its port where that is not the usual one."""
        return str(self.base.host) if self.base.is_default_port() else f"{self.base.host}:{self.base.port}"

    def is_base(self, url: URL) -> bool:
        """Whether this is the registry itself: its credentials go nowhere else."""
        return url.origin() == self.base.origin()

    def check(self, url: URL) -> URL:
        """The URL, if the proxy may go there. Raises UnavailableError."""
        try:
            allowed = not url.user and not url.password and (self.is_base(url) or self._listed(url))
        except ValueError:
            allowed = False
        if not allowed:
            shown = printable(str(url.host), 100)
            raise UnavailableError(f"the registry redirects to {shown}, which is not listed", status=403)
        return url

    def _listed(self, url: URL) -> bool:
        host = (url.host or "").lower()
        if url.scheme != self.base.scheme or not host:
            return False
        for one in self._others:
            name, _, port = one.partition(":")
            if (int(port) != url.port) if port else not url.is_default_port():
                continue
            if host == name or (name.startswith("*.") and host.endswith(name[1:]) and len(host) > len(name) - 1):
                return True
        return False
