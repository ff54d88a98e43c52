"""Addresses of archives and repositories as installers write them."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from bartizan.supplychain.packages.interface import Source

_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_HASHED = ("sha256", "sha384", "sha512", "sha1", "md5", "sha224")


class Address(NamedTuple):
    """Where a package lies, and what the address itself pins."""

    source: Source
    url: str
    commit: str = ""
    hashes: tuple[str, ...] = ()
    egg: str = ""
    """Name that the fragment claims."""


def address(text: str) -> Address:
    """Take a URL or a path apart; a path stays one. Raises ValueError for a URL that is none."""
    if not _SCHEME.match(text) or re.match(r"[A-Za-z]:[\\/]", text):
        return Address(Source.LOCAL, text)
    parts = urlsplit(text)
    fragment = parse_qs(parts.fragment, max_num_fields=50)
    egg = fragment.get("egg", [""])[0].partition("[")[0]
    scheme = parts.scheme.lower()
    if "+" in scheme or scheme in {"git", "ssh"}:
        _, at, revision = parts.path.rpartition("@")
        revision = unquote(revision) if at else parts.fragment
        return Address(Source.VCS, text, revision if COMMIT.match(revision) else "", (), egg)
    hashes = tuple(f"{kind}:{value}" for kind in _HASHED for value in fragment.get(kind, ()))
    if scheme == "file":
        return Address(Source.LOCAL, unquote(parts.path) or text, "", hashes, egg)
    return Address(Source.URL, text, "", hashes, egg)


def is_address(text: str) -> bool:
    """Whether an installer takes ``text`` for a URL or a path and not for the name of a package."""
    head = text.partition(" ")[0].partition(";")[0]
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", head):
        return True
    return head.startswith((".", "/", "~")) or "/" in head.partition("[")[0] or head.lower().endswith(_ARCHIVES)


def outside(path: str) -> bool:
    """Whether a relative path leaves the folder it is relative to, or is absolute."""
    if "\\" in path or "\0" in path or path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return True
    return posixpath.normpath(path).split("/")[0] == ".."


def name_of_file(name: str) -> tuple[str, str]:
    """Name and version that a wheel or source archive carries in its own name; empty where it has none."""
    base = unquote(posixpath.basename(name))
    if base.lower().endswith(".whl"):
        parts = base[:-4].split("-")
        return (parts[0], parts[1]) if len(parts) in {5, 6} else ("", "")
    for ending in _ARCHIVES:
        if base.lower().endswith(ending):
            stem = base[: -len(ending)]
            found = re.match(r"(.+)-(\d[^-]*)\Z", stem)
            return (found.group(1), found.group(2)) if found else ("", "")
    return "", ""
