"""JSON Schema (2020-12, the part that describes tools), checked within a bound on work and with patterns in RE2.

Schemas and values are both hostile here: a reference is followed only inside its own schema, a recursion ends at the
bound, and a pattern that RE2 does not take makes the schema unusable. Keywords that are not here (``format``,
``unevaluatedProperties``, ``dependentSchemas``, ``$dynamicRef``, ``if``) are not checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import re2

from bartizan.agents.mcp.definition import canonical
from bartizan.core.passage import Path, render_path

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or (isinstance(v, float) and v.is_integer())),
    "number": lambda v: not isinstance(v, bool) and isinstance(v, int | float),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
}
_DEEPEST = 64


class UnusableSchemaError(ValueError):
    """The schema cannot be followed within the bounds; says why."""


def mismatch(schema: Mapping[str, Any] | bool, value: object, steps: int) -> str:
    """Why ``value`` is not what ``schema`` says, in one line; empty when it is.

    Args:
        schema: bounded in size.
        value: bounded in size.
        steps: how much work the check may be.

    Raises:
        UnusableSchemaError: see there.
    """
    check = _Check(schema, steps)
    return next(check.visit(schema, value, (), 0), "")


class _Check:
    def __init__(self, root: Mapping[str, Any] | bool, steps: int) -> None:
        self._root = root
        self._left = steps

    def visit(self, schema: Any, value: Any, path: Path, depth: int) -> Iterator[str]:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise UnusableSchemaError("checking against the schema takes too long")
        if isinstance(schema, bool):
            if not schema:
                yield f"{_at(path)} is not allowed"
            return
        if not isinstance(schema, Mapping):
            raise UnusableSchemaError("a schema is neither an object nor a boolean")
        if "$ref" in schema:
            yield from self.visit(self._resolve(schema["$ref"]), value, path, depth + 1)
        yield from self._values(schema, value, path)
        if isinstance(value, str):
            yield from self._string(schema, value, path)
        elif isinstance(value, dict):
            yield from self._object(schema, value, path, depth)
        elif isinstance(value, list):
            yield from self._array(schema, value, path, depth)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from self._number(schema, value, path)
        yield from self._composed(schema, value, path, depth)

    def _values(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[str]:
        kinds = schema.get("type")
        if kinds is not None:
            names = kinds if isinstance(kinds, list) else [kinds]
            known = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
            if len(known) != len(names):
                raise UnusableSchemaError("it names a type that there is not")
            if not any(is_one(value) for is_one in known):
                yield f"{_at(path)} must be {' or '.join(names)}"
        if "enum" in schema and isinstance(schema["enum"], list) and not any(_same(v, value) for v in schema["enum"]):
            yield f"{_at(path)} is none of the allowed values"
        if "const" in schema and not _same(schema["const"], value):
            yield f"{_at(path)} is not the one allowed value"

    def _string(self, schema: Mapping[str, Any], value: str, path: Path) -> Iterator[str]:
        if len(value) < _bound(schema, "minLength", 0):
            yield f"{_at(path)} is too short"
        if len(value) > _bound(schema, "maxLength", len(value)):
            yield f"{_at(path)} is too long"
        if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
            yield f"{_at(path)} does not match its pattern"

    def _number(self, schema: Mapping[str, Any], value: float, path: Path) -> Iterator[str]:
        if value < _bound(schema, "minimum", value) or value > _bound(schema, "maximum", value):
            yield f"{_at(path)} is out of range"
        if value <= _bound(schema, "exclusiveMinimum", -math.inf) or value >= _bound(
            schema, "exclusiveMaximum", math.inf
        ):
            yield f"{_at(path)} is out of range"
        step = _bound(schema, "multipleOf", 0)
        if step > 0 and value % step:
            yield f"{_at(path)} is no multiple of {step}"

    def _object(self, schema: Mapping[str, Any], value: dict[str, Any], path: Path, depth: int) -> Iterator[str]:
        required = schema.get("required", [])
        for name in required if isinstance(required, list) else []:
            if name not in value:
                yield f"{_at((*path, str(name)))} is missing"
        if not _bound(schema, "minProperties", 0) <= len(value) <= _bound(schema, "maxProperties", len(value)):
            yield f"{_at(path)} has too many or too few members"
        named = schema.get("properties", {})
        named = named if isinstance(named, Mapping) else {}
        patterned = schema.get("patternProperties", {})
        patterns = [(_pattern(p), s) for p, s in patterned.items()] if isinstance(patterned, Mapping) else []
        for name, inner in value.items():
            here = (*path, name)
            met = False
            if name in named:
                met = True
                yield from self.visit(named[name], inner, here, depth + 1)
            for pattern, sub in patterns:
                if pattern.search(name):
                    met = True
                    yield from self.visit(sub, inner, here, depth + 1)
            if not met and "additionalProperties" in schema:
                yield from self.visit(schema["additionalProperties"], inner, here, depth + 1)
            if "propertyNames" in schema:
                yield from self.visit(schema["propertyNames"], name, here, depth + 1)

    def _array(self, schema: Mapping[str, Any], value: list[Any], path: Path, depth: int) -> Iterator[str]:
        if not _bound(schema, "minItems", 0) <= len(value) <= _bound(schema, "maxItems", len(value)):
            yield f"{_at(path)} has too many or too few items"
        if schema.get("uniqueItems") is True and len({canonical(item) for item in value}) < len(value):
            yield f"{_at(path)} has the same item twice"
        first = schema.get("prefixItems", [])
        first = first if isinstance(first, list) else []
        for number, item in enumerate(value):
            sub = first[number] if number < len(first) else schema.get("items", True)
            yield from self.visit(sub, item, (*path, number), depth + 1)

    def _composed(self, schema: Mapping[str, Any], value: Any, path: Path, depth: int) -> Iterator[str]:
        for sub in _list(schema, "allOf"):
            yield from self.visit(sub, value, path, depth + 1)
        if "anyOf" in schema and not any(self._fits(s, value, path, depth) for s in _list(schema, "anyOf")):
            yield f"{_at(path)} fits none of the alternatives"
        if "oneOf" in schema and sum(self._fits(s, value, path, depth) for s in _list(schema, "oneOf")) != 1:
            yield f"{_at(path)} does not fit exactly one of the alternatives"
        if "not" in schema and self._fits(schema["not"], value, path, depth):
            yield f"{_at(path)} is what it must not be"

    def _fits(self, schema: Any, value: Any, path: Path, depth: int) -> bool:
        return next(self.visit(schema, value, path, depth + 1), None) is None

    def _resolve(self, reference: object) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise UnusableSchemaError("a reference leads outside the schema")
        found: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise UnusableSchemaError("a reference leads nowhere")
        return found


def _at(path: Path) -> str:
    return render_path(path)[:120] or "the value"


def _list(schema: Mapping[str, Any], key: str) -> list[Any]:
    found = schema.get(key, [])
    if not isinstance(found, list):
        raise UnusableSchemaError(f"{key} is not a list")
    return found


def _bound(schema: Mapping[str, Any], key: str, otherwise: float) -> Any:
    found = schema.get(key)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else otherwise


def _same(first: object, second: object) -> bool:
    """JSON equality: 1 is 1.0, true is not 1."""
    return isinstance(first, bool) == isinstance(second, bool) and first == second


def _pattern(text: object) -> Any:
    if not isinstance(text, str) or len(text) > 1_000:
        raise UnusableSchemaError("a pattern is no text, or too long")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(text, options)
    except re2.error:
        raise UnusableSchemaError("a pattern is not one that can be searched for in linear time") from None
