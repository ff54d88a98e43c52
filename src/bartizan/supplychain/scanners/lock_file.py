"""Lock files of package managers: what installing them would bring. Installs, resolves and fetches nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, scanner
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.packages.interface import HEAD
from bartizan.supplychain.packages.readers.registry import reader_for
from bartizan.supplychain.packages.rules import INSECURE, PACKAGE_RULES, PASSED_OVER, REMOTE_INCLUDE

_PASSED_OVER = (
    "It was not asked about by name, and nobody said what packages are held against: name it, or set "
    "artefacts.packages or --osv. Loading what lies beside it installs nothing."
)

_ALWAYS = frozenset({INSECURE.id, REMOTE_INCLUDE.id})
"""What nobody writes for a good reason, whoever asks."""


@scanner
class LockFile:
    """See the module.

    Args:
        checks: what packages are held against; nothing but the file itself where nobody says.
        judged: False for one that lies beside a model and that nobody asked about: it is named and passed over.
    """

    id = "lock"
    rules = PACKAGE_RULES

    def __init__(self, checks: PackageChecks | None = None, *, judged: bool = True) -> None:
        self._checks = checks or PackageChecks()
        self._judged = judged

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """A name or a beginning that some reader of lock files knows."""
        return reader_for(context.name, source.read(0, HEAD)) is not None

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What speaks against installing what it names."""
        reader = reader_for(context.name, source.read(0, HEAD))
        if reader is not None and not self._judged:
            yield context.found(PASSED_OVER, _PASSED_OVER)
            for finding in PackageChecks().check(source, reader, context):
                if finding.rule in _ALWAYS:
                    yield finding
        elif reader is not None:
            yield from self._checks.check(source, reader, context)
