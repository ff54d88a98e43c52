"""Requirements files of pip: names, hashes, options, includes, archives, repositories, local projects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.interface import (
    HEAD,
    MOST,
    PYPI,
    Include,
    Index,
    Lock,
    Note,
    Package,
    Source,
    pypi_name,
)
from bartizan.supplychain.packages.readers.addresses import address, is_address, name_of_file
from bartizan.supplychain.packages.readers.lines import Line, lines, split
from bartizan.supplychain.packages.readers.options import Option, options

_NAME = re.compile(r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.txt\Z", re.IGNORECASE)
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*(?:(?:===?|~=|!=|[<>]=?)\s*[^\s;]+.*|;.*|@\s*\S+.*)?(?:\s--.*)?\\?\Z"
)
_OPTION = re.compile(r"(?:--[a-z-]+|-[icfer])(?:[\s=].*)?\\?\Z")
_PLACE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.]*:/|\.{0,2}/|~/)\S+")
_PINS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*===?\s*[^\s;,]|--hash=|-r |--requirement")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_LONGEST = 20_000
"""Characters of one requirement without its options."""
_READ = frozenset({"--requirement", "--constraint", "--editable"})
_WEAKENING = {
    "--no-require-hashes": "Hashes are not checked.",
    "--pre": "Releases that their makers call unfinished are taken as well.",
    "--global-option": "The build of a package is given options.",
    "--config-settings": "The build of a package is given settings.",
}
_IGNORED = frozenset({"--only-binary", "--prefer-binary", "--use-feature", "--require-hashes", "--no-index",
                      "--uploaded-prior-to", "--all-releases", "--only-final"})  # fmt: skip


class Requirements:
    """See the module."""

    id = "requirements"

    def recognises(self, name: str, head: bytes) -> bool:
        """The usual names; for another name, nothing but requirements and options, with something pinned."""
        if _NAME.match(name):
            return True
        text = head.decode("utf-8", "replace")
        rows = [row.strip() for row in text.splitlines()][: -1 if len(head) >= HEAD else None]
        rows = [row.partition(" #")[0].strip() for row in rows if row and not row.startswith("#")][:60]
        return any(_PINS.match(row) for row in rows) and all(
            _REQUIREMENT.match(row) or _OPTION.match(row) or _PLACE.match(row) for row in rows
        )

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """Every line; one that cannot be read is noted and the next one is read."""
        lock = Lock()
        for line in lines(raw, budget):
            if len(lock.packages) + len(lock.notes) > MOST:
                raise MalformedError(f"more than {MOST} entries", line.offset)
            try:
                _line(line, lock)
            except (InvalidRequirement, ValueError, RecursionError):
                _unread(lock, line, line.text)
        return lock


def _line(line: Line, lock: Lock) -> None:
    requirement, words = split(line.text)
    if _VARIABLE.search(requirement) or len(requirement) > _LONGEST:
        raise ValueError  # the environment decides, or nobody reads that far
    found = list(options(words))
    for option in found:
        if option.name in _READ and _VARIABLE.search(option.value):
            raise ValueError  # likewise
        _option(option, line, lock, bool(requirement))
    if requirement:
        hashes = tuple(option.value.lower() for option in found if option.name == "--hash")
        lock.packages.append(_package(requirement, hashes, line.offset))


def _option(option: Option, line: Line, lock: Lock, beside_requirement: bool) -> None:
    name, value = option
    if name in {"--requirement", "--constraint"}:
        if not beside_requirement:
            lock.includes.append(Include(value, name == "--constraint", line.offset))
    elif name in {"--index-url", "--pypi-url", "--extra-index-url", "--find-links"}:
        lock.indexes.append(Index(value, name in {"--extra-index-url", "--find-links"}, line.offset))
    elif name == "--trusted-host":
        lock.trusted_hosts.append(value)
    elif name == "--editable":
        lock.packages.append(_package(value, (), line.offset))
    elif name == "--no-binary":
        lock.notes.append(Note(rules.RUNS, "Source distributions run code of their own when they are built.",
                               f"{name} {value}", line.offset))  # fmt: skip
    elif name in _WEAKENING:
        lock.notes.append(Note(rules.OPTION, _WEAKENING[name], name, line.offset))
    elif name != "--hash" and name not in _IGNORED:
        _unread(lock, line, value)


def _unread(lock: Lock, line: Line, what: str) -> None:
    lock.notes.append(Note(rules.UNREAD, "pip refuses it, or reads something else there than is read here.",
                           what[:200], line.offset))  # fmt: skip


def _package(text: str, hashes: tuple[str, ...], offset: int) -> Package:
    if is_address(text):
        return _addressed(text.partition(" ;")[0].strip(), "", hashes, offset)
    required = Requirement(text)
    if required.url:
        return _addressed(required.url, required.name, hashes, offset)
    version = pinned(required.specifier)
    return Package(
        ecosystem=PYPI,
        name=pypi_name(required.name),
        version=version,
        wanted="" if version else str(required.specifier),
        hashes=hashes,
        offset=offset,
    )


def _addressed(text: str, name: str, hashes: tuple[str, ...], offset: int) -> Package:
    place = address(text)
    path = place.url if place.source is Source.LOCAL else urlsplit(place.url).path
    carried, version = name_of_file(path)
    return Package(
        ecosystem=PYPI,
        name=pypi_name(name or place.egg or carried),
        version=version if place.source is not Source.VCS else "",
        source=place.source,
        url=place.url,
        commit=place.commit,
        hashes=(*hashes, *place.hashes),
        runs=place.source is Source.VCS or (place.source is Source.URL and not path.lower().endswith(".whl")),
        offset=offset,
    )


def pinned(specifiers: SpecifierSet) -> str:
    """The one version that a set of specifiers admits, or an empty text."""
    exact: Iterable[str] = {
        one.version for one in specifiers if one.operator in {"==", "==="} and not one.version.endswith(".*")
    }
    return next(iter(exact)) if len(set(exact)) == 1 else ""
