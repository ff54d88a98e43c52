"""Tensors, their types and parameters from a safetensors header; the texts in its metadata as what the file asserts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from bartizan.supplychain.bom.bill import Fact
from bartizan.supplychain.bom.reading.interface import asserted, measured
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.scanners.safetensors import BITS, LARGEST_HEADER
from bartizan.supplychain.source import ByteSource

_TEXTS = {
    "format": "framework",
    "license": "licence",
    "author": "producer",
    "description": "description",
    "modelspec.architecture": "architecture",
    "modelspec.author": "producer",
    "modelspec.license": "licence",
    "modelspec.title": "title",
    "modelspec.description": "description",
    "modelspec.date": "released",
    "ss_base_model_version": "base_model",
}


def read(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """Facts of one file. Raises `MalformedError`."""
    length = int.from_bytes(source.read(0, 8), "little")
    if source.size < 8 or not 2 <= length <= min(LARGEST_HEADER, source.size - 8):
        raise MalformedError(f"a header of {length} bytes", 0)
    root = decode(source.read(8, length), 8).root
    if not isinstance(root, dict):
        raise MalformedError("the header is no object", 8)
    parameters: Counter[str] = Counter()
    tensors = 0
    for name, entry in root.items():
        budget.step()
        match entry:
            case {"dtype": str(dtype), "shape": list(shape)} if name != "__metadata__" and dtype in BITS:
                if not all(type(one) is int and 0 <= one < 1 << 48 for one in shape) or len(shape) > 64:
                    raise MalformedError("a shape that is no shape", 8)
                tensors += 1
                parameters[dtype] += math.prod(shape)
            case _ if name != "__metadata__":
                raise MalformedError("an entry that describes no tensor", 8)
    yield measured("tensors", tensors)
    yield measured("parameters", sum(parameters.values()))
    yield from (measured("dtype", dtype) for dtype in sorted(parameters))
    metadata = root.get("__metadata__")
    for key, name in _TEXTS.items():
        if isinstance(metadata, dict) and key in metadata:
            yield from asserted(name, metadata[key], f"metadata of {source.name}")
