"""Tensors that reach past their storage, storages that the archive does not hold, indices outside a shape."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int = 0,
    count: int = 4,
    key: str = "0",
    kind: str = "Float",
) -> bytes:
    """Opcodes of one tensor."""
    storage = b"(X\x07\x00\x00\x00storagectorch\n" + kind.encode() + b"Storage\nX\x01\x00\x00\x00" + key.encode()
    storage += b"X\x03\x00\x00\x00cpu" + number(count) + b"tQ"
    rest = number(offset) + numbers(*sizes) + numbers(*strides) + b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest + b"tR"


def archive(stream: bytes, **data: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as file:
        file.writestr("m/data.pkl", b"\x80\x02" + stream + b".")
        file.writestr("m/version", b"3\n")
        for key, content in data.items():
            file.writestr(f"m/data/{key.removeprefix('s')}", content)
    return raw.getvalue()


def rules(content: bytes) -> set[str]:
    report = ArtefactScanner().scan_bytes(content, "m.pt")
    assert (report.verdict is Admission.ALLOW) == (not report.findings)
    return {one.rule for one in report.findings}


@pytest.mark.parametrize(
    ("stream", "held"),
    [
        (tensor((4,), (1,)), 16),
        (tensor((2, 2), (2, 1)), 16),
        (tensor((2, 2), (1, 2)), 16),
        (tensor((2,), (2,), offset=1), 16),
        (tensor((0, 3), (3, 1), count=0), 0),
        (tensor((9,), (0,)), 16),
        (tensor((), (), offset=3), 16),
        (tensor((4,), (1,), kind="Half"), 8),
    ],
)
def test_what_lies_in_its_storage_passes(stream: bytes, held: int) -> None:
    assert rules(archive(stream, s0=bytes(held))) == set()


@pytest.mark.parametrize(
    "stream",
    [
        tensor((5,), (1,)),
        tensor((2, 2), (3, 1)),
        tensor((1,), (1,), offset=4),
        tensor((1,), (1,), offset=-1),
        tensor((-1,), (1,)),
        tensor((2,), (-1,), offset=1),
        tensor((2, 2), (2,)),
        tensor((1 << 30,), (1,)),
    ],
)
def test_what_reaches_past_its_storage_is_blocked(stream: bytes) -> None:
    assert rules(archive(stream, s0=bytes(16))) == {"pickle.call_arguments"}


@pytest.mark.parametrize(("count", "held"), [(4, 15), (1000, 16), (-1, 16)])
def test_a_storage_is_as_long_as_promised(count: int, held: int) -> None:
    assert "pickle.storage" in rules(archive(tensor((1,), (1,), count=count), s0=bytes(held)))


def test_a_storage_that_is_not_there() -> None:
    assert rules(archive(tensor((4,), (1,), key="7"), s0=bytes(16))) == {"pickle.storage"}


@pytest.mark.parametrize(("indices", "expected"), [((0, 2), set()), ((0, 3), {"pickle.call_arguments"}),
                                                   ((-1, 0), {"pickle.call_arguments"})])  # fmt: skip
def test_indices_of_sparse_tensors_lie_in_their_shape(indices: tuple[int, int], expected: set[str]) -> None:
    layout = b"ctorch.serialization\n_get_layout\nX\x10\x00\x00\x00torch.sparse_coo\x85R"
    size = b"ctorch\nSize\n" + numbers(3) + b"\x85R"
    parts = tensor((1, 2), (2, 1), count=2, kind="Long") + tensor((2,), (1,), count=2, key="1")
    stream = b"ctorch._utils\n_rebuild_sparse_tensor\n(" + layout + b"(" + parts + size + b"ttR"
    assert rules(archive(stream, s0=struct.pack("<2q", *indices), s1=bytes(8))) == expected
