"""Recognises a file by its content, and turns what it holds into rows of case files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.core.errors import DocumentError
from bartizan.redteam.case import OracleSpec
from bartizan.redteam.cases.importing import garak, promptfoo, pyrit
from bartizan.redteam.cases.importing.found import Found
from bartizan.redteam.cases.schema import Row
from bartizan.redteam.errors import CaseError
from bartizan.redteam.taxonomy import Objective
from bartizan.workspace.checker import plain
from bartizan.workspace.files import read_bounded
from bartizan.workspace.nodes import parse

MAX_BYTES: Final = 200_000_000
_SLOT = re.compile(r"\{[a-z_]{1,40}\}")


class Imported(msgspec.Struct, kw_only=True):
    """The cases of one file, by objective, and what was left out, by reason."""

    tool: str
    licence: str
    rows: dict[Objective, list[Row]]
    left_out: Counter[str]


def read_report(
    path: Path, *, licence: str, every: bool = False, limit: int = 1_000, oracle: str = "", value: str = ""
) -> Imported:
    """The attacks in ``path``.

    Args:
        path: a garak report, a PyRIT export or a promptfoo configuration.
        licence: of the texts.
        every: also what did not succeed there, where the file says so.
        limit: most cases.
        oracle: how success is recognised where the file does not say; without it such attacks are left out.
        value: what that oracle looks for.

    Raises:
        ConfigurationError: the file cannot be read.
        CaseError: it is none of the three.
    """
    tool, found = _recognised(read_bounded(path, str(path), MAX_BYTES), every=every)
    out = Imported(tool=tool, licence=licence, rows={}, left_out=Counter())
    seen: set[tuple[str, ...]] = set()
    for one in found:
        if one.objective is None and oracle:
            one = msgspec.structs.replace(one, objective=Objective.POLICY_EVASION, oracle=oracle, value=value)
        reason = _left_out(one, seen, sum(map(len, out.rows.values())) >= limit)
        if reason:
            out.left_out[reason] += 1
            continue
        seen.add(one.turns)
        assert one.objective is not None, "checked"
        out.rows.setdefault(one.objective, []).append(_row(one, tool))
    if not out.rows and not out.left_out:
        raise CaseError(
            f"{path}: {tool}, and no attack in it", "a garak report needs evaluated attempts; --all takes misses"
        )
    return out


def _left_out(one: Found, seen: set[tuple[str, ...]], full: bool) -> str:
    if not one.turns:
        return "without a text that is to be sent"
    if one.turns in seen:
        return "the same text again"
    if any(_SLOT.search(text) for text in (*one.turns, one.value)):
        return "with words in braces, which would be read as slots"
    if one.objective is None:
        return "without anything that says what success is (name an --oracle)"
    return "over the --limit" if full else ""


def _row(one: Found, tool: str) -> Row:
    name = re.sub(r"[^a-z0-9]+", "-", one.label.lower()).strip("-")[:40] or "attack"
    digest = sha256("\0".join(one.turns).encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return Row(
        id=f"{tool}-{name}-{digest}",
        title=f"{one.label[:80]}, from {tool}",
        technique=one.technique,
        turns=one.turns,
        oracles=(OracleSpec(kind=one.oracle, value=one.value),),
        language=one.language,
    )


def _recognised(content: bytes, *, every: bool) -> tuple[str, Iterator[Found]]:
    rows = _rows(content)
    if any("entry_type" in row for row in rows):
        return "garak", garak.attempts(rows, every=every)
    if any("conversation_id" in row and "role" in row for row in rows):
        return "pyrit", pyrit.conversations(rows, every=every)
    try:
        document = plain(parse(content.decode("utf-8"), "file"))
    except (UnicodeDecodeError, DocumentError, RecursionError):
        document = None
    if isinstance(document, dict) and ("redteam" in document or "tests" in document):
        return "promptfoo", promptfoo.configured(document)
    hint = "a garak report (JSONL), a PyRIT export (JSON, JSONL) or a promptfoo configuration (YAML)"
    raise CaseError("this file is of no tool that is known", hint)


def _rows(content: bytes) -> list[dict[str, Any]]:
    """The objects of a JSON list, or of lines of JSON; lines that are none are passed over."""
    decoder = msgspec.json.Decoder()
    if content.lstrip()[:1] == b"[":
        try:
            whole = decoder.decode(content)
        except (msgspec.DecodeError, RecursionError):
            return []
        return [row for row in whole if isinstance(row, dict)]
    rows: list[dict[str, Any]] = []
    for line in content.splitlines():
        if line[:1] == b"{":
            try:
                row = decoder.decode(line)
            except (msgspec.DecodeError, RecursionError):
                continue
            rows.append(row)
    return rows
