"""The check that no training row resembles an evaluation row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training.overlap import near_duplicates, shingles

LONG = "The committee decided on Tuesday that the bridge over the river will be repaired before the winter begins."


def jaccard(first: str, second: str) -> float:
    def pieces(text: str) -> set[str]:
        folded = " ".join(text.lower().split()) or " "
        size = min(5, len(folded))
        return {folded[place : place + size] for place in range(len(folded) - size + 1)}

    one, two = pieces(first), pieces(second)
    return len(one & two) / len(one | two)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_there_are_as_many_hashes_as_shingles(text: str) -> None:
    folded = " ".join(text.lower().split()) or " "
    size = min(5, len(folded))
    assert len(shingles(text)) == len({folded[place : place + size] for place in range(len(folded) - size + 1)})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LONG, True),
        (LONG.upper(), True),
        (LONG.replace("Tuesday", "Monday"), True),
        ("  " + LONG.replace(" ", "\n"), True),
        (LONG[: len(LONG) // 2], False),
        ("A quite different sentence about the opening hours of the library in summer.", False),
    ],
)
def test_near_duplicates_are_found(text: str, found: bool) -> None:
    pairs = list(near_duplicates([text], ["something else", LONG]))
    assert bool(pairs) is found is (jaccard(text, LONG) >= 0.7)
    if found:
        assert pairs[0].evaluation == 1
        assert pairs[0].similarity == pytest.approx(jaccard(text, LONG))


def test_the_command_fails_on_an_overlap(tmp_path: Path) -> None:
    for name, texts in (
        ("train", ["fresh text number one", LONG]),
        ("clean", ["nothing alike"]),
        ("dirty", [LONG + "!"]),
    ):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    def run(against: str) -> subprocess.CompletedProcess[str]:
        files = ["--train", str(tmp_path / "train.jsonl"), "--against", str(tmp_path / f"{against}.jsonl")]
        return subprocess.run(
            [sys.executable, "-m", "training.overlap", *files], capture_output=True, text=True, check=False
        )

    assert run("clean").returncode == 0
    dirty = run("dirty")
    assert dirty.returncode == 1
    assert "1 near-duplicates" in dirty.stdout
