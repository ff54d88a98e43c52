"""The zip reader, field by field: what every reader sees alike gives no note; what two may see differently does."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from bartizan.supplychain import zipfmt
from bartizan.supplychain.budget import Budget, Limits
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.source import ByteSource
from bartizan.supplychain.zipfmt import Member

NAME, DATA = b"model.txt", b"weights"
UNIX = 3


def local(name: bytes = NAME, data: bytes = DATA, *, flags: int = 0, method: int = 0, packed: int = -1, size: int = -1,
          extra: bytes = b"", tail: bytes = b"") -> bytes:  # fmt: skip
    packed, size = len(data) if packed < 0 else packed, len(data) if size < 0 else size
    head = struct.pack("<4s5H3L2H", zipfmt.LOCAL, 20, flags, method, 0, 0, 0, packed, size, len(name), len(extra))
    return head + name + extra + data + tail


def central(name: bytes = NAME, *, flags: int = 0, method: int = 0, packed: int = len(DATA), size: int = len(DATA),
            extra: bytes = b"", header: int = 0, made_by: int = UNIX, mode: int = 0) -> bytes:  # fmt: skip
    return (
        struct.pack("<4sBB5H3L", zipfmt.CENTRAL, 20, made_by, 20, flags, method, 0, 0, 0, packed, size)
        + struct.pack("<5H2L", len(name), len(extra), 0, 0, 0, mode << 16, header)
        + name
        + extra
    )


def end(size: int, offset: int, *, count: int = 1, here: int = -1, disk: int = 0, first_disk: int = 0,
        comment: bytes = b"", said: int = -1) -> bytes:  # fmt: skip
    here, said = count if here < 0 else here, len(comment) if said < 0 else said
    return struct.pack("<4s4H2LH", zipfmt.END, disk, first_disk, here, count, size, offset, said) + comment


def whole(members: bytes | None = None, directory: bytes | None = None, **of_end: int | bytes) -> bytes:
    members = local() if members is None else members
    directory = central() if directory is None else directory
    return members + directory + end(len(directory), len(members), **of_end)  # type: ignore[arg-type]


def read(raw: bytes) -> tuple[list[Member], list[str]]:
    """Members with their places, and the kinds of notes."""
    notes: list[str] = []
    source = ByteSource(raw, "a.zip")
    members, _ = zipfmt.read(source, Budget(Limits()), lambda kind, *_: notes.append(kind))
    located = [zipfmt.locate(source, member, lambda kind, *_: notes.append(kind)) for member in members]
    return [one for one in located if one is not None], notes


def notes(raw: bytes) -> list[str]:
    return read(raw)[1]


def zip64(size: int, offset: int, *, count: int = 1, place: int | None = None, at: int = 0) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", zipfmt.END64, 44, 45, 45, 0, 0, count, count, size, offset)
    return record + struct.pack("<4sLQL", zipfmt.LOCATOR, 0, at if place is None else place, 1)


def test_a_sound_archive_gives_no_note() -> None:
    (member,), seen = read(whole())
    assert seen == []
    assert (member.name, member.packed, member.size, member.header, member.start) == ("model.txt", 7, 7, 0, 39)
    assert member.end == 46


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"x" * 65_535])
@pytest.mark.parametrize("streamed", [False, True])
def test_what_other_libraries_write_gives_no_note(method: int, comment: bytes, streamed: bool) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    out = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.txt", b"one" * 50)
        archive.writestr("ä/b.txt", b"")
        with archive.open("c.txt", "w", force_zip64=True) as large:
            large.write(b"three")
        archive.comment = comment
    members, seen = read(out.getvalue())
    assert seen == []
    assert [member.name for member in members] == ["a.txt", "ä/b.txt", "c.txt"]
    assert [member.size for member in members] == [150, 0, 5]


def test_an_empty_archive() -> None:
    assert read(end(0, 0, count=0)) == ([], [])
    assert read(zip64(0, 0, count=0) + end(0, 0, count=0)) == ([], [])


@pytest.mark.parametrize("raw", [b"", zipfmt.END, end(0, 0)[:21], b"x" * 100, local() + central()])
def test_without_a_directory(raw: bytes) -> None:
    with pytest.raises(MalformedError, match="no central directory"):
        read(raw)


@pytest.mark.parametrize(
    ("size", "offset", "reason"),
    [(2 << 20, 0, "does not fit"), (300 << 20, 0, "does not fit"), (len(central()), 1_000, "lies before its place")],
)
def test_a_directory_that_cannot_be_there(size: int, offset: int, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        read(local() + central() + end(size, offset))


@pytest.mark.parametrize("field", ["disk", "first_disk", "here"])
def test_one_of_several_volumes(field: str) -> None:
    assert notes(whole(**{field: 2})) == ["ambiguous_end"]


def test_data_around_it() -> None:
    assert notes(whole() + b"x") == ["trailing_data"]
    assert notes(whole(comment=b"abc", said=4)) == ["truncated"]
    assert notes(b"MZ" + whole()) == ["prefix_data"], "offsets are those of the archive alone"
    inside = whole(b"MZ" + local(), central(header=2))
    assert notes(inside) == ["prefix_data"], "offsets count what stands before"


def test_two_archives_in_one_file() -> None:
    one = whole()
    assert notes(one + whole(local(data=b"other00")))[0] == "ambiguous_end"
    quoted = whole(comment=b"PK\5\6 is how an end record begins, and this is none")
    assert zipfmt.find_end(ByteSource(quoted, "")) > 0
    hidden = notes(whole(comment=b"a" * 3 + end(5, 5) + b"b" * 3))
    assert "ambiguous_end" in hidden, "the last one is followed, and the one before it holds too"


def test_zip64_records_must_agree() -> None:
    before, directory = local(), central()
    at = len(before) + len(directory)
    size, offset = len(directory), len(before)
    both = end(0xFFFFFFFF, 0xFFFFFFFF, count=0xFFFF)
    assert notes(before + directory + zip64(size, offset, at=at) + both) == []
    assert notes(before + directory + zip64(size, offset, at=at) + end(size, offset)) == []
    for other in (end(size, offset, count=2), end(size - 1, offset), end(size, offset + 1)):
        assert notes(before + directory + zip64(size, offset, at=at) + other) == ["ambiguous_end"]
    assert notes(before + directory + zip64(size, offset, place=at - 1) + both) == ["prefix_data"]
    lost = bytearray(before + directory + zip64(size, offset, at=at) + both)
    lost[at] = 0
    with pytest.raises(MalformedError, match="not where it should be"):
        read(bytes(lost))


def test_a_locator_without_room_for_its_record() -> None:
    assert notes(zip64(0, 0)[56:] + end(0, 0, count=0)) == ["prefix_data"]


def test_a_directory_that_counts_wrongly() -> None:
    assert notes(whole(count=2)) == ["truncated"]
    assert notes(whole(directory=central() + b"rest")) == ["truncated"]
    assert notes(whole(directory=central() + b"x" * 46)) == ["truncated"]
    cut = central(extra=b"\0" * 8)[:-4]
    assert notes(whole(directory=cut))[0] == "truncated"


def test_the_mode_is_unixs_alone() -> None:
    assert read(whole(directory=central(mode=0o120777)))[0][0].mode == 0o120777
    assert read(whole(directory=central(mode=0o120777, made_by=0)))[0][0].mode == 0


def test_names_by_their_flag() -> None:
    name = "é.txt".encode()
    assert read(whole(local(name, flags=0x800), central(name, flags=0x800)))[0][0].name == "é.txt"
    assert read(whole(local(name), central(name)))[0][0].name == name.decode("cp437")


def field(kind: int, body: bytes) -> bytes:
    return struct.pack("<2H", kind, len(body)) + body


def test_a_second_name() -> None:
    same, other = (field(0x7075, b"\1\0\0\0\0" + name) for name in (NAME, b"other.txt"))
    assert notes(whole(directory=central(extra=same))) == []
    assert notes(whole(directory=central(extra=other))) == ["header_mismatch"]
    assert notes(whole(local(extra=other))) == ["header_mismatch"]
    assert notes(whole(local(extra=same))) == []
    assert notes(whole(directory=central(extra=field(0x5455, b"abc") + other))) == ["header_mismatch"]


def test_sizes_in_zip64_fields() -> None:
    wide = field(1, struct.pack("<3Q", 7, 7, 0))
    large = central(packed=0xFFFFFFFF, size=0xFFFFFFFF, header=0xFFFFFFFF, extra=wide)
    (member,), seen = read(whole(directory=large))
    assert (seen, member.packed, member.size, member.header) == ([], 7, 7, 0)
    twice = central(packed=0xFFFFFFFF, size=0xFFFFFFFF, extra=field(1, struct.pack("<2Q", 7, 7)) * 2)
    assert notes(whole(directory=twice)) == ["header_mismatch"]
    order = field(1, struct.pack("<2Q", 9, 7))  # the size comes first
    assert read(whole(local(size=9), central(packed=0xFFFFFFFF, size=0xFFFFFFFF, extra=order)))[0][0].size == 9


@pytest.mark.parametrize(
    "changed",
    [
        local(b"other.txt"),
        local(method=8),
        local(packed=6),
        local(size=8),
        local(packed=0, size=0),
        local(flags=1),
        local(flags=0x40),
        local(flags=0x2000),
    ],
)
def test_a_local_header_that_says_something_else(changed: bytes) -> None:
    members, seen = read(whole(changed))
    assert len(members) == 1
    assert seen == ["header_mismatch"]


def test_sizes_that_come_after_the_data() -> None:
    descriptor = b"PK\7\x08" + struct.pack("<3L", 0, 7, 7)
    streamed = local(flags=8, packed=0, size=0, tail=descriptor)
    assert notes(whole(streamed, central(flags=8))) == []
    assert notes(whole(local(flags=8, packed=5, size=5, tail=descriptor), central(flags=8))) == ["header_mismatch"]


def test_no_local_header() -> None:
    assert read(whole(b"x" + local()[1:])) == ([], ["header_mismatch"])
    far = whole(directory=central(header=0xFFFFFFF0))
    assert read(far) == ([], ["prefix_data", "header_mismatch"])
    at_the_end = whole(directory=central(header=len(whole()) - 10))
    assert read(at_the_end) == ([], ["prefix_data", "header_mismatch"])


def test_data_that_is_cut_off() -> None:
    long = whole(local(packed=1 << 20), central(packed=1 << 20))
    assert notes(long) == ["truncated"]
