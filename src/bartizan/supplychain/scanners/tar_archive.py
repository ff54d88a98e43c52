"""Tar archives (POSIX ustar and pax, GNU long names): NeMo models, torch's oldest format, packed folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bartizan.supplychain.interface import (
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    MalformedError,
    scanner,
)
from bartizan.supplychain.members import LINK, MEMBER_RULES, archive_rule, check_names

TRAILING = archive_rule("tar_trailing_data", "Data after the end of a tar archive", Admission.INCONCLUSIVE)
KIND = archive_rule("tar_member_kind", "Tar member of an unknown kind", Admission.INCONCLUSIVE)
_BLOCK = 512
_LONGEST_NAME = 1 << 16


class Entry(NamedTuple):
    """One member."""

    name: str
    kind: bytes
    start: int
    size: int
    header: int


@scanner
class TarArchive:
    """Recognised by the mark ``ustar`` or, for archives older than it, by a header whose checksum is right."""

    id = "tar"
    rules = (TRAILING, KIND, *(rule for rule in MEMBER_RULES if rule is not LINK), LINK)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """By the checksum of the first header."""
        header = source.read(0, _BLOCK)
        return len(header) == _BLOCK and bool(header[0]) and _checksum(header)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Findings on links and names, then on each member."""
        entries: list[Entry] = []
        end = 0
        problem: MalformedError | None = None
        try:
            for entry in _entries(source, context):
                entries.append(entry)
                end = entry.start + -(-entry.size // _BLOCK) * _BLOCK
        except MalformedError as broken:
            problem = broken
        yield from check_names((entry.name for entry in entries if entry.kind not in {b"5"}), context)
        old_torch = {"pickle", "storages", "tensors"} <= {entry.name for entry in entries}
        for entry in entries:
            if entry.kind in {b"1", b"2", b"3", b"4", b"6"}:
                yield context.found(
                    LINK, "Unpacking makes a link or a device of it.", offset=entry.header, member=entry.name
                )
            elif entry.kind in {b"0", b"\0", b"7"}:
                content = source.sub(entry.start, entry.size, entry.name.rpartition("/")[2])
                yield from context.nested(
                    content, entry.name, opaque=not entry.size, container="torch" if old_torch else "tar"
                )
            elif entry.kind != b"5" or entry.size:
                yield context.found(
                    KIND, f"Kind {entry.kind!r} is read differently by readers.", offset=entry.header, member=entry.name
                )
        if problem is not None:
            raise problem
        rest = source.sub(end)
        if _content(rest):
            yield context.found(TRAILING, "Something follows the end of the archive.", offset=end)
            yield from context.nested(rest, "trailing", opaque=True)


def _content(rest: ByteSource) -> bool:
    return any(rest.read(at, 1 << 16).strip(b"\0") for at in range(0, min(rest.size, 16 << 20), 1 << 16))


def _checksum(header: bytes) -> bool:
    try:
        said = _number(header[148:156])
    except MalformedError:
        return False
    summed = header[:148] + b" " * 8 + header[156:]
    return said in {sum(summed), sum(byte - 256 if byte > 127 else byte for byte in summed)}  # as old tars added up


def _number(field: bytes) -> int:
    if field[:1] in {b"\x80", b"\xff"}:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1
    text = field.split(b"\0", 1)[0].strip(b" ")
    try:
        return int(text, 8) if text else 0
    except ValueError:
        raise MalformedError("a number in a tar header is none") from None


def _entries(source: ByteSource, context: Context) -> Iterator[Entry]:
    at, long_name, pax = 0, "", dict[str, str]()
    while at + _BLOCK <= source.size:
        header = source.read(at, _BLOCK)
        context.budget.step()
        if not header.strip(b"\0"):
            return
        if not _checksum(header):
            raise MalformedError("a tar header has a wrong checksum", at)
        size, kind = _number(header[124:136]), header[156:157]
        if size < 0:
            raise MalformedError("a tar member has a negative size", at)
        start = at + _BLOCK
        if kind in {b"L", b"K", b"x", b"g", b"X"}:
            if size > _LONGEST_NAME:
                raise MalformedError("a tar member has a name that is too long", at)
            body = source.read(start, size)
            if kind == b"L":
                long_name = body.split(b"\0", 1)[0].decode("utf-8", "replace")
            elif kind in {b"x", b"X", b"g"}:
                pax.update(_pax(body))
                if kind == b"g" and not pax.keys().isdisjoint({"path", "size", "linkpath"}):
                    raise MalformedError("a tar header renames every member after it", at)
        else:
            name = header[:100].split(b"\0", 1)[0].decode("utf-8", "replace")
            prefix = header[345:500].split(b"\0", 1)[0].decode("utf-8", "replace")
            folder = kind == b"\0" and name.endswith("/")
            if prefix and (header[257:263] == b"ustar\0" or prefix.strip("01234567 ")):  # GNU keeps times there
                name = f"{prefix}/{name}"
            if "size" in pax:
                if not (pax["size"].isascii() and pax["size"].isdigit() and len(pax["size"]) < 20):
                    raise MalformedError("a tar member's size is no number", at)
                size = int(pax["size"])
            if any(key.startswith("GNU.sparse") for key in pax):
                raise MalformedError("a sparse tar member", at)
            name = pax.get("path") or long_name or name
            if folder or (kind == b"\0" and name.endswith("/")):
                kind = b"5"
            yield Entry(name, kind, start, size, at)
            long_name, pax = "", {}
            if kind == b"5":  # nothing is skipped for a folder, whatever its size says
                size = 0
        at = start + -(-size // _BLOCK) * _BLOCK
        if start + size > source.size:
            raise MalformedError("a tar member is cut off", start)


def _pax(body: bytes) -> dict[str, str]:
    out, at = {}, 0
    while at < len(body):
        digits, space, _ = body[at : at + 12].partition(b" ")
        if not space or not digits.isdigit() or int(digits) <= len(digits) + 1:
            if body[at:].strip(b"\0"):
                raise MalformedError("a tar header holds a record that readers take apart differently")
            break
        key, _, value = body[at + len(digits) + 1 : at + int(digits) - 1].partition(b"=")
        out[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += int(digits)
    return out
