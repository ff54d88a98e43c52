"""A name that a loader unpickles, on content that is no pickle, is not allowed; what libraries write under it is."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import tarfile
import zipfile
import zlib

import pytest

from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner

RULE = "pickle.other_content"
PNG = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(600)
PICKLE = pickle.dumps({"weights": [1.0, 2.0]})
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", PICKLE)
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("storages")
        member.size = len(PICKLE)
        archive.addfile(member, io.BytesIO(PICKLE))
    return out.getvalue()


def _scan(content: bytes, name: str) -> tuple[Admission, set[str]]:
    report = ArtefactScanner().scan_bytes(content, name)
    return report.verdict, {one.rule for one in report.findings}


@pytest.mark.parametrize(
    "name", ["model.pkl", "MODEL.PKL", "model.pickle", "a.joblib", "a.dill", "a.pt", "a.pth", "a.ckpt"]
)
def test_a_picture_is_no_pickle(name: str) -> None:
    verdict, rules = _scan(PNG, name)
    assert verdict is Admission.INCONCLUSIVE
    assert RULE in rules


@pytest.mark.parametrize("content", [POINTER, b'{"a": 1}'])
def test_a_pointer_to_the_file_is_not_the_file(content: bytes) -> None:
    assert RULE in _scan(content, "model.pkl")[1]


def test_a_member_of_an_archive_is_asked_as_well() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("model.pkl", PNG)
    assert RULE in _scan(out.getvalue(), "models.zip")[1]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PICKLE, "model.pkl"), (zlib.compress(PICKLE), "model.joblib"), (gzip.compress(PICKLE), "model.pkl"),
        (gzip.compress(PICKLE), "frame.pkl.gz"), (_zip(), "model.pt"), (_tar(), "model.pth"),
        (b"Uma frase em portugu\xc3\xaas, e mais uma.\n", "livro.pt"), (PNG, "picture.png"),
    ],
)  # fmt: skip
def test_what_libraries_write_under_such_names_is_not_named(content: bytes, name: str) -> None:
    assert RULE not in _scan(content, name)[1]
