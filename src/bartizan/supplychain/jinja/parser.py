"""Statements of Jinja, into a tree. Expressions are read in ``expressions``.

The grammar is that of Jinja 3.1 with what transformers adds: ``generation`` blocks, ``break`` and ``continue``.
"""

from __future__ import annotations

from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.jinja.expressions import Expressions
from bartizan.supplychain.jinja.lexer import Token, tokens
from bartizan.supplychain.jinja.nodes import Node

LONGEST = 1 << 20
"""Characters of a template; real ones stay below 40 000."""
MOST_TOKENS = 200_000


def parse(text: str) -> Node:
    """The tree of a template: a ``block``. Raises `MalformedError` with an offset in characters."""
    if len(text) > LONGEST:
        raise MalformedError(f"a template of {len(text)} characters is longer than {LONGEST}", 0)
    read: list[Token] = []
    for token in tokens(text):
        if len(read) >= MOST_TOKENS:
            raise MalformedError(f"a template of more than {MOST_TOKENS} tokens", token.offset)
        read.append(token)
    try:
        return _Parser(read).template()
    except RecursionError:
        raise MalformedError("the template nests too deep", 0) from None


class _Parser(Expressions):
    def template(self) -> Node:
        body, _ = self._body(())
        return body

    def _body(self, ends: tuple[str, ...]) -> tuple[Node, str]:
        """Statements up to one of the tags ``ends``, whose name is read, or to the template's end if there are none."""
        first = self.token.offset
        children: list[Node] = []
        with self.deeper():
            while True:
                token = self.token
                if token.kind == "stop":
                    if ends:
                        raise MalformedError(f"{ends[-1]} is missing", token.offset)
                    return Node("block", first, None, tuple(children)), ""
                self.advance()
                if token.kind == "text":
                    children.append(Node("text", token.offset, token.value))
                elif token.value == "{{":
                    children.append(Node("output", token.offset, None, (self.tuple_or_one(),)))
                    self.end_tag()
                else:
                    name = self.name("the name of a tag")
                    if name in ends:
                        return Node("block", first, None, tuple(children)), name
                    children.append(self._statement(name, token.offset))

    def _statement(self, name: str, at: int) -> Node:
        match name:
            case "if":
                return self._if(at)
            case "for":
                return self._for(at)
            case "set":
                return self._set(at)
            case "macro":
                return self._macro(at)
            case "call":
                parameters = self._parameters() if self.sees("(") else ()
                called = self.expression()
                self.end_tag()
                return Node("scope", at, "call", (*parameters, called, self._until("endcall")))
            case "filter":
                filters = self.filters(None)
                self.end_tag()
                return Node("scope", at, "filter", (filters, self._until("endfilter")))
            case "with":
                inner = self._assignments()
                self.end_tag()
                return Node("scope", at, "with", (*inner, self._until("endwith")))
            case "block":
                self.name("a block's name")
                while self.token.kind == "name":
                    self.advance()
                self.end_tag()
                body = self._until("endblock")
                return Node("scope", at, "block", (body,))
            case "autoescape":
                value = self.expression()
                self.end_tag()
                return Node("scope", at, "autoescape", (value, self._until("endautoescape")))
            case "generation":
                self.end_tag()
                return Node("scope", at, "generation", (self._until("endgeneration"),))
            case "break" | "continue":
                self.end_tag()
                return Node("scope", at, name)
            case "do":
                value = self.tuple_or_one()
                self.end_tag()
                return Node("scope", at, "do", (value,))
            case "include" | "import" | "extends" | "from":
                return self._import(name, at)
        raise MalformedError(f"the tag {name!r} is unknown", at)

    def _until(self, end: str) -> Node:
        body, _ = self._body((end,))
        while self.token.kind == "name":
            self.advance()
        self.end_tag()
        return body

    def _if(self, at: int) -> Node:
        condition = self.tuple_or_one()
        self.end_tag()
        body, end = self._body(("elif", "else", "endif"))
        if end == "elif":
            with self.deeper():
                other = self._if(self.token.offset)
            return Node("if", at, None, (condition, body, Node("block", other.offset, None, (other,))))
        empty = Node("block", at)
        self.end_tag()
        if end == "else":
            other_body, _ = self._body(("endif",))
            self.end_tag()
            return Node("if", at, None, (condition, body, other_body))
        return Node("if", at, None, (condition, body, empty))

    def _for(self, at: int) -> Node:
        target = self.target()
        self.expect_name("in")
        iterable = self.tuple_or_one(conditional=False)
        condition = Node("block", at)
        if self.skip_name("if"):
            condition = self.expression()
        self.skip_name("recursive")
        self.end_tag()
        body, end = self._body(("else", "endfor"))
        self.end_tag()
        other = Node("block", at)
        if end == "else":
            other, _ = self._body(("endfor",))
            self.end_tag()
        return Node("for", at, None, (target, iterable, condition, body, other))

    def _set(self, at: int) -> Node:
        target = self.target(attributes=True)
        if self.skip("="):
            value = self.tuple_or_one()
            self.end_tag()
            return Node("set", at, None, (target, value))
        filters = (self.filters(None),) if self.sees("|") else ()
        self.end_tag()
        return Node("set", at, None, (target, self._until("endset"), *filters))

    def _macro(self, at: int) -> Node:
        name = self.name("a macro's name")
        parameters = self._parameters()
        self.end_tag()
        return Node("macro", at, name, (*parameters, self._until("endmacro")))

    def _parameters(self) -> tuple[Node, ...]:
        found: list[Node] = []
        self.expect("(")
        while not self.skip(")"):
            if found:
                self.expect(",")
                if self.skip(")"):
                    break
            at = self.token.offset
            name = Node("name", at, self.name("a parameter"))
            found.append(Node("set", at, None, (name, self.expression())) if self.skip("=") else name)
        return tuple(found)

    def _assignments(self) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.token.kind != "end":
            if found:
                self.expect(",")
            at = self.token.offset
            target = self.target()
            self.expect("=")
            found.append(Node("set", at, None, (target, self.expression())))
        return tuple(found)

    def _import(self, keyword: str, at: int) -> Node:
        what = self.expression()
        while self.token.kind != "end":
            self.advance()
        self.end_tag()
        return Node("import", at, keyword, (what,))
