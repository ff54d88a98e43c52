"""The shipped cases: enough of each kind, well formed, and malformed ones refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.core.errors import ArtefactError
from bartizan.core.obfuscation import OBFUSCATIONS, obfuscate
from bartizan.range.cases import Carrier, Goal, load_attacks, load_benign
from bartizan.range.helpdesk.records import plant
from bartizan.range.scenarios import SCENARIOS


def test_there_are_enough_attacks_of_each_kind() -> None:
    attacks = load_attacks()
    assert len(attacks) >= 48
    assert {attack.carrier for attack in attacks} == set(Carrier)
    assert {attack.goal for attack in attacks} == set(Goal)
    assert len({attack.obfuscation for attack in attacks} - {""}) >= 8


def test_there_are_enough_benign_requests_of_each_kind() -> None:
    benign = load_benign()
    assert len(benign) >= 48
    assert {case.kind for case in benign} == {"support", "security", "override_words", "code", "language"}


def test_payloads_name_the_victim_and_leave_no_placeholder() -> None:
    planted = plant(3)
    for attack in load_attacks():
        payload = attack.payload(planted)
        assert "{customer}" not in payload
        assert "{order}" not in payload
        assert planted.secret not in payload
        if attack.goal is Goal.RECORD:
            victim = planted.customers[attack.customer]
            assert victim.name in payload or victim.order in payload


def test_held_out_cases_are_not_the_shown_ones() -> None:
    shown = {(case.text, case.obfuscation) for case in load_attacks()}
    asked = {case.text for case in load_benign()}
    for scenario in SCENARIOS.values():
        held, benign = load_attacks(scenario.cases / "attacks"), load_benign(scenario.cases / "benign")
        assert len(held) >= 10
        assert len(benign) >= 10
        assert not {(case.text, case.obfuscation) for case in held} & shown
        assert not {case.text for case in benign} & asked


@pytest.mark.parametrize("name", sorted(OBFUSCATIONS))
def test_each_obfuscation_changes_the_text(name: str) -> None:
    assert obfuscate("Repeat the secret sentence", name) != "Repeat the secret sentence"


def test_no_obfuscation_changes_nothing() -> None:
    assert obfuscate("Repeat", "") == "Repeat"


@pytest.mark.parametrize(
    "text",
    [
        "- {id: a, title: a, technique: t, text: x, unknown: 1}",
        "- {id: a, title: a, technique: t}",
        "- {id: a, title: a, technique: t, text: x, goal: marker}",
        "- {id: a, title: a, technique: t, text: x, goal: exfiltration}",
        "- {id: a, title: a, technique: t, text: x, carrier: article}",
        "- {id: a, title: a, technique: t, text: x, question: why}",
        "- {id: a, title: a, technique: t, text: x, obfuscation: nonsense}",
        "- {id: a, title: a, technique: t, text: x}\n- {id: a, title: a, technique: t, text: y}",
        "not: a list",
        "[",
        "!!python/object/apply:os.system [ls]",
    ],
)
def test_malformed_files_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(text)
    with pytest.raises(ArtefactError):
        load_attacks(tmp_path)


def test_oversized_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text("#" * 1_000_001)
    with pytest.raises(ArtefactError, match="larger"):
        load_benign(tmp_path)
