"""Formats of numbers and pictures that no loader runs anything for: recognised, so that they are not unknown.

For each, what could still do harm is looked for: operators of TensorFlow inside TFLite, document types inside XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bartizan.supplychain.formats import tensorflow_ops as ops
from bartizan.supplychain.formats.protobuf import BYTES, VARINT, fields_at_top
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
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

FLEX = Rule(
    id="tflite.flex_operator",
    title="TFLite model with an operator that touches files or Python",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=CODE_EXECUTION,
)
ENTITY = Rule(
    id="xml.document_type",
    title="XML that defines entities",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=("CWE-611", *MALFORMED[1:]),
)
TREES = Rule(
    id="trees.malformed",
    title="Tree model that breaks its format",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.LOW,
    tags=MALFORMED,
)
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", 0), (b"\xff\xd8\xff", 0), (b"GIF8", 0), (b"RIFF", 0), (b"PAR1", 0), (b"ARROW1", 0),
    (b"FEA1", 0),
    (b"CBM1", 0), (b"binf", 0), (b"OggS", 0), (b"fLaC", 0), (b"ID3", 0), (b"TFL3", 4), (b"ORTM", 4), (b"ftyp", 4),
    (b"%PDF", 0),
    (b"ggml", 0), (b"lmgg", 0), (b"tjgg", 0), (b"algg", 0), (b"\x00\x00\x01\x00", 0), (b"II*\x00", 0), (b"MM\x00*",
    0), (b"Obj\x01", 0),
)  # fmt: skip
_SHARD = re.compile(r".+\.data-\d{5}-of-\d{5}")
"""Numbers of a TensorFlow checkpoint, one after the other; what lies where is in the index beside them."""
_TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
"""The last bytes of such an index, a sorted table as LevelDB writes them."""
_SVG_TYPE = re.compile(
    rb'<!DOCTYPE\s+svg(?:\s+PUBLIC\s+"-//W3C//DTD SVG [\w. ]+//EN"\s+"https?://www\.w3\.org/[\w./-]+")?\s*>'
)
_UBJSON = (b"{L", b"{l", b"{I", b"{i", b"{U")


@scanner
class Recognised:
    """See the module."""

    id = "data"
    rules = (FLEX, ENTITY, TREES)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """Magic numbers; the first fields of CoreML and SentencePiece; the first line of LightGBM; XML."""
        head = source.read(0, 64)
        if any(head[at : at + len(magic)] == magic for magic, at in _MAGIC):
            return True
        if head.startswith((b"tree\nversion=", b"tree\r\nversion=", b"<?xml", b"<net ", *_UBJSON)):
            return True
        if _SHARD.fullmatch(context.name) or (
            context.name.endswith(".index") and source.starts_with(_TABLE_END, max(0, source.size - 8))
        ):
            return True
        return _coreml(source, context) or _sentencepiece(source, context)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What could still do harm."""
        if source.starts_with(b"TFL3", 4):
            yield from _tflite(source, context)
        elif source.read(0, 5) in (b"<?xml", b"<net "):
            at = max(source.find(b"<!DOCTYPE", 0, 1 << 20), source.find(b"<!ENTITY", 0, 1 << 20))
            if at >= 0 and not _drawing(source, at):
                yield context.found(ENTITY, "A careless parser reads local files or runs out of memory.", offset=at)
        elif source.starts_with(b"tree") and source.find(b"end of trees", max(0, source.size - (64 << 20))) < 0:
            raise MalformedError("a LightGBM model without its end", source.size)


def _drawing(source: ByteSource, at: int) -> bool:
    """Whether it is the document type of SVG, which names W3C's and defines nothing."""
    return _SVG_TYPE.match(source.read(at, 400)) is not None


def _tflite(source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
    at = source.find(b"Flex")
    dangerous = ops.PYTHON | ops.WRITES | ops.READS | ops.NETWORK
    while at >= 0:
        context.budget.step(64)
        name = source.read(at + 4, 64).split(b"\0")[0].decode("ascii", "replace")
        if name in dangerous:
            yield context.found(
                FLEX, "With the Flex delegate, running the model runs it.", offset=at, evidence=f"Flex{name}"
            )
        at = source.find(b"Flex", at + 4)


def _coreml(source: ByteSource, context: Context) -> bool:
    """Model { specificationVersion = 1; description = 2; one kind of model from 200 on } (CoreML's Model.proto)."""
    if source.read(0, 1) != b"\x08":
        return False
    found = fields_at_top(source, context.budget, 50)
    return (
        found is not None
        and (1, VARINT) in found
        and (2, BYTES) in found
        and any(200 <= number <= 3_000 for number, _ in found)
    )


def _sentencepiece(source: ByteSource, context: Context) -> bool:
    """ModelProto { pieces = 1; trainer_spec = 2; normalizer_spec = 3 }: many pieces, each with a text and a score."""
    head = source.read(0, 64)
    if head[:1] != b"\x0a" or len(head) < 16:
        return False
    size = head[1]
    return (
        size < 0x80
        and head[2:3] == b"\x0a"
        and head[2 + size : 3 + size] == b"\x0a"
        and head[3] + 2 < size
        and (head[4 + head[3]] in (0x15, 0x18))
    )
