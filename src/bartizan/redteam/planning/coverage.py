"""The catalogue held against a plan: which threats and techniques a campaign tests, by how many cases, which not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from bartizan.catalog.model import Catalog
from bartizan.core.threat import Threat
from bartizan.redteam.case import Case
from bartizan.redteam.planning.exposure import Exposure
from bartizan.redteam.taxonomy import EntryPoint, Objective

ELSEWHERE = {
    Threat.DATA_POISONING: "no message poisons training data: bartizan dataset scan, audits of robustness",
    Threat.MODEL_EXTRACTION: "takes thousands of queries and a copy to train: audits of robustness",
    Threat.ADVERSARIAL_INPUT: "takes gradients or a search over inputs of the model: audits of robustness",
    Threat.SUPPLY_CHAIN: "stands in artefacts, not in messages: bartizan scan, bartizan artefacts admit",
}
"""Threats that no campaign of messages tests, and what does."""

DISGUISES = {
    "bidi": "bidi-override",
    "deletion_characters": "",
    "encoded_base32": "base32",
    "encoded_base64": "base64",
    "encoded_binary": "binary",
    "encoded_character_codes": "decimal-codes",
    "encoded_entities": "html-entities",
    "encoded_escapes": "unicode-escapes",
    "encoded_hex": "hex",
    "encoded_morse": "morse",
    "encoded_percent": "percent",
    "encoded_quoted_printable": "quoted-printable",
    "leet": "leet",
    "letter_spacing": "letter-spacing",
    "markup_splitting": "",
    "mixed_script": "homoglyphs",
    "obfuscation": "noise",
    "reversed": "reversed",
    "run_together": "camel-case",
    "shifted_atbash": "atbash",
    "shifted_caesar": "caesar",
    "shifted_rot13": "rot13",
    "stacked_marks": "combining-marks",
    "styled_letters": "math-bold",
    "unicode_tags": "unicode-tags",
    "upside_down": "upside-down",
    "variation_selectors": "variation-selectors",
    "word_splitting": "hyphenated",
    "zero_width": "zero-width",
}
"""Techniques that are ways to write: the converter that brings each to every case; "" where none does."""
WHAT_IS_SEEN = frozenset({"discussion", "secret_disclosure", "personal_data_disclosure", "canary_leak"})
"""Techniques that name what a guard sees, not what an attacker does: oracles look for it in every case."""


FACTS = {"person": "facts.people", "falsehood": "facts.falsehoods"}
"""Slots that no drawn scope file fills, and where a person fills them."""
_GOALS = {Objective.LEAK_PERSONAL_DATA: "person", Objective.MISINFORMATION: "falsehood"}
"""What the words of a goal name."""


class State(StrEnum):
    """Whether a technique is tested."""

    TESTED = "tested"
    WAITING = "waiting"
    """All of its cases need facts that only a person can give."""
    NOT_EXPOSED = "not_exposed"
    """There are cases, and the description has no place where they could enter, or nothing they could be after."""
    DISGUISE = "disguise"
    """A way to write: the plan's converter brings it to every case."""
    LEFT_OUT = "left_out"
    """A way to write that the plan leaves out."""
    OUTCOME = "outcome"
    """What a success shows: oracles look for it."""
    NO_CASE = "no_case"
    ELSEWHERE = "elsewhere"
    """Of a threat that campaigns do not test."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One technique of the catalogue."""

    threat: Threat
    technique: str
    title: str
    state: State
    cases: int
    """That apply to the system as described."""
    entry_points: tuple[EntryPoint, ...]
    reason: str
    """Why it is not tested, or not everywhere; empty where it is."""
    references: tuple[str, ...]


def coverage(catalog: Catalog, cases: Sequence[Case], exposure: Exposure, *, disguised: bool = True) -> tuple[Row, ...]:
    """A row for each technique, and one without a technique for each threat that has none; in the catalogue's order.

    ``disguised``: the plan brings the disguises of the catalogue to its cases.
    """
    rows = [
        _row(
            technique.id,
            technique.title,
            technique.threat,
            [str(row.reference) for row in technique.references],
            mine,
            exposure,
            disguised,
        )
        for technique in catalog.techniques.values()
        for mine in ([case for case in cases if case.technique == technique.id],)
    ]
    shown = {row.threat for row in rows}
    for threat, entry in catalog.threats.items():
        if threat not in shown:
            references = tuple(str(row.reference) for row in entry.references)
            rows.append(
                Row(
                    threat=threat,
                    technique="",
                    title=entry.title,
                    state=State.ELSEWHERE,
                    cases=0,
                    entry_points=(),
                    reason=ELSEWHERE.get(threat, "the catalogue names no technique"),
                    references=references,
                )
            )
    return tuple(rows)


def applies(case: Case, exposure: Exposure) -> bool:
    """Whether ``case`` has a place to enter and something to be after."""
    return case.entry_point in exposure.entry_points and case.objective in exposure.objectives


def waits_for(case: Case) -> frozenset[str]:
    """The facts without which a drawn scope file leaves ``case`` out."""
    slots = case.slots()
    goal = {_GOALS[case.objective]} if "goal" in slots and case.objective in _GOALS else set()
    return frozenset(FACTS[name] for name in FACTS if name in slots | goal)


def _row(
    name: str,
    title: str,
    threat: Threat,
    references: Sequence[str],
    cases: Sequence[Case],
    exposure: Exposure,
    disguised: bool,
) -> Row:
    mine = [case for case in cases if applies(case, exposure)]
    state, reason = State.TESTED, ""
    if threat in ELSEWHERE:
        state, reason = State.ELSEWHERE, ELSEWHERE[threat]
    elif not cases and DISGUISES.get(name):
        left = "" if disguised else "not in this plan; --disguised brings it "
        state, reason = (State.DISGUISE if disguised else State.LEFT_OUT), f"{left}by the converter {DISGUISES[name]}"
    elif not cases and name in WHAT_IS_SEEN:
        state, reason = State.OUTCOME, "oracles look for it"
    elif not cases:
        state, reason = State.NO_CASE, "no case or converter ships for it"
    elif not mine:
        state, reason = State.NOT_EXPOSED, _missing(cases, exposure)
    elif all(waits_for(case) for case in mine):
        state, reason = State.WAITING, _waiting(mine)
    else:
        fewer, waiting = len(cases) - len(mine), [case for case in mine if waits_for(case)]
        parts = [f"{fewer} of {len(cases)} cases do not apply: {_missing(cases, exposure)}"] if fewer else []
        reason = "; ".join([*parts, *([_waiting(waiting)] if waiting else [])])
    return Row(
        threat=threat,
        technique=name,
        title=title,
        state=state,
        cases=len(mine),
        entry_points=tuple(sorted({case.entry_point for case in mine})),
        reason=reason,
        references=tuple(references),
    )


def _waiting(cases: Sequence[Case]) -> str:
    return f"{len(cases)} cases wait for {', '.join(sorted(frozenset().union(*map(waits_for, cases))))}"


def _missing(cases: Sequence[Case], exposure: Exposure) -> str:
    where = Counter(f"no {case.entry_point}" for case in cases if case.entry_point not in exposure.entry_points)
    what = Counter(f"nothing for {case.objective}" for case in cases if case.objective not in exposure.objectives)
    return ", ".join(name for name, _ in (where + what).most_common(4))
