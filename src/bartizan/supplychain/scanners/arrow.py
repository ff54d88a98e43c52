"""Arrow files, and the Arrow schema and key-value metadata in the footer of Parquet: what readers unpickle from them.

pyarrow before 14.0.1 unpickles the metadata of ``arrow.py_extension_type`` columns when it reads a file
(CVE-2023-47248), and later ones do so where ``PyExtensionType`` is switched on again. Metadata is text by its
specification.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.pickles.hidden import hidden

PICKLED_TYPE = Rule(
    id="arrow.pickled_type",
    title="Column type that readers unpickle",
    admission=Admission.BLOCK,
    severity=Severity.CRITICAL,
    tags=CODE_EXECUTION,
)
_TYPE = b"arrow.py_extension_type"
_MAGIC = (b"ARROW1", b"FEA1", b"PAR1")
_PIECE = 4 << 20
"""Bytes at each end of a file that are looked at; schemas and footers are smaller."""
_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_MOST = 200


@scanner
class Arrow:
    """See the module."""

    id = "arrow"
    rules = (PICKLED_TYPE,)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The magic numbers of Arrow files, Feather and Parquet."""
        return any(source.starts_with(one) for one in _MAGIC)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Types that are unpickled, and pickles in metadata, written as they are or in Base64."""
        told = False
        for offset, raw in _ends(source):
            context.budget.step(len(raw) >> 8)
            for at, text in [(offset, raw), *((offset + at, text) for at, text in _encoded(raw))]:
                if _TYPE in text and not told:
                    told = True
                    yield context.found(
                        PICKLED_TYPE,
                        "pyarrow before 14.0.1 unpickles the type's metadata when it reads the file (CVE-2023-47248).",
                        offset=at,
                        evidence=_TYPE.decode(),
                    )
                yield from hidden(text, at, context)


def _ends(source: ByteSource) -> list[tuple[int, bytes]]:
    if source.size <= 2 * _PIECE:
        return [(0, source.read(0, source.size))]
    return [(0, source.read(0, _PIECE)), (source.size - _PIECE, source.read(source.size - _PIECE, _PIECE))]


def _encoded(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Where Base64 stands and what it says, from each of four places: a length before it may look like a part of it."""
    for number, found in enumerate(_ENCODED.finditer(raw)):
        if number >= _MOST * 50:
            return
        yield from ((found.start() + skip, _decoded(found[0][skip:])) for skip in range(4))


def _decoded(text: bytes) -> bytes:
    """What Base64 says, in either alphabet; nothing for what is none."""
    text = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    text = text[: len(text) - (len(text) % 4 == 1)]
    return base64.b64decode(text + b"=" * (-len(text) % 4))
