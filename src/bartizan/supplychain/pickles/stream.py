"""Everything that loaders may read out of one run of bytes as pickle: one after another, and in each loader's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context
from bartizan.supplychain.pickles import findings as rules
from bartizan.supplychain.pickles.cursor import EndError
from bartizan.supplychain.pickles.joblib import follower
from bartizan.supplychain.pickles.judge import Judge
from bartizan.supplychain.pickles.machine import Machine
from bartizan.supplychain.pickles.permissions import AllowList, shipped
from bartizan.supplychain.pickles.values import Instance

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
"""First of the five pickles of torch's format before 1.6; storages follow as raw numbers."""
MOST_PICKLES = 10_000
_BY_CHANCE = frozenset({rules.EXTENSION.id, rules.PERSISTENT.id, rules.METHOD.id, rules.COMPUTED.id})
"""What raw numbers may look like, and what does nothing without an import."""
_LARGEST_INNER = 64 << 20

Array = Callable[[Judge, Instance], Any]


class Run(NamedTuple):
    """One pickle, read in one way."""

    judge: Judge
    end: int
    """Offset after STOP; -1 where the stream breaks off."""
    problem: str
    value: Any
    steps: int


def run(source: ByteSource, start: int, context: Context, container: str, array: Array | None = None) -> Run:
    """Follow the pickle at ``start``. Raises `BudgetError` only."""
    judge = Judge(context, allow_list(), container, array)
    machine = Machine(source, start, context.budget, judge, framed=array is not None)
    try:
        end = machine.run()
    except EndError as stop:
        return Run(judge, -1, stop.why, None, machine.steps)
    return Run(judge, end, "", machine.result, machine.steps)


def allow_list() -> AllowList:
    """The list in force."""
    return shipped()


def looks_like_pickle(source: ByteSource, context: Context) -> bool:
    """Whether the unpickler does anything with it: a protocol mark, an import, or a clean STOP at the very end."""
    head = source.read(0, 2)
    if not head:
        return False
    if head[0] == 0x80:
        return len(head) < 2 or head[1] <= 5
    found = run(source, 0, context, "")
    if _mere_text(source, found):
        return any(_importable(module) for module in found.judge.imports)
    return found.judge.touched or found.end == source.size


def _mere_text(source: ByteSource, found: Run) -> bool:
    """A text such as a list of words may begin like an import and break off; nothing is called before that."""
    return (
        found.end < 0
        and found.judge.touched
        and source.find(b"\0", 0, 4096) < 0
        and source.read(0, 1) != b"\x80"
        and all(one.rule in {rules.GLOBAL.id, rules.DOTTED.id} for one in found.judge.findings.values())
        and bool(found.judge.findings)
    )


def _importable(name: str) -> bool:
    return name.partition(".")[0].isidentifier()


def scan(source: ByteSource, context: Context, container: str = "") -> Iterator[ArtefactFinding]:
    """Findings of every pickle in the source, in every way of reading it, nested loaders included."""
    position, count, magic = 0, 0, False
    seen: set[ArtefactFinding] = set()
    while position < source.size and count < MOST_PICKLES:
        context.budget.check()
        found = run(source, position, context, "torch" if magic else container)
        arrays = found.judge.wrappers
        if count == 0 and _mere_text(source, found):
            names = ", ".join(one.evidence for one in found.judge.findings.values())
            yield context.found(
                rules.CUT, "A text that an unpickler would import a module for before it fails.", evidence=names
            )
            return
        kept = list(found.judge.findings.values())
        if arrays and found.end < 0:  # numbers of an array were read as opcodes
            kept = [one for one in kept if one.rule not in _BY_CHANCE]
        yield from _new(seen, kept)
        yield from _inner(source, context, found.judge)
        ends = {found.end}
        if arrays:
            ways = [run(source, position, context, container, follower(aligned=aligned)) for aligned in (True, False)]
            ends = {again.end for again in ways}
            for again in ways:
                by_chance = _BY_CHANCE if again.end < 0 <= max(ends) else frozenset[str]()
                yield from _new(seen, (one for one in again.judge.findings.values() if one.rule not in by_chance))
                yield from _inner(source, context, again.judge)
        end = max(ends)
        if end < 0:
            if count == 0 or found.judge.touched:
                yield context.found(
                    rules.CUT, f"The pickle cannot be followed to its end: {found.problem}.", evidence=found.problem
                )
            elif not magic:
                yield from _trailing(source, context, position, container)
            return
        count += 1
        magic = magic or found.value == TORCH_MAGIC
        if arrays or (magic and count >= 5):
            return
        position = end
    if position < source.size:
        yield context.found(rules.BUDGET, "It holds more pickles in a row than are followed here.", offset=position)


def _trailing(source: ByteSource, context: Context, position: int, container: str) -> Iterator[ArtefactFinding]:
    rest = source.sub(position)
    if rest.read(0, 64).strip(b"\0"):
        yield context.found(
            rules.TRAILING,
            f"{rest.size} bytes follow the pickle; unpicklers ignore them, other loaders may not.",
            offset=position,
            evidence=rest.read(0, 16).hex(),
        )
        yield from context.nested(rest, "trailing", opaque=True)


def _new(seen: set[ArtefactFinding], findings: Iterable[ArtefactFinding]) -> Iterator[ArtefactFinding]:
    for one in findings:
        if one not in seen:
            seen.add(one)
            yield one


def _inner(source: ByteSource, context: Context, judge: Judge) -> Iterator[ArtefactFinding]:
    for number, (raw, loader) in enumerate(judge.nested):
        name = f"{loader}[{number}]"
        if raw.length < 0:
            yield context.found(rules.LAYOUT, f"Bytes are handed to {loader} that are not written as such.")
        elif raw.literal is not None:
            yield from context.nested(ByteSource(raw.literal, ""), name)
        elif not raw.latin1:
            yield from context.nested(source.sub(raw.offset, raw.length), name)
        elif raw.length > _LARGEST_INNER:
            yield context.found(rules.BUDGET, f"{raw.length} bytes are handed to {loader}, too many to unpack here.")
        else:
            context.budget.unpack(raw.length)
            text = source.read(raw.offset, raw.length).decode("utf-8", "replace")
            yield from context.nested(ByteSource(text.encode("latin-1", "replace"), ""), name)


__all__ = ["TORCH_MAGIC", "looks_like_pickle", "run", "scan"]
