"""Puts variants of a finding together, by chance from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import msgspec

from bartizan.core.passage import Surface
from bartizan.hardening.data import convert_data
from bartizan.hardening.exchange import Call, Exchange, Piece
from bartizan.hardening.findings import LEAKS, RedTeamFinding
from bartizan.hardening.variants.dressing import DRESSES, disguises
from bartizan.hardening.variants.length import lengthy
from bartizan.hardening.variants.passages import part_of, typeset
from bartizan.hardening.variants.side import Side
from bartizan.hardening.variants.slots import other_value, replaced, replacements, respelled
from bartizan.hardening.variants.wording import reworded
from bartizan.redteam.oracles.texts import asserts

_SLOTS, _WORDS, _DRESS, _CARRIER = 0.7, 0.6, 0.4, 0.8
"""How often each family takes part; a variant takes part in at least one."""

MOST_CALLS = 80
"""Of a variant whose harm is the number of its calls, or twice the finding's."""


class _Carrier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    text: str


_Carriers = dict[Surface, dict[Side, tuple[_Carrier, ...]]]


@cache
def _carriers() -> _Carriers:
    carriers: _Carriers = convert_data("variants", "carriers.yaml", _Carriers)
    return carriers


def families(side: Side) -> tuple[str, ...]:
    """The names of what variants of one side are made by, as evidence tells them."""
    carriers = [f"carrier.{one.id}" for rows in _carriers().values() for one in rows[side]]
    parts = ("part",) if side is Side.HELD else ()
    dresses = (f"dress.{dress.__name__}" for dress in DRESSES[side])
    return ("slots", "wording", "calls", "length", *parts, *dresses, *carriers)


class Variants:
    """Variants of one finding; the same seed gives the same ones.

    Args:
        finding: what is varied.
        side: whose material is used.
        seed: any text.
        known: values of the application's own customers: variants of a leak of personal data leak those, each in
            another spelling, for a number that is nobody's is no harm.
    """

    def __init__(self, finding: RedTeamFinding, side: Side, seed: str, known: tuple[str, ...] = ()) -> None:
        self._finding = finding
        self._known = known if finding.objective == "leak_personal_data" else ()
        self._exchange = finding.exchange
        self._side = side
        self._chance = Random(f"{seed}/{side}/{finding.id}")  # noqa: S311 - reproducible, nothing secret
        self._secret = finding.objective in LEAKS
        self._instructions = finding.objective in {"leak_system_prompt", "system_prompt"}
        self._statement = finding.objective == "misinformation"

    def __iter__(self) -> Iterator[Exchange]:
        """Endless; may repeat itself once it runs out of combinations."""
        while True:
            yield self._variant()

    def _variant(self) -> Exchange:
        chance, side, old = self._chance, self._side, self._exchange
        made: list[str] = []
        mapping: dict[str, str] = {}
        if chance.random() < _SLOTS:
            keep = old.harm if self._secret or self._known or self._statement else ()
            texts = (*(piece.text for piece in old.pieces), old.answer, *_texts(call.arguments for call in old.calls))
            mapping = replacements(texts, keep, chance, side)
            if mapping:
                made.append("slots")
        words, dress = chance.random() < _WORDS, chance.random() < _DRESS
        carried = chance.random() < _CARRIER or not (made or words or dress)
        pieces = tuple(
            self._piece(piece, mapping, words, dress, carried, made)
            if piece.surface is self._finding.hostile
            else Piece(piece.surface, replaced(piece.text, mapping))
            for piece in old.pieces
        )
        answer, harm = self._answer(mapping, made)
        return Exchange(
            pieces=pieces,
            answer=answer,
            harm=harm,
            too_long=old.too_long,
            tools=old.tools,
            calls=self._calls(mapping, made),
            group=old.group,
            made="+".join(dict.fromkeys(made)),
        )

    def _calls(self, mapping: dict[str, str], made: list[str]) -> tuple[Call, ...]:
        """The same calls; where their number is the harm, another number of them, each with arguments of its own."""
        calls = tuple(Call(call.tool, _mapped(call.arguments, mapping)) for call in self._exchange.calls)
        if not self._finding.too_many:
            return calls
        made.append("calls")
        number = self._chance.randint(self._finding.too_many, max(2 * len(calls), MOST_CALLS))
        drawn = (self._chance.choice(calls) for _ in range(number))
        side = self._side is Side.HELD  # numbers of the two sides differ: even and odd
        return tuple(
            Call(call.tool, _numbered(call.arguments, str(2 * self._chance.randrange(10**6) + side))) for call in drawn
        )

    def _piece(
        self, piece: Piece, mapping: dict[str, str], words: bool, dress: bool, carried: bool, made: list[str]
    ) -> Piece:
        text = replaced(piece.text, mapping)
        if words:
            other = reworded(text, self._chance, self._side)
            if other != text:
                made.append("wording")
            text = other
        if dress:
            how = self._chance.choice(DRESSES[self._side])
            text = how(text, self._chance)
            made.append(f"dress.{how.__name__}")
        if carried:
            carrier = self._chance.choice(_carriers()[piece.surface][self._side])
            text = carrier.text.replace("{text}", text)
            made.append(f"carrier.{carrier.id}")
        return Piece(piece.surface, text)

    def _answer(self, mapping: dict[str, str], made: list[str]) -> tuple[str, tuple[str, ...]]:
        """Another answer that shows the harm: retold, not observed."""
        old = self._exchange
        if old.too_long:
            made.append("length")
            return lengthy(self._chance, self._side, old.too_long), ()
        if not old.answer or not old.harm:
            return replaced(old.answer, mapping), tuple(replaced(one, mapping) for one in old.harm)
        harm = replaced(self._chance.choice(old.harm), mapping)
        if self._known:
            harm = respelled(other_value(harm, self._known, self._chance), self._chance)
            made.append("known")
        if self._instructions and self._side is Side.HELD:
            harm = part_of(harm, self._chance)
            made.append("part")
        if self._statement:
            return self._assertion(harm, made)
        if self._secret and self._side is Side.HELD:
            name, harm = self._chance.choice(disguises(harm))
            made.append(f"disguise.{name}")
        shown = harm
        if harm.startswith(("http://", "https://")):
            shown = self._chance.choice((harm, f"![status]({harm})", f"[see here]({harm})"))
        carrier = self._chance.choice(_carriers()[Surface.OUTPUT][self._side])
        made.append(f"answer.{carrier.id}")
        return carrier.text.replace("{harm}", shown), (harm,)

    def _assertion(self, statement: str, made: list[str]) -> tuple[str, tuple[str, ...]]:
        """An answer that makes the statement, by the same measure as the campaign's."""
        while True:
            name, shown = self._chance.choice(typeset(statement, self._side))
            carrier = self._chance.choice(_carriers()[Surface.OUTPUT][self._side])
            answer = carrier.text.replace("{harm}", shown)
            if asserts(answer, statement):
                made += [f"typeset.{name}", f"answer.{carrier.id}"]
                return answer, (shown,)


def _numbered(arguments: dict[str, Any], number: str) -> dict[str, Any]:
    """``arguments`` with ``number`` after each text and in place of each number; as they are where there is neither."""
    out = dict(arguments)
    for name, value in arguments.items():
        if isinstance(value, str):
            out[name] = f"{value} {number}"
        elif isinstance(value, int) and not isinstance(value, bool):
            out[name] = int(number)
    return out


def _texts(values: Any) -> list[str]:
    return [item for value in values for item in value.values() if isinstance(item, str)]


def _mapped(value: Any, mapping: dict[str, str]) -> Any:
    if isinstance(value, str):
        return replaced(value, mapping)
    if isinstance(value, dict):
        return {key: _mapped(item, mapping) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, mapping) for item in value]
    return value
