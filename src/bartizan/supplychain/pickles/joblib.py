"""joblib's arrays, which lie in the stream right behind the wrapper that describes them (``numpy_pickle.py``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bartizan.supplychain.pickles import findings as rules
from bartizan.supplychain.pickles.cursor import EndError
from bartizan.supplychain.pickles.judge import Judge
from bartizan.supplychain.pickles.machine import Machine
from bartizan.supplychain.pickles.values import Dtype, Instance, Mapping, Name, Raw, describe

_SUBCLASSES = frozenset({"numpy.ndarray", "numpy.matrix", "numpy.memmap", "numpy.matrixlib.defmatrix.matrix"})
"""What joblib makes wrappers for; with another class it would make an instance of that."""


def follower(*, aligned: bool) -> Callable[[Judge, Instance], Any]:
    """What follows an array: joblib since 1.2 reads the padding that the wrapper speaks of, older ones do not."""

    def follow(judge: Judge, wrapper: Instance) -> Any:
        return _follow(judge, wrapper, aligned=aligned)

    return follow


def _follow(judge: Judge, wrapper: Instance, *, aligned: bool) -> Any:
    state, cursor = wrapper.known, judge.machine.cursor
    kind, shape, dtype = state.get("subclass"), state.get("shape"), state.get("dtype")
    complete = all(not isinstance(one, Mapping) or one.count == len(one.known) for one in wrapper.inner)
    match kind, shape, dtype:
        case (Name() as kind, tuple() as shape, Dtype() as dtype) if complete and all(
            isinstance(one, int) and 0 <= one < 1 << 48 for one in shape
        ):
            if kind.dotted not in _SUBCLASSES:
                judge.report(rules.ARGUMENTS, f"joblib would make an array of the class {kind.dotted}.", kind.dotted)
        case _:
            judge.report(
                rules.LAYOUT,
                "It cannot be told where an array of joblib ends, so nobody can say what is read after it.",
                f"{describe(shape)} {describe(dtype)}",
            )
            raise EndError(cursor.place, "an array has an unknown size")
    if dtype.objects:
        inner = Judge(judge.context, judge.allowed, judge.container)
        inner.findings, inner.nested = judge.findings, judge.nested
        machine = Machine(cursor.source, cursor.place, judge.machine.budget, inner, framed=False)
        cursor.move(machine.run())
        if inner.touched:
            judge.touched = True
    else:
        place, size = cursor.place, dtype.itemsize
        for one in shape:
            size *= one
        padding = state.get("numpy_array_alignment_bytes")
        if aligned and padding is not None:
            length = cursor.source.read(place, 1)
            place += 1 + (length[0] if length else 0)
        if place + size > cursor.source.size:
            raise EndError(place, "an array is longer than the file")
        cursor.move(place + size)
    return Instance(kind, ((0,), Raw(0, 0)))
