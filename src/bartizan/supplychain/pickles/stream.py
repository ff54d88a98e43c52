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
TORCH_PICKLES = 5
MOST_PICKLES = 10_000
_BY_CHANCE = frozenset({rules.EXTENSION.id, rules.PERSISTENT.id})
_ON_WRAPPERS = frozenset(
    {"<joblib.numpy_pickle.NumpyArrayWrapper>", "<sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper>"}
)
"""What raw numbers may look like, and what does nothing without an import: ids, and calls of the wrapper itself."""
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
        return len(head) == 2 and head[1] <= 5  # alone it is an empty map of MessagePack, which no unpickler reads
    position = 0
    for _ in range(MOST_PICKLES):  # a first one that does nothing may stand before one that does
        found = run(source, position, context, "")
        if _mere_text(source, found):
            return any(_importable(module) for module in found.judge.imports)
        if found.judge.touched or found.end == source.size:
            return True
        if found.end < 0:
            return False
        position = found.end
    return True


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


class _Start(NamedTuple):
    """Where some loader goes on reading."""

    position: int
    before: int
    """Pickles before it."""
    magic: bool
    """The first of them is the one that torch wrote before 1.6."""
    slipped: bool = False
    """Only a joblib that reads the numbers of an array as opcodes, and meets a STOP among them, ends up here."""


def scan(source: ByteSource, context: Context, container: str = "") -> Iterator[ArtefactFinding]:
    """Findings of every pickle in the source, in every way of reading it, nested loaders included."""
    waiting, begun = [_Start(0, 0, magic=False)], {(0, False)}
    seen: set[ArtefactFinding] = set()
    while waiting:
        start = waiting.pop()
        if len(begun) > MOST_PICKLES:
            yield context.found(
                rules.BUDGET, "It holds more pickles in a row than are followed here.", offset=start.position
            )
            return
        context.budget.check()
        found = run(source, start.position, context, "torch" if start.magic else container)
        if start.before == 0 and _mere_text(source, found):
            names = ", ".join(one.evidence for one in found.judge.findings.values())
            yield context.found(
                rules.CUT, "A text that an unpickler would import a module for before it fails.", evidence=names
            )
            return
        if start.magic and start.before >= TORCH_PICKLES:  # torch reads numbers here, others go on unpickling
            if any(map(_importable, found.judge.imports)):
                yield from _new(seen, found.judge.findings.values())
            continue
        ways = [found]
        ends = {found.end}
        sound = ends
        if found.judge.wrappers:
            joblib = [follower(aligned=aligned) for aligned in (True, False)]
            ways += [run(source, start.position, context, container, array) for array in joblib]
            ends = {way.end for way in ways[1:]}
            sound = {ways[1].end} if ways[1].end >= 0 else ends
        for way in ways:
            broken = found.judge.wrappers and way.end < 0 and (way is found or max(ends) >= 0)
            reported = way.judge.findings.values()
            yield from _new(seen, (one for one in reported if not (broken and _by_chance(one))))
            yield from _inner(source, context, way.judge)
        if max(ends) < 0 and (start.before == 0 or start.magic or found.judge.touched):
            yield context.found(
                rules.CUT, f"The pickle cannot be followed to its end: {found.problem}.", evidence=found.problem
            )
        elif max(ends) < 0 and not start.slipped:
            yield from _trailing(source, context, start.position)
        magic = start.magic or (start.before == 0 and found.value == TORCH_MAGIC)
        for end in sorted(ends):
            slipped = start.slipped or end not in sound
            if 0 <= end < source.size and (end, slipped) not in begun and (end, False) not in begun:
                begun.add((end, slipped))
                waiting.append(_Start(end, start.before + 1, magic, slipped))


def _by_chance(finding: ArtefactFinding) -> bool:
    """Whether numbers of an array, read as opcodes, may have made it."""
    return finding.rule in _BY_CHANCE or (finding.rule == rules.METHOD.id and finding.evidence in _ON_WRAPPERS)


def _trailing(source: ByteSource, context: Context, position: int) -> Iterator[ArtefactFinding]:
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
