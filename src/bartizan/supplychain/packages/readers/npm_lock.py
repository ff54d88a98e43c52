"""``package-lock.json`` and ``npm-shrinkwrap.json`` of npm, lockfile versions 1 to 3.

Version 2 says everything twice: ``packages`` for npm 7 and later, ``dependencies`` for older ones. Both are read.
https://docs.npmjs.com/cli/configuring-npm/package-lock-json
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import MOST, NPM, Lock, Package, Source
from bartizan.supplychain.packages.readers.npm_addresses import resolved
from bartizan.supplychain.packages.readers.values import integrity, table, text, unread

_NAMES = frozenset({"package-lock.json", "npm-shrinkwrap.json", ".package-lock.json"})
_MODULES = "node_modules/"


class NpmLock:
    """See the module."""

    id = "npm"

    def recognises(self, name: str, head: bytes) -> bool:
        """The names, or its own key in the first kilobytes."""
        return name.casefold() in _NAMES or (head.lstrip()[:1] == b"{" and b'"lockfileVersion"' in head)

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """Every package of both halves."""
        root, lock = decode(raw).root, Lock()
        if not isinstance(root, dict):
            raise MalformedError("a package-lock that is no object", 0)
        packages = table(root, "packages")
        for place, one in packages.items():
            budget.step()
            if not isinstance(one, dict):
                unread(lock, place)
            elif place:
                _placed(place, one, packages, lock)
        for name, one in _nested(table(root, "dependencies"), budget):
            if isinstance(one, dict):
                _named(name, one, lock)
            else:
                unread(lock, name)
        if len(lock.packages) > 2 * MOST:
            raise MalformedError(f"more than {MOST} packages", 0)
        return lock


def _placed(place: str, one: dict[str, Any], packages: dict[str, Any], lock: Lock) -> None:
    if one.get("link") is True:
        lock.packages.append(_local(text(one, "resolved")))
        return
    if _MODULES not in place:
        lock.packages.append(_local(place))  # a workspace: the project itself
        return
    name = text(one, "name") or place.rpartition(_MODULES)[2]
    package = _package(name, text(one, "version"), one, lock)
    bundled = one.get("inBundle") is True and not text(one, "resolved") and _carried(place, packages)
    if bundled:
        package = msgspec.structs.replace(package, hashes=bundled)
    lock.packages.append(package)


def _carried(place: str, packages: dict[str, Any]) -> tuple[str, ...]:
    """Digests of the archive of a package above, which carries a bundled one."""
    above = place.rpartition(f"/{_MODULES}")[0]
    while above:
        found = integrity(text(packages.get(above), "integrity"))
        if found:
            return found
        above = above.rpartition(f"/{_MODULES}")[0]
    return ()


def _named(name: str, one: dict[str, Any], lock: Lock) -> None:
    version = text(one, "version")
    if version.startswith("npm:"):
        name, _, version = version.removeprefix("npm:").rpartition("@")
    if one.get("bundled") is True and not text(one, "resolved"):
        return  # inside of another archive, whose entry stands beside it
    if ":" in version or "/" in version:
        lock.packages.append(_package(name, "", {**one, "resolved": version}, lock))
    else:
        lock.packages.append(_package(name, version, one, lock))


def _nested(content: dict[str, Any], budget: Budget) -> Iterator[tuple[str, Any]]:
    waiting = [content]
    while waiting:
        for name, one in waiting.pop().items():
            budget.step()
            yield name, one
            if inner := table(one, "dependencies"):
                waiting.append(inner)


def _package(name: str, version: str, one: dict[str, Any], lock: Lock) -> Package:
    place = resolved(text(one, "resolved"), name, version, lock)
    return Package(
        ecosystem=NPM,
        name=name,
        version=version if place.source is not Source.VCS else "",
        source=place.source,
        url=place.url,
        commit=place.commit,
        index=place.registry,
        hashes=(*integrity(text(one, "integrity")), *place.hashes),
        runs=one.get("hasInstallScript") is True or place.source is Source.VCS,
    )


def _local(path: str) -> Package:
    return Package(ecosystem=NPM, name="", source=Source.LOCAL, url=path or ".")
