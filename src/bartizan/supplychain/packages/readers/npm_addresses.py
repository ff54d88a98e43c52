"""Addresses in lock files of JavaScript package managers."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.interface import Lock, Note, Source
from bartizan.supplychain.packages.readers.addresses import COMMIT

_REGISTRY = re.compile(r"(?P<index>https?://.+?)/(?P<name>(?:@[^/]+/)?[^/]+)/-/(?P<file>(?:@[^/]+/)?[^/]+)\.tgz\Z")


class Resolved(NamedTuple):
    """What an entry resolves to."""

    source: Source
    url: str = ""
    commit: str = ""
    registry: str = ""
    hashes: tuple[str, ...] = ()


def resolved(text: str, name: str, version: str, lock: Lock) -> Resolved:
    """Take an address apart; an archive of another package or version than ``name`` and ``version`` is noted."""
    if not text:
        return Resolved(Source.INDEX)
    parts = urlsplit(text)
    scheme, fragment = parts.scheme.lower(), parts.fragment
    if scheme in {"file", "link", "portal", "workspace", ""}:
        return Resolved(Source.LOCAL, unquote(parts.path) or ".")
    if "git" in scheme or scheme in {"ssh", "github", "gitlab", "bitbucket"} or parts.path.endswith(".git"):
        commit = fragment.rpartition("=")[2]
        return Resolved(Source.VCS, text, commit if COMMIT.match(commit) else "")
    plain = f"{parts.scheme}://{parts.netloc}{unquote(parts.path)}"
    found = _REGISTRY.match(plain)
    hashes = (f"sha1:{fragment}",) if re.fullmatch("[0-9a-f]{40}", fragment) else ()
    if found is None:
        return Resolved(Source.URL, text, "", "", hashes)
    file = found["file"].rpartition("/")[2]
    wanted = f"{name.rpartition('/')[2]}-{version}"
    if found["name"] != name or (version and file != wanted):
        lock.notes.append(
            Note(rules.FOREIGN_FILE, f"What is called {name} {version} is installed from it.", text[:200], -1)
        )
    return Resolved(Source.INDEX, "", "", found["index"], hashes)
