"""TensorFlow graphs: SavedModels and frozen graphs. Each operator is held against what TensorFlow registers and does.

Field numbers after tensorflow/core/protobuf/{saved_model,meta_graph}.proto and
framework/{graph,node_def,function}.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bartizan.supplychain.formats import tensorflow_ops as ops
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


def _rule(name: str, title: str, admission: Admission, severity: Severity, cwe: str) -> Rule:
    return Rule(
        id=f"tensorflow.{name}", title=title, admission=admission, severity=severity, tags=(cwe, *CODE_EXECUTION[1:])
    )


PYTHON = _rule("python", "Operator that calls Python", Admission.BLOCK, Severity.CRITICAL, "CWE-94")
WRITES = _rule("writes_file", "Operator that writes files", Admission.BLOCK, Severity.CRITICAL, "CWE-73")
READS = _rule("reads_file", "Operator that reads files", Admission.BLOCK, Severity.HIGH, "CWE-73")
NETWORK = _rule("network", "Operator that speaks with other machines", Admission.BLOCK, Severity.HIGH, "CWE-918")
NATIVE = _rule("compiled", "Operator that runs compiled code", Admission.INCONCLUSIVE, Severity.MEDIUM, "CWE-829")
PATH = _rule("path", "Path outside the model's folder", Admission.BLOCK, Severity.HIGH, "CWE-22")
CUSTOM = _rule(
    "custom_operator", "Operator that TensorFlow does not have", Admission.INCONCLUSIVE, Severity.MEDIUM, "CWE-829"
)

_CALLS = (
    (ops.PYTHON, PYTHON, "It calls a Python function by its number; with Lambda layers, one that the model brings."),
    (ops.WRITES, WRITES, "Running the graph writes a file of the model's choice."),
    (ops.READS, READS, "Running the graph reads a file of the model's choice."),
    (ops.NETWORK, NETWORK, "Running the graph connects to an address of the model's choice."),
    (ops.NATIVE, NATIVE, "It carries or loads machine code."),
)
_DEEPEST, _HOPS, _MOST_NODES = 32, 8, 2_000_000
_HOPPING = frozenset(
    {"Identity", "PlaceholderWithDefault", "StringJoin", "Pack", "ShardedFilename", "Reshape", "ExpandDims"}
)


class _Node(NamedTuple):
    operator: str
    inputs: tuple[str, ...]
    text: str
    at: int


@scanner
class TensorFlow:
    """See the module."""

    id = "tensorflow"
    rules = (PYTHON, WRITES, READS, NETWORK, NATIVE, PATH, CUSTOM)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The names of SavedModels, or messages whose first fields are a version or a node."""
        if context.name in ("saved_model.pb", "keras_metadata.pb") or context.name.endswith(".pb"):
            return True
        if source.read(0, 1) not in (b"\x08", b"\x0a", b"\x12"):
            return False
        return _is_saved(source, context) or _is_graph(source, context)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """The graphs, whatever they are wrapped in."""
        message = Message(source, context.budget)
        if _is_graph(source, context):
            yield from _graph(message, context)
        elif _is_saved(source, context):
            for field in message:
                if field.number == 2 and field.wire == BYTES:
                    yield from _meta_graph(message.inner(field), context)
        elif context.name == "keras_metadata.pb":
            yield from _keras_metadata(message, context)
        elif context.name == "fingerprint.pb" and _is_fingerprint(source, context):
            return
        else:
            raise MalformedError("neither a SavedModel nor a graph", 0)


def _is_saved(source: ByteSource, context: Context) -> bool:
    found = fields_at_top(source, context.budget)
    if not found or not set(found) <= {(1, VARINT), (2, BYTES)} or (2, BYTES) not in found:
        return False
    message = Message(source, context.budget)
    first = next(field for field in message if field.number == 2)
    inner = fields_at_top(source.sub(first.at, first.length), context.budget)
    return inner is not None and (2, BYTES) in inner and all(number <= 7 for number, _ in inner)


def _is_fingerprint(source: ByteSource, context: Context) -> bool:
    """FingerprintDef: five numbers, a version, an identifier."""
    found = fields_at_top(source, context.budget)
    return bool(found) and {number for number, _ in found or ()} <= {1, 2, 3, 4, 5, 6, 7}


def _is_graph(source: ByteSource, context: Context) -> bool:
    found = fields_at_top(source, context.budget)
    if not found or not set(found) <= {(1, BYTES), (2, BYTES), (3, VARINT), (4, BYTES), (5, BYTES)}:
        return False
    message = Message(source, context.budget)
    node = next((field for field in message if field.number == 1), None)
    if node is None:
        return False
    inner = fields_at_top(source.sub(node.at, node.length), context.budget)
    return inner is not None and (1, BYTES) in inner and (2, BYTES) in inner and all(number <= 7 for number, _ in inner)


def _meta_graph(message: Message, context: Context) -> Iterator[ArtefactFinding]:
    for field in message:
        if field.wire != BYTES:
            continue
        if field.number == 2:
            yield from _graph(message.inner(field), context)
        elif field.number == 6:
            asset = message.inner(field)
            for part in asset:
                if part.number == 2 and (why := escapes(name := asset.text(part, 4_096))):
                    yield context.found(PATH, f"The asset is read from there: {why}.", offset=part.at, evidence=name)
        elif field.number == 7:
            yield from _objects(message.inner(field), context)


def _objects(message: Message, context: Context) -> Iterator[ArtefactFinding]:
    """Metadata that Keras keeps in a SavedModel's objects (TensorFlow 2.2 to 2.4)."""
    for field in message:
        if field.number != 1 or field.wire != BYTES:
            continue
        node = message.inner(field)
        for part in node:
            if part.number == 4 and part.wire == BYTES:
                user = node.inner(part)
                for text in user:
                    if text.number == 3 and text.wire == BYTES and user.raw(text, 1) == b"{":
                        inner = message.source.sub(text.at, text.length, name="metadata.json")
                        yield from context.nested(inner, "object_graph.metadata", opaque=True)


def _keras_metadata(message: Message, context: Context) -> Iterator[ArtefactFinding]:
    for field in message:
        if field.number == 1 and field.wire == BYTES:
            node = message.inner(field)
            for part in node:
                if part.wire == BYTES and node.raw(part, 1) == b"{":
                    inner = message.source.sub(part.at, part.length, name="metadata.json")
                    yield from context.nested(inner, "metadata", opaque=True)


def _graph(message: Message, context: Context) -> Iterator[ArtefactFinding]:
    reported: set[tuple[str, str]] = set()
    functions: set[str] = set()
    for field in message:
        if field.number == 2 and field.wire == BYTES:
            functions.update(_function_names(message.inner(field)))
    yield from _nodes(message, 1, functions, reported, context)
    for field in message:
        if field.number == 2 and field.wire == BYTES:
            library = message.inner(field)
            for function in library:
                if function.number == 1 and function.wire == BYTES:
                    yield from _nodes(library.inner(function), 3, functions, reported, context)


def _function_names(library: Message) -> Iterator[str]:
    for function in library:
        if function.number == 1 and function.wire == BYTES:
            body = library.inner(function)
            for part in body:
                if part.number == 1 and part.wire == BYTES:
                    signature = body.inner(part)
                    for name in signature:
                        if name.number == 1:
                            yield signature.text(name, 500)


def _nodes(
    message: Message, number: int, functions: set[str], reported: set[tuple[str, str]], context: Context
) -> Iterator[ArtefactFinding]:
    nodes: dict[str, _Node] = {}
    waiting: list[_Node] = []
    for field in message:
        if field.number != number or field.wire != BYTES:
            continue
        name, node = _node(message.inner(field))
        if len(nodes) >= _MOST_NODES:
            raise MalformedError(f"more than {_MOST_NODES} nodes", field.at)
        if node.operator in _HOPPING or node.operator == "Const":
            nodes[name] = node
        if node.operator in ops.CARRIES_FILES:
            waiting.append(node)
        yield from _operator(node, functions, reported, context)
    for node in waiting:
        for text in _constants(node, nodes):
            if why := escapes(text):
                yield context.found(PATH, f"{node.operator} uses this path: {why}.", offset=node.at, evidence=text)


def _operator(
    node: _Node, functions: set[str], reported: set[tuple[str, str]], context: Context
) -> Iterator[ArtefactFinding]:
    for names, rule, explanation in _CALLS:
        if node.operator in names:
            if (rule.id, node.operator) not in reported:
                reported.add((rule.id, node.operator))
                yield context.found(rule, explanation, offset=node.at, evidence=node.operator)
            return
    if node.operator in ops.PRINTS:
        if node.text and ("://" in node.text):
            yield context.found(
                WRITES, "It writes tensors there while the graph runs.", offset=node.at, evidence=node.text
            )
    elif (
        node.operator not in ops.known()
        and node.operator not in functions
        and (CUSTOM.id, node.operator) not in reported
    ):
        reported.add((CUSTOM.id, node.operator))
        yield context.found(
            CUSTOM, "A shared library must be loaded to run it.", offset=node.at, evidence=node.operator
        )


def _node(message: Message) -> tuple[str, _Node]:
    name = operator = text = ""
    inputs: list[str] = []
    attributes: list[Field] = []
    for field in message:
        if field.wire != BYTES:
            continue
        if field.number == 1:
            name = message.text(field, 1_000)
        elif field.number == 2:
            operator = message.text(field, 500)
        elif field.number == 3 and len(inputs) < 64:
            inputs.append(message.text(field, 1_000))
        elif field.number == 5:
            attributes.append(field)
    if operator == "Const" or operator in ops.PRINTS:
        text = "\n".join(value for field in attributes for value in _strings(message.inner(field), operator))
    return name, _Node(operator, tuple(inputs), text, message.start)


def _strings(attribute: Message, operator: str) -> Iterator[str]:
    """Texts in an attribute: of a constant its tensor's, of a printing operator where it prints."""
    for field in attribute:
        if field.number != 2 or field.wire != BYTES:
            continue
        value = attribute.inner(field)
        for part in value:
            if part.wire != BYTES:
                continue
            if part.number == 8 and operator == "Const":
                tensor = value.inner(part)
                for count, one in enumerate(tensor):
                    if one.number == 8 and one.wire == BYTES:
                        yield tensor.text(one, 4_096)
                    if count > 10_000:
                        break
            elif operator in ops.PRINTS and part.number == 2:
                yield value.text(part, 4_096)
            elif operator in ops.PRINTS and part.number == 1:
                inner = value.inner(part)
                for one in inner:
                    if one.number == 2 and one.wire == BYTES:
                        yield inner.text(one, 4_096)


def _constants(node: _Node, nodes: dict[str, _Node]) -> Iterator[str]:
    """Texts that reach the first two inputs of a node through operators that only pass them on."""
    waiting = [(name, 0) for name in node.inputs[:2]]
    seen: set[str] = set()
    while waiting:
        name, hops = waiting.pop()
        name = name.lstrip("^").split(":")[0]
        source = nodes.get(name)
        if source is None or name in seen or hops > _HOPS:
            continue
        seen.add(name)
        if source.operator == "Const":
            yield from (text for text in source.text.split("\n") if text)
        else:
            waiting.extend((inner, hops + 1) for inner in source.inputs)
