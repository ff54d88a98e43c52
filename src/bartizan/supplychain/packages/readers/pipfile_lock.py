"""``Pipfile.lock`` of Pipenv."""

from __future__ import annotations

from typing import Any

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import MOST, PYPI, Index, Lock, Package, Source, pypi_name
from bartizan.supplychain.packages.readers.addresses import COMMIT, address
from bartizan.supplychain.packages.readers.values import rows, table, text, unread


class PipfileLock:
    """See the module."""

    id = "pipenv"

    def recognises(self, name: str, head: bytes) -> bool:
        """The name, or its own key in the first kilobytes."""
        return name.casefold() == "pipfile.lock" or (head.lstrip()[:1] == b"{" and b'"pipfile-spec"' in head)

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """The packages of every category."""
        root, lock = decode(raw).root, Lock()
        if not isinstance(root, dict):
            raise MalformedError("a Pipfile.lock that is no object", 0)
        sources = {}
        for number, one in enumerate(rows(table(root, "_meta"), "sources", budget)):
            url = text(one, "url")
            sources[text(one, "name")] = url
            lock.indexes.append(Index(url, number > 0, -1))
            if one.get("verify_ssl") is False:
                lock.trusted_hosts.append(url)
        for category, packages in root.items():
            if category == "_meta" or not isinstance(packages, dict):
                continue
            for name, one in packages.items():
                budget.step()
                if len(lock.packages) > MOST:
                    raise MalformedError(f"more than {MOST} packages", 0)
                if isinstance(one, dict) and name:
                    lock.packages.append(_package(name, one, sources))
                else:
                    unread(lock, f"{category}: {name}")
        return lock


def _package(name: str, one: dict[str, Any], sources: dict[str, str]) -> Package:
    version, hashes = text(one, "version"), one.get("hashes", [])
    where, url, commit = Source.INDEX, "", text(one, "ref")
    if text(one, "git"):
        where, url = Source.VCS, text(one, "git")
    elif text(one, "path") or one.get("editable") is True:
        where, url = Source.LOCAL, text(one, "path") or "."
    elif text(one, "file"):
        place = address(text(one, "file"))
        where, url = place.source, place.url
    exact = version.removeprefix("===").removeprefix("==")
    return Package(
        ecosystem=PYPI,
        name=pypi_name(name),
        version=exact if version.startswith("==") and not exact.endswith("*") else "",
        wanted="" if version.startswith("==") else version,
        source=where,
        url=url,
        commit=commit if where is Source.VCS and COMMIT.match(commit) else "",
        index=sources.get(text(one, "index"), ""),
        hashes=tuple(value.lower() for value in hashes if isinstance(value, str)) if isinstance(hashes, list) else (),
        runs=where is Source.VCS,
    )
