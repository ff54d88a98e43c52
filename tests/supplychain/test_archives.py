"""Zip, tar and compressed content: what ordinary archives look like, and that nothing in them is missed or crashes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.bench.supplychain.packing import lz4_frame
from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.scanning import ArtefactScanner

GOOD = whole(value({"a": [1, 2, 3]}))
BAD = whole(call("os", "system", ("true",)))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "lz4": lz4_frame,
}


def scan(content: bytes, limits: Limits | None = None) -> ArtefactReport:
    return ArtefactScanner(limits).scan_bytes(content, "model")


def zipped(content: bytes, method: int = zipfile.ZIP_STORED, member: str = "model.pkl") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(member, content)
    return out.getvalue()


def tarred(content: bytes, form: int = tarfile.PAX_FORMAT, member: str = "model.pkl") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("kind", PACKERS)
def test_compressed_content_is_seen(kind: str) -> None:
    pack = PACKERS[kind]
    assert scan(pack(GOOD)).verdict is Admission.ALLOW
    assert scan(pack(BAD)).verdict is Admission.BLOCK
    assert scan(pack(pack(BAD))).findings[0].member == f"{kind}!{kind}"
    assert scan(pack(BAD)[:-3]).verdict is not Admission.ALLOW
    assert scan(pack(GOOD) + b"more").verdict is not Admission.ALLOW


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_methods_are_read(method: int) -> None:
    assert scan(zipped(GOOD, method)).verdict is Admission.ALLOW
    assert scan(zipped(BAD, method)).verdict is Admission.BLOCK


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("member", ["model.pkl", "long/" * 30 + "model.pkl"])
def test_tar_formats_are_read(form: int, member: str) -> None:
    assert scan(tarred(GOOD, form, member)).verdict is Admission.ALLOW
    report = scan(tarred(BAD, form, member))
    assert report.verdict is Admission.BLOCK
    assert report.findings[0].member == member


def test_a_tar_that_ends_in_a_zip_is_read_as_both() -> None:
    assert scan(tarred(zipped(GOOD))).verdict is Admission.ALLOW
    assert scan(tarred(zipped(BAD))).verdict is Admission.BLOCK


def test_numpy_files_are_allowed() -> None:
    out = io.BytesIO()
    np.savez(out, a=np.zeros(3), b=np.array([1, "x"], dtype=object))
    assert scan(out.getvalue()).verdict is Admission.ALLOW
    out = io.BytesIO()
    np.save(out, np.arange(10))
    assert scan(out.getvalue()).verdict is Admission.ALLOW
    assert scan(out.getvalue() + BAD).verdict is not Admission.ALLOW


def test_a_bomb_stops_at_its_ratio() -> None:
    report = scan(zlib.compress(bytes(60 << 20), 9))
    assert report.verdict is Admission.INCONCLUSIVE
    assert {finding.evidence for finding in report.findings} == {"ratio"}


def test_deep_nesting_ends() -> None:
    content = BAD
    for _ in range(40):
        content = gzip.compress(content)
    assert scan(content).verdict is Admission.INCONCLUSIVE


def test_large_members_go_through_a_temporary_file() -> None:
    content = random.Random(1).randbytes(300_000) * 10
    report = scan(gzip.compress(whole(value([content])) + BAD), Limits(memory=1 << 20))
    assert report.verdict is Admission.BLOCK


def test_mutated_archives_never_break_the_scanner() -> None:
    rng = random.Random(11)
    bases = [zipped(GOOD), zipped(GOOD, zipfile.ZIP_DEFLATED), tarred(GOOD), *(pack(GOOD) for pack in PACKERS.values())]
    out = io.BytesIO()
    np.save(out, np.arange(10))
    bases.append(out.getvalue())
    for _ in range(1_500):
        data = bytearray(rng.choice(bases))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        report = scan(bytes(data[: rng.randrange(1, len(data) + 1)] if rng.random() < 0.2 else data), Limits(seconds=5))
        assert not [one for one in report.findings if one.rule == "scan.failed"], report.findings
