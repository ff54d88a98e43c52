"""From a hostile text to the move that brings it to the target: typed, or planted."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bartizan.redteam.case import Case
from bartizan.redteam.interface import Brief, Move


def hostile_text(case: Case) -> str:
    """The text that carries the attack: the last message of a direct case, the last planted content of another."""
    return case.planted[-1].content if case.planted else case.turns[-1]


def cast(brief: Brief, text: str, *, fresh: bool = True, converters: tuple[str, ...] = ()) -> Move:
    """One move that brings ``text`` where the case's hostile text belongs, through the trial's converters."""
    return cast_all(brief, lambda _: brief.convert(text), fresh=fresh, converters=converters)


def cast_all(
    brief: Brief, change: Callable[[str], str], *, fresh: bool = True, converters: tuple[str, ...] = ()
) -> Move:
    """One move with the case's last hostile text changed by ``change``, and other planted content as the case says."""
    case = brief.case
    if not case.planted:
        return Move(text=change(case.turns[-1]), fresh=fresh, converters=converters)
    last = msgspec.structs.replace(case.planted[-1], content=change(case.planted[-1].content))
    before = tuple(msgspec.structs.replace(one, content=brief.convert(one.content)) for one in case.planted[:-1])
    return Move(text=case.turns[-1], planted=(*before, last), fresh=fresh, converters=converters)
