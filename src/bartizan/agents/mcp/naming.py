"""Names of tools over several servers: prefixes, look-alikes, and descriptions that talk about others' tools."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bartizan.inspection.views.confusable_table import CAPITAL_CONFUSABLES, CONFUSABLES

SEPARATOR = "__"
LONGEST = 128
"""Characters of a tool's name (MCP 2025-11-25, tool names)."""
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_SERVER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]|_(?!_)){0,31}")
_WORD = re.compile(r"[A-Za-z0-9_.\-]{3,128}")
_QUOTED = re.compile(r"[`'\"“]([A-Za-z0-9_.\-]{3,128})[`'\"”]")
_LOOKS = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "_": "", "-": "", ".": "", " ": ""})


def sound_tool_name(name: object) -> bool:
    """Whether a tool may be called so."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def sound_server_name(name: str) -> bool:
    """Whether a server may be called so; two underscores would blur where its name ends."""
    return _SERVER.fullmatch(name) is not None


def exposed(server: str, tool: str, *, prefixed: bool) -> str:
    """The name under which the client sees a tool."""
    return f"{server}{SEPARATOR}{tool}" if prefixed else tool


def skeleton(name: str) -> str:
    """What a name looks like: two names with the same skeleton are taken for each other (after UTS 39)."""
    plain = "".join(CAPITAL_CONFUSABLES.get(c, c) for c in unicodedata.normalize("NFKC", name))
    folded = "".join(CONFUSABLES.get(c, c) for c in plain.casefold())
    return folded.translate(_LOOKS).replace("rn", "m").replace("vv", "w")


def distinctive(name: str) -> bool:
    """Whether the name is no plain word, so that a text in which it stands means the tool."""
    return "_" in name or "-" in name.strip("-") or any(c.isdigit() for c in name) or name[1:] != name[1:].lower()


def mentioned(texts: Iterable[str], names: frozenset[str]) -> Sequence[str]:
    """Which of ``names`` the texts talk about: distinctive ones anywhere, plain words only in quotes. Sorted."""
    found: set[str] = set()
    for text in texts:
        found.update(word for word in map(_trimmed, _WORD.findall(text)) if word in names and distinctive(word))
        found.update(word for word in _QUOTED.findall(text) if word in names)
    return sorted(found)


def _trimmed(word: str) -> str:
    return word.strip(".-")
