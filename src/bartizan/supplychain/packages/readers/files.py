"""Files that a Python lock file names for a package: their digests, whether code runs, whether they are its own."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import urlsplit

from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.interface import Lock, Note, Package, Source, pypi_name
from bartizan.supplychain.packages.readers.addresses import name_of_file
from bartizan.supplychain.packages.readers.values import text
from bartizan.supplychain.packages.versions import pep440


def file_name(one: dict[str, Any]) -> str:
    """Of a file entry, from its name, address or path."""
    place = text(one, "file") or text(one, "name") or text(one, "filename") or text(one, "url") or text(one, "path")
    return posixpath.basename(urlsplit(place).path if "://" in place else place)


def only_sources(names: list[str]) -> bool:
    """Whether there are files and none of them is a wheel: whoever installs it runs its build."""
    return bool(names) and not any(name.lower().endswith(".whl") for name in names)


def foreign(package: Package, names: list[str], lock: Lock) -> None:
    """Note files that by their own names belong to another package or version."""
    if package.source is not Source.INDEX:
        return
    version = pep440.version(package.version)
    for name in names:
        carried, at = name_of_file(name)
        if not carried:
            continue
        other = pypi_name(carried) != package.name
        if other or (version is not None and at and pep440.version(at) not in (None, version)):
            lock.notes.append(
                Note(rules.FOREIGN_FILE, f"What is called {package.name} {package.version} is installed from it.",
                     name[:200], -1)
            )  # fmt: skip
            return
