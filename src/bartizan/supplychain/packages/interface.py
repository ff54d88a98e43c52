"""What a lock file says, whatever its format. To add a format, put one file into ``packages/readers/`` with a class:

    class PoetryLock:
        id = "poetry"

        def recognises(self, name: str, head: bytes) -> bool: ...
        def read(self, raw: bytes, budget: Budget) -> Lock: ...

and name it in ``readers/registry.py``. Readers install, fetch and run nothing; they raise `MalformedError` and
`BudgetError` only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol
from urllib.parse import quote

import msgspec
from packaging.utils import canonicalize_name

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import Rule

PYPI, NPM = "PyPI", "npm"
"""Ecosystems, spelled as OSV spells them."""
LARGEST = 64 << 20
"""Bytes of one lock file."""
ZIPPED = "yarn-zip-sha512"
"""Kind of digest of Yarn 2 and later: of the archive that Yarn makes out of the registry's."""
HEAD = 8_192
"""Bytes of a file by which it is recognised."""
MOST = 200_000
"""Packages of one lock file."""


class Source(StrEnum):
    """Where an installer takes a package from."""

    INDEX = "index"
    URL = "url"
    VCS = "vcs"
    LOCAL = "local"


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One package that a lock file names."""

    ecosystem: str
    name: str
    """Normalised as PEP 503 says for PyPI; as written for npm."""
    version: str = ""
    """The one version that would be installed; empty where the file leaves it open."""
    wanted: str = ""
    """The range as written, where the version is open."""
    source: Source = Source.INDEX
    url: str = ""
    """Of the archive or repository; a path for a local one."""
    commit: str = ""
    """Full commit of a repository; empty where a branch or tag is named."""
    index: str = ""
    """Index that the entry itself names."""
    hashes: tuple[str, ...] = ()
    """``algorithm:hexadecimal``; the installer takes a file that has one of them."""
    runs: bool = False
    """Code of its own runs at installation: it has install scripts, or nothing but source distributions."""
    offset: int = -1
    """Where it stands in the file, in bytes."""

    @property
    def purl(self) -> str:
        """Package URL, https://github.com/package-url/purl-spec; empty for an archive or a path without a name."""
        if not self.name:
            return ""
        kind = "pypi" if self.ecosystem == PYPI else "npm"
        name = "/".join(quote(part, safe="") for part in self.name.split("/"))
        version = f"@{quote(self.version, safe='')}" if self.version else ""
        return f"pkg:{kind}/{name}{version}"


class Include(NamedTuple):
    """Another file that the installer reads with this one."""

    path: str
    constraint: bool
    """It restricts versions and names nothing to install."""
    offset: int


class Index(NamedTuple):
    """An index or a page of links that the file names for all its packages."""

    url: str
    extra: bool
    """It is asked beside others, and the highest version of all of them wins."""
    offset: int


class Note(NamedTuple):
    """Something about the file itself."""

    rule: Rule
    explanation: str
    evidence: str
    offset: int


class Lock(msgspec.Struct, kw_only=True):
    """What one file says; readers fill it."""

    packages: list[Package] = []
    constraints: list[Package] = []
    includes: list[Include] = []
    indexes: list[Index] = []
    trusted_hosts: list[str] = []
    """Hosts whose certificates are not checked."""
    notes: list[Note] = []


class Reader(Protocol):
    """One format."""

    @property
    def id(self) -> str:
        """Name of the format, such as ``requirements``."""
        ...

    def recognises(self, name: str, head: bytes) -> bool:
        """Whether an installer may read such a file. ``head`` is its first kilobytes. Raises nothing."""
        ...

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """What the file says. Raises `MalformedError` or `BudgetError`, nothing else."""
        ...


def counted(number: int) -> str:
    """``1 package`` or ``12 packages``."""
    return "1 package" if number == 1 else f"{number:,} packages"


def pypi_name(name: str) -> str:
    """A name as PyPI compares it (PEP 503)."""
    return canonicalize_name(name)
