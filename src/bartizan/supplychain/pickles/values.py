"""What the machine knows of a value: enough to judge a call, never the value's whole content.

Short strings, small integers, booleans and None stand for themselves, tuples are Python tuples of values. Everything
else is one of the classes below. Nothing named in a stream is imported, made or called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 256
"""Characters of a string that is kept; a longer one can be no name that matters."""
KEPT_KEYS = 256
"""String keys of a dict whose values are kept."""


@dataclass(slots=True, frozen=True)
class Opaque:
    """Plain data whose content does not matter: a number, a long text."""

    kind: str


Items = list[Any] | tuple[()]
"""A list once there is something in it: most containers of a hostile file have nothing."""

FLOAT, LONG, TEXT = Opaque("float"), Opaque("int"), Opaque("str")


@dataclass(slots=True, frozen=True, eq=False)
class Text:
    """A text too long to be a name, in UTF-8 in the source."""

    offset: int
    length: int


@dataclass(slots=True, eq=False)
class Raw:
    """Bytes that lie in the source."""

    offset: int
    length: int
    mutable: bool = False
    latin1: bool = False
    """The source holds them as a text in UTF-8 whose characters are the bytes (protocols below 3)."""
    literal: bytes | None = None
    """The bytes themselves where they are short and do not lie in the source."""


@dataclass(slots=True, eq=False)
class Box:
    """A list, set or frozenset: how many items, and those of them that are not plain scalars."""

    kind: str
    count: int = 0
    inner: Items = ()
    first: Items = ()
    """Up to four items, plain or not."""


@dataclass(slots=True, eq=False)
class Mapping:
    """A dict: the values of its short string keys, and everything in it that is not a plain scalar."""

    kind: str = "dict"
    count: int = 0
    known: dict[str, Any] = field(default_factory=dict)
    inner: Items = ()
    dunder: str = ""
    """A key that begins with two underscores, or one that is no string but may be equal to one."""
    methods: bool = False
    """A key is named like a method that opcodes call."""
    state: bool = False
    """Was handed to BUILD: later keys may become attributes."""


@dataclass(slots=True, eq=False)
class Name:
    """A global: module and name as Python 3 resolves them, and what the list permits (None: not on it)."""

    module: str
    name: str
    offset: int
    permission: Any = None

    @property
    def dotted(self) -> str:
        """Module and name."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Instance:
    """What NEWOBJ or REDUCE on a listed name gives."""

    origin: Name
    arguments: Any = ()
    built: bool = False
    shadows: bool = False
    """Its state has keys named like the methods that opcodes call."""
    known: dict[str, Any] = field(default_factory=dict)
    """Short string keys of its state."""
    inner: Items = ()
    """State and items that are not plain scalars."""
    special: bool = False
    """An item's key begins with two underscores, is named like a method that opcodes call, or is no text."""


@dataclass(slots=True, eq=False)
class Dtype:
    """A numpy dtype."""

    kind: str
    itemsize: int
    objects: bool
    built: bool = False


@dataclass(slots=True, eq=False)
class Unknown:
    """The result of something that is not permitted; reported where it was made."""

    why: str


def plain(value: Any) -> bool:
    """Whether a value is a scalar: nothing that could be called or that holds anything."""
    return value is None or isinstance(value, str | int | Opaque | Text | Raw)


def with_more(items: Items, more: Iterable[Any]) -> Items:
    """``items``, extended in place if it is a list."""
    if isinstance(items, list):
        items.extend(more)
        return items
    return list(more) or ()


def describe(value: Any, depth: int = 0) -> str:
    """A value in a few words; tuples in tuples in tuples are left out, for they may be the same ones over and over."""
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, str):
        return repr(value[:80])
    if isinstance(value, Name):
        return value.dotted
    if isinstance(value, Instance):
        return f"<{value.origin.dotted}>"
    if isinstance(value, tuple):
        if depth > 2:
            return "(…)"
        return "(" + ", ".join(describe(one, depth + 1) for one in value[:6]) + ("…)" if len(value) > 6 else ")")
    if isinstance(value, Raw):
        return f"{value.length} bytes"
    if isinstance(value, Box):
        return f"{value.kind} of {value.count}"
    if isinstance(value, Mapping):
        return f"dict of {value.count}"
    if isinstance(value, Dtype):
        return f"dtype {value.kind}{value.itemsize}"
    if isinstance(value, Opaque | Text):
        return "text" if isinstance(value, Text) else value.kind
    return "something unknown"
