"""The few request headers that mean something to the gateway; nothing else of a client's headers goes anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bartizan.core.errors import WireError
from bartizan.firewall.asgi import Headers

_KNOWN = {
    b"authorization": "authorization",
    b"x-api-key": "api_key",
    b"content-type": "content_type",
    b"content-encoding": "content_encoding",
    b"content-length": "content_length",
    b"anthropic-version": "anthropic_version",
    b"anthropic-beta": "anthropic_beta",
    b"x-bartizan-approval": "approval",
    b"dpop": "dpop",
    b"inference-header-content-length": "json_length",
}
_LISTS = frozenset({"anthropic_beta"})
"""Fields whose lines add up to one list (RFC 9110, section 5.3)."""
_ALONE = frozenset({"dpop"})
"""Fields of which there may be one line only (RFC 9449, section 4.3)."""
_MAX_VALUE = 4_096
_LONG = frozenset({"authorization", "dpop"})
"""Fields with tokens, of up to 8,192 bytes and a scheme."""
_MAX_LONG = 8_208
MOST_BETAS = 32
_BETA = re.compile(rb"[A-Za-z0-9-]{1,64}")
ANTHROPIC_VERSION = "2023-06-01"
"""Sent where a client names no version, or none that looks like one."""


@dataclass(slots=True)
class ClientHeaders:
    """Raw values; empty where the client sent none."""

    authorization: bytes = b""
    api_key: bytes = b""
    content_type: bytes = b""
    content_encoding: bytes = b""
    content_length: bytes = b""
    anthropic_version: bytes = b""
    anthropic_beta: bytes = b""
    approval: bytes = b""
    """Token of an answer that waited for a person."""
    json_length: bytes = b""
    """Bytes of JSON before binary tensor data."""
    dpop: bytes = b""
    """Proof that the access token is the sender's own."""
    method: str = ""
    """Of the request, for which the proof must be."""
    path: str = ""
    """Likewise; as it was sent, without the query."""


def read_headers(headers: Headers) -> ClientHeaders:
    """Pick the known headers out of an ASGI header list.

    Raises:
        WireError: one of them comes twice with different values (two readers would each believe another one), or
            is longer than 4,096 bytes (8,208 for those that carry tokens).
    """
    found = ClientHeaders()
    for name, value in headers:
        field = _KNOWN.get(name)
        if field is None:
            continue
        if len(value) > (_MAX_LONG if field in _LONG else _MAX_VALUE):
            raise WireError(f"header {name.decode()} is too long", status=431)
        before = getattr(found, field)
        if field in _LISTS and before:
            value = before + b"," + value
        elif before and (before != value or field in _ALONE):
            raise WireError(f"header {name.decode()} is given twice")
        setattr(found, field, value)
    return found


def anthropic_headers(client: ClientHeaders) -> dict[str, str]:
    """What of a client's headers goes to an Anthropic upstream: the protocol's version, and its betas by name.

    Raises:
        WireError: ``anthropic-beta`` is not a list of at most 32 names of letters, digits and hyphens.
    """
    version = client.anthropic_version
    known = len(version) == 10 and version.replace(b"-", b"").isdigit()
    headers = {"anthropic-version": version.decode("ascii") if known else ANTHROPIC_VERSION}
    betas = dict.fromkeys(name for word in client.anthropic_beta.split(b",") if (name := word.strip(b" \t")))
    if len(betas) > MOST_BETAS or not all(map(_BETA.fullmatch, betas)):
        raise WireError("header anthropic-beta is not a list of names")
    if betas:
        headers["anthropic-beta"] = b",".join(betas).decode("ascii")
    return headers


def is_json(content_type: bytes) -> bool:
    """True for ``application/json`` and ``application/*+json``, with or without UTF-8 as charset (RFC 8259, 6839)."""
    essence, _, parameters = content_type.lower().partition(b";")
    essence = essence.strip()
    if essence != b"application/json" and not (essence.startswith(b"application/") and essence.endswith(b"+json")):
        return False
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip().strip(b'"') not in (b"utf-8", b"utf8"):
            return False
    return True


def is_binary(content_type: bytes) -> bool:
    """True for ``application/octet-stream``, and for no type at all."""
    return content_type.lower().partition(b";")[0].strip() in (b"", b"application/octet-stream")


def is_event_stream(content_type: bytes) -> bool:
    """True for ``text/event-stream`` (WHATWG HTML, section 9.2)."""
    return content_type.lower().partition(b";")[0].strip() == b"text/event-stream"
