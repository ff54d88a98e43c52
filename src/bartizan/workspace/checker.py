"""A tree of nodes against a type: every difference, each at its own line and column.

msgspec converts and has the last word; but it stops at the first difference and names mapping keys ``[...]``, so the
walk here is what people read.
"""

from __future__ import annotations

from typing import Any

from msgspec import inspect as kinds

from bartizan.core.errors import DocumentError, Place
from bartizan.core.problem import quote
from bartizan.core.secretref import SecretRef
from bartizan.workspace.nodes import ListNode, MapNode, Node, ScalarNode
from bartizan.workspace.wording import did_you_mean, expected, found, one_of

MAX_PROBLEMS = 100


def check(node: Node, kind: kinds.Type) -> list[DocumentError]:
    """Everything in ``node`` that is not as ``kind`` says, in document order; at most ``MAX_PROBLEMS``."""
    checker = _Checker()
    checker.visit(node, kind)
    return sorted(checker.problems, key=lambda problem: (problem.place.line, problem.place.column))


def plain(node: Node) -> Any:
    """The node as dicts, lists and scalars."""
    if isinstance(node, MapNode):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


class _Checker:
    def __init__(self) -> None:
        self.problems: list[DocumentError] = []

    def report(self, place: Place, what: str, wanted: str, hint: str = "") -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(DocumentError(place, what, wanted, hint))

    def visit(self, node: Node, kind: kinds.Type) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            return
        if isinstance(kind, kinds.StructType):
            self._struct(node, kind)
        elif isinstance(kind, kinds.UnionType):
            self._union(node, kind)
        elif isinstance(kind, kinds.DictType):
            self._dict(node, kind)
        elif isinstance(kind, kinds.CollectionType | kinds.TupleType):
            self._list(node, kind)
        elif not _scalar_fits(node, kind):
            self._scalar(node, kind)

    def _struct(self, node: Node, kind: kinds.StructType) -> None:
        if kind.cls is SecretRef:
            self._secret(node)
            return
        if not isinstance(node, MapNode):
            self.report(node.place, found(node), "a mapping")
            return
        fields = {field.encode_name: field for field in kind.fields}
        known = [*fields, kind.tag_field] if kind.tag_field else list(fields)
        for key, (place, value) in node.entries.items():
            if key in fields:
                self.visit(value, fields[key].type)
            elif key not in known:
                self._unknown(place, key, known)
        missing = [f"'{name}'" for name, field in fields.items() if field.required and name not in node.entries]
        if missing:
            keys = "the required key" if len(missing) == 1 else "the required keys"
            self.report(node.place, "a mapping without " + ", ".join(missing), keys)

    def _secret(self, node: Node) -> None:
        """Never quotes what stands there: it may be the secret itself."""
        names = [key for key in node.entries if key in ("env", "file")] if isinstance(node, MapNode) else []
        if not isinstance(node, MapNode) or len(names) != 1 or len(node.entries) != 1:
            self.report(
                node.place,
                "a bare value" if not isinstance(node, MapNode) else "a mapping of other keys",
                "exactly one of 'env: NAME' and 'file: PATH'",
                "settings name where a secret is, never its value",
            )
            return
        value = node.entries[names[0]][1]
        if not isinstance(value, ScalarNode) or not isinstance(value.value, str) or not value.value:
            self.report(value.place, "no name", f"the name of the {names[0]}")

    def _unknown(self, place: Place, key: str, known: list[str]) -> None:
        hint = did_you_mean(key, known) or f"known keys: {one_of(known)}" if known else ""
        self.report(place, f"the unknown key {quote(key)}", "a key of this schema", hint)

    def _dict(self, node: Node, kind: kinds.DictType | kinds.FrozenDictType) -> None:
        if not isinstance(node, MapNode):
            self.report(node.place, found(node), "a mapping")
            return
        for key, (place, value) in node.entries.items():
            name = ScalarNode(place, key, key)
            if not _scalar_fits(name, kind.key_type):
                names = _names(kind.key_type)
                self.report(place, f"the key {quote(key)}", expected(kind.key_type), did_you_mean(key, names))
            self.visit(value, kind.value_type)

    def _list(self, node: Node, kind: kinds.CollectionType | kinds.TupleType) -> None:
        if not isinstance(node, ListNode):
            self.report(node.place, found(node), "a list", "write '[]' for an empty one")
        elif isinstance(kind, kinds.TupleType):
            if len(node.items) != len(kind.item_types):
                self.report(node.place, f"a list of {len(node.items)}", f"a list of {len(kind.item_types)}")
            for item, item_kind in zip(node.items, kind.item_types, strict=False):
                self.visit(item, item_kind)
        else:
            for item in node.items:
                self.visit(item, kind.item_type)

    def _union(self, node: Node, kind: kinds.UnionType) -> None:
        if isinstance(node, ScalarNode):
            if any(_scalar_fits(node, member) for member in kind.types):
                return
            secret = next((m for m in kind.types if isinstance(m, kinds.StructType) and m.cls is SecretRef), None)
            if secret is not None:
                self._secret(node)
            else:
                self._scalar(node, kind)
            return
        shape: tuple[type, ...] = (kinds.StructType, kinds.DictType)
        if isinstance(node, ListNode):
            shape = (kinds.CollectionType, kinds.TupleType)
        members = [member for member in kind.types if isinstance(member, shape)]
        tagged = [m for m in members if isinstance(m, kinds.StructType) and m.tag_field]
        if len(tagged) > 1 and isinstance(node, MapNode):
            self._tagged(node, tagged)
        elif members:
            self.visit(node, members[0])
        else:
            self.report(node.place, found(node), expected(kind))

    def _tagged(self, node: MapNode, members: list[kinds.StructType]) -> None:
        field = str(members[0].tag_field)
        tags = {str(member.tag): member for member in members}
        if field not in node.entries:
            self.report(node.place, f"a mapping without '{field}'", f"'{field}' with {one_of(tags)}")
            return
        value = node.entries[field][1]
        name = value.text if isinstance(value, ScalarNode) else ""
        if name in tags:
            self._struct(node, tags[name])
        else:
            self.report(value.place, found(value), one_of(tags), did_you_mean(name, tags))

    def _scalar(self, node: Node, kind: kinds.Type) -> None:
        hint = ""
        if isinstance(node, ScalarNode):
            if _accepts_text(kind) and node.value is not None:
                hint = "put it in quotes to make it text"
            elif isinstance(kind, kinds.BoolType) and node.text.lower() in ("yes", "no", "on", "off"):
                hint = "YAML 1.2 knows only true and false"
            else:
                hint = did_you_mean(node.text, _names(kind))
        self.report(node.place, found(node), expected(kind), hint)


def _scalar_fits(node: Node, kind: kinds.Type) -> bool:
    if isinstance(kind, kinds.AnyType):
        return True
    if not isinstance(node, ScalarNode):
        return False
    value = node.value
    if isinstance(kind, kinds.LiteralType):
        return any(value == wanted and type(value) is type(wanted) for wanted in kind.values)
    if isinstance(kind, kinds.EnumType):
        return any(value == member.value and not isinstance(value, bool) for member in kind.cls)
    if isinstance(kind, kinds.BoolType):
        return isinstance(value, bool)
    if isinstance(kind, kinds.IntType):
        return isinstance(value, int) and not isinstance(value, bool) and _in_bounds(value, kind)
    if isinstance(kind, kinds.FloatType):
        return isinstance(value, int | float) and not isinstance(value, bool) and _in_bounds(value, kind)
    if isinstance(kind, kinds.NoneType):
        return value is None
    return isinstance(value, str) and not isinstance(kind, _COMPOUND)


def _in_bounds(value: float, kind: kinds.IntType | kinds.FloatType) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


_COMPOUND = (kinds.StructType, kinds.DictType, kinds.CollectionType, kinds.TupleType, kinds.UnionType)


def _accepts_text(kind: kinds.Type) -> bool:
    members = kind.types if isinstance(kind, kinds.UnionType) else (kind,)
    return any(isinstance(member, kinds.StrType) for member in members)


def _names(kind: kinds.Type) -> list[str]:
    if isinstance(kind, kinds.UnionType):
        return [name for member in kind.types for name in _names(member)]
    if isinstance(kind, kinds.EnumType):
        return [str(member.value) for member in kind.cls]
    if isinstance(kind, kinds.LiteralType):
        return [str(value) for value in kind.values]
    return []
