"""HDF5, the container of Keras H5 models and weights: bytes taken from other files, plug-ins, and the model's
configuration."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.formats.hdf5 import Dense, External, Filter, Hdf5, Text, UserLink, start
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    MALFORMED,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.pickles.hidden import hidden

EXTERNAL = Rule(
    id="hdf5.external_file", title="Bytes are taken from another file", admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=("CWE-73", *CODE_EXECUTION[1:]),
)  # fmt: skip
LINK = Rule(
    id="hdf5.user_link", title="Link that only a plug-in can follow", admission=Admission.BLOCK,
    severity=Severity.MEDIUM,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
PLUGIN = Rule(
    id="hdf5.filter_plugin", title="Filter that a plug-in supplies", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
DENSE = Rule(
    id="hdf5.unread", title="Storage that is not read here", admission=Admission.INCONCLUSIVE, severity=Severity.LOW,
    tags=MALFORMED,
)  # fmt: skip
PREFIX = Rule(
    id="hdf5.user_block", title="Bytes before the file's begin", admission=Admission.BLOCK, severity=Severity.MEDIUM,
    tags=MALFORMED,
)  # fmt: skip
_PIECE = 8 << 20
"""Bytes at each end of a file that are looked through for pickles."""
_HOW = {
    "storage": "A dataset's bytes are read from it, so a local file ends up in the weights.",
    "link": "A link opens it in place of a part of this file.",
    "virtual": "A dataset is put together from other files.",
}


@scanner
class Hdf5File:
    """See the module."""

    id = "hdf5"
    rules = (EXTERNAL, LINK, PLUGIN, DENSE, PREFIX)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The signature at one of the places where readers look, or the name."""
        return start(source) >= 0 or context.name.endswith((".h5", ".hdf5"))

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """The structure, then the configurations in it."""
        begin = start(source)
        if begin > 0 and source.read(0, min(begin, 1 << 20)).strip(b"\0"):
            yield context.found(PREFIX, "Other readers see another file there.", offset=0)
        for offset in _ends(source):  # PyTables unpickles attributes, and pandas the cells of object columns
            piece = source.read(offset, _PIECE)
            context.budget.step(len(piece) >> 8)
            yield from hidden(piece, offset, context)
        seen_filters: set[int] = set()
        for seen in Hdf5(source, context.budget).walk():
            match seen:
                case External(at, how, name):
                    yield context.found(EXTERNAL, _HOW[how], offset=at, evidence=name or how)
                case UserLink(at, kind):
                    yield context.found(LINK, "Following it loads a plug-in.", offset=at, evidence=f"class {kind}")
                case Filter(at, number) if number >= 256 and number not in seen_filters:
                    seen_filters.add(number)
                    yield context.found(
                        PLUGIN, "Reading the data loads a plug-in.", offset=at, evidence=f"filter {number}"
                    )
                case Dense(at, what):
                    yield context.found(DENSE, f"It keeps {what} in a fractal heap.", offset=at, evidence=what)
                case Text(_, name, inner) if inner.read(0, 1) == b"{":
                    text = inner.read(0, inner.size).rstrip(b"\0 ")
                    yield from context.nested(ByteSource(text, f"{name}.json"), name, opaque=True)
                case _:
                    pass


def _ends(source: ByteSource) -> tuple[int, ...]:
    """Where the pieces begin in which attributes and heaps lie."""
    return (0, source.size - _PIECE) if source.size > 2 * _PIECE else tuple(range(0, source.size, _PIECE))
