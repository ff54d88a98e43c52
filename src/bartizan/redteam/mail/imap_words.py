"""The words of an IMAP command (RFC 3501): atoms, quoted texts, literals, and lists of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from bartizan.redteam.mail.session import MAX_LINE, ClosedError, Connection

Words: TypeAlias = "Sequence[str | Words]"
"""Words, and parenthesised lists as sequences of their own."""

_LITERAL = re.compile(r"\{(\d{1,6})(\+?)\}$")
_WORD = re.compile(
    r"""(?P<open>\()|(?P<close>\))
    |"(?P<quoted>(?:[^"\\]|\\.)*)"
    |(?P<atom>[^\s()"\[]*\[[^\]]*\][^\s()]*|[^\s()"]+)
    |\s+""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 50


class WordsError(Exception):
    """A command that cannot be read."""


async def read_command(connection: Connection) -> str:
    """One command on one line, its literals as quoted texts. Raises ClosedError, also for one that is too long."""
    whole = ""
    while True:
        line = await connection.line()
        literal = _LITERAL.search(line)
        whole += line[: literal.start()] if literal else line
        size = int(literal[1]) if literal else 0
        if len(whole) + size > MAX_LINE:
            raise ClosedError
        if literal is None:
            return whole
        if not literal[2]:
            await connection.send(b"+ go on\r\n")
        text = await connection.exactly(size)
        whole += '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words_of(text: str) -> Words:
    """Raises WordsError."""
    stack: list[list[str | Words]] = [[]]
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise WordsError("a quoted text without an end")
        at = found.end()
        match found.lastgroup:
            case "open":
                if len(stack) > _DEEPEST:
                    raise WordsError("too many parentheses")
                inner: list[str | Words] = []
                stack[-1].append(inner)
                stack.append(inner)
            case "close":
                if len(stack) == 1:
                    raise WordsError("a parenthesis too many")
                stack.pop()
            case "quoted":
                stack[-1].append(re.sub(r"\\(.)", r"\1", found["quoted"], flags=re.DOTALL))
            case "atom":
                stack[-1].append(found["atom"])
    if len(stack) > 1:
        raise WordsError("a list without an end")
    return stack[0]


def numbers_of(text: str, there: Sequence[int]) -> list[int]:
    """Those of ``there``, ascending, that a sequence set such as ``1,4:6,9:*`` names. Raises WordsError."""
    last = there[-1] if there else 0
    wanted: list[tuple[int, int]] = []
    for piece in text.split(","):
        first, colon, second = piece.partition(":")
        ends = [_end(one, last) for one in ((first, second) if colon else (first, first))]
        wanted.append((min(ends), max(ends)))
    return [one for one in there if any(low <= one <= high for low, high in wanted)]


def _end(text: str, last: int) -> int:
    if text == "*":
        return last
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise WordsError("no sequence set")
    return int(text)


def said(text: bytes) -> bytes:
    """A text as IMAP answers say it: quoted, or as a literal where that cannot be."""
    if len(text) <= 200 and text.isascii() and not any(c < 32 or c in b'"\\' for c in text):
        return b'"' + text + b'"'
    return b"{%d}\r\n%b" % (len(text), text)
