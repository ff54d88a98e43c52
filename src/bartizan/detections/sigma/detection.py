"""The ``detection`` section: selections to expressions, joined by the condition."""

from __future__ import annotations

from bartizan.core.errors import DocumentError, Place
from bartizan.core.problem import quote
from bartizan.detections.sigma.condition import parse_condition
from bartizan.detections.sigma.model import And, Expression, Match, Not, Or
from bartizan.detections.sigma.modifiers import Chain, keyword
from bartizan.detections.sigma.nodes import mapping, required, text
from bartizan.workspace.nodes import ListNode, MapNode, Node, ScalarNode

MAX_VALUES = 50_000
"""Values of one section, after expansion."""
MAX_WEIGHT = 100_000
"""Values of one section, counted as often as its conditions name them."""


def read_detection(node: Node, *, leave_out: tuple[str, ...] = ()) -> Expression:
    """The expression of a ``detection`` (or ``filter``) section.

    Args:
        node: the section.
        leave_out: keys that are no selections.

    Raises:
        DocumentError: with the place of what is wrong.
    """
    section = mapping(node)
    if "timeframe" in section.entries:
        place = section.entries["timeframe"][0]
        raise DocumentError(place, "'timeframe' of Sigma 1", "a correlation rule with 'timespan'")
    budget = _Budget()
    selections = {
        name: _selection(value, place, budget)
        for name, (place, value) in section.entries.items()
        if name != "condition" and name not in leave_out
    }
    if not selections:
        raise DocumentError(section.place, "no selection", "at least one")
    condition = required(section, "condition")
    conditions = condition.items if isinstance(condition, ListNode) else [condition]
    if not conditions:
        raise DocumentError(condition.place, "an empty list", "a condition")
    trees = [parse_condition(text(one), _start(one), selections) for one in conditions]
    tree = trees[0] if len(trees) == 1 else Or(tuple(trees))
    if _weight(tree, {}) > MAX_WEIGHT:
        raise DocumentError(condition.place, f"more than {MAX_WEIGHT} values to compare", "a shorter condition")
    return tree


def _weight(tree: Expression, known: dict[int, int]) -> int:
    if isinstance(tree, Match):
        return 1
    if id(tree) not in known:
        terms = (tree.term,) if isinstance(tree, Not) else tree.terms
        known[id(tree)] = sum(_weight(term, known) for term in terms)
    return known[id(tree)]


class _Budget:
    def __init__(self) -> None:
        self.left = MAX_VALUES

    def spend(self, values: int, place: Place) -> None:
        self.left -= values
        if self.left < 0:
            raise DocumentError(place, f"more than {MAX_VALUES} values", "a smaller rule")


def _start(node: Node) -> Place:
    quotes = node.quotes if isinstance(node, ScalarNode) else 0
    return Place(node.place.file, node.place.line, node.place.column + quotes)


def _selection(node: Node, place: Place, budget: _Budget) -> Expression:
    if isinstance(node, MapNode):
        return _map(node, budget)
    if isinstance(node, ListNode):
        if not node.items:
            raise DocumentError(node.place, "an empty list", "at least one value")
        terms = [_selection(item, item.place, budget) for item in node.items]
        return terms[0] if len(terms) == 1 else Or(tuple(terms))
    if node.value is None:
        raise DocumentError(place, "an empty selection", "a mapping of fields, or a list of keywords")
    return _item(None, Chain((), node.place), [node], node.place, budget)


def _map(node: MapNode, budget: _Budget) -> Expression:
    if not node.entries:
        raise DocumentError(node.place, "an empty mapping", "at least one field")
    terms: list[Expression] = []
    for key, (place, value) in node.entries.items():
        field, *names = key.split("|")
        chain = Chain(tuple(names), place)
        values: list[ScalarNode] = []
        items = value.items if isinstance(value, ListNode) else [value]
        for item in items:
            if not isinstance(item, ScalarNode):
                raise DocumentError(item.place, f"a structure below {quote(key)}", "a value or a list of values")
            values.append(item)
        if not values:
            raise DocumentError(value.place, "an empty list", "at least one value")
        terms.append(_item(field or None, chain, values, place, budget))
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _item(field: str | None, chain: Chain, values: list[ScalarNode], place: Place, budget: _Budget) -> Expression:
    terms: list[Expression] = []
    for value in values:
        if field is None and (value.value is None or {"exists", "fieldref"} & set(chain.names)):
            raise DocumentError(value.place, "a keyword that needs a field", "text or a number")
        variants = chain.predicates(value)
        budget.spend(len(variants), place)
        matches = [Match(field, keyword(variant) if field is None else variant) for variant in variants]
        terms.append(matches[0] if len(matches) == 1 else Or(tuple(matches)))
    if len(terms) > 1:
        terms = [And(tuple(terms)) if chain.all and not chain.negated else Or(tuple(terms))]
    return Not(terms[0]) if chain.negated else terms[0]
