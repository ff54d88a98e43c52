"""Whether Croissant metadata agree with the bytes of the files beside them."""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from bartizan.core.errors import BartizanError
from bartizan.core.problem import printable
from bartizan.supplychain.datasets import rules
from bartizan.supplychain.datasets.croissant import DescribedField, DescribedFile, Metadata
from bartizan.supplychain.datasets.interface import Observation
from bartizan.supplychain.datasets.reading import is_table, open_table
from bartizan.supplychain.files import Opened
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import Budget, Rule

_ROWS = 1_000
"""Rows whose values are held against types."""
_PATTERNS = {
    "Integer": re.compile(r"[+-]?\d{1,40}(?:\.0)?"),
    "Float": re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,5})?|nan|NaN|inf|-inf"),
    "Boolean": re.compile(r"(?i:true|false|0|1|yes|no)"),
    "Date": re.compile(r"\d{4}-\d{2}-\d{2}.{0,40}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.{0,40}"),
    "URL": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}:.{0,4000}|[^\s]{1,4000}", re.DOTALL),
}
_PATTERNS["Number"] = _PATTERNS["Float"]
_PATTERNS["DateTime"] = _PATTERNS["Date"]


_ROLES = frozenset({"Label", "Split"})
"""Types that say what a field is for, beside what it holds."""


def fits(values: Sequence[str], kind: str) -> bool:
    """Whether there are values, and all that are not empty can be of this type."""
    filled = [value.strip() for value in values if value.strip()]
    return bool(filled) and all(_PATTERNS[kind].fullmatch(value) for value in filled)


def check(said: Metadata, files: Mapping[str, Opened], own: str, budget: Budget) -> Iterator[Observation]:
    """What the document ``own`` says and the files beside it do not bear out.

    Args:
        files: everything in the folder, by path relative to the document.
    """
    if said.problems:
        yield _seen(rules.INVALID, f"{own}: {'; '.join(said.problems[:10])}.", "")
    by_reference: dict[str, str] = {}
    named: set[str] = set()
    for one in said.files:
        path = _local(one)
        if one.contained or not path:
            continue
        if "://" not in one.url and escapes(path):
            yield _seen(rules.PATH, f"{own} says that {one.name} lies elsewhere.", path)
            continue
        place = str(PurePosixPath(path))
        if place not in files:
            yield _seen(rules.MISSING, f"{own} names a file that is not there.", path)
            continue
        named.add(place)
        by_reference[one.id] = by_reference[one.name] = place
        yield from _same(one, files[place], own, place)
    for group in said.sets:
        matching = [place for place in files if any(_matches(place, pattern) for pattern in group.includes)]
        named.update(matching)
        if len(matching) >= 1:
            by_reference.setdefault(group.id, matching[0])
    described = said.files or said.sets
    left = [place for place in files if place not in named and place != own and is_table(files[place].source)]
    if described and left:
        yield _seen(rules.UNDESCRIBED, f"{len(left):,} files are not described in {own}.", ", ".join(left[:5]))
    yield from _fields(said.fields, by_reference, files, budget)


def _same(one: DescribedFile, opened: Opened, own: str, place: str) -> Iterator[Observation]:
    if not one.sha256:
        yield _seen(rules.NO_DIGEST, f"{own} does not say which bytes it means.", place)
    elif one.sha256 != opened.digest():
        yield _seen(
            rules.MISMATCH, f"{place} is not the file that {own} describes: its SHA-256 is {opened.digest()}.",
            one.sha256,
        )  # fmt: skip
    size = re.fullmatch(r"\s*(\d{1,18})\s*(?:B|bytes)?\s*", one.size)
    if size and int(size[1]) != opened.size:
        yield _seen(rules.MISMATCH, f"{place} has {opened.size} bytes, {own} says {size[1]}.", one.size)


def _fields(
    fields: Sequence[DescribedField], by_reference: Mapping[str, str], files: Mapping[str, Opened], budget: Budget
) -> Iterator[Observation]:
    wanted: dict[str, list[DescribedField]] = {}
    for one in fields:
        place = by_reference.get(one.file, "")
        if place and one.column and is_table(files[place].source):
            wanted.setdefault(place, []).append(one)
    for place, own in wanted.items():
        try:
            table = open_table(files[place].source, budget)
            rows = list(itertools.islice(table.rows, _ROWS))
        except BartizanError:
            continue  # said where its rows are read
        for one in own:
            if one.column not in table.columns:
                yield _seen(
                    rules.NO_FIELD, f"{place} has no column {printable(one.column)!r}.", ", ".join(table.columns)
                )
                continue
            at = table.columns.index(one.column)
            types = [kind for kind in one.types if kind not in _ROLES]
            patterns = [_PATTERNS[kind] for kind in types if kind in _PATTERNS]
            if not patterns or len(patterns) < len(types):
                continue
            bad = [row[at] for row in rows if row[at] and not any(p.fullmatch(row[at].strip()) for p in patterns)]
            if bad:
                kinds = " or ".join(types)
                count = f"{len(bad):,} of the first {len(rows):,} values of {one.column} in {place}"
                yield _seen(rules.TYPE, f"{count} are no {kinds}.", bad[0])


def _local(one: DescribedFile) -> str:
    """The path of a file beside the metadata; of one that is on the net, its name, under which people keep it."""
    if "://" not in one.url:
        return one.url
    return one.url.split("?")[0].rstrip("/").rpartition("/")[2]


def _matches(place: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(place, pattern[:300]) or fnmatch.fnmatchcase(place.rpartition("/")[2], pattern[:300])


def _seen(rule: Rule, explanation: str, evidence: str) -> Observation:
    return Observation(rule=rule, explanation=printable(explanation, 600), evidence=printable(evidence, 160))
