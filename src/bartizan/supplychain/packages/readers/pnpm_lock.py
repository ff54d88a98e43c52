"""``pnpm-lock.yaml`` of pnpm, lockfile versions 5 to 9: https://github.com/pnpm/spec/tree/master/lockfile."""

from __future__ import annotations

import re
from typing import Any

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.yaml_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import NPM, Lock, Package, Source
from bartizan.supplychain.packages.readers.addresses import COMMIT
from bartizan.supplychain.packages.readers.npm_addresses import resolved
from bartizan.supplychain.packages.readers.values import integrity, table, text, unread

_KEY = re.compile(r"/?(?P<name>(?:@[^/@]+/)?[^/@(]+)[@/](?P<version>[^(/]+)")


class PnpmLock:
    """See the module."""

    id = "pnpm"

    def recognises(self, name: str, head: bytes) -> bool:
        """The name, or its first key."""
        return name.casefold() == "pnpm-lock.yaml" or head.startswith(b"lockfileVersion:")

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """Every package; peers that a key names in brackets are packages of their own."""
        documents = decode(raw, budget).documents
        if not documents or not all(isinstance(one, dict) for one in documents):
            raise MalformedError("a pnpm lock file that is no mapping", 0)
        lock = Lock()
        for root in documents:
            for key, one in table(root, "packages").items():
                _package(key, one, lock)
        return lock


def _package(key: str, one: Any, lock: Lock) -> None:
    place = table(one, "resolution")
    found = _KEY.match(key)
    name, version = (found["name"], found["version"].partition("_")[0]) if found else ("", "")
    name, version = text(one, "name") or name, text(one, "version") or version
    if not place:
        unread(lock, key)
        return
    commit, hashes = text(place, "commit"), integrity(text(place, "integrity"))
    if text(place, "type") == "git" or commit:
        package = Package(ecosystem=NPM, name=name, source=Source.VCS, url=text(place, "repo"), runs=True,
                          commit=commit if COMMIT.match(commit) else "")  # fmt: skip
    elif text(place, "type") == "directory":
        package = Package(ecosystem=NPM, name=name, source=Source.LOCAL, url=text(place, "directory") or ".")
    elif not name or ":" in version:
        package = Package(ecosystem=NPM, name=name, source=Source.URL, url=text(place, "tarball") or key, hashes=hashes)
    else:
        at = resolved(text(place, "tarball"), name, version, lock)
        package = Package(
            ecosystem=NPM, name=name, version=version, source=at.source, url=at.url, commit=at.commit,
            index=at.registry, hashes=(*hashes, *at.hashes),
            runs=isinstance(one, dict) and one.get("requiresBuild") is True,
        )  # fmt: skip
    lock.packages.append(package)
