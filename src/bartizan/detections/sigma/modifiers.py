"""``field|modifier|…: value`` to predicates. (Sigma Modifiers Appendix 2.1)"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Final, cast

import re2

from bartizan.core.errors import DocumentError, Place
from bartizan.core.problem import printable, quote
from bartizan.detections.sigma import encodings, patterns
from bartizan.detections.sigma.encodings import EncodingError, Value
from bartizan.detections.sigma.model import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldReference,
    Null,
    Number,
    Order,
    Predicate,
    Regex,
    Scalar,
    Shape,
    Text,
    TimePart,
    TimeUnit,
    Wild,
)
from bartizan.workspace.nodes import ScalarNode
from bartizan.workspace.wording import did_you_mean, found

SHAPES: Final = ("contains", "startswith", "endswith")
ORDERS: Final = ("lt", "lte", "gt", "gte")
UNITS: Final = ("minute", "hour", "day", "week", "month", "year")
FLAGS: Final = {"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}
TEXTUAL: Final = ("base64", "base64offset", "wide", "utf16le", "utf16be", "utf16", "windash")
LINKS: Final = ("all", "neq")
OTHER: Final = ("re", "cased", "cidr", "exists", "fieldref", "expand")
MODIFIERS: Final = (*SHAPES, *ORDERS, *UNITS, *FLAGS, *TEXTUAL, *LINKS, *OTHER)

NUMERIC: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
"""Texts that count as numbers; read with the same pattern in SQL."""
LONGEST_NUMBER: Final = 40
MAX_PATTERN: Final = 4_096
MAX_WILDCARDS: Final = 100
MAX_PROGRAM_BYTES: Final = 8_000_000


def regex_options(*, cased: bool = True) -> re2.Options:
    """RE2 options with the memory bound that every pattern of a rule is compiled under."""
    options = re2.Options()
    options.max_mem = MAX_PROGRAM_BYTES
    options.log_errors = False
    options.case_sensitive = cased
    return options


class Chain:
    """The modifiers of one item, checked once.

    Args:
        names: as written, without the field.
        place: of the key.

    Raises:
        DocumentError: a modifier is unknown, unsupported, or does not go with another.
    """

    def __init__(self, names: tuple[str, ...], place: Place) -> None:
        self.names = names
        self._place = place
        for name in names:
            if name not in MODIFIERS:
                hint = did_you_mean(name, MODIFIERS)
                raise DocumentError(place, f"the modifier {quote(name)}", "a modifier of Sigma 2", hint)
        if "expand" in names:
            hint = "write the values into the rule"
            raise DocumentError(place, "the modifier 'expand'", "no placeholders: nothing here resolves them", hint)
        self.all = "all" in names
        self.negated = "neq" in names
        self._check()

    def _check(self) -> None:
        kinds = {name for name in self.names if name in {"re", "cidr", "exists", "fieldref"}}
        kinds |= {"comparison" for name in self.names if name in (*ORDERS, *UNITS)}
        textual = [name for name in self.names if name in (*SHAPES, *TEXTUAL, "cased")]
        if len(kinds) > 1:
            self._clash(*sorted(kinds)[:2])
        kind = next(iter(kinds), "")
        if textual and kind and not (kind == "fieldref" and all(name in (*SHAPES, "cased") for name in textual)):
            self._clash(kind, textual[0])
        flags = [name for name in self.names if name in FLAGS]
        if flags and kind != "re":
            self._clash(flags[0], "a value that is no regular expression")
        for group in (ORDERS, UNITS):
            chosen = [name for name in self.names if name in group]
            if len(chosen) > 1:
                self._clash(*chosen[:2])

    def _clash(self, one: str, other: str) -> None:
        raise DocumentError(self._place, f"the modifier {quote(one)} with {quote(other)}", "one or the other")

    def predicates(self, node: ScalarNode) -> list[Predicate]:
        """What one value of the item asks for: any of them. Raises DocumentError."""
        try:
            predicates = self._predicates(node)
        except EncodingError as error:
            raise DocumentError(node.place, str(error.args[0]), str(error.args[1])) from None
        for predicate in predicates:
            if isinstance(predicate, Text) and sum(isinstance(part, Wild) for part in predicate.parts) > MAX_WILDCARDS:
                raise DocumentError(node.place, "too many wildcards", f"at most {MAX_WILDCARDS} of * and ?")
        return predicates

    def _predicates(self, node: ScalarNode) -> list[Predicate]:
        names = set(self.names)
        if "exists" in names:
            return [Exists(self._boolean(node))]
        if "re" in names:
            return [self._regex(node)]
        if "cidr" in names:
            return [self._cidr(node)]
        if "fieldref" in names:
            return [self._reference(node)]
        if names & {*ORDERS, *UNITS}:
            return [self._comparison(node)]
        if not names & {*SHAPES, *TEXTUAL, "cased"} and not isinstance(node.value, str):
            return [plain(node.value)]
        if node.value is None:
            raise DocumentError(node.place, "nothing", f"a value for {'|'.join(self.names)}")
        return [Text(value.parts, value.cased) for value in self._texts(node.text)]

    def _texts(self, text: str) -> list[Value]:
        values = [Value(patterns.parse(text))]
        for name in self.names:
            values = [result for value in values for result in _transform(name, value)]
        return values

    def _boolean(self, node: ScalarNode) -> bool:
        if not isinstance(node.value, bool):
            raise DocumentError(node.place, found(node), "true or false")
        return node.value

    def _regex(self, node: ScalarNode) -> Regex:
        if node.value is None:
            raise DocumentError(node.place, "nothing", "a regular expression")
        if len(node.text) > MAX_PATTERN:
            raise DocumentError(node.place, f"{len(node.text)} characters", f"a pattern of at most {MAX_PATTERN}")
        flags = "".join(sorted({FLAGS[name] for name in self.names if name in FLAGS}))
        pattern = f"(?{flags}){node.text}" if flags else node.text
        try:
            re2.compile(pattern, regex_options())
        except re2.error as error:
            cause = error.args[0] if error.args else b""
            detail = cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)
            hint = "RE2 has no look-around and no back-references"
            raise DocumentError(
                node.place, f"a pattern RE2 refuses ({printable(detail, 120)})", "RE2 syntax", hint
            ) from None
        return Regex(pattern)

    def _cidr(self, node: ScalarNode) -> Cidr:
        try:
            return Cidr(ipaddress.ip_network(node.text, strict=False))
        except ValueError:
            raise DocumentError(node.place, found(node), "a network such as 10.0.0.0/8 or 2001:db8::/32") from None

    def _reference(self, node: ScalarNode) -> FieldReference:
        if not isinstance(node.value, str) or not node.value:
            raise DocumentError(node.place, found(node), "the name of a field")
        shape = next((name for name in self.names if name in SHAPES), "equals")
        return FieldReference(node.value, cast(Shape, shape), "cased" in self.names)

    def _comparison(self, node: ScalarNode) -> Compare | TimePart:
        value = node.value
        if isinstance(value, str):
            value = number_of(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DocumentError(node.place, found(node), "a number")
        order = cast(Order, next((name for name in self.names if name in ORDERS), "eq"))
        unit = next((name for name in self.names if name in UNITS), "")
        return TimePart(cast(TimeUnit, unit), order, value) if unit else Compare(order, value)


def plain(value: Scalar) -> Predicate:
    """What a value without modifiers asks for."""
    if value is None:
        return Null()
    if isinstance(value, bool):
        return Boolean(value)
    if isinstance(value, int | float):
        return Number(value)
    return Text(patterns.parse(value))


def keyword(predicate: Predicate) -> Predicate:
    """A keyword: found anywhere in a text of the event."""
    if isinstance(predicate, Number):
        predicate = Text((str(predicate.value),))
    if isinstance(predicate, Text):
        return Text(patterns.tidy((Wild.ANY, *predicate.parts, Wild.ANY)), predicate.cased)
    return predicate


def number_of(text: str) -> int | float | None:
    """The finite number that a text spells in decimal digits, else None."""
    if len(text) > LONGEST_NUMBER or NUMERIC.fullmatch(text) is None:
        return None
    if text.lstrip("+-").isdigit():
        return int(text)
    value = float(text)
    return value if value - value == 0 else None


def _transform(name: str, value: Value) -> list[Value]:
    first, last = value.parts[:1], value.parts[-1:]
    before = () if first == (Wild.ANY,) else (Wild.ANY,)
    after = () if last == (Wild.ANY,) else (Wild.ANY,)
    match name:
        case "contains":
            return [value.with_parts((*before, *value.parts, *after))]
        case "startswith":
            return [value.with_parts((*value.parts, *after))]
        case "endswith":
            return [value.with_parts((*before, *value.parts))]
        case "cased":
            return [replace(value, cased=True)]
        case "wide" | "utf16le":
            return [encodings.utf16(value, "utf-16-le")]
        case "utf16be":
            return [encodings.utf16(value, "utf-16-be")]
        case "utf16":
            return [encodings.utf16(value, "utf-16-le", b"\xff\xfe")]
        case "base64":
            return [encodings.base64(value)]
        case "base64offset":
            return encodings.base64_offsets(value)
        case "windash":
            return encodings.dashes(value)
        case _:
            return [value]
