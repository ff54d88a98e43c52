"""Text with wildcards, as Sigma escapes it.

``*`` and ``?`` are wildcards. A backslash before a wildcard or before another backslash escapes it; any other
backslash is itself. (Sigma Rules Specification 2.0, "Escaping".)
"""

from __future__ import annotations

import re

from bartizan.detections.sigma.model import Parts, Wild

_WILD = {"*": Wild.ANY, "?": Wild.ONE}


def parse(text: str) -> Parts:
    """The pieces of a value; neighbouring ``*`` count once."""
    parts: list[str | Wild] = []
    literal: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text) and text[position + 1] in "\\*?":
            literal.append(text[position + 1])
            position += 2
            continue
        if character in _WILD:
            if literal:
                parts.append("".join(literal))
                literal = []
            parts.append(_WILD[character])
        else:
            literal.append(character)
        position += 1
    if literal:
        parts.append("".join(literal))
    return tidy(tuple(parts))


def tidy(parts: Parts) -> Parts:
    """The same pattern with neighbouring literals joined and neighbouring ``*`` counted once."""
    result: list[str | Wild] = []
    for part in parts:
        if result and part is Wild.ANY and result[-1] is Wild.ANY:
            continue
        if result and isinstance(part, str) and isinstance(result[-1], str):
            result[-1] += part
        elif part != "":
            result.append(part)
    return tuple(result)


def literal(parts: Parts) -> str | None:
    """The text of a pattern without wildcards, else None."""
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None


def regex(parts: Parts) -> str:
    """An RE2 pattern for the whole text, dot matching line ends too; case is the caller's concern."""
    spelled = "".join(part_regex(part) for part in parts)
    return f"(?s)\\A(?:{spelled})\\z"


def part_regex(part: str | Wild) -> str:
    """The RE2 pattern of one piece."""
    if part is Wild.ANY:
        return ".*"
    return "." if part is Wild.ONE else re.escape(str(part))


def show(parts: Parts) -> str:
    """The pattern as Sigma writes it."""
    return "".join(
        part.value if isinstance(part, Wild) else re.sub(r"([*?]|\\(?=[*?\\]|$))", r"\\\1", part) for part in parts
    )
