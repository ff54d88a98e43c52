"""JSON: configurations, schemas, manifests, indexes. Data alone does nothing; what a loader makes of it is looked
for."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.documents.readers import READERS, read_document
from bartizan.supplychain.formats.json_text import LARGEST, decode
from bartizan.supplychain.interface import (
    MALFORMED,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    MalformedError,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.text.rules import TEXT_RULES

REPEATED = Rule(
    id="json.duplicate_key", title="Object with a key that stands twice", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-694", *MALFORMED[1:]),
)  # fmt: skip
_MOST_LINES = 200_000
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".ipynb", ".webmanifest")


@scanner
class JsonDocument:
    """See the module."""

    id = "json"
    rules = (REPEATED, *(rule for reader in READERS for rule in reader.rules), *TEXT_RULES)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """An opening bracket with what may follow one, or the name."""
        if context.name.endswith(_SUFFIXES):
            return True
        return looks_like_json(source)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """The document, or each line where it is one document a line."""
        if source.size > LARGEST:
            raise MalformedError(f"a JSON document of {source.size} bytes is larger than {LARGEST}", 0)
        raw = source.read(0, source.size)
        try:
            document = decode(raw)
        except MalformedError:
            if not context.name.endswith((".jsonl", ".ndjson")):
                raise
            yield from _lines(raw, context)
            return
        if document.repeated:
            yield context.found(
                REPEATED, "Parsers differ in which of the two they take.", evidence=", ".join(document.repeated)
            )
        yield from read_document(document.root, context)


def looks_like_json(source: ByteSource) -> bool:
    """Whether an opening bracket stands first, with what may follow one."""
    head = source.read(0, 256).removeprefix(b"\xef\xbb\xbf").lstrip()
    return (head[:1] == b"{" and head[1:].lstrip()[:1] in (b'"', b"}")) or (
        head[:1] == b"[" and head[1:].lstrip()[:1] in (b"{", b"[", b'"', b"]") and b"]\n" not in head[:40]
    )


def _lines(raw: bytes, context: Context) -> Iterable[ArtefactFinding]:
    at = 0
    for number, line in enumerate(raw.splitlines(keepends=True)):
        if number >= _MOST_LINES:
            raise MalformedError(f"more than {_MOST_LINES} lines", at)
        if line.strip():
            yield from read_document(decode(line, at).root, context)
        at += len(line)
