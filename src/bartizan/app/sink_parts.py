"""What building a sink from its section of the deployment takes: secrets, URLs and TLS, with errors that say where."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import render_path
from bartizan.core.secretref import SecretRef
from bartizan.telemetry.mappings import Formatter, formatter
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Sink
from bartizan.workspace.files import read_bounded
from bartizan.workspace.sinks import Delivery
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

_MOST_BYTES: Final = 1_000_000
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
UNREAD: Final = "unread"
"""Stands for a secret where only the settings are checked."""


class Planned(NamedTuple):
    """A sink that the deployment names."""

    name: str
    section: Section
    target: str
    """Where it sends to, for people."""
    format: str
    delivery: Delivery
    build: Callable[[], Sink]
    """Raises ConfigurationError."""
    own_writer: Callable[[], Formatter] | None = None
    """For a receiver with a format of its own."""

    @property
    def kind(self) -> str:
        """The key of its section."""
        return self.section.kind

    def writer(self) -> Formatter:
        """The format in which records are sent."""
        return formatter(self.format) if self.own_writer is None else self.own_writer()


class Section:
    """One entry below ``sinks`` in the deployment.

    Args:
        workspace: whose files and secrets it names.
        kind: of sink: the key below ``sinks``.
        number: of the entry, counted from 0.
        secrets: read the secrets; otherwise a word stands for each.
    """

    def __init__(self, workspace: Workspace, kind: str, number: int, *, secrets: bool = True) -> None:
        self.workspace = workspace
        self.kind = kind
        self._path = ("sinks", kind, number)
        self._secrets = secrets

    def error(self, key: str, cause: str, hint: str = "") -> ConfigurationError:
        """What is wrong with a key, or with the whole entry if it is empty."""
        place = render_path((*self._path, *key.split(".")) if key else self._path)
        return ConfigurationError(f"{DEPLOYMENT}: {place}: {cause}", hint)

    def secret(self, key: str, reference: SecretRef) -> str:
        """The secret that a key names. Raises ConfigurationError."""
        return self.workspace.secret(reference, DEPLOYMENT, (*self._path, key)) if self._secrets else UNREAD

    def authorization(self, scheme: str, key: str, reference: SecretRef | None) -> dict[str, str]:
        """The header with the secret, if one is named. Raises ConfigurationError."""
        return {} if reference is None else {"Authorization": f"{scheme} {self.secret(key, reference)}"}

    def poster(
        self, url: str, headers: dict[str, str], *, tls_ca: str, secret: bool, compress: bool, key: str = "url"
    ) -> Poster:
        """To an address that stands in a key, after checking it.

        Raises:
            ConfigurationError: it is not one of HTTP, or would carry a secret readable over the network.
        """
        self._check_url(key, url, secret=secret)
        for name, value in headers.items():
            if _HEADER.fullmatch(name) is None or not value.isprintable():
                raise self.error("headers", f"{name[:80]!r} is no header, or its value none of one")
        return Poster(url, headers, self.tls(tls_ca), compress)

    def _check_url(self, key: str, url: str, *, secret: bool) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            sound = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
        except ValueError:
            raise self.error(key, "the URL cannot be read") from None
        if not sound or not url.isprintable() or " " in url:
            raise self.error(key, "the URL is not one of http or https")
        if parts.username or parts.password:
            raise self.error(key, "the URL holds a password", "name a secret instead")
        if secret and parts.scheme == "http":
            self.readable(key, host, "use https")

    def readable(self, key: str, host: str, hint: str) -> None:
        """Raise ConfigurationError unless a secret may go to that host without encryption."""
        if not _loopback(host):
            raise self.error(key, "the secret would cross the network readable", hint)

    def tls(self, ca: str, certificate: str = "", key: str = "") -> ssl.SSLContext:
        """For connections to a receiver. Raises ConfigurationError when a file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(self._pem("tls_ca", ca)) if ca else None)
            if certificate or key:
                if not certificate or not key:
                    named = "tls_certificate" if certificate else "tls_key"
                    raise self.error(named, "tls_certificate and tls_key go together", "name both, or neither")
                context.load_cert_chain(
                    self._pem("tls_certificate", certificate), self._pem("tls_key", key, private=True), lambda: ""
                )
        except ssl.SSLError as error:
            raise self.error("", f"the TLS files are not PEM, or not a pair: {error.reason}") from None
        return context

    def plain_or_tls(self, tls: bool, ca: str, certificate: str, key: str) -> ssl.SSLContext | None:
        """As :meth:`tls`; None without it. Raises ConfigurationError when files are named in vain."""
        if tls:
            return self.tls(ca, certificate, key)
        if ca or certificate or key:
            raise self.error("tls", "TLS files are named, but tls is false")
        return None

    def _pem(self, key: str, name: str, *, private: bool = False) -> Path:
        path = self.workspace.root / name
        place = render_path((*self._path, key))
        read_bounded(path, f"{DEPLOYMENT}: {place}: {name}", _MOST_BYTES, private=private)
        return path


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
