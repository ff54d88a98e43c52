"""What may be named in a pickle, and what may be done with it: the generated allow-list.

``allowlist.txt`` has one line for each module: the module, a tab, and ``Name=flags`` or ``Name=flags:predicate`` for
each name. The flags:

    r   may be referred to (every listed name may)
    t   is a class
    n   may be made with ``NEWOBJ`` (``cls.__new__(cls, …)``)
    b   instances take state with ``BUILD``
    i   instances take items with ``APPENDS``, ``SETITEMS`` or ``ADDITEMS``
    s   instances take slots with ``BUILD`` (a pair of dicts)
    x   inert: instances may be arguments of calls
    p   a tuple with names: made of whatever is listed, since making it only keeps what it is handed

and ``predicate`` names the check on the arguments of a call with ``REDUCE``; without one the name may not be called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(slots=True, frozen=True)
class Permission:
    """What may be done with one listed name."""

    flags: str
    call: str = ""
    """Name of the predicate on the arguments of a call; empty: no call."""

    @property
    def is_class(self) -> bool:
        """Whether it is a class rather than a function."""
        return "t" in self.flags

    @property
    def new(self) -> bool:
        """Whether NEWOBJ may make instances."""
        return "n" in self.flags

    @property
    def build(self) -> bool:
        """Whether instances take state."""
        return "b" in self.flags

    @property
    def items(self) -> bool:
        """Whether instances take items."""
        return "i" in self.flags

    @property
    def slots(self) -> bool:
        """Whether instances take slots."""
        return "s" in self.flags

    @property
    def keeps(self) -> bool:
        """Whether making an instance only keeps the arguments."""
        return "p" in self.flags

    @property
    def inert(self) -> bool:
        """Whether instances may be arguments of calls."""
        return "x" in self.flags


class AllowList:
    """Permissions by module and name."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        self._lines = lines
        self._read: dict[str, dict[str, Permission]] = {}

    def permission(self, module: str, name: str) -> Permission | None:
        """None for what is not listed."""
        if module not in self._read:
            line = self._lines.get(module)
            if line is None:
                return None
            self._read[module] = dict(_entry(one) for one in line.split(" "))
        return self._read[module].get(name)

    def modules(self) -> tuple[str, ...]:
        """Every module with a listed name."""
        return tuple(self._lines)

    def names(self, module: str) -> tuple[str, ...]:
        """The listed names of a module."""
        self.permission(module, "")
        return tuple(self._read.get(module, ()))

    def __len__(self) -> int:
        return sum(line.count("=") for line in self._lines.values())


def _entry(text: str) -> tuple[str, Permission]:
    name, _, rest = text.partition("=")
    flags, _, call = rest.partition(":")
    return name, Permission(flags, call)


def parse(text: str) -> AllowList:
    """The list that ``text`` holds; lines that begin with ``#`` are remarks."""
    pairs = (line.partition("\t")[::2] for line in text.splitlines() if line and not line.startswith("#"))
    return AllowList(MappingProxyType(dict(pairs)))


@cache
def shipped() -> AllowList:
    """The list that ships with the package."""
    return parse((files(__package__) / "allowlist.txt").read_text(encoding="utf-8"))
