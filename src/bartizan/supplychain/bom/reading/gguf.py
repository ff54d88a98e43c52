"""What a GGUF file holds: tensors, parameters and quantisation as counted; its general metadata as what it asserts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType

from bartizan.supplychain.bom.bill import Fact
from bartizan.supplychain.bom.reading.interface import asserted, measured
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.scanners.gguf import LONGEST_NAME, STRING, WIDTHS, Reader, begin
from bartizan.supplychain.source import ByteSource

TYPES = MappingProxyType(
    {
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
        12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
        20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
        29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    }
)  # fmt: skip
"""Names of tensor types (ggml's docs/gguf.md and gguf-py)."""
_FLOAT = frozenset({"F32", "F16", "BF16", "F64"})
_GENERAL = MappingProxyType(
    {
        "general.architecture": "architecture",
        "general.name": "title",
        "general.version": "version",
        "general.author": "producer",
        "general.organization": "producer",
        "general.quantized_by": "supplier",
        "general.description": "description",
        "general.license": "licence",
        "general.url": "source",
        "general.source.url": "source",
        "general.source.huggingface.repository": "source",
        "general.base_model.0.repo_url": "base_model",
        "general.base_model.0.name": "base_model",
        "general.dataset.0.name": "dataset",
        "general.finetune": "training",
    }
)
_NUMBERS = MappingProxyType(
    {".context_length": "context_length", ".block_count": "layers", ".embedding_length": "width"}
)


def read(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """Facts of one file. Raises `MalformedError`."""
    by = f"metadata of {source.name}"
    reader, tensors, pairs = begin(source, budget)
    for _ in range(pairs):
        key = reader.text(LONGEST_NAME, "a key").decode("utf-8", "backslashreplace")
        kind = reader.cursor.u32("a type")
        number = next((name for ending, name in _NUMBERS.items() if key.endswith(ending)), "")
        wanted = kind == STRING and key in _GENERAL
        value = reader.value(kind, wanted)
        if wanted:
            yield from asserted(_GENERAL[key], value[1][:4_000].decode("utf-8", "backslashreplace"), by)
        elif number and kind in WIDTHS and isinstance(value, int):
            yield from asserted(number, value, by)
    yield from _tensors(reader, tensors)


def _tensors(reader: Reader, count: int) -> Iterator[Fact]:
    parameters: Counter[str] = Counter()
    for _ in range(count):
        reader.budget.step()
        reader.text(LONGEST_NAME, "a tensor's name")
        dimensions = reader.cursor.u32("a number of dimensions")
        if dimensions > 8:
            raise MalformedError(f"a tensor of {dimensions} dimensions", reader.cursor.at)
        total = math.prod([reader.size("a dimension") for _ in range(dimensions)])
        kind, _ = reader.cursor.u32("a tensor type"), reader.cursor.u64("an offset")
        parameters[TYPES.get(kind, f"type {kind}")] += min(total, 1 << 63)
    yield measured("tensors", count)
    yield measured("parameters", sum(parameters.values()))
    yield from (measured("dtype", one) for one in sorted(parameters))
    most = max(sorted(parameters), key=lambda one: parameters[one], default="")
    if most and most not in _FLOAT:
        yield measured("quantisation", most)
