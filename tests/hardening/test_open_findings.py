"""The range's exercise with open findings: both grades can be passed and failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.app.hardening import Workbench
from bartizan.hardening.exercise import HOSTS, OPEN_FINDINGS
from bartizan.hardening.stack import Stack
from bartizan.range.helpdesk.records import plant
from bartizan.workspace.snapshot import read_files

SEED = 7
OPEN = "version: 1\nclassifier: {enabled: false}\ntools: {guard: none}\n"
LINKS = f"links: {{check_plain: true, allow: [{', '.join(HOSTS)}]}}\n"
CODE = "canaries: [{name: code, value: {env: LAB_CODE}}]\n"


def stack(root: Path, policy: str) -> Stack:
    (root / "policy.yaml").write_text(policy)
    return Workbench(root).stack(read_files(root), {})


def test_the_code_is_in_the_transcripts_and_each_learner_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plant(SEED).secret not in OPEN_FINDINGS.export(SEED).decode()
    assert plant(SEED).secret[::-1] in OPEN_FINDINGS.export(SEED).decode()
    assert OPEN_FINDINGS.grade_attack(SEED, plant(SEED).secret.lower())
    assert not OPEN_FINDINGS.grade_attack(SEED, plant(SEED + 1).secret)
    assert OPEN_FINDINGS.export(SEED) == OPEN_FINDINGS.export(SEED) != OPEN_FINDINGS.export(SEED + 1)


@pytest.mark.parametrize(
    ("policy", "passed"),
    [
        (OPEN, False),
        (OPEN + LINKS, False),
        (OPEN + CODE, False),
        (OPEN + LINKS + CODE, True),
        (OPEN + LINKS.replace("docs.larkspur.example", "other.example") + CODE, False),
        (
            OPEN + CODE + "surfaces: {output: {output_hazard: {action: block, threshold: 0}}}\n",
            False,
        ),
    ],
    ids=["nothing", "links alone", "code alone", "both", "a forgotten host", "no code, hazards only"],
)
def test_only_a_defence_that_stops_and_keeps_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, passed: bool
) -> None:
    monkeypatch.setenv("LAB_CODE", plant(SEED).secret)
    grade = OPEN_FINDINGS.grade_defence(SEED, stack(tmp_path, OPEN), stack(tmp_path, policy), variants=12, rows=40)
    assert grade.stopped.n == 24
    assert grade.passed is passed
