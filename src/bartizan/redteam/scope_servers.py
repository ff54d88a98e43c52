"""How the scope file describes MCP servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from bartizan.core.passage import Path
from bartizan.core.problem import Problem, quote
from bartizan.redteam.case import Id
from bartizan.redteam.mail.message import Part
from bartizan.redteam.secret import SecretText


class ToolRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tool call. ``{message}``, ``{content}`` and ``{title}`` are slots."""

    tool: str
    """As the server, or the proxy before it, offers it."""
    arguments: dict[str, str] = {}


class ToolServerSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One MCP server, or a proxy before some: exactly one of a command, a URL and ``hostile``."""

    name: Id
    command: tuple[str, ...] = ()
    """Program and arguments; runs beside the scope file, once for each conversation. Its environment holds ``PATH``,
    ``HOME``, ``LANG``, ``TMPDIR``, ``BARTIZAN_PLANTED`` (see ``bartizan redteam tool-server``), and what comes next."""
    environment: dict[str, SecretText] = {}
    url: str = ""
    """Of a server over streamable HTTP."""
    headers: dict[str, SecretText] = {}
    """Sent with every request to it."""
    hostile: bool = False
    """``agent``: the campaign's own server, directly, with nothing between."""

    def problems(self, path: Path) -> Iterable[Problem]:
        """What its types cannot say."""
        given = [bool(self.command), bool(self.url), self.hostile]
        if sum(given) != 1:
            yield Problem(path, f"{sum(given)} of command, url and hostile", "exactly one")
        if self.url and not self.url.startswith(("http://", "https://")):
            yield Problem((*path, "url"), quote(self.url), "http:// or https://")


class HostileSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the campaign's own MCP server listens, for a proxy that reaches it by URL."""

    host: str = "127.0.0.1"
    """Address to listen on. Say another one only where nobody else can reach it."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 8455


class MailboxSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the campaign's own mailbox is served, only while it runs, and how it is opened."""

    host: str = "127.0.0.1"
    """Address to listen on. Say another one only where nobody else can reach it."""
    imap: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 1143
    """Port for IMAP; 0: none."""
    pop3: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 1110
    """Port for POP3; 0: none."""
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "desk"
    password: SecretText = "desk"  # noqa: S105 - of a mailbox made for the test
    """Opens nothing but this mailbox."""
    certificate: str = ""
    """PEM file beside the scope file, for clients that speak TLS from the first byte; empty: without TLS."""
    certificate_key: str = ""
    """PEM file of its private key."""
    part: Part | None = None
    """Where in an e-mail every attack stands. Left out: where its case says, else in the plain text."""

    def problems(self, path: Path) -> Iterable[Problem]:
        """What its types cannot say."""
        if not self.imap and not self.pop3:
            yield Problem(path, "no port", "imap, pop3, or both")
        elif self.imap == self.pop3:
            yield Problem((*path, "pop3"), f"the port {self.pop3} twice", "a port of its own")
        if bool(self.certificate) != bool(self.certificate_key):
            yield Problem(path, "one of certificate and certificate_key", "both or none")


def server_problems(servers: Sequence[ToolServerSpec], path: Path) -> Iterable[Problem]:
    """What is wrong with ``servers``."""
    names = [one.name for one in servers]
    for index, one in enumerate(servers):
        yield from one.problems((*path, "servers", index))
        if names.index(one.name) != index:
            yield Problem((*path, "servers", index, "name"), quote(one.name), "a name of its own")
