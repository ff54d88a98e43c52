"""The classes of a library as its sources define them, with their bases resolved through imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Module:
    """What a module defines at its top level."""

    name: str
    aliases: dict[str, str] = field(default_factory=dict)
    """Local name to dotted name."""
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Modules of ``from … import *``."""


def read(name: str, tree: ast.Module, package: bool) -> Module:
    """Definitions of one module, those under top-level ``if`` and ``try`` included."""
    module = Module(name)
    for node in _top(tree.body):
        if isinstance(node, ast.ClassDef):
            module.classes.setdefault(node.name, node)
        elif isinstance(node, ast.FunctionDef):
            module.functions.setdefault(node.name, node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module.aliases[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(name, node, package)
            for alias in node.names:
                if alias.name == "*":
                    module.stars.append(origin)
                else:
                    module.aliases[alias.asname or alias.name] = f"{origin}.{alias.name}"
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            if isinstance(node.value, ast.Call) and _named_tuple(node.value):
                label = node.targets[0].id
                made = ast.ClassDef(name=label, bases=[node.value], keywords=[], body=[], decorator_list=[])
                module.classes.setdefault(label, made)
            elif isinstance(node.value, ast.Name | ast.Attribute):
                module.aliases.setdefault(node.targets[0].id, dotted(node.value) or "")
    return module


def _named_tuple(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) in {"namedtuple", "collections.namedtuple"}


def _top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _top(node.body)
            yield from _top(node.orelse)
            for handler in getattr(node, "handlers", ()):
                yield from _top(handler.body)


def _origin(name: str, node: ast.ImportFrom, package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    up = node.level - (1 if package else 0)
    base = parts[: len(parts) - up] if up else parts
    return ".".join([*base, *([node.module] if node.module else [])])


def dotted(node: ast.expr) -> str | None:
    """``a.b.c`` of an expression that is one; the base of a subscript such as ``Generic[T]``."""
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return node.id if isinstance(node, ast.Name) else None


class Library:
    """All modules of one version of one library and of those it builds on."""

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules

    def find(self, name: str, depth: int = 0) -> tuple[Module, ast.ClassDef] | None:
        """The class that a dotted name means, through re-exports."""
        module, _, last = name.rpartition(".")
        home = self.modules.get(module)
        if home is None or depth > 8:
            return None
        if last in home.classes:
            return home, home.classes[last]
        if last in home.aliases:
            return self.find(home.aliases[last], depth + 1)
        for star in home.stars:
            if (found := self.find(f"{star}.{last}", depth + 1)) is not None:
                return found
        return None

    def resolve(self, module: Module, base: ast.expr) -> str:
        """The dotted name of a base class as far as it is known."""
        if _named_tuple(base):
            return "typing.NamedTuple"
        name = dotted(base) or ""
        first, _, rest = name.partition(".")
        if not rest and first in module.classes:
            return f"{module.name}.{first}"
        home = module.aliases.get(first, first)
        whole = f"{home}.{rest}" if rest else home
        found = self.find(whole)
        return f"{found[0].name}.{found[1].name}" if found else whole

    def lineage(self, module: Module, node: ast.ClassDef) -> list[tuple[Module, ast.ClassDef] | str]:
        """The class and its ancestors, nearest first; a string for one whose source is not at hand."""
        out: list[tuple[Module, ast.ClassDef] | str] = []
        waiting: list[tuple[Module, ast.ClassDef] | str] = [(module, node)]
        while waiting and len(out) < 80:
            one = waiting.pop(0)
            if one in out:
                continue
            out.append(one)
            if isinstance(one, str):
                continue
            for base in one[1].bases:
                name = self.resolve(one[0], base)
                waiting.append(self.find(name) or name)
        return out
