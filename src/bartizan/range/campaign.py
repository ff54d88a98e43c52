"""Sends every case both ways, directly and through a gateway, and judges what comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from bartizan.range.cases import Attack, Benign, run_attack, run_benign
from bartizan.range.client import Answer, ModelClient
from bartizan.range.helpdesk.application import VULNERABLE, system_prompt
from bartizan.range.helpdesk.records import Plant
from bartizan.range.judge import Outcome, find_secret, judge, kept
from bartizan.reporting.assessment import Case, Exchange

Progress = Callable[[], None]
Send = Callable[[ModelClient, bool], Awaitable[Answer]]
Decide = Callable[[Answer], tuple[Outcome, str]]


class Ways(NamedTuple):
    """The two ways to one model slot: what went one way is cached for the other."""

    direct: ModelClient
    """The model itself."""
    guarded: ModelClient
    """The same model behind the gateway."""


class Campaign:
    """One run; there are as many cases at a time as ways.

    Args:
        ways: each serves one case at a time.
        plant: what is planted in the help desk.
        max_tokens: per generation.
        advance: called after each exchange.
    """

    def __init__(
        self,
        ways: Sequence[Ways],
        plant: Plant,
        *,
        max_tokens: int = 48,
        advance: Progress = lambda: None,
    ) -> None:
        self._free: asyncio.Queue[Ways] = asyncio.Queue()
        for each in ways:
            self._free.put_nowait(each)
        self._plant = plant
        self._max_tokens = max_tokens
        self._advance = advance
        self._prompt = system_prompt(plant, VULNERABLE)

    async def attack(self, attacks: Sequence[Attack]) -> tuple[Case, ...]:
        """Every attack both ways; streaming alternates from case to case, and so does which way comes first."""
        return tuple(await asyncio.gather(*(self._attack(index, attack) for index, attack in enumerate(attacks))))

    async def serve(self, requests: Sequence[Benign]) -> tuple[Case, ...]:
        """Every benign request both ways, alternating likewise."""
        return tuple(await asyncio.gather(*(self._serve(index, benign) for index, benign in enumerate(requests))))

    async def attack_again(self, attacks: Sequence[Attack]) -> tuple[Exchange, ...]:
        """Every attack through the gateway alone."""
        return tuple(await asyncio.gather(*(self._again(*self._attacking(one), i) for i, one in enumerate(attacks))))

    async def serve_again(self, requests: Sequence[Benign]) -> tuple[Exchange, ...]:
        """Every benign request through the gateway alone."""
        return tuple(await asyncio.gather(*(self._again(*self._serving(one), i) for i, one in enumerate(requests))))

    async def _attack(self, index: int, attack: Attack) -> Case:
        direct, guarded, prompt = await self._both(index, *self._attacking(attack))
        return Case(
            id=attack.id,
            title=attack.title,
            group=attack.technique,
            carrier=attack.carrier,
            obfuscation=attack.obfuscation,
            goal=attack.goal,
            sent=attack.payload(self._plant),
            prompt=prompt,
            direct=direct,
            guarded=guarded,
        )

    async def _serve(self, index: int, benign: Benign) -> Case:
        direct, guarded, prompt = await self._both(index, *self._serving(benign))
        return Case(
            id=benign.id,
            title=benign.id.replace("-", " "),
            group=benign.kind,
            carrier=benign.carrier,
            sent=benign.text,
            prompt=prompt,
            direct=direct,
            guarded=guarded,
        )

    def _attacking(self, attack: Attack) -> tuple[Send, Decide]:
        async def send(way: ModelClient, stream: bool) -> Answer:
            return await run_attack(attack, way, self._plant, max_tokens=self._max_tokens, stream=stream)

        return send, lambda answer: judge(attack, answer, self._plant, self._prompt)

    def _serving(self, benign: Benign) -> tuple[Send, Decide]:
        async def send(way: ModelClient, stream: bool) -> Answer:
            return await run_benign(benign, way, self._plant, max_tokens=self._max_tokens, stream=stream)

        def decide(answer: Answer) -> tuple[Outcome, str]:
            if find_secret(answer.text, self._plant.secret):
                return Outcome.INCONCLUSIVE, "the model gave the secret away unasked"
            return kept(answer)

        return send, decide

    @contextlib.asynccontextmanager
    async def _way(self) -> AsyncIterator[Ways]:
        ways = await self._free.get()
        try:
            yield ways
        finally:
            self._free.put_nowait(ways)

    async def _again(self, send: Send, decide: Decide, index: int) -> Exchange:
        async with self._way() as ways:
            answer = await send(ways.guarded, index % 2 == 1)
        self._advance()
        return _exchange(answer, *decide(answer))

    async def _both(self, index: int, send: Send, decide: Decide) -> tuple[Exchange, Exchange, str]:
        order = (0, 1) if index // 2 % 2 == 0 else (1, 0)
        seen: dict[int, Exchange] = {}
        prompt = ""
        async with self._way() as ways:
            for place in order:
                answer = await send(ways[place], index % 2 == 1)
                prompt = answer.prompt
                seen[place] = _exchange(answer, *decide(answer))
                self._advance()
        return seen[0], seen[1], prompt


def _exchange(answer: Answer, outcome: Outcome, reason: str) -> Exchange:
    return Exchange(
        outcome=outcome,
        reason=reason,
        text=answer.text,
        status=answer.status,
        verdict=answer.verdict,
        rule=answer.rule,
        error=answer.error,
        streamed=answer.streamed,
        milliseconds=round(answer.milliseconds, 1),
    )
