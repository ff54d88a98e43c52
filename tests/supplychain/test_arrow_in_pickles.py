"""Strings of pandas 3, which are arrays of pyarrow: restored only where they read nothing outside their buffers."""

from __future__ import annotations

import struct

import pytest

from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner


def text(value: str) -> bytes:
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def name(module: str, what: str) -> bytes:
    return text(module) + text(what) + b"\x93"


def buffer(content: bytes | None) -> bytes:
    if content is None:
        return b"N"
    return name("pyarrow.lib", "py_buffer") + b"\x96" + struct.pack("<Q", len(content)) + content + b"\x85R"


def array(
    kind: str, length: int, *buffers: bytes | None, offset: int = 0, nulls: int = 0, children: bytes = b"]"
) -> bytes:
    made = name("pyarrow.lib", "type_for_alias") + text(kind) + b"\x85R"
    listed = b"](" + b"".join(map(buffer, buffers)) + b"e"
    counts = b"".join(b"J" + struct.pack("<i", one) for one in (length, nulls, offset))
    return name("pyarrow.lib", "_restore_array") + b"(" + made + counts + listed + children + b"Nt\x85R"


def strings(values: bytes) -> bytes:
    """An array of pandas with these values."""
    kind = name("pandas", "StringDtype") + text("pyarrow") + b"\x85R"
    state = b"}(" + text("_pa_array") + values + text("_dtype") + kind + text("_cache") + b"}u"
    return b"\x80\x05" + name("pandas.arrays", "ArrowStringArray") + b")\x81" + state + b"b."


def ends(*places: int) -> bytes:
    return struct.pack(f"<{len(places)}q", *places)


def verdict(content: bytes) -> Admission:
    return ArtefactScanner().scan_bytes(content, "m.pkl").verdict


@pytest.mark.parametrize(
    "values",
    [
        array("large_string", 2, None, ends(0, 1, 3), b"abc"),
        array("large_string", 1, None, ends(0, 1, 3), b"abc", offset=1),
        array("large_string", 2, b"\x01", ends(0, 1, 1), b"a", nulls=1),
        array("string", 1, None, struct.pack("<2i", 0, 1), b"a"),
        array("large_string", 0, None, None, None),
        array("int64", 2, None, bytes(16)),
        array("bool", 9, None, bytes(2)),
    ],
)
def test_arrays_in_their_buffers_pass(values: bytes) -> None:
    assert verdict(strings(values)) is Admission.ALLOW


@pytest.mark.parametrize(
    "values",
    [
        array("large_string", 2, None, ends(0, 1, 4), b"abc"),
        array("large_string", 2, None, ends(0, 2, 1), b"abc"),
        array("large_string", 1, None, ends(-8, 1), b"abc"),
        array("large_string", 9, None, ends(0, 1, 3), b"abc"),
        array("large_string", 1, None, ends(0, 1, 3), b"abc", offset=2),
        array("large_string", 1, None, ends(0, 1, 3), b"abc", offset=-1),
        array("large_string", 2, None, ends(0, 1, 3), None),
        array("large_string", 9, b"\x01", ends(*range(10)), bytes(9), nulls=1),
        array("int64", 3, None, bytes(16)),
        array("bool", 17, None, bytes(2)),
        array("large_string", 2, None, ends(0, 1, 3), b"abc", children=b"](Ne"),
        array("list<item: int64>", 1, None, ends(0, 1)),
        array("large_string", -1, None, ends(0), b""),
    ],
)
def test_arrays_that_reach_past_their_buffers_are_blocked(values: bytes) -> None:
    assert verdict(strings(values)) is Admission.BLOCK


def test_only_an_array_of_pyarrow_is_gone_through() -> None:
    assert verdict(strings(b"]")) is Admission.BLOCK
    assert verdict(strings(name("pyarrow.lib", "type_for_alias") + text("int64") + b"\x85R")) is Admission.BLOCK
    assert verdict(strings(name("pyarrow", "foreign_buffer") + b"K\x00K\x08\x86R")) is Admission.BLOCK
