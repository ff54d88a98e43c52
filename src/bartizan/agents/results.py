"""Tool results as records with fields: which values an application keeps, and which somebody merely wrote.

A *field* is a short whole value under a key of its own (``sender: ada@example.com``): the application put it there.
*Prose* is text in which a value only occurs; whoever wrote the text chose it.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import msgspec
import yaml

from bartizan.agents.lexicon import word_set
from bartizan.agents.values import EMAIL
from bartizan.workspace.yaml_bounds import check_bounds

MAX_PARSED = 400_000
"""Characters of a result that are read as a document; a longer one is prose throughout."""
MAX_LITERAL = 100_000
"""Characters up to which Python literals are read; their reader needs some hundred times the memory."""
MAX_NODES = 20_000
MAX_DEPTH = 40
_LONGEST_FIELD = 160
_MOST_WORDS = 9

_PROSE_KEYS = word_set("prose_keys")
_LABEL_KEYS = word_set("label_keys")
_PRINTED = frozenset({"[{", "{'", '{"', "['", '["'} | {f"[{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
_PAIR = re.compile(
    r"([A-Z]\w{0,60}\(\s*|\{\s*)?['\"]?\b([A-Za-z_]\w{0,60})['\"]?\s{0,3}[=:]\s{0,3}"
    r"(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([\w.+-]{1,80})(?=[,)}\]]))",
    re.DOTALL,
)
_RULE = re.compile(r"\|(?:\s{0,4}:?-{1,80}:?\s{0,4}\|){1,60}")
"""The second line of a Markdown table."""
_COUNT = re.compile(r"-{2,80}|\d{1,6} \w{1,20}(?: \w{1,20})?:?")
"""What stands above: a line of hyphens, *2 messages*."""
_HEADER = re.compile(r"([A-Z][A-Za-z-]{1,30}): (\S.{0,400})")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Leaf(msgspec.Struct, frozen=True):
    """One scalar of a result."""

    text: str
    key: str
    """Nearest key above it, in lower case; empty for a result that is no document."""
    record: int
    """Number of the record it belongs to, counted within the result."""
    field: bool
    """Whether it is a whole value that the application keeps; false for prose."""
    label: bool = False
    """A field that is a free title of some author's choosing, never an address."""


def read_result(text: str) -> list[Leaf]:
    """The leaves of ``text``: a JSON or YAML document, printed objects, or prose, by paragraphs, as one record."""
    found: list[Leaf] = []
    document = _document(text)
    if document is not None:
        _walk(document, found)
    elif text.lstrip()[:1] in "[{" and text.strip():
        found = _printed(text, 0)
    else:
        found = _laid_out(text)
    return found or [Leaf(part.strip(), "", 0, False) for part in text.split("\n\n")[:MAX_NODES] if part.strip()]


def _document(text: str) -> Any:
    """``text`` as a mapping or list; ``None`` if it is neither or not to be read within bounds."""
    start = text.lstrip()[:1]
    if len(text) > MAX_PARSED or not start:
        return None
    try:
        if start in "{[":
            document = _bracketed(text)
        elif ": " in text or ":\n" in text or start == "-":
            check_bounds(text, _Loader, deepest=MAX_DEPTH, most=MAX_NODES)
            document = yaml.load(text, Loader=_Loader)  # noqa: S506 - BaseLoader builds strings, lists and mappings only
        else:
            return None
    except (ValueError, SyntaxError, MemoryError, yaml.YAMLError, RecursionError):
        return None
    return document if isinstance(document, (dict, list)) and document else None


def _bracketed(text: str) -> Any:
    """JSON, or the literal that Python prints for its own lists and mappings."""
    try:
        return json.loads(text)
    except ValueError:
        if len(text) > MAX_LITERAL:
            raise
        return ast.literal_eval(text.strip())


def _walk(document: Any, found: list[Leaf]) -> None:
    """Depth first, in order; every element of the outermost list is a record of its own."""
    records = 0
    stack: list[tuple[Any, str, int, int]] = [(document, "", 0, 0)]
    seen = 0
    while stack and seen < MAX_NODES:
        value, key, record, depth = stack.pop()
        seen += 1
        if isinstance(value, (dict, list)):
            if depth >= MAX_DEPTH:
                continue
            below: list[tuple[Any, str, int, int]] = []
            if isinstance(value, dict):
                for name, inner in value.items():
                    name = str(name)
                    if any(mark in name for mark in "@/") or (depth and name[:1].isupper()):
                        below.append((name, key, record, depth + 1))
                    below.append((inner, name.casefold()[:80], record, depth + 1))
            else:
                own = records == 0 and depth <= 1
                for inner in value:
                    if own and isinstance(inner, dict):
                        records += 1
                    below.append((inner, key, records if own and isinstance(inner, dict) else record, depth + 1))
            stack.extend(reversed(below))
        elif value is not None and not isinstance(value, bool):
            text = str(value)
            if text[:2] in _PRINTED and len(text) > _LONGEST_FIELD:
                inner = _printed(text, records + 1)
                records = max([records, *(leaf.record for leaf in inner)])
                found.extend(inner)
            elif text:
                found.append(_leaf(text, key, record))


def _printed(text: str, record: int) -> list[Leaf]:
    """Leaves of objects as programs print them, ``[Issue(owner='ada', body='…')]``: pairs of a key and a quoted value.

    Each ``Name(`` or ``{`` at which a key that was seen before comes again begins a record. Text without pairs yields
    nothing.
    """
    found: list[Leaf] = []
    seen: set[str] = set()
    for match in _PAIR.finditer(text[:MAX_PARSED]):
        opened, key, single, double, bare = match.groups()
        key = key.casefold()
        if opened and key in seen:
            record += 1
            seen.clear()
        seen.add(key)
        value = single or double or bare or ""
        if "\\" in value:
            value = value.replace("\\\\", "\\").replace("\\n", "\n").replace("\\t", "\t").replace("\\'", "'")
        if value:
            found.append(_leaf(value, key, record))
        if len(found) >= MAX_NODES:
            break
    return found


def _laid_out(text: str) -> list[Leaf]:
    """A Markdown table, or lines of ``Key: value``, that ``text`` begins with, then prose; empty for neither.

    Only what stands first is the application's: nothing marks where somebody's text inside of it ends.
    """
    lines = text[:MAX_PARSED].splitlines()
    start = 0
    while start < min(len(lines), 3) and (not lines[start].strip() or _COUNT.fullmatch(lines[start].strip())):
        start += 1
    found: list[Leaf] = []
    end = start
    if start + 1 < len(lines) and _RULE.fullmatch(lines[start + 1].strip()):
        keys = _cells(lines[start])
        end = start + 2
        while end < len(lines) and len(cells := _cells(lines[end])) == len(keys) and len(found) < MAX_NODES:
            found.extend(
                _leaf(cell, key, end - start - 1)
                for key, cell in zip(keys, cells, strict=True)
                if cell not in {"", "-"}
            )
            end += 1
    else:
        while end < len(lines) and (match := _HEADER.fullmatch(lines[end].strip())):
            found.append(_leaf(match.group(2), match.group(1).casefold(), 0))
            end += 1
    if len(found) < 2:
        return []
    rest = "\n".join(lines[end:])
    return found + [Leaf(part.strip(), "", 0, False) for part in rest.split("\n\n")[:MAX_NODES] if part.strip()]


def _cells(line: str) -> list[str]:
    line = line.strip()
    return [cell.strip() for cell in line[1:-1].split("|")] if len(line) > 2 and line[0] == line[-1] == "|" else []


def _leaf(text: str, key: str, record: int) -> Leaf:
    short = len(text) <= _LONGEST_FIELD and "\n" not in text.strip() and len(text.split()) <= _MOST_WORDS
    field = short and (key not in _PROSE_KEYS or EMAIL.fullmatch(text.strip()) is not None)
    return Leaf(text, key, record, field, field and key in _LABEL_KEYS)
