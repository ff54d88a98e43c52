"""The schema of the ``mcp`` section of ``bartizan.yaml``: MCP servers, and where the proxy serves them."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.quantity import OwnPort
from bartizan.core.secretref import SecretRef


class McpExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the proxy gets short-lived tokens for a server, in exchange for its own credential (RFC 8693)."""

    endpoint: str
    """Token endpoint of the authorization server: `https:`, or loopback."""
    subject: SecretRef
    """The proxy's own credential, such as a workload's JWT; read anew for each exchange, so that it may be rotated."""
    subject_type: Literal["jwt", "access_token", "id_token"] = "jwt"
    """What the credential is."""
    resource: str = ""
    """For which resource a token is wanted (RFC 8707); empty: the server's URL."""
    audience: str = ""
    """Its name at the authorization server, where that is wanted too."""
    scopes: tuple[str, ...] = ()
    """What the token shall allow. One that allows more is refused."""
    client: str = ""
    """Client id, sent with HTTP Basic together with the secret, or in the form without one."""
    client_secret: SecretRef | None = None
    """Read anew for each exchange."""
    dpop: bool = False
    """Want tokens bound to a key that this process makes at its start (RFC 9449); others are refused."""


class McpServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One MCP server behind the proxy: a command, or a URL."""

    name: str
    """Letters, digits, ``_`` and ``-``; stands before the names of its tools."""
    command: tuple[str, ...] = ()
    """Program and arguments of a server that speaks on standard input and output."""
    url: str = ""
    """Address of a streamable-HTTP server."""
    env: dict[str, str] = msgspec.field(default_factory=dict)
    """Variables of the command's environment, which otherwise holds `PATH`, `HOME`, `LANG` and `TMPDIR` only."""
    secrets: dict[str, SecretRef] = msgspec.field(default_factory=dict)
    """Further variables, by environment variable or file."""
    inherit: tuple[str, ...] = ()
    """Names of variables of the proxy's own environment that the command also gets."""
    folder: str = ""
    """Where the command runs; empty: the workspace."""
    token: SecretRef | None = None
    """Bearer token for a URL. The client's own token is never passed on."""
    exchange: McpExchange | None = None
    """Instead of a token: short-lived ones."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Sent with every request to a URL; no secrets here."""


class McpOAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose tokens let a client in, over HTTP."""

    issuer: str
    """Issuer identifier of the authorization server; the token's `iss`."""
    resource: str
    """This proxy's own URL as clients write it. A token issued for another resource is refused (RFC 8707)."""
    jwks: str
    """The issuer's public keys (JWKS): an `https:` URL, or a file of the workspace."""
    scopes: tuple[str, ...] = ()
    """A token must carry all of them."""
    dpop: Literal["accepted", "required"] = "accepted"
    """Whether a token must be bound to its client's key (RFC 9449). One that is bound always needs the proof."""
    trust_domain: str = ""
    """Names in tokens become ids of this domain, such as `spiffe://example.org/user/ada`. Empty: as they are."""


class McpListen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the proxy listens when it serves HTTP."""

    host: str = "127.0.0.1"
    """Address; another than loopback needs `oauth`."""
    port: OwnPort = 8420
    """Port."""
    path: str = "/mcp"
    """Path of the MCP endpoint."""
    origins: tuple[str, ...] = ()
    """Browser origins that may call, besides those of loopback on the same port."""
    oauth: McpOAuth | None = None
    """None: clients need no token."""


class Mcp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """MCP servers behind `bartizan mcp proxy`."""

    servers: tuple[McpServer, ...] = ()
    """In the order in which their tools are listed."""
    listen: McpListen = McpListen()
    namespace: Literal["auto", "always", "never"] = "auto"
    """Whether tools are offered as ``SERVER__TOOL``; ``auto``: when there are several servers."""
    task: str = ""
    """What the agent is there for, in your words: MCP carries no user prompt, and the tool guard decides by it."""
