"""Where a URL really leads, read as a browser reads it (WHATWG URL), and whether it carries data.

Filters that read URLs more strictly than browsers are evaded by what browsers forgive: backslashes, missing or extra
slashes, tabs and line breaks inside, credentials before the host, encoded or look-alike hosts.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

from bartizan.inspection.secrets.formats import entropy

LONGEST = 4_096
"""Characters of a URL that are looked at."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_STRIPPED = {ord(character): None for character in "\t\r\n\x0b\x0c"}
_EDGES = "".join(map(chr, range(0x21)))
_WEB = frozenset({"http", "https", "ws", "wss", "ftp"})
_HARMLESS = frozenset({"mailto", "tel", "sms", "geo", "cid", "urn", "doi"})
_ACTIVE = frozenset(
    {"javascript", "vbscript", "livescript", "file", "view-source", "jar", "mhtml", "feed", "blob", "filesystem"}
)
_SAFE_DATA = re.compile(r"\Aimage/(?:png|jpe?g|gif|webp|avif|bmp|x-icon)[;,]", re.IGNORECASE)
_PIECES = re.compile(r"[^/?&=#+,;:.]+")
_HEX = re.compile(r"[0-9a-fA-F]+")
_DIGESTS = frozenset({32, 40, 64})
"""Lengths of MD5, SHA-1 and SHA-256 in hexadecimal, which links to files and commits carry."""

_BLOB = re.compile(r"[A-Za-z0-9+=]{20,}")


class Target(NamedTuple):
    """A URL, taken apart."""

    scheme: str
    """Lower case; empty for a relative URL, ``http`` for a protocol-relative one."""
    host: str
    """Lower case, punycode, without port and trailing dot; empty if the URL has none."""
    credentials: str
    """What stands before ``@`` in the authority."""
    rest: str
    """Path, query and fragment as written."""
    clean: str
    """The whole URL without what browsers drop."""


def parse(raw: str) -> Target:
    """Take ``raw`` apart; never raises."""
    text = html.unescape(raw[:LONGEST]).strip(_EDGES).translate(_STRIPPED)
    found = _SCHEME.match(text)
    scheme = found.group()[:-1].lower() if found else ""
    after = text[found.end() :] if found else text
    if scheme and scheme not in _WEB:
        return Target(scheme, "", "", after, text)
    forward = after.replace("\\", "/")
    if not scheme and not forward.startswith("//"):
        return Target("", "", "", after, text)
    body = forward.lstrip("/")
    end = min((at for at in map(body.find, "/?#") if at >= 0), default=len(body))
    authority, rest = body[:end], body[end:]
    credentials, _, host = authority.rpartition("@")
    return Target(scheme or "http", _host(host), credentials, rest, text)


def _host(written: str) -> str:
    text = unicodedata.normalize("NFKC", unquote(written)).lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    text = text.partition(":")[0].replace("。", ".").strip(". ")
    if text.isascii():
        return text
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        return text


class Hosts:
    """The hosts that output may lead to.

    Args:
        allow: names such as ``docs.example.com``; ``*.example.com`` covers every subdomain, not the name itself.
    """

    def __init__(self, allow: tuple[str, ...] = ()) -> None:
        names = [_host(name.removeprefix("*.")) for name in allow]
        self._exact = frozenset(
            name for name, written in zip(names, allow, strict=True) if not written.startswith("*.")
        )
        self._below = tuple(f".{name}" for name, written in zip(names, allow, strict=True) if written.startswith("*."))
        self.named = bool(allow)
        """Whether any host is named at all."""

    def allows(self, host: str) -> bool:
        """Whether ``host`` (as `parse` gives it) is on the list."""
        return host in self._exact or (bool(self._below) and host.endswith(self._below))


def active(target: Target) -> bool:
    """Runs code or reads local files when followed or loaded."""
    if target.scheme == "data":
        return _SAFE_DATA.match(target.rest) is None
    return target.scheme in _ACTIVE


def leads_out(target: Target) -> bool:
    """Names a host, or hands the URL to an unknown application."""
    return bool(target.host) or bool(
        target.scheme and target.scheme not in _HARMLESS and target.scheme not in _ACTIVE | {"data"}
    )


def carries(target: Target) -> bool:
    """Has room for data: a query or fragment, or a long piece in path or host."""
    path, _, _ = target.rest.partition("?")
    path, _, fragment = path.partition("#")
    query = target.rest[len(path) :].strip("?#")
    return bool(query or fragment) or any(len(piece) >= 24 for piece in _PIECES.findall(target.host + path))


def queries(target: Target) -> bool:
    """Sends a query to the host."""
    return bool(target.rest.partition("#")[0].partition("?")[2])


def looks_encoded(target: Target) -> bool:
    """Carries something long, or something that looks encoded rather than named."""
    query = target.rest.partition("?")[2]
    if len(query) >= 100 or target.rest.count("%20") + target.rest.count("+") >= 8:
        return True
    if any(len(label) >= 30 for label in target.host.split(".")):
        return True
    return any(_random(piece) for piece in _BLOB.findall(unquote(target.rest)))


def _random(piece: str) -> bool:
    if _HEX.fullmatch(piece):
        return len(piece) >= 24 and len(piece) not in _DIGESTS
    kinds = (any(map(str.islower, piece)), any(map(str.isupper, piece)), any(map(str.isdigit, piece)))
    return sum(kinds) >= 2 and entropy(piece) >= 3.4


def mixes_scripts(host: str) -> bool:
    """A label of ``host`` mixes Latin letters with Cyrillic or Greek ones (UTS 39)."""
    if "xn--" not in host and host.isascii():
        return False
    for label in host.split("."):
        try:
            text = label.encode("ascii").decode("idna") if label.startswith("xn--") else label
        except UnicodeError:
            return True
        scripts = {unicodedata.name(character, "?").partition(" ")[0] for character in text if character.isalpha()}
        if len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}) > 1:
            return True
    return False
