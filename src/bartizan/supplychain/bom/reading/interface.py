"""What a reader of facts is: a function from bytes to facts. It never decides what may be loaded; scanners do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import BYTES, LONGEST, Fact
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.source import ByteSource

Reader = Callable[[ByteSource, Budget], Iterator[Fact]]
"""Raises `MalformedError` or `BudgetError`; what was yielded before that is dropped."""
MOST = 64
"""Facts that one file may assert under one name."""


def measured(name: str, value: object) -> Fact:
    """A fact that was counted or computed from the bytes."""
    return Fact(name, printable(str(value), LONGEST), BYTES)


def asserted(name: str, value: object, by: str) -> Iterator[Fact]:
    """What a text in the file says, if it says anything: texts, numbers, and lists of them."""
    values = value if isinstance(value, list | tuple) else [value]
    for one in values[:MOST]:
        if isinstance(one, str | int | float) and not isinstance(one, bool) and str(one).strip():
            yield Fact(name, printable(str(one).strip(), LONGEST), printable(by, 200))
