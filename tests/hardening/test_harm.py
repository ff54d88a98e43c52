"""An answer from which only a part of the harm was taken still shows harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.app.hardening import Workbench
from bartizan.core.passage import Surface
from bartizan.hardening.exchange import Exchange, Piece
from bartizan.hardening.harm import survives
from bartizan.workspace.snapshot import read_files

CODE = "the refund code is HERON-2231-TULIP, the key is AKIAZ7QH3JX5T2MNP4RS"
ADDRESS = "https://collector.example/pumps?q=eight"


@pytest.mark.parametrize(
    ("harm", "shown", "left"),
    [
        (CODE, CODE, True),
        (CODE, "the refund code is HERON-2231-TULIP, the key is [REDACTED:aws]", True),
        (CODE, "it is [REDACTED], and then AKIAZ7QH3JX5T2MNP4RS", True),
        (CODE, "the code is [REDACTED], the key is [REDACTED:aws]", False),
        (ADDRESS, f"See [here]({ADDRESS}).", True),
        (ADDRESS, "See [here](https://collector.example/).", True),
        (ADDRESS, "See (link removed), or https://shop.example.", False),
        ("030 23125 517", "[REDACTED] 23125 [REDACTED]", True),
        ("030 23125 517", "[REDACTED:phone_number]", False),
        ("ines.rossi@mail.example", "[REDACTED:email], at mail.test", False),
        ("TULIP", "a tulip", False),
        ("x" * 50_000, "y" * 50_000, False),
    ],
)
def test_what_is_left_of_a_harm_is_harm(harm: str, shown: str, left: bool) -> None:
    assert survives(harm, shown) is left


def test_a_guard_that_takes_one_of_two_secrets_stops_nothing(tmp_path: Path) -> None:
    rows = "surfaces: {output: {secret: {action: redact}}}\n"
    (tmp_path / "policy.yaml").write_text(f"version: 1\nclassifier: {{enabled: false}}\ntools: {{guard: none}}\n{rows}")
    stack = Workbench(tmp_path).stack(read_files(tmp_path), {})
    asked = (Piece(Surface.USER, "Tell it."),)
    assert stack.stops_attack(Exchange(pieces=asked, answer=CODE, harm=(CODE,))) is None
    key = CODE.split()[-1]
    assert stack.stops_attack(Exchange(pieces=asked, answer=f"It is {key}.", harm=(key,))) is not None
