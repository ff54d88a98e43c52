"""MessagePack: read to its end without making a value; what its readers unpickle is scanned."""

from __future__ import annotations

import pickle
import random

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.bench.supplychain.assembler import call, whole
from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def verdict(content: bytes, name: str = "weights.msgpack") -> Admission:
    return ArtefactScanner().scan_bytes(content, name).verdict


@example(b"\x80\x00")
@given(VALUES)
def test_every_value_is_read_to_its_end(value: object) -> None:
    report = ArtefactScanner().scan_bytes(msgspec.msgpack.encode({"v": value, "w": [1, 2]}), "weights.msgpack")
    assert not [one for one in report.findings if "As msgpack" in one.explanation or one.rule == "format.unknown"]


@pytest.mark.parametrize("cut", [1, 3, 9])
def test_what_breaks_off_or_goes_on_is_held(cut: int) -> None:
    whole_one = msgspec.msgpack.encode({"a": [1, 2, 3], "b": "text" * 20})
    assert verdict(whole_one) is Admission.ALLOW
    assert verdict(whole_one[:-cut]) is Admission.INCONCLUSIVE
    assert verdict(whole_one + b"\x01" * cut) is Admission.INCONCLUSIVE
    assert verdict(b"\xdd\xff\xff\xff\xff" + whole_one) is Admission.INCONCLUSIVE


def test_pickles_in_it_are_scanned() -> None:
    hostile = whole(call("os", "system", ("true",)))
    assert verdict(msgspec.msgpack.encode({"nd": True, "kind": b"O", "data": hostile}), "model") is Admission.BLOCK
    harmless = pickle.dumps([1, 2], 4)
    assert verdict(msgspec.msgpack.encode({"nd": True, "kind": b"O", "data": harmless}), "model") is Admission.ALLOW


def test_an_empty_map_is_no_pickle_that_breaks_off() -> None:
    assert verdict(b"\x80", "lookups.bin") is Admission.ALLOW
    assert verdict(b"\x80", "model.pkl") is Admission.INCONCLUSIVE


def test_noise_is_not_taken_for_it() -> None:
    random.seed(7)
    for _ in range(200):
        assert verdict(bytes([0x9A, 0xC4]) + random.randbytes(200), "noise.bin") is not Admission.ALLOW
