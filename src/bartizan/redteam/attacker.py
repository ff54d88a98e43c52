"""A language model that helps the attacker, as strategies see it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bartizan.redteam.errors import TargetError, UnansweredError
from bartizan.redteam.interface import Attacker
from bartizan.redteam.scope import Limits
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.targets.make import make_target
from bartizan.redteam.taxonomy import EntryPoint


def make_attacker(spec: TargetSpec, limits: Limits, folder: Path) -> Attacker:
    """The model of the scope file's ``attacker``; each question is a conversation of its own."""

    async def ask(instructions: str, message: str) -> str:
        target = make_target(msgspec.structs.replace(spec, system=instructions), limits, folder)
        try:
            reply = await (await target.open(EntryPoint.CHAT)).say(message)
        finally:
            await target.close()
        if reply.unreachable or reply.lost:
            raise UnansweredError(f"the attacker model did not answer: {reply.error}", again=reply.unreachable)
        if reply.error or not reply.text.strip():
            raise TargetError(f"the attacker model did not answer: {reply.error or 'empty reply'}")
        return reply.text

    return ask
