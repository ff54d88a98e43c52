"""``pylock.toml``: the lock file format of PEP 751, https://packaging.python.org/specifications/pylock-toml/."""

from __future__ import annotations

import re
from typing import Any

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.toml_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import PYPI, Lock, Package, Source, pypi_name
from bartizan.supplychain.packages.readers.addresses import COMMIT
from bartizan.supplychain.packages.readers.files import file_name, foreign, only_sources
from bartizan.supplychain.packages.readers.values import hashes_of, rows, table, text, unread

_NAME = re.compile(r"pylock\.(?:[^.]+\.)?toml\Z", re.IGNORECASE)


class Pylock:
    """See the module."""

    id = "pylock"

    def recognises(self, name: str, head: bytes) -> bool:
        """The names that the specification asks for, or its first key."""
        return _NAME.match(name) is not None or head.startswith((b"lock-version = ", b"lock-version="))

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """Every package, whatever its marker."""
        root, lock = decode(raw), Lock()
        if not text(root, "lock-version").startswith("1."):
            raise MalformedError("a pylock file of another version than 1", 0)
        for one in rows(root, "packages", budget):
            _package(one, budget, lock)
        return lock


def _package(one: dict[str, Any], budget: Budget, lock: Lock) -> None:
    if not text(one, "name"):
        unread(lock, str(one))
        return
    archive, vcs, folder = table(one, "archive"), table(one, "vcs"), table(one, "directory")
    files = [*rows(one, "wheels", budget), *(each for each in (table(one, "sdist"), archive) if each)]
    names = [file_name(each) for each in files]
    where, url = Source.INDEX, ""
    if vcs:
        where, url = Source.VCS, text(vcs, "url") or text(vcs, "path")
    elif folder:
        where, url = Source.LOCAL, text(folder, "path") or "."
    elif archive:
        url = text(archive, "url") or text(archive, "path")
        where = Source.URL if text(archive, "url") else Source.LOCAL
    commit = text(vcs, "commit-id")
    package = Package(
        ecosystem=PYPI,
        name=pypi_name(text(one, "name")),
        version=text(one, "version"),
        source=where,
        url=url,
        commit=commit if COMMIT.match(commit) else "",
        index=text(one, "index"),
        hashes=hashes_of(files),
        runs=where is Source.VCS or (where in {Source.INDEX, Source.URL} and only_sources(names)),
    )
    lock.packages.append(package)
    foreign(package, names, lock)
