"""``uv.lock`` of uv: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile, format versions 1 and later."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.toml_text import decode
from bartizan.supplychain.packages.interface import PYPI, Lock, Package, Source, pypi_name
from bartizan.supplychain.packages.readers.addresses import COMMIT
from bartizan.supplychain.packages.readers.files import file_name, foreign, only_sources
from bartizan.supplychain.packages.readers.values import hashes_of, rows, table, text, unread


class UvLock:
    """See the module."""

    id = "uv"

    def recognises(self, name: str, head: bytes) -> bool:
        """The name, or how uv begins it."""
        return name.casefold() == "uv.lock" or (head.startswith(b"version = ") and b"\n[[package]]\n" in head)

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """Every package; what is locked for some platform counts on all of them."""
        lock = Lock()
        for one in rows(decode(raw), "package", budget):
            _package(one, budget, lock)
        return lock


def _package(one: dict[str, Any], budget: Budget, lock: Lock) -> None:
    source = table(one, "source")
    if not text(one, "name"):
        unread(lock, str(one))
        return
    files = [*rows(one, "wheels", budget), *([table(one, "sdist")] if "sdist" in one else [])]
    names = [file_name(each) for each in files]
    where, url, commit, index = _place(source)
    package = Package(
        ecosystem=PYPI,
        name=pypi_name(text(one, "name")),
        version=text(one, "version"),
        source=where,
        url=url,
        commit=commit,
        index=index,
        hashes=hashes_of(files),
        runs=where in {Source.VCS, Source.INDEX} and (only_sources(names) or where is Source.VCS),
    )
    lock.packages.append(package)
    foreign(package, names, lock)


def _place(source: dict[str, Any]) -> tuple[Source, str, str, str]:
    if git := text(source, "git"):
        fragment = urlsplit(git).fragment
        return Source.VCS, git, fragment if COMMIT.match(fragment) else "", ""
    if url := text(source, "url"):
        return Source.URL, url, "", ""
    for key in ("path", "directory", "editable", "virtual"):
        if key in source:
            return Source.LOCAL, text(source, key) or ".", "", ""
    return Source.INDEX, "", "", text(source, "registry")
