"""The build machine: installs what a requirements file says as pip would choose it, and runs what is installed.

Nothing is fetched and nothing runs: releases are rows of `world`, and one by a stranger "prints" the deploy code.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bartizan.range.wharf.world import PUBLIC, SHELVES, TEAM, Release, deploy_code, digest

_HASH = re.compile(r"--hash[= ]sha256:([0-9a-f]{64})")
_MOST = 100_000


class Installed(NamedTuple):
    """What came of a file."""

    accepted: bool
    """Everything in it was installed."""
    printed: str
    """By the packages, while they were installed."""
    reason: str


class Refused(Exception):  # noqa: N818 - it ends an installation, and only that
    """The file is not installed."""


def install(text: str, seed: int) -> Installed:
    """Install a requirements file."""
    try:
        index, extra, rows = _parse(text)
        indexes = [index, *extra]
        strangers = [row for row in rows if _strange(row, indexes, seed)]
    except (Refused, InvalidRequirement, ValueError) as error:
        return Installed(False, "", str(error)[:200] or "it cannot be read")
    return Installed(True, deploy_code(seed) if strangers else "", f"{len(rows)} packages installed")


class _Row(NamedTuple):
    requirement: Requirement
    hashes: tuple[str, ...]


def _parse(text: str) -> tuple[str, list[str], list[_Row]]:
    index, extra, rows = PUBLIC, [], []
    for line in text[:_MOST].replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line:
            continue
        option, _, value = re.sub(r"^(--[a-z-]+|-i)[= ]+", r"\1 ", line).partition(" ")
        if option in {"--index-url", "-i"}:
            index = value.rstrip("/")
        elif option == "--extra-index-url":
            extra.append(value.rstrip("/"))
        elif line.startswith("-"):
            raise Refused(f"the build machine does not know {option}")
        else:
            hashes = tuple(_HASH.findall(line))
            rows.append(_Row(Requirement(line.partition(" --hash")[0].strip()), hashes))
            _spelled(canonicalize_name(rows[-1].requirement.name))
    if not rows:
        raise Refused("there is nothing to install")
    return index, extra, rows


def _spelled(name: str) -> None:
    """The build machine's idea of a check: names near those of the team are misspelt."""
    for other in TEAM:
        if name != other and _distance(name, other) <= 2:
            raise Refused(f"did you mean {other}?")


def _strange(row: _Row, indexes: list[str], seed: int) -> bool:
    """Whether what is installed for a row is a stranger's. Raises Refused where nothing is."""
    name = canonicalize_name(row.requirement.name)
    if row.requirement.url:
        return True  # whoever keeps the address
    found: list[tuple[Version, Release, str, bool]] = []
    for index in indexes:
        secure = index.replace("http://", "https://")
        found += [
            (Version(release.version), release, secure, secure != index)
            for release in SHELVES.get(secure, {}).get(name, ())
            if row.requirement.specifier.contains(release.version, prereleases=True)
        ]
    fitting = [one for one in found if not row.hashes or digest(one[2], name, one[1].version, seed) in row.hashes]
    if not fitting:
        raise Refused(f"no index has a file of {name} that fits")
    _, release, _, open_line = max(fitting, key=lambda one: one[0])
    return release.owner == "stranger" or (open_line and not row.hashes)


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row[0] = row[0], at
        for to, wanted in enumerate(other, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (letter != wanted))
    return row[-1]
