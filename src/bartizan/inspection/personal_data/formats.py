"""How rows of personal-data formats are written down."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.interface import Extent, Pattern

TECHNIQUE = "personal_data_disclosure"

MARK = r"[ .\-‐-―]"
"""What parts the groups of a number: one space, full stop, hyphen or dash."""

GAP = (
    r"[^\w\n]{0,4}(?:(?:number|num|nummer|nr|no|n|is|was|are|ist|war|est|es|lautet|jest|id|code|of)\b[^\w\n]{0,3}){0,2}"
)
"""What stands between a label and its value."""

GAP_LENGTH = 4 + 2 * (6 + 3)

SHORT_LABEL = 7
"""Labels up to this length are part of common words, so they count only before a mark."""

_AFTER_SHORT = (":", "=", ".", ")", " number", " no", " nr", " is", " #", "-n", '"', "'", "*")

Check = Callable[[str], bool]


def _is_short(label: str) -> bool:
    return len(label) <= SHORT_LABEL and label.isascii() and " " not in label


def stems_of(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The literal beginnings of a labelled value: long labels as they are, short ones with what follows them.

    A short label also counts as the last part of a name such as ``customer_phone``.
    """
    out: list[str] = []
    for label in labels:
        if _is_short(label):
            out.extend(mark + label + after for mark in ("", "_") for after in _AFTER_SHORT)
        else:
            out.append(label)
    return tuple(out)


def label_regex(labels: tuple[str, ...]) -> str:
    """RE2 for a label and the gap behind it; a short label is a word of its own, not the end of another."""
    parts = [quote(label) for label in labels if not _is_short(label)]
    if short := "|".join(quote(label) for label in labels if _is_short(label)):
        parts.append(rf"(?:\b|_)(?:{short})(?:{'|'.join(map(quote, _AFTER_SHORT))})")
    return rf"(?i)(?:{'|'.join(parts)}){GAP}"


def quote(literal: str) -> str:
    """``literal`` as RE2 reads it literally."""
    return "".join(c if c.isalnum() or not c.isascii() else f"\\{c}" if c != " " else " " for c in literal)


def row(
    rule: str,
    extent: Extent,
    regex: str,
    max_length: int,
    *,
    check: Check | None = None,
    stems: tuple[str, ...] = (),
    literals: tuple[str, ...] = (),
    score: float = 0.9,
    severity: Severity = Severity.MEDIUM,
    replace: Callable[[str], str] | None = None,
    apart: bool = True,
    name: str = "",
    examples: tuple[str, ...] = (),
    counter_examples: tuple[str, ...] = (),
) -> Pattern:
    """A row of this guard; ``name`` is what redaction shows when several rows describe one format."""
    return Pattern(
        id=rule,
        guard=Guard.PERSONAL_DATA,
        threat=Threat.DATA_LEAKAGE,
        technique=TECHNIQUE,
        regex=regex,
        extent=extent,
        max_length=max_length,
        stems=stems,
        literals=literals,
        apart=apart,
        severity=severity,
        score=score,
        check=check,
        replace=replace or _marker(name or rule),
        examples=examples,
        counter_examples=counter_examples,
    )


def labelled(
    rule: str,
    labels: tuple[str, ...],
    value: str,
    value_length: int,
    *,
    check: Check | None = None,
    score: float = 0.95,
    severity: Severity = Severity.MEDIUM,
    name: str = "",
    examples: tuple[str, ...] = (),
    counter_examples: tuple[str, ...] = (),
) -> Pattern:
    """A value that says what it is: ``label: value``. Only the value is the span."""
    stems = stems_of(labels)
    return row(
        rule,
        Extent.STEM,
        rf"{label_regex(labels)}\b(?P<hit>{value})\b",
        max(map(len, stems)) + GAP_LENGTH + value_length + 2,
        check=check,
        stems=stems,
        score=score,
        severity=severity,
        apart=True,
        name=name,
        examples=examples,
        counter_examples=counter_examples,
    )


def identifier(
    rule: str,
    *,
    check: Check | None = None,
    compact: str = "",
    grouped: str = "",
    length: int,
    labels: tuple[str, ...] = (),
    literals: tuple[str, ...] = (),
    score: float = 0.9,
    bare: bool = True,
    grouped_bare: bool = True,
    severity: Severity = Severity.HIGH,
    examples: tuple[str, ...],
    counter_examples: tuple[str, ...] = (),
) -> tuple[Pattern, ...]:
    """The rows of one identifier: compact, in groups, and after a label.

    Args:
        rule: the format's id; the other rows add ``_grouped`` and ``_labelled``.
        check: checksum and other rules, over the value as written.
        compact: RE2 for the form without white space.
        grouped: RE2 for the form in groups.
        length: characters of the longest form.
        labels: words that announce it, in lower case.
        literals: see `Pattern.literals`, for the two forms without a label.
        score: of the forms without a label; what a random number meets too easily belongs after a label only.
        bare: whether the compact form counts without a label.
        grouped_bare: whether the grouped form counts without a label.
        severity: of every row.
        examples: full texts; each must be found by one of the rows.
        counter_examples: full texts in which none of the rows may find anything.
    """
    out: list[Pattern] = []
    if compact and bare:
        out.append(
            row(
                rule,
                Extent.TOKEN,
                rf"\b(?:{compact})\b",
                length + 2,
                check=check,
                score=score,
                severity=severity,
                literals=literals,
                counter_examples=counter_examples,
                examples=() if labels or grouped else examples,
            )
        )
    if grouped and grouped_bare:
        out.append(
            row(
                f"{rule}_grouped",
                Extent.GROUPS,
                rf"\b(?:{grouped})\b",
                length + 2,
                check=check,
                score=score,
                severity=severity,
                literals=literals,
                name=rule,
                counter_examples=counter_examples,
            )
        )
    if labels:
        value = "|".join(form for form in (grouped, compact) if form)
        out.append(
            labelled(
                f"{rule}_labelled",
                labels,
                f"(?:{value})",
                length,
                check=check,
                severity=severity,
                name=rule,
                counter_examples=counter_examples,
            )
        )
    first = out[0]
    if not first.examples:
        out[0] = _with_examples(first, examples)
    return tuple(out)


def _with_examples(pattern: Pattern, examples: tuple[str, ...]) -> Pattern:
    return msgspec.structs.replace(pattern, examples=examples)


def _marker(name: str) -> Callable[[str], str]:
    text = f"[REDACTED:{name}]"
    return lambda _: text
