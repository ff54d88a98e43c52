"""One attack in torch's archives, and archives that are judged by their form."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator

from bartizan.bench.supplychain.assembler import Raw, built, call, name, text, value, whole
from bartizan.bench.supplychain.attack import Build, Malicious, touch
from bartizan.bench.supplychain.packing import tarred, zip_link, zip_pairs, zipped


def archives() -> Iterator[Malicious]:
    """Those that are loaded."""

    def of(identifier: str, file: str, build: Build, loader: str = "torch") -> Malicious:
        return Malicious(f"archive.{identifier}", loader, file, build, "torch" if loader == "torch" else "")

    good = whole(value({"a": 1}), 2)

    def torch(pickle: bytes, **more: bytes) -> bytes:
        return zipped({"m/data.pkl": pickle, "m/byteorder": b"little", "m/version": b"3\n", **more})

    yield of("torch", "model.pt", lambda m: torch(whole(touch(m, 2), 2)))
    yield of("torch.bin", "pytorch_model.bin", lambda m: torch(whole(touch(m, 2), 2)))
    yield of("torch.legacy", "model.pth", _torch_legacy)
    yield of(
        "torch.duplicate_first",
        "model.pt",
        lambda m: zip_pairs([("m/data.pkl", whole(touch(m, 2), 2)), ("m/data.pkl", good), ("m/version", b"3\n")]),
    )
    yield of("torch.crc", "model.pt", lambda m: _wrong_crc(torch(whole(touch(m, 2), 2))))
    yield of("pickle_then_zip", "model.pkl", lambda m: whole(touch(m)) + torch(good), "pickle")
    yield of("pickle_in_comment", "model.pkl", lambda m: whole(touch(m)) + b"PK\5\6" + bytes(18), "pickle")
    yield of("pickle_then_safetensors", "model.pkl", lambda m: whole(touch(m)) + struct.pack("<Q", 2) + b"{}", "pickle")
    yield of("torch.tar", "model.pt", _torch_tar)
    yield of(
        "torch.nested_storage",
        "model.pt",
        lambda m: torch(whole(call("torch.storage", "_load_from_bytes", (torch(whole(touch(m, 2), 2)),), 3), 3)),
    )


def forms() -> Iterator[Malicious]:
    """Judged by their form: what readers see differently, or what unpacking would do."""

    def of(identifier: str, file: str, build: Callable[[], bytes]) -> Malicious:
        return Malicious(f"form.{identifier}", "", file, lambda _: build())

    good = whole(value({"a": 1}), 2)
    parts = [("m/data.pkl", good), ("m/byteorder", b"little"), ("m/version", b"3\n")]
    plain = zip_pairs(parts)
    yield of("duplicate", "model.pt", lambda: zip_pairs([*parts, parts[0]]))
    yield of("case_folding", "model.pt", lambda: zip_pairs([*parts, ("m/DATA.pkl", good)]))
    yield of("prefix", "model.pt", lambda: b"MZ" + bytes(100) + plain)
    yield of("trailing", "model.pt", lambda: plain + b"#!/bin/sh\ntrue\n")
    yield of("two_archives", "model.pt", lambda: plain + plain)
    yield of("encrypted", "model.pt", lambda: _flagged(plain, 1))
    yield of("name_mismatch", "model.pt", lambda: plain.replace(b"m/data.pkl", b"m/evil.pkl", 1))
    yield of("cut_directory", "model.pt", lambda: plain[:-60])
    yield of("no_directory", "model.pt", lambda: plain[: plain.index(b"PK\1\2")])
    yield of("absolute_path", "model.zip", lambda: zipped({"/etc/cron.d/x": b"x"}))
    yield of("parent_path", "model.zip", lambda: zipped({"../../x.py": b"x"}))
    yield of("windows_path", "model.zip", lambda: zipped({"..\\..\\x.py": b"x"}))
    yield of("symlink", "model.zip", lambda: zip_link())
    yield of("bomb", "model.npz", lambda: zipped({"a.npy": bytes(60 << 20)}, zipfile.ZIP_DEFLATED))
    yield of("tar_symlink", "model.nemo", lambda: tarred({"a": b"x"}, link="/etc/passwd"))
    yield of("tar_parent", "model.nemo", lambda: tarred({"../a": b"x"}))
    yield of("tar_absolute", "model.nemo", lambda: tarred({"/a": b"x"}))
    yield of("tar_duplicate", "model.nemo", lambda: tarred({"a": b"x"})[:1024] + tarred({"a": b"y"}))
    yield of("wrong_sizes", "model.pt", lambda: _other_size(plain))
    yield of("extension_code", "model.pkl", lambda: b"\x80\x02\x82\x05.")
    yield of("persistent_id", "model.pkl", lambda: b"\x80\x02" + text("x", 2) + b"Q.")
    yield of("dtype_flags", "model.pkl", lambda: whole(_object_dtype()))
    yield of("unknown", "model.bin", lambda: bytes(range(1, 255)) * 5)
    yield of("empty", "model.pkl", lambda: b"")


def _object_dtype() -> bytes:
    kind = built(call("numpy", "dtype", ("O8", False, True)), (3, "|", None, None, None, -1, -1, 0))
    array = call("numpy._core.multiarray", "_reconstruct", (Raw(name("numpy", "ndarray")), (0,), b"b"))
    return built(array, (1, (1,), kind, False, b"\x41" * 8))


def _torch_legacy(marker: str) -> bytes:
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    system = whole(
        value({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2), 2
    )
    return magic + whole(value(1001, 2), 2) + system + whole(touch(marker, 2), 2) + whole(value([], 2), 2)


def _torch_tar(marker: str) -> bytes:
    return tarred(
        {
            "sys_info": whole(value({}, 2), 2),
            "pickle": whole(touch(marker, 2), 2),
            "storages": whole(value(0, 2), 2),
            "tensors": whole(value(0, 2), 2),
        }
    )


def _wrong_crc(archive: bytes) -> bytes:
    at = archive.index(b"PK\1\2")
    return archive[: at + 16] + b"\1\2\3\4" + archive[at + 20 :]


def _flagged(archive: bytes, flag: int) -> bytes:
    at = archive.index(b"PK\1\2")
    return archive[:6] + bytes([flag]) + archive[7 : at + 8] + bytes([flag]) + archive[at + 9 :]


def _other_size(archive: bytes) -> bytes:
    at = archive.index(b"PK\1\2")
    return archive[: at + 20] + struct.pack("<II", 5, 5) + archive[at + 28 :]
