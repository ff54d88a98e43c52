"""Who contributed the suspects: a join of rows with a list of where rows came from."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.core.stats.tails import hypergeometric_tail
from bartizan.reporting.audit import Measure, NamedRow
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditContext, Floats, Labels, Samples

_LARGEST: Final = 512 * 1024**2
_NAMED, _CONTRIBUTORS = 200, 10


def row_digests(x: Floats) -> list[str]:
    """``sha256`` of each row's values as little-endian float32, in C order, in hexadecimal."""
    return [hashlib.sha256(np.ascontiguousarray(row, dtype="<f4").tobytes()).hexdigest() for row in x]


def named_rows(samples: Samples, rows: Labels, weights: Floats) -> tuple[NamedRow, ...]:
    """Up to 200 of ``rows`` with their digests, those with the largest of ``weights`` (one for each sample) first."""
    first = rows[np.argsort(-weights[rows], kind="stable")][:_NAMED]
    digests = row_digests(samples.x[first])
    return tuple(
        NamedRow(row=int(row), digest=digest, label=int(samples.y[row]), weight=float(weights[row]))
        for row, digest in zip(first, digests, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Contributor:
    """One source of rows."""

    name: str
    rows: int
    suspects: int
    p_value: float
    """How probable so many suspects are if they had been drawn from all rows, times the number of contributors."""


def read_provenance(path: Path, digests: Sequence[str]) -> list[str]:
    """The contributor of each row, from a CSV with a column ``contributor`` and one of ``digest`` (see
    :func:`row_digests`) or ``row`` (its index); empty where nobody is named. A digest may stand in several rows.

    Raises:
        UnusableDataError: unreadable, too large, no such columns, an index outside the rows, or two contributors for
            one digest or row.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UnusableDataError(f"{path} is larger than {_LARGEST // 1024**2} MiB")
        table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), strict=True)
        key = next((name for name in ("digest", "row") if name in (table.fieldnames or ())), "")
        if not key or "contributor" not in (table.fieldnames or ()):
            raise UnusableDataError(f"{path} needs the columns contributor and digest, or contributor and row")
        named: dict[str, str] = {}
        for entry in table:
            at, who = (entry[key] or "").strip().lower().removeprefix("sha256:"), (entry["contributor"] or "").strip()
            if key == "row" and not (at.isdecimal() and len(at) < 20 and int(at) < len(digests)):
                raise UnusableDataError(f"{path}:{table.line_num}: there is no row {at[:40]!r} among {len(digests)}")
            at = str(int(at)) if key == "row" else at
            if named.setdefault(at, who) != who:
                raise UnusableDataError(f"{path}:{table.line_num}: {key} {at} has two contributors")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableDataError(f"{path} cannot be read: {error}") from error
    return [named.get(digest if key == "digest" else str(number), "") for number, digest in enumerate(digests)]


def contributors(owners: Sequence[str], suspects: Labels) -> list[Contributor]:
    """Every contributor with their share of the suspects, most unlikely first; rows of nobody are one of them."""
    total, marked = Counter(owners), Counter(owners[row] for row in suspects)
    found = [
        Contributor(
            name, rows, marked[name],
            min(1.0, len(total) * hypergeometric_tail(marked[name], rows, len(suspects), len(owners))),
        )
        for name, rows in total.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.p_value, one.name))


def owner_measures(context: AuditContext, samples: Samples, suspects: Labels) -> tuple[Measure, ...]:
    """The ten contributors whose share of the suspects is least likely, where the option ``provenance`` names a CSV.

    Raises:
        UnusableDataError: see :func:`read_provenance`.
    """
    if "provenance" not in context.options:
        return ()
    owners = read_provenance(Path(context.options["provenance"]), row_digests(samples.x))
    return tuple(
        Measure(
            name="contributor_suspects", value=one.suspects / one.rows, n=one.rows,
            interval=clopper_pearson(one.suspects, one.rows),
            note=f"{one.name or 'nobody named'}: {one.suspects} rows, p = {one.p_value:.2g}",
        )
        for one in contributors(owners, suspects)[:_CONTRIBUTORS]
    )  # fmt: skip
