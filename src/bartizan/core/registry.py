"""Registries of extensions: a decorator marks a class, and whoever asks finds the marked ones in a package's modules.

There is no list to which an extension would have to be added, and no state: what is found follows from the files.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Protocol, TypeVar

_MARK = "__bartizan_{}__"


class Named(Protocol):
    """An extension says how it is called."""

    id: str


N = TypeVar("N", bound=Named)
K = TypeVar("K", bound=type)


def registrar(extension: str) -> Callable[[K], K]:
    """A decorator for the classes of one kind of extension; each can be made without arguments."""

    def register(kind: K) -> K:
        setattr(kind, _MARK.format(extension), kind.__name__)
        return kind

    return register


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """The modules of a package, in the order of their names."""
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module.name}")


def registered(package: ModuleType, extension: str, protocol: type[N]) -> dict[str, N]:
    """One of each class in ``package`` that the decorator of ``extension`` marked, by id and in its order.

    Args:
        package: each of its modules is imported.
        extension: as for :func:`registrar`.
        protocol: what they are, for the type alone.

    Raises:
        ValueError: two classes have the same id.
    """
    del protocol
    found: dict[str, N] = {}
    for module in modules_of(package):
        for value in vars(module).values():
            if not isinstance(value, type) or value.__dict__.get(_MARK.format(extension)) != value.__name__:
                continue
            one: Any = value()
            if type(found.setdefault(one.id, one)) is not value:
                raise ValueError(f"two of the registered kind {extension} are called {one.id}")
    return dict(sorted(found.items()))
