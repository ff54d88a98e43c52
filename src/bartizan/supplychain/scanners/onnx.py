"""ONNX: a protobuf of operators. Danger lies in files it names, operators that only outside code supplies, and
Python ops.

Field numbers after onnx.proto of onnx 1.17. Graphs inside attributes, functions and training information are walked
too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.formats.protobuf import BYTES, VARINT, Field, Message, fields_at_top
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

_PATH_TAGS = ("CWE-22", *CODE_EXECUTION[1:])
EXTERNAL = Rule(
    id="onnx.external_path", title="Tensor is read from outside the model's folder", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=_PATH_TAGS,
)  # fmt: skip
CUSTOM = Rule(
    id="onnx.custom_operator", title="Operator that only outside code supplies", admission=Admission.BLOCK,
    severity=Severity.MEDIUM, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
PYTHON = Rule(
    id="onnx.python_operator", title="Operator that runs Python", admission=Admission.BLOCK,
    severity=Severity.CRITICAL, tags=("CWE-94", *CODE_EXECUTION[1:]),
)  # fmt: skip
SHADOW = Rule(
    id="onnx.shadowed_operator", title="Function takes the name of a standard operator", admission=Admission.BLOCK,
    severity=Severity.MEDIUM, tags=("CWE-694", *CODE_EXECUTION[1:]),
)  # fmt: skip
NATIVE = Rule(
    id="onnx.compiled_blob", title="Operator that carries compiled code", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
ATTRIBUTE = Rule(
    id="onnx.external_attribute", title="External data with a key that no reader knows", admission=Admission.BLOCK,
    severity=Severity.MEDIUM, tags=("CWE-915", *CODE_EXECUTION[1:]),
)  # fmt: skip
RECURSIVE = Rule(
    id="onnx.recursive_function", title="Function that calls itself", admission=Admission.BLOCK,
    severity=Severity.MEDIUM, tags=("CWE-674", *CODE_EXECUTION[1:]),
)  # fmt: skip
_EXTERNAL_KEYS = frozenset({"location", "offset", "length", "checksum", "basepath"})
_IN_GRAPHS = frozenset({1, 2, 5, 10, 11, 12, 13, 14, 15, 16})
"""Numbers of the fields of a graph."""

DOMAINS = frozenset(
    {
        "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft",
        "com.microsoft.nchwc", "com.ms.internal.nhwc", "com.microsoft.dml", "com.microsoft.experimental",
        "ai.onnx.contrib",
    }
)  # fmt: skip
"""Of the standard, of onnxruntime, and of onnxruntime-extensions (tokenizers)."""
PYTHON_OPERATORS = frozenset(
    {"PyOp", "PyCustomOp", "PythonOp", "PythonOpGrad", "PyFunc", "EagerPyFunc", "InverseMatrix.py"}
)
COMPILED = frozenset({"EPContext", "TRTEngineOp", "SNPE", "QNN"})
DEEPEST, _MOST_FIELDS = 24, 400
_GRAPHS, _TENSORS, _SPARSE = (6, 11), (5, 10), (22, 23)


@scanner
class Onnx:
    """See the module."""

    id = "onnx"
    rules = (EXTERNAL, CUSTOM, PYTHON, SHADOW, NATIVE, ATTRIBUTE, RECURSIVE)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The name, or a message whose fields are those of a model."""
        if context.name.endswith((".onnx", ".ort")):
            return not (context.name.endswith(".ort") and source.starts_with(b"ORTM", 4))
        if not source.read(0, 1) or source.read(0, 1)[0] & 7 not in (VARINT, BYTES):
            return False
        found = fields_at_top(source, context.budget)
        if found is None or (7, BYTES) not in found or not ((8, BYTES) in found or (1, VARINT) in found):
            return False
        return _has_graph(source, context)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Functions first, since they say which operators the model brings along."""
        yield from _Walk(source, context).model()


class _Walk:
    def __init__(self, source: ByteSource, context: Context) -> None:
        self.source = source
        self.context = context
        self.functions: set[tuple[str, str]] = set()
        self.graphs = 0
        self.reported: set[tuple[str, str]] = set()
        self.inside: tuple[str, str] | None = None
        """The function whose nodes are walked."""
        self.calls: dict[tuple[str, str], set[tuple[str, str]]] = {}
        """The functions that each function calls."""

    def model(self) -> Iterator[ArtefactFinding]:
        message = Message(self.source, self.context.budget)
        for field in message:
            if field.number == 25 and field.wire == BYTES:
                inner = message.inner(field)
                name = _first(inner, 1)
                domain = _first(inner, 10)
                self.functions.add((domain, name))
                if domain in ("", "ai.onnx"):
                    yield self.context.found(
                        SHADOW,
                        "Runtimes differ in whether they run the function or the operator of that name.",
                        offset=field.at,
                        evidence=name,
                    )
        for field in message:
            if field.wire != BYTES:
                continue
            if field.number == 7:
                yield from self.graph(message.inner(field), 0)
            elif field.number == 20:
                for part in message.inner(field):
                    if part.number in (1, 2) and part.wire == BYTES:
                        yield from self.graph(message.inner(part), 0)
            elif field.number == 25:
                inner = message.inner(field)
                self.inside = _first(inner, 10), _first(inner, 1)
                yield from self.nodes(inner, 7, 0)
                self.inside = None
            elif field.number in (6, 14):
                text = field if field.number == 6 else None
                for part in () if text else message.inner(field):
                    text = part if part.number == 2 else text
                if text is not None and text.length:
                    inner_source = self.source.sub(text.at, text.length, name="metadata")
                    yield from self.context.nested(inner_source, "metadata", opaque=True)
        for domain, name in sorted(one for one in self.calls if self._reaches(one, one)):
            yield self.context.found(
                RECURSIVE, "A runtime that unfolds functions never ends.", evidence=f"{domain}::{name}"
            )
        if not self.graphs:
            raise MalformedError("the model holds no graph", 0)

    def _reaches(self, start: tuple[str, str], goal: tuple[str, str]) -> bool:
        """Whether a function comes back to another by what it calls."""
        waiting, seen = [start], set[tuple[str, str]]()
        while waiting:
            for called in self.calls.get(waiting.pop(), ()):
                if called == goal:
                    return True
                if called not in seen:
                    seen.add(called)
                    waiting.append(called)
            self.context.budget.step()
        return False

    def graph(self, message: Message, depth: int) -> Iterator[ArtefactFinding]:
        self.graphs += 1
        if depth > DEEPEST:
            raise MalformedError(f"graphs nest deeper than {DEEPEST}", message.start)
        for field in message:
            if field.wire != BYTES:
                continue
            if field.number == 5:
                yield from self.tensor(message.inner(field))
            elif field.number == 15:
                yield from self.sparse(message.inner(field))
        yield from self.nodes(message, 1, depth)

    def nodes(self, message: Message, number: int, depth: int) -> Iterator[ArtefactFinding]:
        for field in message:
            if field.number == number and field.wire == BYTES:
                yield from self.node(message.inner(field), depth)
            elif number == 7 and field.number == 11 and field.wire == BYTES:
                yield from self.attribute(message.inner(field), depth, "")

    def node(self, message: Message, depth: int) -> Iterator[ArtefactFinding]:
        operator = domain = ""
        attributes: list[Field] = []
        for field in message:
            if field.wire != BYTES:
                continue
            if field.number == 4:
                operator = message.text(field, 500)
            elif field.number == 7:
                domain = message.text(field, 500)
            elif field.number == 5:
                attributes.append(field)
        yield from self.operator(operator, domain, message.start)
        for field in attributes:
            yield from self.attribute(message.inner(field), depth, operator)

    def operator(self, operator: str, domain: str, at: int) -> Iterator[ArtefactFinding]:
        key = domain, operator
        if self.inside is not None and key in self.functions:
            self.calls.setdefault(self.inside, set()).add(key)
        if key in self.reported:
            return
        shown = f"{domain}::{operator}" if domain else operator
        if operator in PYTHON_OPERATORS:
            self.reported.add(key)
            yield self.context.found(
                PYTHON, f"{operator} calls a Python function at inference time.", offset=at, evidence=shown
            )
        elif operator in COMPILED:
            self.reported.add(key)
            yield self.context.found(
                NATIVE, f"{operator} hands compiled code to a device's driver.", offset=at, evidence=shown
            )
        elif domain not in DOMAINS and key not in self.functions:
            self.reported.add(key)
            yield self.context.found(
                CUSTOM,
                f"No runtime known here has the domain {domain!r}: a shared library must be loaded to run it.",
                offset=at,
                evidence=shown,
            )

    def attribute(self, message: Message, depth: int, operator: str) -> Iterator[ArtefactFinding]:
        name, text, at = "", "", -1
        for field in message:
            if field.wire != BYTES:
                continue
            if field.number in _GRAPHS:
                yield from self.graph(message.inner(field), depth + 1)
            elif field.number in _TENSORS:
                yield from self.tensor(message.inner(field))
            elif field.number in _SPARSE:
                yield from self.sparse(message.inner(field))
            elif field.number == 1:
                name = message.text(field, 200)
            elif field.number == 4 and field.length < 4_096:
                text, at = message.text(field), field.at
        if operator == "EPContext" and name == "ep_cache_context" and (why := escapes(text)):
            yield self.context.found(
                EXTERNAL, f"The compiled blob is read from a path: {why}.", offset=at, evidence=text
            )

    def sparse(self, message: Message) -> Iterator[ArtefactFinding]:
        for field in message:
            if field.number in (1, 2) and field.wire == BYTES:
                yield from self.tensor(message.inner(field))

    def tensor(self, message: Message) -> Iterator[ArtefactFinding]:
        for field in message:
            if field.number != 13 or field.wire != BYTES:
                continue
            entry = message.inner(field)
            key, value, at = "", "", field.at
            for part in entry:
                if part.number == 1:
                    key = entry.text(part, 200)
                elif part.number == 2:
                    value, at = entry.text(part, 4_096), part.at
            why = escapes(value) if key == "location" else ""
            if why:
                yield self.context.found(
                    EXTERNAL, f"The runtime maps that file as a tensor: {why}.", offset=at, evidence=value
                )
            elif key not in _EXTERNAL_KEYS:
                yield self.context.found(
                    ATTRIBUTE,
                    "onnx before 1.21 sets an attribute of that name (CVE-2026-34445).",
                    offset=at,
                    evidence=key,
                )
            elif key in ("offset", "length") and not (value.isdigit() and len(value) < 20):
                raise MalformedError(f"external data has the {key} {value[:40]!r}", at)


def _has_graph(source: ByteSource, context: Context) -> bool:
    """Whether a field 7 may be a graph: other messages, such as a SavedModel's fingerprint, have a text there."""
    for count, field in enumerate(Message(source, context.budget)):
        if count > _MOST_FIELDS:
            return True
        if field.number == 7 and field.wire == BYTES:
            head = source.read(field.at, 1)
            if not head or head[0] >> 3 in _IN_GRAPHS:
                return True
    return False


def _first(message: Message, number: int) -> str:
    """The last text of a field: of repeated singular fields, parsers keep the last."""
    found = ""
    for field in message:
        if field.number == number and field.wire == BYTES:
            found = message.text(field, 500)
    return found
