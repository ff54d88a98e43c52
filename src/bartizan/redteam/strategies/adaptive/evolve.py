"""Evolutionary search through the grammar, guided by what target and guard answer.

Each move is one genome. A population of the best parents is kept; children are crossed and mutated; and for each gene
the mean fitness of its values so far weights what mutation draws (an estimation-of-distribution algorithm, Mühlenbein
and Paaß 1996). Words that only blocked texts have are suspected, and disguised in later texts. All chance comes from the seed.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from functools import partial
from random import Random

import msgspec

from bartizan.redteam.errors import ConverterError
from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.strategies.adaptive.fitness import REFUSED, fitness
from bartizan.redteam.strategies.adaptive.genome import GENES, Genome, Space
from bartizan.redteam.strategies.adaptive.grammar import grammar
from bartizan.redteam.strategies.adaptive.suspicion import Suspicion
from bartizan.redteam.strategies.casting import cast_all, hostile_text
from bartizan.redteam.strategies.registry import strategy
from bartizan.redteam.taxonomy import Adaptivity

PARENTS = 8
EXPLORED = 0.25
"""Share of moves that are drawn afresh."""
KEPT = 0.7
"""Share of children that keep what their mother's converters drew, and with it the form of the disguise."""
SHARPNESS = 6.0
"""How strongly the mean fitness of a gene's value weights it."""
_SEEDS = 4
"""Moves at the start that try plain pieces."""


@strategy
class Adaptive:
    """Searches a grammar of attacks with a memory of what was blocked, refused and answered; needs no model."""

    id = "adaptive"
    adaptivity = Adaptivity.ADAPTIVE
    needs_attacker = False

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        """As many moves as the budget allows, each in a conversation of its own."""
        search = _Search(brief)
        for _ in range(brief.budget):
            genome, text = search.propose()
            names = tuple(filter(None, (genome.disguise, *genome.wrappers)))
            observation = yield cast_all(brief, partial(_converted, brief, text), converters=names)
            value = fitness(observation.reply, brief.goal)
            search.learn(genome, text, value, blocked=observation.reply.blocked)


def _converted(brief: Brief, text: str, _: str) -> str:
    return brief.convert(text)


class _Search:
    def __init__(self, brief: Brief) -> None:
        case = brief.case
        slots = {"goal": brief.goal, **brief.slots}
        self._space = Space(grammar(), case.objective, hostile_text(case), slots, planted=bool(case.planted))
        self._rng = Random(f"{brief.seed}/adaptive")
        self._suspicion = Suspicion()
        self._population: list[tuple[float, int, Genome]] = []
        self._sum: dict[tuple[str, object], float] = {}
        self._count: dict[tuple[str, object], int] = {}
        self._seen: set[str] = set()
        self._moves = 0

    def propose(self) -> tuple[Genome, str]:
        """The next genome and its text; one that was not sent yet, if twenty draws find one."""
        genome, text = Genome(request=-1), ""
        for _ in range(20):
            genome = self._draw()
            try:
                text = self._space.text(genome, self._suspicion)
            except ConverterError:
                continue
            if text not in self._seen:
                break
        self._seen.add(text)
        self._moves += 1
        return genome, text

    def learn(self, genome: Genome, text: str, value: float | None, *, blocked: bool) -> None:
        """Take in how a move went; None teaches nothing."""
        if value is None:
            return
        self._suspicion.saw(text, blocked=blocked)
        for gene in GENES:
            key = (gene, getattr(genome, gene))
            self._sum[key] = self._sum.get(key, 0.0) + value
            self._count[key] = self._count.get(key, 0) + 1
        self._population.append((value, -self._moves, genome))
        self._population.sort(key=lambda one: one[:2], reverse=True)
        del self._population[PARENTS:]

    def _draw(self) -> Genome:
        salt = self._rng.getrandbits(32)
        if self._moves == 0:
            return Genome(request=-1, salt=salt)
        if self._moves < _SEEDS:
            return Genome(request=self._pick("request"), salt=salt)  # type: ignore[arg-type]
        if len(self._population) < 2 or self._rng.random() < self._explored():
            return msgspec.structs.replace(self._random(), salt=salt)
        mother, father = self._parent(), self._parent()
        if self._rng.random() < KEPT:
            salt = mother.salt
        genes = {gene: getattr(self._rng.choice((mother, father)), gene) for gene in GENES}
        for gene in self._rng.sample(GENES, k=self._rng.choice((1, 1, 2))):
            genes[gene] = self._pick(gene)
        if len(genes["wrappers"]) == 1 and self._rng.random() < 0.15:
            genes["wrappers"] = (*genes["wrappers"], *self._pick("wrappers"))  # type: ignore[misc]
        return Genome(**genes, salt=salt)

    def _explored(self) -> float:
        """Once something came through and was understood, its neighbourhood is worth more than new ground."""
        return EXPLORED / 2 if self._population[0][0] >= REFUSED else EXPLORED

    def _random(self) -> Genome:
        genes = {"request": self._pick("request")}
        for gene in GENES[1:]:
            if self._rng.random() < 0.45:
                genes[gene] = self._pick(gene)
        return Genome(**genes)  # type: ignore[arg-type]

    def _parent(self) -> Genome:
        some = self._rng.sample(self._population, k=min(3, len(self._population)))
        return max(some, key=lambda one: one[:2])[2]

    def _pick(self, gene: str) -> object:
        choices = self._space.choices[gene]
        return self._rng.choices(choices, weights=[self._weight(gene, value) for value in choices])[0]

    def _weight(self, gene: str, value: object) -> float:
        """Grows with the mean fitness seen; values not tried yet count as fairly good."""
        key = (gene, value)
        mean = (self._sum.get(key, 0.0) + 0.5) / (self._count.get(key, 0) + 1)
        return math.exp(SHARPNESS * mean)
