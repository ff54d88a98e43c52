"""Rules in the query languages of others: what a target says faithfully, and a refusal with its reason for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from bartizan.core.errors import BartizanError
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import And, Expression, Match, Not, Null, Or, Rule


class CannotSayError(BartizanError):
    """A target's language has no way to say this as our engine means it."""


class Converted(NamedTuple):
    """A rule in another language."""

    text: str
    """The query alone."""
    assumptions: tuple[str, ...] = ()
    """What must hold of the data for the query to mean what the rule means."""


class Target(Protocol):
    """Another query language."""

    id: str
    """Its name on the command line."""
    suffix: str
    """Of files in the language."""
    comment: str
    """What begins a line of comment; empty where the language has none."""

    def convert(self, rule: Rule, collection: Collection) -> Converted:
        """The rule as a query. Raises CannotSayError."""
        ...


class Notes:
    """Assumptions as they come up, each once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def assume(self, what: str) -> None:
        """Note one."""
        self._said.setdefault(what)

    def all(self) -> tuple[str, ...]:
        """In the order in which they came up."""
        return tuple(self._said)


def renamed(expression: Expression, names: Mapping[str, tuple[str, ...]]) -> Expression:
    """``expression`` over the names that the events have.

    Raises:
        CannotSayError: ``null`` is asked of a field with several names.
    """
    match expression:
        case And(terms):
            return And(tuple(renamed(term, names) for term in terms))
        case Or(terms):
            return Or(tuple(renamed(term, names) for term in terms))
        case Not(term):
            return Not(renamed(term, names))
        case Match(str(field), predicate) if field in names:
            if isinstance(predicate, Null) and len(names[field]) > 1:
                raise CannotSayError(f"null of {field}, which may stand under several names")
            terms = tuple(Match(name, predicate) for name in names[field])
            return terms[0] if len(terms) == 1 else Or(terms)
    return expression
