"""Lock files of package managers: what installing them would bring. Installs, resolves and fetches nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, scanner
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.packages.interface import HEAD
from bartizan.supplychain.packages.readers.registry import reader_for
from bartizan.supplychain.packages.rules import PACKAGE_RULES


@scanner
class LockFile:
    """See the module.

    Args:
        checks: what packages are held against; nothing but the file itself where nobody says.
    """

    id = "lock"
    rules = PACKAGE_RULES

    def __init__(self, checks: PackageChecks | None = None) -> None:
        self._checks = checks or PackageChecks()

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """A name or a beginning that some reader of lock files knows."""
        return reader_for(context.name, source.read(0, HEAD)) is not None

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What speaks against installing what it names."""
        reader = reader_for(context.name, source.read(0, HEAD))
        if reader is not None:
            yield from self._checks.check(source, reader, context)
