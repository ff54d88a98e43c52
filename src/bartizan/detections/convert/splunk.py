"""Splunk's search language (SPL), over events whose JSON fields Splunk extracts itself.

Comparisons of ``search`` are without case, see every value of a field and are false where it is absent, as ours are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bartizan.detections.convert.interface import CannotSayError, Converted, Notes, renamed
from bartizan.detections.records import Shape, shapes
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import (
    And,
    Boolean,
    Cidr,
    Compare,
    Correlation,
    CorrelationType,
    Detection,
    Exists,
    Expression,
    Match,
    Not,
    Number,
    Or,
    Predicate,
    Rule,
    Text,
    Wild,
)

_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "=", "neq": "!="}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Splunk:
    """See ``Target``.

    Args:
        fields: Sigma field name to names in the events.
        source: the beginning of a search, such as ``sourcetype="bartizan:native"``.
    """

    id, suffix, comment = "splunk", "spl", ""

    def __init__(self, fields: Mapping[str, tuple[str, ...]], source: str) -> None:
        self._fields = fields
        self._source = source

    def convert(self, rule: Rule, collection: Collection) -> Converted:
        """See ``Target``."""
        notes = Notes()
        if isinstance(rule, Detection):
            return Converted(f"search {self._source} {self._search(rule, notes)}", notes.all())
        return Converted(self._correlation(rule, collection, notes), notes.all())

    def _search(self, rule: Detection, notes: Notes) -> str:
        return _Terms(notes).of(renamed(rule.expression, self._fields))

    def _correlation(self, rule: Correlation, collection: Collection, notes: Notes) -> str:
        sources = [collection[key] for key in rule.rules]
        if any(isinstance(source, Correlation) for source in sources):
            raise CannotSayError("findings of another correlation: a search has events only")
        if rule.aliases:
            raise CannotSayError("aliases: the rules call their groups differently")
        if rule.requirement is not None or rule.type is CorrelationType.TEMPORAL_ORDERED:
            raise CannotSayError("an order or a condition in words: streamstats keeps neither")
        if any(order not in ("gt", "gte") for order, _ in rule.conditions):
            raise CannotSayError("a measure that may fall again within one moment: streamstats counts event by event")
        searches = [self._search(source, notes) for source in sources if isinstance(source, Detection)]
        temporal = rule.type is CorrelationType.TEMPORAL
        if temporal:
            parts = [f'[search {self._source} {text} | eval rule="{n}"]' for n, text in enumerate(searches)]
            begin = "| multisearch " + " ".join(parts)
        else:
            begin = f"search {self._source} " + (
                "(" + " OR ".join(searches) + ")" if len(searches) > 1 else searches[0]
            )
        steps, by = [begin], []
        for number, field in enumerate(rule.group_by):
            steps += self._group(field, f"group{number}", notes)
            by.append(f"group{number}")
        steps.append("sort 0 _time")
        steps += self._measure(rule, by, notes)
        holds = " AND ".join(f"measure {_SIGNS[order]} {wanted}" for order, wanted in rule.conditions)
        steps += [f"where {holds}", f"dedup {' '.join(['_time', *by])}", f"table {' '.join(['_time', *by, 'measure'])}"]
        notes.assume("no event lies exactly the time span before another: Splunk leaves out the far end of the window")
        notes.assume("one window of one group holds no more than max_stream_window events (limits.conf)")
        return "\n| ".join(steps)

    def _group(self, field: str, name: str, notes: Notes) -> list[str]:
        path, shape = self._one(field, notes)
        steps = [f"eval {name}={_lower(path, shape)}"]
        if shape is not None and shape.listed:
            steps += [f"eval {name}=mvdedup({name})", f"mvexpand {name}"]
        return [*steps, f"where isnotnull({name})"]

    def _measure(self, rule: Correlation, by: list[str], notes: Notes) -> list[str]:
        tail = f" by {' '.join(by)}" if by else ""
        begin = f"streamstats time_window={rule.timespan}s"
        match rule.type:
            case CorrelationType.EVENT_COUNT:
                return [f"{begin} count as measure{tail}"]
            case CorrelationType.TEMPORAL:
                return [f"{begin} dc(rule) as measure{tail}"]
            case CorrelationType.VALUE_COUNT | CorrelationType.VALUE_SUM if len(rule.fields) == 1:
                path, shape = self._one(rule.fields[0], notes)
                if rule.type is CorrelationType.VALUE_COUNT:
                    return [f"eval value={_lower(path, shape)}", "where isnotnull(value)",
                            f"{begin} dc(value) as measure{tail}"]  # fmt: skip
                if shape is None or (not shape.listed and shape.type == "number"):
                    return [f"eval value=tonumber({path})", "where isnotnull(value)",
                            f"{begin} sum(value) as measure{tail}"]  # fmt: skip
        raise CannotSayError(f"{rule.type}: streamstats measures it event by event, which differs within one moment")

    def _one(self, field: str, notes: Notes) -> tuple[str, Shape | None]:
        names = self._fields.get(field, (field,))
        if len(names) > 1:
            raise CannotSayError(f"{field}, which may stand under several names, as a group or measure")
        shape = shapes().get(names[0])
        if shape is None:
            notes.assume(f"{names[0]} has one value at most")
        return f"'{field_of(names[0])}'", shape


def _lower(path: str, shape: Shape | None) -> str:
    return f"mvmap({path}, lower({path}))" if shape is not None and shape.listed else f"lower({path})"


def field_of(name: str) -> str:
    """The name under which Splunk extracts a field: ``{}`` after each list. Raises CannotSayError."""
    if any(character in name for character in "\"'\\|"):
        raise CannotSayError(f"the field {name} cannot be written in a search")
    shape, known = shapes().get(name), shapes()
    if shape is None or not shape.listed:
        return name
    steps, parts = name.split("."), []
    for number, step in enumerate(steps):
        here = known.get(".".join(steps[: number + 1]))
        before = known.get(".".join(steps[:number]))
        new = here is not None and here.listed and not (before is not None and before.listed)
        parts.append(step + ("{}" if new else ""))
    return ".".join(parts)


class _Terms:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def of(self, expression: Expression) -> str:
        """A term of ``search``. Raises CannotSayError."""
        match expression:
            case Match(field, predicate):
                if field is None:
                    raise CannotSayError("keywords: Splunk would also find them in names of fields")
                return self._match(field, predicate)
            case Not(term):
                return f"NOT {self.of(term)}"
            case And(terms):
                return "(" + " ".join(self.of(term) for term in terms) + ")"
            case Or(terms):
                return "(" + " OR ".join(self.of(term) for term in terms) + ")"

    def _match(self, field: str, predicate: Predicate) -> str:
        name = field_of(field)
        name = name if _PLAIN.fullmatch(name) else f'"{name}"'
        match predicate:
            case Text(parts, cased):
                if cased:
                    raise CannotSayError("cased: search compares without case")
                return f'{name}="{_value(parts)}"'
            case Number(number):
                return f"{name}={number!r}"
            case Boolean(wanted):
                return f'{name}="{str(wanted).lower()}"'
            case Compare(order, number) if order in _SIGNS and order != "neq":
                shape = shapes().get(field)
                if shape is None or shape.type != "number":
                    self._notes.assume(f"{field} holds numbers only: Splunk compares texts by their letters")
                return f"{name}{_SIGNS[order]}{number!r}"
            case Exists(wanted):
                self._notes.assume("no event has a null: Splunk does not extract it")
                return f"{name}=*" if wanted else f"NOT {name}=*"
            case Cidr(network) if network.version == 4:
                return f'{name}="{network}"'
        raise CannotSayError(f"{type(predicate).__name__.lower()}: search has nothing that means the same")


def _value(parts: tuple[str | Wild, ...]) -> str:
    spelled = []
    for part in parts:
        if part is Wild.ONE:
            raise CannotSayError("?: search has no sign for one character")
        if isinstance(part, Wild):
            spelled.append("*")
        elif "*" in part:
            raise CannotSayError("a literal *: search always takes it for any characters")
        elif "\n" in part or "\r" in part:
            raise CannotSayError("a line end in a value")
        else:
            spelled.append(part.replace("\\", "\\\\").replace('"', '\\"'))
    return "".join(spelled)
