"""How IMAP describes a message: its envelope and its parts (RFC 3501, 7.4.2)."""

from __future__ import annotations

from email.message import Message as Parsed
from email.utils import getaddresses

from bartizan.redteam.mail.imap_words import said

_NIL = b"NIL"


def envelope(parsed: Parsed) -> bytes:
    """Date, subject, six lists of addresses, the id of what it answers, its own id."""
    senders = [_addresses(parsed, name) for name in ("From", "Sender", "Reply-To")]
    lists = [senders[0], *(one if one != _NIL else senders[0] for one in senders[1:])]
    lists += [_addresses(parsed, name) for name in ("To", "Cc", "Bcc")]
    fields = [_header(parsed, "Date"), _header(parsed, "Subject"), *lists]
    return b"(%b)" % b" ".join([*fields, _header(parsed, "In-Reply-To"), _header(parsed, "Message-ID")])


def structure(parsed: Parsed, *, extended: bool) -> bytes:
    """The tree of its parts; ``extended`` adds what BODYSTRUCTURE has beyond BODY."""
    parts = parsed.get_payload()
    subtype = said(parsed.get_content_subtype().upper().encode())
    if isinstance(parts, list):
        inner = b"".join(structure(one, extended=extended) for one in parts if isinstance(one, Parsed))
        more = b" %b NIL NIL NIL" % _parameters(parsed.get_params()) if extended else b""
        return b"(%b %b%b)" % (inner, subtype, more)
    body = str(parts).encode("utf-8", "surrogateescape")
    kind = parsed.get_content_maintype()
    fields = [said(kind.upper().encode()), subtype, _parameters(parsed.get_params()), _NIL, _NIL]
    fields += [said(str(parsed.get("Content-Transfer-Encoding", "7bit")).upper().encode()), b"%d" % len(body)]
    fields += [b"%d" % body.count(b"\n")] if kind == "text" else []
    fields += [_NIL, _disposition(parsed), _NIL, _NIL] if extended else []
    return b"(%b)" % b" ".join(fields)


def headers_of(parsed: Parsed, fields: list[str], *, without: bool) -> bytes:
    """Headers as they stand, those named or all others, and the empty line."""
    named = {one.strip('"').upper() for one in fields}
    kept = [(name, value) for name, value in parsed.items() if (name.upper() in named) != without]
    return "".join(f"{name}: {value}\r\n" for name, value in kept).encode("utf-8", "surrogateescape") + b"\r\n"


def _header(parsed: Parsed, name: str) -> bytes:
    value = parsed.get(name)
    return _NIL if value is None else said(_unfolded(str(value)))


def _unfolded(value: str) -> bytes:
    return value.replace("\r\n", "").encode("utf-8", "replace")


def _addresses(parsed: Parsed, name: str) -> bytes:
    values = [_unfolded(str(one)).decode() for one in parsed.get_all(name, ())]
    out = b""
    for shown, address in getaddresses(values):
        local, _, host = address.rpartition("@")
        out += b"(%b NIL %b %b)" % (said(shown.encode()) if shown else _NIL, said(local.encode()), said(host.encode()))
    return b"(%b)" % out if out else _NIL


def _parameters(params: object) -> bytes:
    """Of a header, without its value."""
    if not isinstance(params, list) or len(params) < 2:
        return _NIL
    pairs = [said(str(name).upper().encode()) + b" " + said(str(value).encode()) for name, value in params[1:]]
    return b"(%b)" % b" ".join(pairs)


def _disposition(parsed: Parsed) -> bytes:
    value = parsed.get_content_disposition()
    if value is None:
        return _NIL
    params = parsed.get_params(header="content-disposition")
    return b"(%b %b)" % (said(value.upper().encode()), _parameters(params))
