"""A language model that helps the tester: as an attacker, as strategies see it, or as a judge."""

from __future__ import annotations

from pathlib import Path

from bartizan.redteam.errors import TargetError, UnansweredError
from bartizan.redteam.scope import Limits
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.spending import Spending
from bartizan.redteam.targets.make import make_model
from bartizan.redteam.taxonomy import EntryPoint


class ModelAttacker:
    """A model that the scope file names beside its targets; each question is a conversation of its own, at one rate.

    Args:
        spec: ``openai`` or ``anthropic``.
        limits: how hard it may be pressed.
        folder: of the scope file.
        spending: where its requests and tokens are counted.
        called: what errors call it.
    """

    def __init__(
        self,
        spec: TargetSpec,
        limits: Limits,
        folder: Path,
        spending: Spending,
        called: str = "the attacker model",
    ) -> None:
        self._called = called
        self._model = make_model(spec, limits, folder, spending.sent)
        self._spending = spending

    async def __call__(self, instructions: str, message: str) -> str:
        """Its answer. Raises TargetError when there is none."""
        reply = await self._model.conversation(EntryPoint.CHAT, instructions).say(message)
        self._spending.take(reply)
        if reply.unreachable or reply.lost:
            raise UnansweredError(f"{self._called} did not answer: {reply.error}", again=reply.unreachable)
        if reply.error or not reply.text.strip():
            raise TargetError(f"{self._called} did not answer: {reply.error or 'empty reply'}")
        return reply.text

    async def close(self) -> None:
        """Idempotent."""
        await self._model.close()
