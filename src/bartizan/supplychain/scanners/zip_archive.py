"""Zip archives and what is in them: torch, npz, Keras, skops, wheels, pandas, and zips behind other content."""

from __future__ import annotations

import lzma
import stat
from collections.abc import Iterable, Iterator

from bartizan.supplychain import zipfmt
from bartizan.supplychain.interface import (
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    MalformedError,
    Rule,
    Stored,
    scanner,
)
from bartizan.supplychain.members import LINK, MEMBER_RULES, archive_rule, check_names
from bartizan.supplychain.scanners.embedded import EMBEDDED, programs
from bartizan.supplychain.unpacking import Spool, UnpackError, unpack
from bartizan.supplychain.zipfmt import Member

_NOTES = {
    "ambiguous_end": archive_rule("ambiguous_end", "End of the archive that readers find differently"),
    "trailing_data": archive_rule("trailing_data", "Data after the archive"),
    "prefix_data": archive_rule("prefix_data", "Data before the archive"),
    "truncated": archive_rule("truncated", "Archive that is cut off or counts wrongly"),
    "header_mismatch": archive_rule("header_mismatch", "Local header and central directory contradict each other"),
}
ENCRYPTED = archive_rule("encrypted", "Encrypted member")
OVERLAP = archive_rule("overlap", "Members that share bytes", cwe="CWE-409")
HIDDEN = archive_rule("hidden_member", "Member that the directory does not name")
METHOD = archive_rule("method", "Compression that cannot be read here", Admission.INCONCLUSIVE)
BROKEN = archive_rule("broken_member", "Member that cannot be unpacked as its entry says", Admission.INCONCLUSIVE)
_MARKS = frozenset({"version", "byteorder", ".format_version", ".storage_alignment", "serialization_id"})
_LONGEST_MARK = 64
"""A number or a word, which is nothing but that."""
_CODECS = {8: "deflate", 12: "bz2", 93: "zstd"}

_NUMBERS = frozenset({"torch", "torchscript", "npz"})
"""Kinds of archives that hold weights; others may hold libraries among their members."""


@scanner
class ZipArchive:
    """Recognised by a local header at the beginning or an end record at the end, whatever stands before."""

    id = "zip"
    rules: tuple[Rule, ...] = (*_NOTES.values(), ENCRYPTED, OVERLAP, HIDDEN, METHOD, BROKEN, *MEMBER_RULES, EMBEDDED)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """Whether ``zipfile`` or a streaming reader may take it."""
        return source.starts_with(zipfmt.LOCAL) or source.starts_with(zipfmt.END) or zipfmt.find_end(source) >= 0

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Findings on the form of the archive, then on each member."""
        notes: list[ArtefactFinding] = []
        tar = source.read(257, 5) == b"ustar"

        def note(kind: str, text: str, offset: int) -> None:
            if not (tar and kind in {"prefix_data", "trailing_data"}):  # the tar's members are looked at as well
                notes.append(context.found(_NOTES[kind], text, offset=offset))

        try:
            members, directory = zipfmt.read(source, context.budget, note)
        except MalformedError as problem:
            if source.starts_with(zipfmt.LOCAL):
                text = f"{problem.cause}; readers that go by local headers still read it."
                yield context.found(_NOTES["truncated"], text, offset=problem.offset)
            elif not tar and _plausible(source):
                yield context.found(_NOTES["ambiguous_end"], f"{problem.cause}.", offset=problem.offset)
            return
        found = [(member, zipfmt.locate(source, member, note)) for member in members]
        yield from notes
        yield from check_names((member.name for member in members), context)
        yield from _layout(source, [place for _, place in found if place is not None], directory, context)
        kind = container_of([member.name for member in members])
        storages = storages_of(source, found) if kind == "torch" else None
        for member, place in found:
            yield from _member(source, member, place, kind, storages, context)
        if kind in _NUMBERS:
            yield from programs(source, context)


def container_of(names: list[str]) -> str:
    """What the members say the archive is."""
    last = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in last and "data.pkl" in last:
        return "torchscript"
    if "data.pkl" in last and ("version" in last or ".format_version" in last):
        return "torch"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def storages_of(source: ByteSource, found: list[tuple[Member, Member | None]]) -> dict[str, Stored]:
    """The storages of torch's archive, by their keys: the records in the folder ``data``."""
    stored: dict[str, Stored] = {}
    for member, place in found:
        folder, _, key = member.name.rpartition("/")
        if folder.rpartition("/")[2] == "data" and place is not None:
            content = source.sub(place.start, member.packed) if member.method == 0 else None
            stored[key] = Stored(member.size, content)
    return stored


def _plausible(source: ByteSource) -> bool:
    """Whether an end record is one, and not four bytes of numbers by chance."""
    at = zipfmt.find_end(source)
    record = source.read(at, 22)
    return len(record) == 22 and record[4:8] == bytes(4) and record[8:10] == record[10:12]


def _layout(source: ByteSource, members: list[Member], directory: int, context: Context) -> Iterator[ArtefactFinding]:
    position = -1
    for member in sorted(members, key=lambda one: one.header):
        if position >= 0 and member.header < position:
            yield context.found(
                OVERLAP, "Two members share bytes, as in archives made to exhaust readers.",
                offset=member.header, member=member.name,
            )  # fmt: skip
        elif position >= 0 and member.header > position:
            yield from _gap(source, position, member.header, context)
        position = max(position, member.end)
    yield from _gap(source, max(position, 0), directory, context)


def _gap(source: ByteSource, begin: int, end: int, context: Context) -> Iterator[ArtefactFinding]:
    at = source.find(zipfmt.LOCAL, begin, end) if begin < end else -1
    if at >= 0:
        yield context.found(HIDDEN, "A member lies here that only readers that go by local headers see.", offset=at)


def _member(
    source: ByteSource,
    member: Member,
    place: Member | None,
    kind: str,
    storages: dict[str, Stored] | None,
    context: Context,
) -> Iterator[ArtefactFinding]:
    if place is None or (member.name.endswith("/") and not member.size):
        return
    if member.flags & 0x2041:
        yield context.found(
            ENCRYPTED, "Nobody can say what is in it without the password.", offset=member.header, member=member.name
        )
        return
    if member.mode and stat.S_IFMT(member.mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield context.found(LINK, "Unpacking makes a link or a device of it.", offset=member.header, member=member.name)
    name = member.name.rpartition("/")[2]
    raw = kind in {"torch", "torchscript"} and _is_raw(member.name)
    if member.method == 0:
        content = source.sub(place.start, member.packed, name)
        if member.packed != member.size:
            yield context.found(_NOTES["header_mismatch"], "Stored with two sizes.", offset=member.header)
    elif member.method in _CODECS or member.method == 14:
        spool = Spool(context.budget, member.packed)
        try:
            end = _unpack(source.sub(0, place.end), place, spool)
            wrong = spool.size != member.size or end != place.end
        except UnpackError as problem:
            wrong = True
            yield context.found(BROKEN, f"{problem}.", offset=place.start, member=member.name)
        if wrong and spool.size != member.size:
            yield context.found(
                _NOTES["header_mismatch"], f"It unpacks to {spool.size} bytes instead of {member.size}.",
                offset=member.header, member=member.name,
            )  # fmt: skip
        content = spool.source(name) if spool.size else ByteSource(b"", name)
    else:
        yield context.found(
            METHOD, f"Method {member.method} cannot be read here.", offset=member.header, member=member.name
        )
        return
    if raw and name in _MARKS and content.size <= _LONGEST_MARK and content.read(0, content.size).strip().isalnum():
        return
    yield from context.nested(content, member.name, opaque=raw or not content.size, container=kind, storages=storages)


def _unpack(source: ByteSource, place: Member, spool: Spool) -> int:
    if place.method != 14:
        return unpack(_CODECS[place.method], source, place.start, spool)
    size = int.from_bytes(source.read(place.start + 2, 2), "little")
    try:
        properties = lzma._decode_filter_properties(lzma.FILTER_LZMA1, source.read(place.start + 4, size))  # type: ignore[attr-defined]
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[properties])
        position = place.start + 4 + size
        while spool.size < place.size and position < place.end:
            piece = source.read(position, 1 << 16)
            position += len(piece)
            spool.write(decoder.decompress(piece, place.size - spool.size))
    except (lzma.LZMAError, ValueError, EOFError) as error:
        raise UnpackError(f"the lzma stream is broken: {error}") from None
    return place.end


def _is_raw(name: str) -> bool:
    """Tensors and small marks of a torch archive, which are read as numbers or text."""
    head, _, last = name.rpartition("/")
    folder = head.rpartition("/")[2]
    return last in _MARKS or (folder in {"data", "constants", "tensors"} and last.isdigit())
