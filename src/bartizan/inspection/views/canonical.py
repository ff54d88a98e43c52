"""All canonical views of a text, within bounds."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from bartizan.inspection.interface import View
from bartizan.inspection.views.folding import fold
from bartizan.inspection.views.gate import hidden_kinds, plain_kinds
from bartizan.inspection.views.limits import Limits
from bartizan.inspection.views.source import Source, derive, renamed
from bartizan.inspection.views.transforms import TRANSFORMS

_DEFAULT = Limits()


class Reading(NamedTuple):
    """The views of a text, and what was given up."""

    views: list[View]
    """``views[0]`` is the original, ``views[1]`` its folded form; then whatever was found underneath."""
    unread: tuple[str, ...] = ()
    """Reasons why something may have stayed hidden; empty when everything was undone."""


def canonical_views(text: str, limits: Limits = _DEFAULT) -> list[View]:
    """The views of ``text``; see `read` for what was given up."""
    return read(text, limits).views


def read(text: str, limits: Limits = _DEFAULT) -> Reading:
    """Every canonical view of ``text``, those undone first coming first. Never raises for any text."""
    original = View("original", text)
    folded = fold(text)
    kinds = plain_kinds(folded.text)
    if not text.isascii():
        kinds = kinds | hidden_kinds(text, folded.text)
    if not kinds:
        return Reading([original, folded])
    return _Explorer(original, folded, limits).run(kinds)


class _Step(NamedTuple):
    source: Source
    kinds: frozenset[str]
    depth: int


class _Explorer:
    """Breadth first, so that what lies nearest to the surface is undone even when bounds cut the rest."""

    def __init__(self, original: View, folded: View, limits: Limits) -> None:
        self._limits = limits
        self._views = [original, folded]
        self._seen = {original.text, folded.text}
        self._left = len(original.text) * limits.growth + limits.allowance
        self._unread: dict[str, None] = {}

    def run(self, kinds: frozenset[str]) -> Reading:
        original, folded = self._views
        queue = deque([_Step(Source(original, folded, folded, self._limits.context), kinds, 0)])
        while queue:
            step = queue.popleft()
            for kind, transform in TRANSFORMS.items():
                if kind not in step.kinds:
                    continue
                for view in transform(step.source):
                    found = self._admit(view, step.depth)
                    if found is not None:
                        queue.append(found)
        return Reading(self._views, tuple(self._unread))

    def _admit(self, view: View, depth: int) -> _Step | None:
        if view.text in self._seen:
            return None
        limits = self._limits
        reason = ""
        if depth >= limits.depth:
            reason = f"encoded more than {limits.depth} times over"
        elif len(self._views) - 2 >= limits.views:
            reason = f"more than {limits.views} views"
        elif len(view.text) > self._left:
            reason = f"views larger than {limits.growth} times the text"
        if reason:
            self._unread[reason] = None
            return None
        self._seen.add(view.text)
        self._left -= len(view.text)
        self._views.append(view)
        folding = fold(view.text)
        if folding.text == view.text:
            folded = view
        else:
            places = folding.offsets[:-1] if folding.offsets is not None else range(len(folding.text))
            folded = derive(view, "", folding.text, places, len(view.text), view.changed)
            folded = renamed(folded, f"{view.name}>folded")
            if folding.text not in self._seen:
                self._seen.add(folding.text)
                self._views.append(folded)
                self._left -= len(folding.text)
        kinds = plain_kinds(folded.text)
        if not view.text.isascii():
            kinds = kinds | hidden_kinds(view.text, folded.text)
        if not kinds:
            return None
        return _Step(Source(view, folded, folding, limits.context), kinds, depth + 1)
