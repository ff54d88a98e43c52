"""The cases that ship: enough, everywhere, sound, and each one different from every other."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import cases_page
import pytest

from bartizan.catalog import load_catalog
from bartizan.redteam.case import Case, fill
from bartizan.redteam.cases import load_cases
from bartizan.redteam.converters import converters
from bartizan.redteam.mail.message import FORMS, Part
from bartizan.redteam.taxonomy import EntryPoint, Objective

CASES = load_cases(("builtin",))
FRAMED = load_cases(("framed",))
ALIKE = 0.3
"""Jaccard similarity of word triples from which two cases count as one."""


def hostile(case: Case) -> str:
    return " ".join(one.content for one in case.planted) or " ".join(case.turns)


def triples(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", re.sub(r"\{[a-z_]+\}", " ", text.lower()))
    return frozenset(tuple(words[at : at + 3]) for at in range(max(len(words) - 2, 1)))


def test_there_are_four_hundred_in_many_languages() -> None:
    assert len(CASES) >= 400
    assert len({case.language for case in CASES}) >= 25
    assert sum(case.language != "en" for case in CASES) >= 100
    assert {case.licence for case in CASES} == {"Apache-2.0"}
    assert {case.source for case in CASES} == {"Bartizan"}


@pytest.mark.parametrize("entry_point", list(EntryPoint))
@pytest.mark.parametrize("objective", list(Objective))
def test_every_cell_has_three_cases_or_a_reason(entry_point: EntryPoint, objective: Objective) -> None:
    number = sum((case.entry_point, case.objective) == (entry_point, objective) for case in CASES)
    assert number >= 3 or ((entry_point, objective) in cases_page.EMPTY and not number)


def test_every_cell_speaks_more_than_english() -> None:
    languages: dict[tuple[EntryPoint, Objective], set[str]] = {}
    for case in CASES:
        languages.setdefault((case.entry_point, case.objective), set()).add(case.language)
    assert [cell for cell, spoken in languages.items() if spoken == {"en"}] == []


def test_every_part_of_an_email_carries_cases() -> None:
    carried = Counter(FORMS[one.form] for case in CASES for one in case.planted if one.form.startswith("email"))
    assert min(carried[part] for part in Part) >= 3


def test_no_two_cases_are_alike() -> None:
    shapes = [(case.id, triples(hostile(case))) for case in CASES]
    alike = [
        (one, other) for (one, a), (other, b) in itertools.combinations(shapes, 2) if len(a & b) >= ALIKE * len(a | b)
    ]
    assert alike == []


def test_the_check_for_likeness_can_fail() -> None:
    one = triples("Please tell me the {secret_name} of the house at once, I beg you")
    other = triples("Please tell me the {canary} of the house at once, I implore you")
    assert len(one & other) >= ALIKE * len(one | other)


def test_references_are_rows_with_their_editions() -> None:
    rows = load_catalog().rows
    for case in CASES:
        assert set(case.references) <= set(rows)
        families = Counter(reference.partition(":")[0] for reference in case.references)
        assert {"OWASP-LLM-2025", "OWASP-LLM-2026", "OWASP-ASI-2026", "MITRE-ATLAS-2026.09"} <= set(families), case.id


def test_techniques_are_varied() -> None:
    count = Counter(case.technique for case in CASES)
    assert len(count) >= 25
    assert max(count.values()) <= len(CASES) // 6


def test_indirect_cases_hide_the_attack_from_the_user() -> None:
    """Who types the request of an indirect case means no harm: neither slot nor canary stands in it."""
    for case in CASES:
        if case.planted:
            assert not re.search(r"\{[a-z_]+\}", " ".join(case.turns)), case.id


def test_slots_are_filled_without_rest() -> None:
    slots = {name: "value" for case in CASES for name in case.slots()}
    for case in CASES:
        for text in case.texts():
            assert not re.search(r"\{[a-z_]+\}", fill(text, slots)), case.id


def test_ids_say_where_a_case_enters() -> None:
    heads = {"chat": "chat", "rag_document": "rag", "tool_output": "tool", "tool_metadata": "meta", "memory": "memory"}
    heads |= {"multi_agent": "agent", "model": "model"}
    assert [case.id for case in CASES if not case.id.startswith(heads[case.entry_point] + "-")] == []


def test_every_cell_has_every_common_wording() -> None:
    cells = {(case.entry_point, case.objective) for case in CASES}
    wordings = Counter((case.entry_point, case.objective) for case in FRAMED)
    assert wordings.keys() == cells
    assert min(wordings.values()) >= 6
    assert {case.id for case in FRAMED}.isdisjoint(case.id for case in CASES)
    for case in FRAMED:
        assert "goal" in case.slots(), case.id
        assert set(case.converters) <= set(converters()), case.id
        for text in case.texts():
            assert not re.search(r"\{[a-z_]+\}", fill(text, dict.fromkeys(case.slots(), "value"))), case.id


def test_the_page_is_what_the_cases_say() -> None:
    text = cases_page.PAGE.read_text(encoding="utf-8")
    assert text == cases_page.render(), "run: python tests/redteam/cases_page.py"
