"""Property and example tests of the safetensors scanner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import rules_of, safetensors, scanned, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.artefact import Admission


def tensor(begin: int, end: int, dtype: str = "F32", shape: list[int] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - begin) // 4] if shape is None else shape, "data_offsets": [begin, end]}


GOOD = safetensors({"__metadata__": {"format": "pt"}, "a": tensor(0, 8), "b": tensor(8, 16)}, bytes(16))


def test_a_sound_file_is_allowed_under_any_name() -> None:
    assert not scanned(GOOD, "model.safetensors")
    assert not scanned(GOOD, "model.bin")
    assert not scanned(safetensors({"a": tensor(0, 0, shape=[0])}))
    assert not scanned(safetensors({"a": tensor(0, 2, "F4", [4])}, bytes(2)))


@pytest.mark.parametrize(
    ("header", "data", "rule"),
    [
        ({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12), "safetensors.overlap"),
        ({"a": tensor(0, 8), "b": tensor(12, 16)}, bytes(16), "safetensors.hole"),
        ({"a": tensor(0, 8)}, bytes(9), "safetensors.trailing"),
        ({"a": tensor(0, 8, shape=[3])}, bytes(8), "safetensors.size"),
        ({"../../a": tensor(0, 8)}, bytes(8), "safetensors.name"),
        ({"a\x1b[2J": tensor(0, 8)}, bytes(8), "safetensors.name"),
        (b'{"a":%b,"a":%b}' % ((json.dumps(tensor(0, 8)).encode(),) * 2), bytes(8), "safetensors.duplicate_key"),
    ],
)
def test_what_readers_may_read_in_two_ways_is_blocked(header: dict[str, Any] | bytes, data: bytes, rule: str) -> None:
    raw = safetensors(header, data)
    assert rule in rules_of(raw)
    assert verdict(raw) is Admission.BLOCK


@pytest.mark.parametrize(
    "raw",
    [
        safetensors({"a": tensor(0, 80)}, bytes(8)),
        safetensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
        safetensors({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, bytes(4)),
        safetensors({"a": {"dtype": "Q9", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        safetensors({"a": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 4]}}, bytes(4)),
        safetensors({"a": [1]}, bytes(4)),
        safetensors({"__metadata__": {"a": 1}}),
        safetensors(b'{"a":' + b"[" * 50_000),
        (1 << 60).to_bytes(8, "little") + b'{"a"',
        (40 << 20).to_bytes(8, "little") + b"{" + b" " * 100,
        b"\x02",
        b"",
    ],
)
def test_what_breaks_the_format_is_never_allowed(raw: bytes) -> None:
    assert verdict(raw, "x.safetensors") is not Admission.ALLOW


def test_a_finding_says_where() -> None:
    (finding,) = scanned(safetensors({"a": tensor(0, 8)}, bytes(8) + b"extra"))
    assert finding.offset == len(safetensors({"a": tensor(0, 8)}, bytes(8)))
    assert finding.evidence == b"extra".hex()


@given(st.integers(0, len(GOOD) - 1))
def test_every_truncation_is_noticed(length: int) -> None:
    assert verdict(GOOD[:length], "x.safetensors") is not Admission.ALLOW


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_mutated_files_end_in_findings_not_in_failures(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(GOOD)
    for place, value in changes:
        raw[place] = value
    assert "scan.failed" not in rules_of(bytes(raw), "x.safetensors")
