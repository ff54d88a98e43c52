"""The opcode machine against CPython's: it knows the same plain values, and stops where that stops."""

from __future__ import annotations

import pickle
import pickletools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.supplychain.budget import Budget, Limits
from bartizan.supplychain.engine import Scan, _Context
from bartizan.supplychain.pickles.stream import Run, run
from bartizan.supplychain.pickles.values import FLOAT, LONG
from bartizan.supplychain.registry import scanners
from bartizan.supplychain.source import ByteSource

NUMBERS = st.one_of(st.integers(-(2**64), 2**64), st.integers(-(2**255), 2**255 - 1))
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=12)),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)


def followed(raw: bytes) -> Run:
    scan = Scan(scanners(), Budget(Limits(seconds=20)))
    return run(ByteSource(raw, ""), 0, _Context(scan, "", "", 0, "", None), "")


@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_it_knows_the_plain_values_that_python_writes(value: Any, protocol: int) -> None:
    raw = pickle.dumps(value, protocol)
    found = followed(raw)
    assert (found.end, found.problem) == (len(raw), "")
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"I-7\n.", -7),
        (b"I01\n.", True),
        (b"I00\n.", False),
        (b"I0x1f\n.", 0x1F),
        (b"I010\n.", 8),
        (b"L-12L\n.", -12),
        (b"L12\n.", 12),
        (b"J\xff\xff\xff\xff.", -1),
        (b"J\x00\x00\x00\x80.", -(2**31)),
        (b"M\xff\xff.", 0xFFFF),
        (b"K\xff.", 255),
        (b"\x8a\x01\x80.", -128),
        (b"\x8a\x00.", 0),
        (b"\x8b\x02\x00\x00\x00\x00\x80.", -32768),
        (b"S'a\\x41'\n.", "aA"),
        (b"U\x02ab.", "ab"),
        (b"T\x02\x00\x00\x00ab.", "ab"),
        (b"V\\u00e9\n.", "é"),
        (b"\x8c\x02\xc3\xa9.", "é"),
        (b"X\x02\x00\x00\x00\xc3\xa9.", "é"),
        (b"\x8d\x02\x00\x00\x00\x00\x00\x00\x00\xc3\xa9.", "é"),
        (b"K\x01K\x02\x86.", (1, 2)),
        (b"(K\x01K\x02t.", (1, 2)),
        (b"K\x01K\x020.", 1),
        (b"K\x012\x86.", (1, 1)),
        (b"K\x07q\x05h\x05.", 7),
        (b"K\x07p300\ng300\n.", 7),
        (b"K\x07r\x00\x01\x00\x00j\x00\x01\x00\x00.", 7),
        (b"K\x07\x94h\x00.", 7),
    ],
)
def test_each_way_of_writing_a_value(raw: bytes, value: Any) -> None:
    assert pickle.loads(raw) == value
    assert followed(raw).value == value


def test_numbers_that_do_not_matter_are_only_numbers() -> None:
    assert followed(pickle.dumps(1.5)).value is FLOAT
    assert followed(pickle.dumps(2.5, 0)).value is FLOAT
    assert followed(pickle.dumps(1 << 300)).value is LONG


UNKNOWN = sorted(set(range(256)) - {ord(one.code.encode("latin-1")) for one in pickletools.opcodes})


@pytest.mark.parametrize("code", UNKNOWN)
def test_no_byte_that_is_no_opcode_is_passed_over(code: int) -> None:
    found = followed(b"K\x01" + bytes([code]) + b".")
    assert (found.end, found.problem) == (-1, f"0x{code:02x} is no opcode")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"\x80\x06N.", "the protocol is unknown"),
        (b".", "the stack is empty"),
        (b"K\x01\x86.", "the stack is empty"),
        (b"t.", "the stack is empty"),
        (b"P" + b"x" * 100_000, "there is no STOP"),
    ],
)
def test_where_it_breaks_off(raw: bytes, problem: str) -> None:
    with pytest.raises((pickle.UnpicklingError, ValueError, IndexError, EOFError)):
        pickle.loads(raw)
    found = followed(raw)
    assert (found.end, found.problem) == (-1, problem)
