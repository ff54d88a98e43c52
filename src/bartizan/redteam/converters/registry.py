"""Finds the converters, and makes chains of them from names such as ``homoglyphs+base64``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from bartizan.core.problem import printable
from bartizan.core.registry import modules_of
from bartizan.redteam import converters as package
from bartizan.redteam.converters.interface import Family, TextConverter
from bartizan.redteam.errors import ConverterError
from bartizan.redteam.interface import Converter

MAX_STEPS: Final = 8


@cache
def converters() -> Mapping[str, TextConverter]:
    """All of them by id, ordered by family and name."""
    found: dict[str, TextConverter] = {}
    for module in modules_of(package):
        for value in vars(module).values():
            entry = getattr(value, "__bartizan_converter__", None)
            if isinstance(entry, TextConverter) and found.setdefault(entry.id, entry) is not entry:
                raise ConverterError(f"two converters are called {entry.id}")
    order = list(Family)
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (order.index(item[1].family), item[0]))))


class Chain:
    """Converters that are applied one after the other; an empty chain changes nothing."""

    def __init__(self, steps: tuple[Converter, ...]) -> None:
        if len(steps) > MAX_STEPS:
            raise ConverterError(f"a chain of {len(steps)} converters", f"at most {MAX_STEPS}")
        self.steps = steps
        self.id = "+".join(step.id for step in steps)
        """The first step first: ``homoglyphs+base64`` encodes look-alikes."""

    def convert(self, text: str, seed: int) -> str:
        """``text`` after every step. Equal arguments give equal results. Raises ConverterError as the steps do."""
        for step in self.steps:
            text = step.convert(text, seed)
        return text

    def invert(self, text: str) -> str:
        """The text behind a result of `convert`, as far as every step has an inverse.

        Raises:
            ConverterError: a step has none, or ``text`` is no result of it.
        """
        for step in reversed(self.steps):
            inverse = step.inverse if isinstance(step, TextConverter) else None
            if inverse is None:
                raise ConverterError(f"{step.id} has no inverse")
            try:
                text = inverse(text)
            except (ValueError, IndexError, KeyError) as error:
                raise ConverterError(f"this is no result of {step.id}") from error
        return text


def parse_chain(name: str) -> Chain:
    """The chain that ``name`` spells: names of converters joined by ``+``; the empty name is the empty chain.

    Raises:
        ConverterError: there is no such converter.
    """
    known = converters()
    steps: list[TextConverter] = []
    for part in filter(None, [name]) if "+" not in name else name.split("+"):
        if part not in known:
            close = difflib.get_close_matches(part[:80], known, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "`bartizan redteam converters` lists them"
            raise ConverterError(f"no converter is called {printable(part, 80)!r}", hint)
        steps.append(known[part])
    return Chain(tuple(steps))
