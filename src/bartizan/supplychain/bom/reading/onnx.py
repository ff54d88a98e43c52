"""Producer, operator sets, inputs and outputs of an ONNX model. Field numbers after onnx.proto of onnx 1.17."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bartizan.supplychain.bom.bill import Fact
from bartizan.supplychain.bom.reading.interface import asserted, measured
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.protobuf import BYTES, VARINT, Message
from bartizan.supplychain.source import ByteSource

_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4",
}  # fmt: skip
_MOST_PORTS = 32
_TEXTS = {"license": "licence", "author": "producer", "model_author": "producer", "task": "task"}


def read(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """Facts of one file. Raises `MalformedError`."""
    by = f"metadata of {source.name}"
    model = Message(source, budget)
    opsets: set[str] = set()
    for field in model:
        if field.number == 1 and field.wire == VARINT:
            yield measured("format_version", f"ONNX IR {field.value}")
        elif field.wire != BYTES:
            continue
        elif field.number == 2:
            yield from asserted("producer_tool", model.text(field, 500), by)
        elif field.number == 4:
            yield from asserted("domain", model.text(field, 500), by)
        elif field.number == 6:
            yield from asserted("description", model.text(field, 4_000), by)
        elif field.number == 7:
            yield from _graph(model.inner(field))
        elif field.number == 8:
            opset = model.inner(field)
            domain, version = "", 0
            for part in opset:
                if part.number == 1:
                    domain = opset.text(part, 200)
                elif part.number == 2:
                    version = part.value
            opsets.add(f"{domain or 'ai.onnx'} {version}")
        elif field.number == 14:
            entry = model.inner(field)
            pair = {part.number: entry.text(part, 1_000) for part in entry}
            if pair.get(1, "").lower() in _TEXTS:
                yield from asserted(_TEXTS[pair[1].lower()], pair.get(2, ""), by)
    yield from (measured("operators", one) for one in sorted(opsets)[:16])


def _graph(graph: Message) -> Iterator[Fact]:
    tensors = parameters = ports = 0
    types: set[str] = set()
    initialisers: set[str] = set()
    inputs: list[tuple[str, str]] = []
    for field in graph:
        if field.wire != BYTES:
            continue
        if field.number == 5:
            name, dtype, elements = _tensor(graph.inner(field))
            initialisers.add(name)
            types.add(dtype)
            tensors, parameters = tensors + 1, parameters + elements
        elif field.number in (11, 12) and ports < _MOST_PORTS:
            ports += 1
            value = _port(graph.inner(field))
            inputs.append(value) if field.number == 11 else inputs.append(("", value[1]))
    yield measured("tensors", tensors)
    yield measured("parameters", parameters)
    yield from (measured("dtype", one) for one in sorted(types))
    for name, shown in inputs:
        if not name:
            yield measured("output", shown)
        elif name not in initialisers:  # before IR 4 weights are inputs as well
            yield measured("input", shown)


def _tensor(message: Message) -> tuple[str, str, int]:
    dims: list[int] = []
    name, dtype = "", 0
    for field in message:
        if field.number == 1 and field.wire == VARINT:
            dims.append(field.value)
        elif field.number == 1 and field.wire == BYTES:
            dims.extend(_packed(message.raw(field, 4_096)))
        elif field.number == 2 and field.wire == VARINT:
            dtype = field.value
        elif field.number == 8 and field.wire == BYTES:
            name = message.text(field, 1_000)
    elements = math.prod(dims) if all(one < 1 << 48 for one in dims) and len(dims) < 64 else 0
    return name, _TYPES.get(dtype, f"type {dtype}"), elements


def _packed(raw: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0


def _port(message: Message) -> tuple[str, str]:
    """Name, and ``name: type[dim,dim]``, of a ValueInfoProto."""
    name, shown = "", ""
    for field in message:
        if field.number == 1 and field.wire == BYTES:
            name = message.text(field, 200)
        elif field.number == 2 and field.wire == BYTES:
            shown = _type(message.inner(field))
    return name or "?", f"{name}: {shown or 'unknown'}"


def _type(message: Message) -> str:
    for field in message:
        if field.number == 1 and field.wire == BYTES:
            tensor = message.inner(field)
            dtype, dims = 0, ""
            for part in tensor:
                if part.number == 1 and part.wire == VARINT:
                    dtype = part.value
                elif part.number == 2 and part.wire == BYTES:
                    dims = ",".join(_dims(tensor.inner(part)))
            return f"{_TYPES.get(dtype, f'type {dtype}')}[{dims}]"
    return "not a tensor"


def _dims(shape: Message) -> Iterator[str]:
    for number, field in enumerate(shape):
        if number >= 16:
            return
        dim = shape.inner(field)
        shown = "?"
        for part in dim:
            shown = str(part.value) if part.number == 1 else dim.text(part, 60)
        yield shown
