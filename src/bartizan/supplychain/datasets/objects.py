"""JSON Lines, and arrays of JSON objects."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bartizan.supplychain.datasets.interface import Table
from bartizan.supplychain.datasets.lines import lines
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import Budget, ByteSource, MalformedError, Rule

_LOOKED = 200
OTHER = "…"
"""Column with all texts under keys that no early row has."""
_DEEPEST = 20


def read_lines(source: ByteSource, budget: Budget) -> Table:
    """One JSON object a line. Raises MalformedError, BudgetError."""
    notes: Counter[Rule] = Counter()

    def objects() -> Iterator[Any]:
        for number, line in enumerate(lines(source, budget, notes), start=1):
            if not line.isspace():
                yield _decoded(line, number)

    return _table("jsonl", objects(), budget, notes)


def read_array(source: ByteSource, budget: Budget) -> Table:
    """One array of objects, or one object whose only array is that. Raises MalformedError, BudgetError."""
    root = decode(source.read(0, source.size)).root
    if isinstance(root, dict):
        arrays = [value for value in root.values() if isinstance(value, list)]
        root = arrays[0] if len(arrays) == 1 else None
    if not isinstance(root, list) or not root or not all(isinstance(one, dict) for one in root[:_LOOKED]):
        raise MalformedError("no array of objects", 0)
    return _table("json", root, budget, Counter())


def _decoded(line: str, number: int) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        try:
            return decode(line.encode("utf-8", "replace")).root  # NaN and Infinity, which Python writes
        except MalformedError as problem:
            raise MalformedError(f"line {number}: {problem.cause}", 0) from None


def _table(name: str, objects: Iterable[Any], budget: Budget, notes: Counter[Rule]) -> Table:
    stream = iter(objects)
    first = list(itertools.islice(stream, _LOOKED))
    keys = tuple(dict.fromkeys(key for one in first if isinstance(one, dict) for key in one))
    if not keys:
        raise MalformedError("no objects", 0)
    known = frozenset(keys)

    def rows() -> Iterator[tuple[str, ...]]:
        for one in itertools.chain(first, stream):
            budget.step(1)
            content = one if isinstance(one, dict) else {OTHER: one}
            other = [text for key, value in content.items() if key not in known for text in texts(value)]
            yield (*("\n".join(texts(content[key])) if key in content else "" for key in keys), "\n".join(other))

    return Table(name, (*keys, OTHER), rows(), notes)


def texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text, number and truth value in a JSON value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, dict | list) and depth < _DEEPEST:
        for child in value.values() if isinstance(value, dict) else value:
            yield from texts(child, depth + 1)
