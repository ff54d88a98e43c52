"""Archives and frames, written byte by byte so that they may be what no library would write."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile


def lz4_frame(data: bytes) -> bytes:
    """An LZ4 frame of stored blocks (its header checksum is what xxHash32 gives for these flags)."""
    blocks = b"".join(
        struct.pack("<I", len(data[at : at + 65_536]) | 1 << 31) + data[at : at + 65_536]
        for at in range(0, len(data), 65_536)
    )
    return b"\x04\x22\x4d\x18\x60\x40\x82" + blocks + bytes(4)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    return zip_pairs(list(members.items()), method)


def zip_pairs(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
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


def zip_link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = _info("weights.bin", zipfile.ZIP_STORED)
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def tarred(members: dict[str, bytes], link: str = "") -> bytes:
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
