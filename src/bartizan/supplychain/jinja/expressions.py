"""Expressions of Jinja, by recursive descent in the order of precedence that Jinja 3.1 has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.jinja.lexer import Token
from bartizan.supplychain.jinja.nodes import Node

DEEPEST = 50
"""Levels of nested statements and expressions together."""
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}
_NOT_AN_ARGUMENT = ("else", "or", "and", "is", "not", "in", "if")


class Expressions:
    """A place in a list of tokens, and what can be read from there."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self.token = tokens[0]

    # -- tokens
    def advance(self) -> Token:
        """The present token; moves on."""
        token = self.token
        if token.kind == "stop":
            raise MalformedError("the template ends too early", token.offset)
        self._at += 1
        self.token = self._tokens[self._at]
        return token

    def sees(self, *operators: str) -> bool:
        """Whether one of the operators stands here."""
        return self.token.kind == "operator" and self.token.value in operators

    def skip(self, operator: str) -> bool:
        """Pass over an operator if it stands here."""
        if self.sees(operator):
            self.advance()
            return True
        return False

    def expect(self, operator: str) -> None:
        """Pass over an operator that must stand here."""
        if not self.skip(operator):
            raise MalformedError(f"{operator} is missing", self.token.offset)

    def sees_name(self, *names: str) -> bool:
        """Whether one of the words stands here."""
        return self.token.kind == "name" and self.token.value in names

    def skip_name(self, name: str) -> bool:
        """Pass over a word if it stands here."""
        if self.sees_name(name):
            self.advance()
            return True
        return False

    def expect_name(self, name: str) -> None:
        """Pass over a word that must stand here."""
        if not self.skip_name(name):
            raise MalformedError(f"{name} is missing", self.token.offset)

    def name(self, what: str) -> str:
        """The name that must stand here."""
        if self.token.kind != "name":
            raise MalformedError(f"{what} is missing", self.token.offset)
        return str(self.advance().value)

    def end_tag(self) -> None:
        """The end of a tag that must stand here."""
        if self.token.kind != "end":
            raise MalformedError("a tag goes on where it should end", self.token.offset)
        self.advance()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level down; too many are an error."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise MalformedError(f"the template nests deeper than {DEEPEST}", self.token.offset)
        try:
            yield
        finally:
            self._depth -= 1

    # -- expressions
    def tuple_or_one(self, conditional: bool = True) -> Node:
        """An expression, or several with commas between them."""
        at = self.token.offset
        first = self.expression(conditional)
        if not self.sees(","):
            return first
        parts = [first]
        while self.skip(","):
            if self.token.kind == "end" or self.sees(")", "="):
                break
            parts.append(self.expression(conditional))
        return Node("tuple", at, None, tuple(parts))

    def target(self, attributes: bool = False) -> Node:
        """What is assigned to: a name, several, or an attribute of a namespace."""
        at = self.token.offset
        parts: list[Node] = []
        while True:
            here = self.token.offset
            if self.skip("("):
                one = self.target()
                self.expect(")")
            else:
                one = Node("name", here, self.name("a name"))
                if attributes and self.skip("."):
                    one = Node("attribute", here, self.name("an attribute"), (one,))
            parts.append(one)
            if not self.skip(",") or self.sees_name("in") or self.sees("=", ")"):
                break
        return parts[0] if len(parts) == 1 else Node("tuple", at, None, tuple(parts))

    def expression(self, conditional: bool = True) -> Node:
        """Any one expression."""
        with self.deeper():
            at = self.token.offset
            value = self._or()
            while conditional and self.skip_name("if"):
                condition = self._or()
                other = (self.expression(),) if self.skip_name("else") else ()
                value = Node("conditional", at, None, (condition, value, *other))
            return value

    def _or(self) -> Node:
        at, left = self.token.offset, self._and()
        while self.skip_name("or"):
            left = Node("operation", at, "or", (left, self._and()))
        return left

    def _and(self) -> Node:
        at, left = self.token.offset, self._not()
        while self.skip_name("and"):
            left = Node("operation", at, "and", (left, self._not()))
        return left

    def _not(self) -> Node:
        at = self.token.offset
        if self.skip_name("not"):
            with self.deeper():
                return Node("operation", at, "not", (self._not(),))
        return self._comparison()

    def _comparison(self) -> Node:
        at, left = self.token.offset, self._sum()
        while True:
            if self.sees(*_COMPARISONS) or self.sees_name("in"):
                operator = str(self.advance().value)
            elif self.sees_name("not") and self._tokens[self._at + 1].value == "in":
                self.advance()
                self.advance()
                operator = "not in"
            else:
                return left
            left = Node("operation", at, operator, (left, self._sum()))

    def _sum(self) -> Node:
        at, left = self.token.offset, self._concatenation()
        while self.sees("+", "-"):
            left = Node("operation", at, self.advance().value, (left, self._concatenation()))
        return left

    def _concatenation(self) -> Node:
        at, left = self.token.offset, self._product()
        while self.skip("~"):
            left = Node("operation", at, "~", (left, self._product()))
        return left

    def _product(self) -> Node:
        at, left = self.token.offset, self._unary()
        while self.sees("*", "/", "//", "%"):
            left = Node("operation", at, self.advance().value, (left, self._unary()))
        return left

    def _unary(self, filtered: bool = True) -> Node:
        at = self.token.offset
        if self.sees("-", "+"):
            operator = self.advance().value
            with self.deeper():
                value = Node("operation", at, operator, (self._unary(False),))
        else:
            value = self._postfix(self._primary())
            if self.skip("**"):
                with self.deeper():
                    value = Node("operation", at, "**", (value, self._unary(False)))
        return self._filtered(value) if filtered else value

    def _primary(self) -> Node:
        token = self.advance()
        at = token.offset
        if token.kind == "name":
            word = str(token.value)
            return Node("const", at, _CONSTANTS[word]) if word in _CONSTANTS else Node("name", at, word)
        if token.kind == "string":
            text = str(token.value)
            while self.token.kind == "string":
                text += str(self.advance().value)
            return Node("const", at, text)
        if token.kind == "number":
            return Node("const", at, token.value)
        if token.kind == "operator" and token.value == "(":
            inner = Node("tuple", at) if self.sees(")") else self.tuple_or_one()
            self.expect(")")
            return inner
        if token.kind == "operator" and token.value == "[":
            return Node("list", at, None, self._list("]"))
        if token.kind == "operator" and token.value == "{":
            return Node("dict", at, None, self._dict())
        raise MalformedError("an expression is missing", at)

    def _list(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.skip(end):
            if found:
                self.expect(",")
                if self.skip(end):
                    break
            found.append(self.expression())
        return tuple(found)

    def _dict(self) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.skip("}"):
            if found:
                self.expect(",")
                if self.skip("}"):
                    break
            found.append(self.expression())
            self.expect(":")
            found.append(self.expression())
        return tuple(found)

    def _postfix(self, value: Node) -> Node:
        while True:
            at = self.token.offset
            if self.skip("."):
                if self.token.kind == "number":
                    value = Node("item", at, None, (value, Node("const", at, self.advance().value)))
                else:
                    value = Node("attribute", at, self.name("an attribute"), (value,))
            elif self.skip("["):
                value = Node("item", at, None, (value, *self._subscript()))
            elif self.skip("("):
                value = Node("call", at, None, (value, *self.arguments()))
            else:
                return value

    def _subscript(self) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.skip("]"):
            if found:
                self.expect(",")
            at = self.token.offset
            parts: list[Node] = []
            colons = 0
            while not self.sees("]", ","):
                if self.skip(":"):
                    colons += 1
                else:
                    parts.append(self.expression())
            if not colons and len(parts) != 1:
                raise MalformedError("a subscript is missing", at)
            found.append(Node("slice", at, None, tuple(parts)) if colons else parts[0])
        if not found:
            raise MalformedError("a subscript is missing", self.token.offset)
        return tuple(found)

    def arguments(self) -> tuple[Node, ...]:
        """Arguments of a call up to its bracket, which is read."""
        found: list[Node] = []
        while not self.skip(")"):
            if found:
                self.expect(",")
                if self.skip(")"):
                    break
            at = self.token.offset
            following = self._tokens[self._at + 1] if self.token.kind == "name" else None
            if following is not None and following.kind == "operator" and following.value == "=":
                keyword = self.name("a keyword")
                self.advance()
                found.append(Node("keyword", at, keyword, (self.expression(),)))
            elif self.skip("**") or self.skip("*"):
                found.append(Node("keyword", at, "*", (self.expression(),)))
            else:
                found.append(self.expression())
        return tuple(found)

    def _filtered(self, value: Node) -> Node:
        while True:
            if self.sees("|"):
                value = self.filters(value)
            elif self.sees_name("is"):
                value = self._test(value)
            elif self.sees("("):
                at = self.advance().offset
                value = Node("call", at, None, (value, *self.arguments()))
            else:
                return value

    def filters(self, value: Node | None) -> Node:
        """One or more filters; ``value`` is None where a block is what they are applied to."""
        first = value is None
        while first or self.sees("|"):
            at = self.token.offset
            if not self.skip("|") and not first:
                break
            first = False
            name = self._dotted("a filter")
            arguments = self.arguments() if self.skip("(") else ()
            value = Node("filter", at, name, ((value,) if value is not None else ()) + arguments)
        assert value is not None
        return value

    def _test(self, value: Node) -> Node:
        at = self.advance().offset
        negated = self.skip_name("not")
        name = self._dotted("a test")
        arguments: tuple[Node, ...] = ()
        if self.skip("("):
            arguments = self.arguments()
        elif self.token.kind in ("name", "string", "number") and not self.sees_name(*_NOT_AN_ARGUMENT):
            if self.sees_name("is"):
                raise MalformedError("tests cannot be chained", at)
            arguments = (self._postfix(self._primary()),)
        elif self.sees("[", "{"):
            arguments = (self._postfix(self._primary()),)
        test = Node("test", at, name, (value, *arguments))
        return Node("operation", at, "not", (test,)) if negated else test

    def _dotted(self, what: str) -> str:
        name = self.name(what)
        while self.skip("."):
            name += "." + self.name(what)
        return name
