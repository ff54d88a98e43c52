"""What a template could do to the machine that renders it: reach objects it should not, read files, burn resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bartizan.supplychain.interface import CODE_EXECUTION, Admission, Rule, Severity
from bartizan.supplychain.jinja.language import (
    ATTRIBUTE_FILTERS,
    FILTERS,
    FUNCTIONS,
    GADGETS,
    INTERNAL,
    METHODS,
    TESTS,
)
from bartizan.supplychain.jinja.nodes import Node

_TAGS = ("CWE-1336", *CODE_EXECUTION[1:])


def template_rule(name: str, title: str, admission: Admission, severity: Severity) -> Rule:
    """A rule about templates."""
    return Rule(id=f"template.{name}", title=title, admission=admission, severity=severity, tags=_TAGS)


ESCAPE = template_rule("sandbox_escape", "Template reaches for Python internals", Admission.BLOCK, Severity.CRITICAL)
LOADS = template_rule("loads_file", "Template loads another template", Admission.BLOCK, Severity.HIGH)
UNLISTED = template_rule(
    "unlisted", "Template uses what is not on the allow-list", Admission.INCONCLUSIVE, Severity.MEDIUM
)
RESOURCE = template_rule("resource", "Template can exhaust memory or time", Admission.BLOCK, Severity.MEDIUM)
SAFETY_RULES = (ESCAPE, LOADS, UNLISTED, RESOURCE)

LARGEST = 100_000
"""Of a repetition or range in a template."""
_DUNDER = re.compile(
    r"__[a-zA-Z]\w*__|\b(?:_{2,}(?:class|globals|builtins|subclasses|mro|base|import|init|dict|code)\b)"
)
_PIECE = re.compile(r"__[a-z]*|[a-z]*__")
"""The begin or the end of a name of Python's own."""
_INTERNAL = re.compile(r"\.\s*(?:" + "|".join(sorted(INTERNAL)) + r")\b")


class Hazard(NamedTuple):
    """One thing in a template, at an offset in characters."""

    rule: Rule
    offset: int
    evidence: str
    explanation: str


def hazards(tree: Node) -> Iterator[Hazard]:
    """Everything in the tree that the allow-list does not hold."""
    known = _defined(tree)
    for node in tree.walk():
        yield from _check(node, known)


def constant(node: Node) -> str | None:
    """The text that an expression always gives, seen through concatenation, ``join``, ``replace``, ``format`` and
    ``reverse`` of constants; None if it depends on anything else."""
    match node:
        case Node(kind="const", value=value):
            return None if value is None or isinstance(value, bool) else str(value)
        case Node(kind="operation", value="~" | "+", children=(left, right)):
            first, second = constant(left), constant(right)
            return None if first is None or second is None else first + second
        case Node(kind="filter", value="join", children=(Node(kind="list" | "tuple", children=parts), *rest)):
            return _joined(parts, rest)
        case Node(kind="call", children=(Node(kind="attribute", value="join", children=(glue,)), Node() as parts)):
            return _joined(parts.children, [glue]) if parts.kind in ("list", "tuple") else None
        case Node(kind="filter", value="reverse", children=(text,)):
            inner = constant(text)
            return None if inner is None else inner[::-1]
        case Node(kind="filter", value="lower" | "string" | "trim" | "safe" | "list", children=(text,)):
            inner = constant(text)
            return inner.lower() if inner is not None and node.value == "lower" else inner
        case Node(kind="filter", value="replace", children=(text, old, new)):
            return _replaced(text, old, new)
        case Node(kind="call", children=(Node(kind="attribute", value="replace", children=(text,)), old, new)):
            return _replaced(text, old, new)
        case Node(kind="filter", value="format", children=(text, *values)):
            return _formatted(text, values)
        case Node(kind="operation", value="%", children=(text, values)):
            return _formatted(text, list(values.children) if values.kind == "tuple" else [values])
    return None


def _check(node: Node, known: frozenset[str]) -> Iterator[Hazard]:
    value = str(node.value)
    match node.kind:
        case "set" if len(node.children) > 1 and _PIECE.fullmatch(constant(node.children[1]) or ""):
            piece = constant(node.children[1]) or ""
            yield Hazard(ESCAPE, node.offset, piece, "It keeps a piece of the name of an internal attribute.")
        case "attribute":
            yield from _attribute(value, node.offset)
        case "item":
            for key in node.children[1:]:
                text = constant(key)
                if text is not None:
                    yield from _attribute(text, node.offset)
                elif key.kind in ("operation", "filter", "call") and _parts(key):
                    yield Hazard(
                        ESCAPE, node.offset, " ".join(_parts(key)), "It builds the name of an internal attribute."
                    )
        case "name":
            if value in GADGETS and value not in known:
                yield Hazard(ESCAPE, node.offset, value, f"{value} leads from the template into Python.")
            elif value.startswith("__"):
                yield from _attribute(value, node.offset)
        case "filter":
            yield from _filter(node, value)
        case "test":
            if value not in TESTS:
                yield Hazard(UNLISTED, node.offset, value, f"The test {value} is not on the allow-list.")
        case "call":
            yield from _call(node, known)
        case "import":
            name = constant(node.children[0]) or "a computed name"
            yield Hazard(LOADS, node.offset, f"{value} {name}", "It has the renderer read another file.")
        case "const":
            found = _DUNDER.search(value) or _INTERNAL.search(value)
            if isinstance(node.value, str) and found:
                yield Hazard(
                    ESCAPE, node.offset, found.group(), "A text names a Python internal, as attribute look-ups do."
                )
        case "operation":
            yield from _operation(node, value)


def _attribute(name: str, offset: int) -> Iterator[Hazard]:
    if (name.startswith("__") and name.endswith("__") and len(name) > 4) or name in INTERNAL:
        yield Hazard(ESCAPE, offset, name, f"{name} leads from a value to its class, its code or its module.")
    elif name.startswith("_"):
        yield Hazard(UNLISTED, offset, name, "It reads an attribute that is private.")


def _filter(node: Node, name: str) -> Iterator[Hazard]:
    if name == "attr":
        yield Hazard(
            ESCAPE, node.offset, "attr", "The filter attr reads any attribute, by a name that can be computed."
        )
    elif name not in FILTERS:
        yield Hazard(UNLISTED, node.offset, name, f"The filter {name} is not on the allow-list.")
    if name in ATTRIBUTE_FILTERS:
        for argument in node.children[1:]:
            inner = argument.children[0] if argument.kind == "keyword" else argument
            text = constant(inner)
            if text is None and argument.kind == "keyword" and argument.value == "attribute":
                yield Hazard(UNLISTED, node.offset, name, "It reads an attribute by a computed name.")
            for part in (text or "").split("."):
                yield from _attribute(part, node.offset)
            if name == "map" and text == "attr":
                yield Hazard(
                    ESCAPE, node.offset, "map('attr')", "map applies the filter attr, which reads any attribute."
                )


def _call(node: Node, known: frozenset[str]) -> Iterator[Hazard]:
    callee, *arguments = node.children
    if callee.kind == "name":
        name = str(callee.value)
        if name in GADGETS:
            return
        if name not in FUNCTIONS and name not in known:
            yield Hazard(UNLISTED, node.offset, name, f"It calls {name}, which no renderer is known to provide.")
        if name == "range":
            for argument in arguments:
                if isinstance(argument.value, int) and argument.value > LARGEST:
                    yield Hazard(RESOURCE, node.offset, str(argument.value), "It loops that many times.")
    elif callee.kind == "attribute":
        name = str(callee.value)
        if name not in METHODS and name not in INTERNAL and not name.startswith("_"):
            yield Hazard(UNLISTED, node.offset, name, f"The method {name} is not on the allow-list.")
        if name in ("ljust", "rjust", "center", "zfill"):
            yield from _long(node, arguments[:1])
    elif callee.kind != "call":
        yield Hazard(UNLISTED, node.offset, callee.kind, "It calls a value that it looks up or computes.")


def _operation(node: Node, operator: str) -> Iterator[Hazard]:
    if operator == "*":
        yield from _long(node, node.children)
    elif operator == "**":
        yield Hazard(RESOURCE, node.offset, "**", "Powers grow beyond memory.")
    elif operator in ("~", "+"):
        text = constant(node)
        if text is not None and _DUNDER.search(text):
            yield Hazard(ESCAPE, node.offset, text, "Pieces of text add up to the name of a Python internal.")


def _long(node: Node, values: list[Node] | tuple[Node, ...]) -> Iterator[Hazard]:
    for value in values:
        if isinstance(value.value, int | float) and value.kind == "const" and value.value > LARGEST:
            yield Hazard(RESOURCE, node.offset, str(value.value), "It repeats something that often.")


def _parts(node: Node) -> list[str]:
    """Constant pieces with double underscores inside a computed key."""
    return [str(part.value) for part in node.walk() if part.kind == "const" and "__" in str(part.value)]


def _defined(tree: Node) -> frozenset[str]:
    """Names that the template itself defines: macros, targets, parameters."""
    found: set[str] = set()
    for node in tree.walk():
        if node.kind == "macro":
            found.add(str(node.value))
            found.update(str(child.value) for child in node.children if child.kind == "name")
        elif node.kind in ("set", "for") and node.children:
            found.update(str(name.value) for name in node.children[0].walk() if name.kind == "name")
    return frozenset(found)


def _joined(parts: tuple[Node, ...], glue: list[Node]) -> str | None:
    texts = [constant(part) for part in parts]
    between = constant(glue[0]) if glue else ""
    if between is None or None in texts:
        return None
    return between.join(text for text in texts if text is not None)


def _replaced(text: Node, old: Node, new: Node) -> str | None:
    whole, what, by = constant(text), constant(old), constant(new)
    if whole is None or what is None or by is None or len(whole) > LARGEST or not what:
        return None
    return whole.replace(what, by[:1_000])


def _formatted(text: Node, values: list[Node]) -> str | None:
    whole = constant(text)
    given = [constant(value) for value in values]
    if whole is None or None in given:
        return None
    pieces = _PLACES.split(whole)
    kinds = _PLACES.findall(whole)
    if len(pieces) != len(given) + 1 or "%" in "".join(pieces):
        return None
    shown = [_character(str(one)) if kind == "%c" else str(one) for kind, one in zip(kinds, given, strict=True)]
    return pieces[0] + "".join(one + piece for one, piece in zip(shown, pieces[1:], strict=True))


_PLACES = re.compile(r"%[sc]")


def _character(value: str) -> str:
    """What ``%c`` makes of a number or a character."""
    return chr(int(value)) if value.isdigit() and int(value) < 0x110000 else value[:1]
