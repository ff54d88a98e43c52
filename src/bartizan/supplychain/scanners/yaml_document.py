"""YAML: training and serving configurations, MLmodel files. Tags that make Python objects are what ``yaml.load``
runs."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.documents.readers import READERS, read_document
from bartizan.supplychain.formats.yaml_text import LARGEST, decode
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
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

OBJECT = Rule(
    id="yaml.python_tag", title="Tag that makes a Python object", admission=Admission.BLOCK, severity=Severity.CRITICAL,
    tags=CODE_EXECUTION,
)  # fmt: skip
TAG = Rule(
    id="yaml.unknown_tag", title="Tag that a loader must know", admission=Admission.INCONCLUSIVE, severity=Severity.LOW,
    tags=CODE_EXECUTION,
)  # fmt: skip


@scanner
class YamlDocument:
    """See the module."""

    id = "yaml"
    rules = (OBJECT, TAG, *(rule for reader in READERS for rule in reader.rules), *TEXT_RULES)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The name, or a first line that only YAML has."""
        if context.name.endswith((".yaml", ".yml")) or context.name in ("MLmodel", "MLproject"):
            return True
        head = source.read(0, 2_048)
        return head.startswith((b"%YAML", b"!!", b"artifact_path:")) or b"!!python/" in head

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Tags, then what the documents name."""
        if source.size > LARGEST:
            raise MalformedError(f"a YAML document of {source.size} bytes is larger than {LARGEST}", 0)
        raw = source.read(0, source.size)
        found = decode(raw, context.budget)
        for tag, line in found.tags:
            offset = _offset(raw, line)
            if "python/" in tag or "ruby/" in tag or "java" in tag:
                yield context.found(
                    OBJECT, "yaml.load imports what the tag names and calls it.", offset=offset, evidence=tag
                )
            else:
                yield context.found(
                    TAG, "Only a loader with a constructor for this tag reads it.", offset=offset, evidence=tag
                )
        for root in found.documents:
            yield from read_document(root, context)


def _offset(raw: bytes, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = raw.find(b"\n", at) + 1
    return at
