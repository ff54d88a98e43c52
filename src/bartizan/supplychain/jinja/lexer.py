"""Cuts a template into text and tokens, as Jinja 3 does with the settings transformers and llama.cpp use
(``trim_blocks`` and ``lstrip_blocks`` change white space alone, so they are of no account here).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.jinja.nodes import Value

_OPEN = re.compile(r"\{[{%#]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?))
    | (?P<name>[^\W\d]\w*)
    | (?P<string>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")
    | (?P<operator>\*\*|//|==|!=|<=|>=|[-+*/%~<>=.:|,;()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "\n": ""}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """``kind`` is text, begin (value ``{{`` or ``{%``), end, name, number, string, operator or stop."""

    kind: str
    value: Value
    offset: int


def tokens(text: str) -> Iterator[Token]:
    """Tokens of a template up to ``stop``. Raises `MalformedError` with the offset in characters."""
    at = 0
    while at < len(text):
        found = _OPEN.search(text, at)
        if found is None:
            yield Token("text", text[at:], at)
            break
        if found.start() > at:
            yield Token("text", text[at : found.start()], at)
        at = found.start()
        if found.group() == "{#":
            end = text.find("#}", at + 2)
            if end < 0:
                raise MalformedError("a comment without an end", at)
            at = end + 2
        elif raw := _RAW.match(text, at):
            end_raw = _END_RAW.search(text, raw.end())
            if end_raw is None:
                raise MalformedError("a raw block without an end", at)
            yield Token("text", text[raw.end() : end_raw.start()], raw.end())
            at = end_raw.end()
        else:
            yield Token("begin", found.group(), at)
            close = "}}" if found.group() == "{{" else "%}"
            at += 2
            if text[at : at + 1] in ("-", "+"):
                at += 1
            at = yield from _inside(text, at, close)
    yield Token("stop", None, len(text))


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a template with their offsets; nobody is shown them, so that text hides there."""
    at = text.find("{#")
    while at >= 0:
        end = text.find("#}", at + 2)
        end = len(text) if end < 0 else end
        yield at, text[at + 2 : end]
        at = text.find("{#", end)


def _inside(text: str, at: int, close: str) -> Generator[Token, None, int]:
    """The tokens of one tag; returns where it ends."""
    waiting: list[str] = []
    while True:
        if not waiting:
            for mark in (close, "-" + close, "+" + close):
                if text.startswith(mark, at):
                    yield Token("end", close, at)
                    return at + len(mark)
        found = _TOKEN.match(text, at)
        if found is None:
            raise MalformedError(
                "a tag without an end" if at >= len(text) else "a character that has no place here", at
            )
        kind, value = found.lastgroup or "", found.group()
        at = found.end()
        if kind == "space":
            continue
        if kind == "operator" and value in _BRACKETS:
            waiting.append(_BRACKETS[value])
        elif kind == "operator" and value in (")", "]", "}") and (not waiting or waiting.pop() != value):
            raise MalformedError(f"the bracket {value} closes nothing", found.start())
        yield Token(kind, _value(kind, value, found.start()), found.start())


def _value(kind: str, value: str, at: int) -> Value:
    if kind == "string":
        return _ESCAPE.sub(_unescaped, value[1:-1])
    if kind == "number":
        digits = value.replace("_", "")
        if len(digits) > 100:
            raise MalformedError("a number of more than 100 digits", at)
        try:
            return int(digits, 0) if digits[:1] == "0" and len(digits) > 1 and digits[1] in "xXbBoO" else int(digits)
        except ValueError:
            return float(digits)
    return value


def _unescaped(found: re.Match[str]) -> str:
    for group, base in ((1, 16), (2, 16), (3, 16), (4, 8)):
        if found[group]:
            code = int(found[group], base)
            return chr(code) if code < 0x110000 else "\ufffd"
    return _SIMPLE.get(found[5], found[5])
