"""Streams that one reader goes through to an attack while another stops early: each was once let pass."""

from __future__ import annotations

import io
import pickle
import struct
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.bench.supplychain.assembler import Raw, call, made, name, text, value, whole
from bartizan.core.artefact import Admission
from bartizan.supplychain.pickles import costs
from bartizan.supplychain.pickles.literals import integer, octal
from bartizan.supplychain.pickles.memo import Memo
from bartizan.supplychain.pickles.stream import TORCH_MAGIC
from bartizan.supplychain.scanning import ArtefactScanner

BAD = whole(call("os", "getenv", ("HOME",)))
QUIET = whole(b"N")
ACME = whole(call("acme.models", "Net", (1,)))


def verdict(content: bytes) -> Admission:
    return ArtefactScanner().scan_bytes(content, "model.bin").verdict


def rules(content: bytes) -> set[str]:
    return {finding.rule for finding in ArtefactScanner().scan_bytes(content, "model.bin").findings}


def loads(content: bytes, loader: Callable[[io.BytesIO], Any]) -> list[str]:
    """Names that a loader really looks up; nothing that it finds does anything."""
    seen: list[str] = []

    class Watched(loader):  # type: ignore[valid-type, misc]
        def find_class(self, module: str, attribute: str) -> Any:
            seen.append(f"{module}.{attribute}")
            return lambda *arguments: types.SimpleNamespace()

    stream = io.BufferedReader(io.BytesIO(content))  # like a file, one can look ahead in it
    while stream.tell() < len(content):
        try:
            Watched(stream).load()
        except Exception:  # whatever a broken stream raises ends it
            break
    return seen


PYTHON, C = pickle._Unpickler, pickle.Unpickler  # type: ignore[attr-defined]


def test_quiet_pickles_before_the_one_that_acts_hide_nothing() -> None:
    for quiet in (b"N.", b"I1\n.", b"].", b"(lp0\n."):
        assert verdict(quiet * 3 + BAD) is Admission.BLOCK
        assert verdict(quiet + b"cos\nsystem\n(S'x'\ntR.") is Admission.BLOCK


def test_a_frame_longer_than_the_file_is_followed_as_python_does() -> None:
    body = call("os", "getenv", ("HOME",)) + b"."
    stream = b"\x80\x04\x95" + struct.pack("<Q", 1 << 20) + body
    assert loads(stream, PYTHON) == ["os.getenv"]
    assert loads(stream, C) == []
    assert "pickle.dangerous_global" in rules(stream)
    assert "pickle.frame" in rules(b"\x80\x04\x95" + struct.pack("<Q", 1 << 20) + b"N.")


def test_a_stop_inside_a_frame_is_seen_by_both_readers() -> None:
    stream = b"\x80\x04\x95" + struct.pack("<Q", 2 + len(BAD)) + b"N." + BAD
    assert loads(stream, C) == ["os.getenv"]
    assert loads(stream, PYTHON) == []
    assert {"pickle.frame", "pickle.dangerous_global"} <= rules(stream)


@pytest.mark.parametrize(
    ("put", "get"),
    [
        (b"p0000000000000000000000000000000000000007\n", b"g7\n"),
        (b"p" + b"0" * 1_500 + b"7\n", b"g7\n"),
        (b"p 7\n", b"g7\n"),
        (b"p0_7\n", b"g7\n"),
    ],
)
def test_memo_numbers_are_read_as_cpython_reads_them(put: bytes, get: bytes) -> None:
    stream = b"Vos\n" + put + b"0N0" + get + text("getenv") + b"\x93(S'HOME'\ntR."
    assert loads(stream, C) == ["os.getenv"]
    assert "pickle.dangerous_global" in rules(stream)


def test_a_memo_number_that_is_too_long_to_look_at_is_never_allowed() -> None:
    stream = b"Vos\np" + b" " * 70_000 + b"7\n0g7\n" + text("getenv") + b"\x93(S'HOME'\ntR."
    assert loads(stream, PYTHON) == ["os.getenv"]
    assert verdict(stream) is not Admission.ALLOW


def test_numbers_areoctal_where_the_c_reader_takes_them_so() -> None:
    """A size of an array in octal: joblib's readers in C and Python would go on at different places."""
    assert C(io.BytesIO(b"I010\n.")).load() == 8
    assert octal(b"010")
    assert integer(b"010", 8) == 8
    assert not any(map(octal, (b"10", b"0x10", b"08", b"", None)))


def test_new_by_its_function_is_judged_like_the_opcode() -> None:
    for kind, arguments in (("tokenizers.models.BPE", ("vocab.json", "merges.txt")), ("builtins.bytes", ("x", "acme"))):
        module, _, attribute = kind.rpartition(".")
        stream = whole(call("copyreg", "__newobj__", (Raw(name(module, attribute)), *arguments)))
        assert rules(stream) == {"pickle.call_arguments"}
    assert verdict(whole(call("copyreg", "__newobj_ex__", (Raw(name("builtins", "int")), (), {})))) is Admission.BLOCK
    assert verdict(pickle.dumps(types.SimpleNamespace(a=complex(1, 2)), 2)) is Admission.ALLOW


def test_a_name_that_can_be_no_text_ends_the_stream() -> None:
    assert rules(b"\x80\x04" + b"G" + bytes(8) + text("x") + b"\x93.") == {"pickle.truncated"}
    assert "pickle.computed_name" in rules(b"\x80\x04" + text("x" * 2_000) + text("y") + b"\x93.")


def legacy(*pickles: bytes, numbers: bytes = b"") -> bytes:
    first = [pickle.dumps(one, 2) for one in (TORCH_MAGIC, 1001, {"little_endian": True}, {}, [])]
    return b"".join(first) + b"".join(pickles) + numbers


def test_numbers_after_torchs_five_pickles_are_numbers_and_imports_are_not() -> None:
    assert verdict(legacy()) is Admission.ALLOW
    assert verdict(legacy(numbers=struct.pack("<Q", 4) + np.ones(4, "f4").tobytes())) is Admission.ALLOW
    assert verdict(legacy(BAD)) is Admission.BLOCK
    assert verdict(legacy(ACME)) is Admission.BLOCK
    rng = np.random.default_rng(5)
    for _ in range(60):
        weights = rng.standard_normal(2_000).astype("f4").tobytes()
        assert verdict(legacy(numbers=struct.pack("<Q", 2_000) + weights)) is Admission.ALLOW


def wrapper(shape: tuple[int, ...], padding: int | None = None) -> bytes:
    """joblib's description of an array of bytes, as its pickler writes it in front of the numbers."""
    state: dict[str, Any] = {
        "subclass": Raw(name("numpy", "ndarray")),
        "shape": shape,
        "order": "C",
        "dtype": Raw(call("numpy", "dtype", ("u1", False, True)) + value((3, "|", None, None, None, -1, -1, 0)) + b"b"),
        "allow_mmap": False,
    }
    if padding is not None:
        state["numpy_array_alignment_bytes"] = padding
    return made("joblib.numpy_pickle", "NumpyArrayWrapper") + value(state) + b"b"


def test_pickles_after_an_array_of_joblib_are_read() -> None:
    numbers = bytes(range(200, 216))
    assert verdict(whole(wrapper((16,)) + numbers)) is Admission.ALLOW
    for after in (BAD, ACME):
        assert verdict(whole(wrapper((16,)) + numbers) + after) is Admission.BLOCK
        assert verdict(whole(wrapper((16,)) + numbers) + QUIET + after) is Admission.BLOCK


def test_both_ways_of_joblib_to_pass_over_padding_are_followed() -> None:
    """With padding read, four bytes less are numbers: what stands there then are opcodes."""
    hidden = call("os", "getenv", ("HOME",))
    for numbers in (bytes([3, 0, 0, 0]) + b"N0N0N0N0" + b"0" + hidden + b"0N", b"N0N0" + hidden):
        for size in range(4, 12):
            stream = whole(wrapper((size,), 16) + numbers)
            assert verdict(stream) is not Admission.ALLOW


def test_a_stop_among_numbers_ends_the_stream_for_an_old_joblib_only() -> None:
    """What an old joblib leaves unread there is no unknown data, but what it might read on is still looked at."""
    begin = bytes([3, 255, 255, 255])
    numbers = bytes(12) + b"."
    noise = b"\x11\xf7\xfc"
    assert verdict(whole(wrapper((16,), 16) + begin + numbers + noise)) is Admission.ALLOW
    assert verdict(whole(wrapper((16,), 16) + begin + numbers + noise) + b"acme") is not Admission.ALLOW
    for after in (BAD, ACME, QUIET + BAD):
        padding = bytes([len(after)]) + b"\xff" * len(after)  # so many bytes apart are the two ways to read it
        numbers = bytes(12) + b"." + after
        assert verdict(whole(wrapper((len(numbers),), 16) + padding + numbers)) is Admission.BLOCK
    assert verdict(whole(wrapper((16,)) + bytes(15) + b"." + b"0" + noise)) is not Admission.ALLOW


def test_numbers_of_an_array_cannot_excuse_a_call() -> None:
    """Only ids and calls of the wrapper itself may be chance."""
    stream = whole(wrapper((4,)) + b"0N0N" + text("x") + value((1,)) + b"R")
    assert verdict(stream) is not Admission.ALLOW


@given(st.lists(st.tuples(st.sampled_from(["put", "memoize", "get"]), st.integers(0, 12), st.integers())))
def test_the_memo_is_a_dict(steps: list[tuple[str, int, int]]) -> None:
    memo, model = Memo(), dict[int, int]()
    for what, key, content in steps:
        if what == "put":
            memo.put(key, content)
            model[key] = content
        elif what == "memoize":
            model[len(model)] = content
            memo.memoize(content)
        elif key in model:
            assert memo.get(key) == model[key]
        else:
            with pytest.raises(KeyError):
                memo.get(key)
        assert len(memo) == len(model)


@pytest.mark.parametrize(
    "piece", [b"]\x94", b"}\x94", b"(", b"N", b")\x85\x94", text("x" * 200) + b"\x94", b"C\x01x\x94", b"Vxxx\np9\n"]
)
def test_streams_that_only_grow_are_ended(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MOST_BYTES", "MOST_STACK", "MOST_MEMO"):
        monkeypatch.setattr(costs, limit, getattr(costs, limit) // 1_000)
    assert "pickle.budget" in rules(whole(piece * 6_000))
    assert "pickle.budget" not in rules(whole(piece * 20))
