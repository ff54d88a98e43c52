"""What one reader opens to an attack while another sees nothing: archives, streams and arrays once let pass."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import warnings
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner

GOOD = whole(value({"a": [1, 2, 3]}))
BAD = whole(call("os", "getenv", ("HOME",)))


def verdict(content: bytes) -> Admission:
    return ArtefactScanner().scan_bytes(content, "model").verdict


def rules(content: bytes) -> set[str]:
    return {finding.rule for finding in ArtefactScanner().scan_bytes(content, "model").findings}


# -- numpy


def npy(header: str, body: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    raw = header.encode("utf-8" if version[0] == 3 else "latin-1")
    length = struct.pack("<H" if version[0] == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes(version) + length + raw + body


@pytest.mark.parametrize(
    "descr",
    [
        "'|O'",
        r"'|\x4f'",
        r"'\u007c\117'",
        "'|' 'O'",
        "[('a', '<i4'), ('b', [('c', '|O')])]",
        "[('a', ('|O', (2,)))]",
        "('|O', 2)",
        "'O8'",
        "'i4,O'",
        "[('a', {'names': ['x'], 'formats': ['O']})]",
    ],
)
def test_an_array_of_objects_is_unpickled_however_its_type_is_written(descr: str) -> None:
    for form in (
        "{'descr': %s, 'fortran_order': False, 'shape': (1,)}",
        "{'shape': (1,), 'fortran_order': 0, 'descr': %s, }",
    ):
        content = npy(form % descr, b"cos\ngetenv\n(S'HOME'\ntR.")
        assert verdict(content) is Admission.BLOCK
        assert "npy.object_array" in rules(content)


@pytest.mark.parametrize(
    "header", ["", "{", "[]", "{'descr': '<f4'}", "-" * 9_000 + "1", "(" * 9_000, "{'shape': (1,)}"]
)
def test_headers_that_cannot_be_read_are_taken_for_objects(header: str) -> None:
    assert verdict(npy(header, BAD)) is Admission.BLOCK
    long = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}" + " " * 11_000
    assert verdict(npy(long, BAD, (2, 0))) is Admission.BLOCK


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4), "f4"), np.array("x"), np.zeros(2, [("a", "i4"), ("b", "f8", (2,))]), np.zeros(3, "M8[ns]"),
        np.zeros(2, np.dtype({"names": ["a"], "formats": ["i4"], "offsets": [8], "itemsize": 24})), np.zeros(0),
        np.zeros(2, [("é", "i4")]), np.asfortranarray(np.ones((2, 3))), np.array(["Object"]),
        np.zeros(2, [("O", "i4"), ("x", [("y", "u1", 3)])]), np.zeros(2, "V7"),
    ],
)  # fmt: skip
def test_arrays_of_numbers_are_measured_exactly(array: Any) -> None:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.save(out, array)
    assert not rules(out.getvalue())
    assert rules(out.getvalue() + b"x") == {"npy.length"}


def test_headers_of_python_2_are_read() -> None:
    assert not rules(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 2L), }", bytes(24)))


# -- compressed streams


@pytest.mark.parametrize("size", [4096, 0x1230_00, 0xBC61_00, 1 << 23])
def test_lzma_is_recognised_with_any_size_of_dictionary(size: int) -> None:
    """joblib goes by two bytes and lets the decoder decide."""
    packed = bytearray(lzma.compress(BAD, lzma.FORMAT_ALONE))
    packed[1:5] = size.to_bytes(4, "little")
    assert lzma.decompress(bytes(packed), lzma.FORMAT_ALONE) == BAD
    assert verdict(bytes(packed)) is Admission.BLOCK


def test_a_dictionary_too_large_to_unpack_is_never_allowed() -> None:
    packed = bytearray(lzma.compress(BAD, lzma.FORMAT_ALONE))
    packed[1:5] = b"\x00\x00\x00\xf0"
    assert verdict(bytes(packed)) is not Admission.ALLOW


def test_zlib_that_begins_with_empty_blocks_is_unpacked() -> None:
    packed = b"\x78\x9c" + b"\x00\x00\x00\xff\xff" * 200 + zlib.compress(BAD)[2:]
    assert zlib.decompress(packed) == BAD
    assert verdict(packed) is Admission.BLOCK


@pytest.mark.parametrize("zeros", [1, 511, 70_000])
def test_gzip_members_after_zeros_are_unpacked(zeros: int) -> None:
    """Python's reader passes over the zeros; the content is that of both members."""
    packed = gzip.compress(BAD[:4]) + bytes(zeros) + gzip.compress(BAD[4:])
    assert gzip.decompress(packed) == BAD
    assert verdict(packed) is Admission.BLOCK


def test_numbers_are_not_taken_for_compressed_streams() -> None:
    rng = random.Random(3)
    for head in (b"\x78\x01", b"\x78\x9c", b"\x08\x1d", b"\x18\x19", b"\x5d\x00\x00", b"\x5d\x00\x80\x3f"):
        broken = sum("compressed.broken" in rules(head + rng.randbytes(4_000)) for _ in range(60))
        assert broken <= 3, head


# -- tar


def tarred(*members: tuple[str, bytes], form: int = tarfile.USTAR_FORMAT) -> bytearray:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for member, content in members:
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return bytearray(out.getvalue())


def summed(header: bytearray, *, signed: bool = False) -> None:
    """Write the checksum of a header anew."""
    header[148:156] = b" " * 8
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in header[:512])
    header[148:156] = b"%06o\0 " % total


def read_by_tarfile(content: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return archive.getnames()


def test_checksums_of_signed_bytes_are_taken() -> None:
    content = tarred(("é.pkl", BAD))
    summed(content, signed=True)
    assert read_by_tarfile(bytes(content))
    assert verdict(bytes(content)) is Admission.BLOCK


@pytest.mark.parametrize("kind", [b"5", b"\0"])
def test_a_folder_with_a_size_hides_no_member(kind: bytes) -> None:
    """Python's tarfile reads the next header right after a folder's; others pass over its size first."""
    content = tarred(("folder/", b""), ("model.pkl", BAD))
    content[156:157] = kind
    content[124:136] = b"%011o\0" % 1024
    summed(content)
    assert read_by_tarfile(bytes(content)) == ["folder", "model.pkl"]
    assert verdict(bytes(content)) is Admission.BLOCK


@pytest.mark.parametrize("record", [b"13 size=1_024\n", b"9 size=x\n", b"x size=1\n", b"3 size=4\n"])
def test_pax_records_that_readers_take_apart_differently_are_never_allowed(record: bytes) -> None:
    extended = tarred(("x", record), ("model.pkl", GOOD))
    extended[156:157] = b"x"
    summed(extended)
    assert verdict(bytes(extended)) is not Admission.ALLOW
    assert verdict(bytes(tarred(("model.pkl", GOOD), form=tarfile.PAX_FORMAT))) is Admission.ALLOW


def test_a_prefix_that_python_joins_whatever_the_mark_says_is_seen() -> None:
    content = tarred(("model.pkl", GOOD))
    content[257:265] = b"ustar  \0"
    content[345:348] = b"../"
    summed(content)
    assert read_by_tarfile(bytes(content))[0].startswith("..")
    assert "archive.path_escape" in rules(bytes(content))


# -- zip


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, content in members:
            archive.writestr(member, content)
    return out.getvalue()


def hidden(gap: int, *, last: bool) -> bytes:
    """An archive with a member that only readers of local headers see, behind ``gap`` zeros."""
    local = zipped(("evil.pkl", BAD))
    inner = bytes(gap) + local[: local.index(b"PK\1\2")]
    content = bytearray(zipped(("a.pkl", GOOD), ("b.pkl", GOOD)))
    directory = content.index(b"PK\1\2")
    second = content.index(b"PK\3\4", 4)
    place = directory if last else second
    content[place:place] = inner
    end = content.rindex(b"PK\5\6")
    content[end + 16 : end + 20] = struct.pack("<I", directory + len(inner))
    if not last:
        entry = content.rindex(b"PK\1\2")
        content[entry + 42 : entry + 46] = struct.pack("<I", second + len(inner))
    return bytes(content)


@pytest.mark.parametrize("gap", [0, 2 << 20])
@pytest.mark.parametrize("last", [False, True])
def test_members_without_an_entry_are_found_in_any_gap(gap: int, last: bool) -> None:
    content = hidden(gap, last=last)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.pkl", "b.pkl"]
        assert archive.testzip() is None
    assert "archive.hidden_member" in rules(content)
    assert verdict(content) is Admission.BLOCK


@pytest.mark.parametrize("comment", [0xFFFF, 0xFFFE])
def test_the_end_record_is_found_behind_the_longest_comment(comment: int) -> None:
    content = zipped(("a.pkl", BAD))
    content = content[:-2] + struct.pack("<H", comment) + b"x" * comment
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.pkl"]
    assert verdict(content) is Admission.BLOCK


def test_one_byte_after_the_longest_comment_still_shows_the_archive() -> None:
    """Python looks one byte further back than the longest comment reaches."""
    content = zipped(("a.pkl", BAD))
    content = content[:-2] + struct.pack("<H", 0xFFFF) + b"x" * 0x10000
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.pkl"]
    assert verdict(content) is Admission.BLOCK


def test_bz2_streams_in_a_row_are_one_content() -> None:
    assert verdict(bz2.compress(BAD[:4]) + bz2.compress(BAD[4:])) is Admission.BLOCK
