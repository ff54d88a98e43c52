"""Follows a pickle stream opcode by opcode on abstract values (protocols 0 to 5, CPython's ``Modules/_pickle.c``).

What CPython would import, call, build or extend is handed to `Judge`; the machine itself only keeps stack, marks and
memo exactly as the unpicklers do. It goes on after a finding, so that everything a stream would do is reported, and
stops where both unpicklers would stop with an error.
"""

from __future__ import annotations

from typing import Any

from bartizan.supplychain.budget import Budget, BudgetError
from bartizan.supplychain.pickles import costs
from bartizan.supplychain.pickles import findings as rules
from bartizan.supplychain.pickles.cursor import LONGEST_LINE, Cursor, EndError
from bartizan.supplychain.pickles.judge import Judge
from bartizan.supplychain.pickles.literals import IN_NUMBERS, integer, octal, quoted, raw_unicode, word
from bartizan.supplychain.pickles.memo import Memo
from bartizan.supplychain.pickles.values import FLOAT, LONG, LONGEST_NAME, TEXT, Box, Mapping, Raw, Text
from bartizan.supplychain.source import ByteSource

_BATCH = 512


class Machine:
    """One run over one pickle."""

    def __init__(self, source: ByteSource, start: int, budget: Budget, judge: Judge, *, framed: bool = False) -> None:
        self.cursor = Cursor(source, start, framed=framed)
        self.budget = budget
        self.judge = judge
        judge.machine = self
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo = Memo()
        self.held = 0
        """Bytes made so far that may still be kept."""
        self.protocol = 0
        self.opcode_at = start
        self.steps = 0
        self.result: Any = None
        """What the pickle stands for, once STOP was reached."""
        self._code = [getattr(self, _OPCODES[code]) if code in _OPCODES else self._invalid for code in range(256)]

    def run(self) -> int:
        """Offset after STOP. Raises `EndError` where the stream breaks off."""
        cursor, code = self.cursor, self._code
        try:
            while True:
                self.opcode_at = cursor.pos
                opcode = cursor.opcode()
                self.steps += 1
                if not self.steps % _BATCH:
                    self._account()
                if opcode == 0x2E:
                    break
                code[opcode](opcode)
            self.result = self.pop()
        except IndexError:
            raise EndError(self.opcode_at, "the stack is empty") from None
        if cursor.pos < cursor.promised:
            self.judge.report(rules.FRAME, "The pickle ends inside a frame, so loaders go on at different places.")
        return cursor.pos

    def pop(self) -> Any:
        """The top of the stack; below a mark there is nothing."""
        return self.stack.pop()

    def pop_mark(self) -> list[Any]:
        """Everything above the last mark."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _account(self) -> None:
        self.budget.step(_BATCH)
        held = self.held + 8 * len(self.memo) + costs.SPARSE * len(self.memo.sparse) + costs.MARK * len(self.marks)
        if len(self.memo) > costs.MOST_MEMO or len(self.stack) > costs.MOST_STACK or held > costs.MOST_BYTES:
            self.judge.report(rules.BUDGET, "The pickle holds more objects than are followed here.")
            raise EndError(self.opcode_at, "too many objects")

    def _invalid(self, opcode: int) -> None:
        raise EndError(self.opcode_at, f"0x{opcode:02x} is no opcode")

    # -- plain values

    def _none(self, _: int) -> None:
        self.stack.append(None)

    def _true_false(self, opcode: int) -> None:
        self.stack.append(opcode == 0x88)

    def _int(self, _: int) -> None:
        line = self.cursor.line()
        if line in {b"00", b"01"}:
            self.stack.append(line == b"01")
        else:
            self.stack.append(integer(line, 8 if octal(line) else 0))

    def _long(self, _: int) -> None:
        line = self.cursor.line()
        self.stack.append(integer(line[:-1] if line and line.endswith(b"L") else line, 0))

    def _float_line(self, _: int) -> None:
        self.cursor.line()
        self.stack.append(FLOAT)

    def _float(self, _: int) -> None:
        self.cursor.skip(8)
        self.stack.append(FLOAT)

    def _small_int(self, opcode: int) -> None:
        if opcode == 0x4A:
            self.stack.append(int.from_bytes(self.cursor.take(4), "little", signed=True))
        else:
            self.stack.append(self.cursor.number(1 if opcode == 0x4B else 2))

    def _big_int(self, opcode: int) -> None:
        size = self._size(1) if opcode == 0x8A else self._size(4, signed=True)
        if size > 32:
            self.cursor.skip(size)
            self.stack.append(LONG)
        else:
            self.stack.append(int.from_bytes(self.cursor.take(size), "little", signed=True))

    def _string(self, opcode: int) -> None:
        if opcode == 0x53:
            line = self.cursor.line()
            self.held += costs.TEXT + len(line or b"")
            self.stack.append(quoted(line, self.opcode_at))
        else:
            self.stack.append(self._text(self._size(1) if opcode == 0x55 else self._size(4, signed=True), "ascii"))

    def _unicode(self, opcode: int) -> None:
        if opcode == 0x56:
            line = self.cursor.line()
            self.held += costs.TEXT + len(line or b"")
            self.stack.append(TEXT if line is None or len(line) > 4 * LONGEST_NAME else raw_unicode(line))
        else:
            self.stack.append(self._text(self._size({0x8C: 1, 0x58: 4, 0x8D: 8}[opcode]), "utf-8"))

    def _bytes(self, opcode: int) -> None:
        size = self._size({0x43: 1, 0x42: 4, 0x8E: 8, 0x96: 8}[opcode])
        self.held += costs.BOX
        self.stack.append(Raw(self.cursor.skip(size), size, mutable=opcode == 0x96))

    def _buffer(self, _: int) -> None:
        self.stack.append(Raw(0, 0, mutable=True))

    def _readonly(self, _: int) -> None:
        self.stack[-1]

    def _size(self, count: int, *, signed: bool = False) -> int:
        size = int.from_bytes(self.cursor.take(count), "little", signed=signed)
        if size < 0:
            raise EndError(self.opcode_at, "a length is negative")
        return size

    def _text(self, size: int, encoding: str) -> Any:
        self.held += costs.TEXT
        if size > 4 * LONGEST_NAME:
            return Text(self.cursor.skip(size), size)
        self.held += size
        try:
            return self.cursor.take(size).decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")
        except UnicodeDecodeError:
            return TEXT

    # -- stack, marks and memo

    def _mark(self, _: int) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _pop(self, _: int) -> None:
        if self.stack:
            del self.stack[-1]
        else:
            self.pop_mark()

    def _pop_to_mark(self, _: int) -> None:
        self.pop_mark()

    def _dup(self, _: int) -> None:
        self.stack.append(self.stack[-1])

    def _get(self, opcode: int) -> None:
        key = self._key() if opcode == 0x67 else self._size(1 if opcode == 0x68 else 4)
        try:
            self.stack.append(self.memo.get(key))
        except KeyError:
            raise EndError(self.opcode_at, "a memo entry does not exist") from None

    def _put(self, opcode: int) -> None:
        key = self._key() if opcode == 0x70 else self._size(1 if opcode == 0x71 else 4)
        if key < 0:
            raise EndError(self.opcode_at, "a memo entry has no number")
        self.memo.put(key, self.stack[-1])

    def _memoize(self, _: int) -> None:
        self.memo.memoize(self.stack[-1])

    def _key(self) -> int:
        line = self.cursor.line()
        if line is None and not self.cursor.source.read(self.opcode_at + 1, 64).strip(IN_NUMBERS):
            raise BudgetError("steps", LONGEST_LINE)
        key = integer(line, 10)
        if not isinstance(key, int):
            raise EndError(self.opcode_at, "a memo entry has no number")
        return key

    # -- containers

    def _empty(self, opcode: int) -> None:
        if opcode == 0x29:
            self.stack.append(())
        else:
            self.held += costs.MAPPING if opcode == 0x7D else costs.BOX
            self.stack.append(Mapping() if opcode == 0x7D else Box("list" if opcode == 0x5D else "set"))

    def _tuple(self, opcode: int) -> None:
        if opcode == 0x74:
            items = self.pop_mark()
            self.held += costs.TEXT + 8 * len(items)
            self.stack.append(tuple(items))
        else:
            count = opcode - 0x84
            if len(self.stack) < count:
                raise IndexError
            self.held += costs.BOX
            self.stack[-count:] = [tuple(self.stack[-count:])]

    def _list(self, opcode: int) -> None:
        items = self.pop_mark()
        self.held += costs.BOX
        box = Box("frozenset" if opcode == 0x91 else "list")
        self.judge.extend(box, items)
        self.stack.append(box)

    def _dict(self, _: int) -> None:
        items = self.pop_mark()
        self.held += costs.MAPPING
        mapping = Mapping()
        self.judge.fill(mapping, items)
        self.stack.append(mapping)

    def _append(self, opcode: int) -> None:
        items = self.pop_mark() if opcode in {0x65, 0x90} else [self.pop()]
        self.judge.extend(self.stack[-1], items)

    def _set_items(self, opcode: int) -> None:
        if opcode == 0x75:
            items = self.pop_mark()
        else:
            value, key = self.pop(), self.pop()
            items = [key, value]
        self.judge.fill(self.stack[-1], items)

    # -- what loads code

    def _proto(self, _: int) -> None:
        self.protocol = self.cursor.number(1)
        if self.protocol > 5:
            raise EndError(self.opcode_at, "the protocol is unknown")

    def _frame(self, _: int) -> None:
        self.cursor.enter_frame(self.cursor.number(8))

    def _global(self, opcode: int) -> None:
        if opcode == 0x93:
            name, module = self.pop(), self.pop()
        else:
            module, name = (word(self.cursor.line()) for _ in range(2))
        self.stack.append(self.judge.find(module, name))

    def _instance(self, opcode: int) -> None:
        self.held += costs.INSTANCE
        if opcode == 0x69:
            module, name = (word(self.cursor.line()) for _ in range(2))
            found = self.judge.find(module, name)
            arguments = tuple(self.pop_mark())
        else:
            items = self.pop_mark()
            found, arguments = items[0], tuple(items[1:])
        self.stack.append(self.judge.call(found, arguments) if arguments else self.judge.new(found, ()))

    def _reduce(self, _: int) -> None:
        self.held += costs.INSTANCE
        arguments, function = self.pop(), self.pop()
        self.stack.append(self.judge.call(function, arguments))

    def _new(self, opcode: int) -> None:
        self.held += costs.INSTANCE
        keywords = self.pop() if opcode == 0x92 else None
        arguments, kind = self.pop(), self.pop()
        self.stack.append(self.judge.new(kind, arguments, keywords))

    def _build(self, _: int) -> None:
        state = self.pop()
        self.stack[-1] = self.judge.build(self.stack[-1], state)

    def _persistent(self, opcode: int) -> None:
        self.stack.append(self.judge.persistent(self._id() if opcode == 0x50 else self.pop()))

    def _id(self) -> Any:
        try:
            return word(self.cursor.line())
        except BudgetError:  # so long an id is none; a zip archive begins like one
            raise EndError(self.opcode_at, "an id has no end") from None

    def _extension(self, opcode: int) -> None:
        self.stack.append(self.judge.extension(self.cursor.number({0x82: 1, 0x83: 2, 0x84: 4}[opcode])))


_OPCODES = {
    **dict.fromkeys(b"(", "_mark"),
    **dict.fromkeys(b"0", "_pop"),
    **dict.fromkeys(b"1", "_pop_to_mark"),
    **dict.fromkeys(b"2", "_dup"),
    **dict.fromkeys(b"F", "_float_line"),
    **dict.fromkeys(b"G", "_float"),
    **dict.fromkeys(b"I", "_int"),
    **dict.fromkeys(b"JKM", "_small_int"),
    **dict.fromkeys(b"L", "_long"),
    **dict.fromkeys(b"\x8a\x8b", "_big_int"),
    **dict.fromkeys(b"N", "_none"),
    **dict.fromkeys(b"\x88\x89", "_true_false"),
    **dict.fromkeys(b"STU", "_string"),
    **dict.fromkeys(b"VX\x8c\x8d", "_unicode"),
    **dict.fromkeys(b"BC\x8e\x96", "_bytes"),
    **dict.fromkeys(b"\x97", "_buffer"),
    **dict.fromkeys(b"\x98", "_readonly"),
    **dict.fromkeys(b"ghj", "_get"),
    **dict.fromkeys(b"pqr", "_put"),
    **dict.fromkeys(b"\x94", "_memoize"),
    **dict.fromkeys(b")]}\x8f", "_empty"),
    **dict.fromkeys(b"t\x85\x86\x87", "_tuple"),
    **dict.fromkeys(b"l\x91", "_list"),
    **dict.fromkeys(b"d", "_dict"),
    **dict.fromkeys(b"ae\x90", "_append"),
    **dict.fromkeys(b"su", "_set_items"),
    **dict.fromkeys(b"\x80", "_proto"),
    **dict.fromkeys(b"\x95", "_frame"),
    **dict.fromkeys(b"c\x93", "_global"),
    **dict.fromkeys(b"io", "_instance"),
    **dict.fromkeys(b"R", "_reduce"),
    **dict.fromkeys(b"\x81\x92", "_new"),
    **dict.fromkeys(b"b", "_build"),
    **dict.fromkeys(b"PQ", "_persistent"),
    **dict.fromkeys(b"\x82\x83\x84", "_extension"),
}
