"""Tells a deployment's journal of a campaign against it: what was sent, as commitments, and what came of it.

An attempt is told before it is kept in the run's folder: after ``kill -9`` every attempt of the folder has its event,
and one that was lost and is sent again is told twice, for it was sent twice.
"""

from __future__ import annotations

from collections.abc import Callable

from bartizan.core.clock import utc_now
from bartizan.core.event import CampaignAttempted, CampaignChanged, Commitment
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.redteam.attempt import Attempt
from bartizan.redteam.case import Case
from bartizan.redteam.journal import PlanRecord
from bartizan.redteam.runner import Progress
from bartizan.redteam.trial import digest


class Announcer:
    """One campaign's events.

    Args:
        recorder: of the deployment.
        commit: text to commitment, under the deployment's key.
    """

    def __init__(self, recorder: Recorder, commit: Callable[[str], Commitment]) -> None:
        self._recorder = recorder
        self._commit = commit
        self._plan: PlanRecord | None = None
        self._cases: dict[str, Case] = {}

    async def begun(self, plan: PlanRecord, *, resumed: bool) -> None:
        """Before anything is sent. Raises JournalError when it cannot be kept: then nothing is sent."""
        self._plan = plan
        self._cases = {case.id: case for case in plan.cases}
        self._changed(plan, "resumed" if resumed else "started", Progress(total=plan.trials), "")
        await self._recorder.commit()

    def attempted(self, attempt: Attempt) -> None:
        """After each attempt."""
        assert self._plan is not None, "it is told when a campaign begins"
        case = self._cases[attempt.case]
        texts = (text for turn in attempt.turns for text in (turn.sent, *(one.content for one in turn.planted)))
        self._recorder.append(
            CampaignAttempted(
                id=new_id("evt"),
                at=utc_now(),
                campaign=campaign_id(self._plan),
                attempt=attempt.id,
                case=case.id,
                entry_point=case.entry_point.value,
                objective=case.objective.value,
                technique=case.technique,
                target=self._plan.target,
                outcome=attempt.outcome.value,
                requests=tuple(turn.reply.request for turn in attempt.turns if turn.reply.request),
                content=tuple(self._commit(text) for text in dict.fromkeys(texts)),
            )
        )

    async def over(self, progress: Progress, reason: str) -> None:
        """At the end, an early one too."""
        assert self._plan is not None, "it is told when a campaign begins"
        self._changed(self._plan, "ended", progress, reason)
        await self._recorder.commit()

    def _changed(self, plan: PlanRecord, state: str, progress: Progress, reason: str) -> None:
        self._recorder.append(
            CampaignChanged(
                id=new_id("evt"),
                at=utc_now(),
                campaign=campaign_id(plan),
                state=state,  # type: ignore[arg-type]
                name=plan.name[:200],
                target=f"{plan.target} {plan.target_url}"[:300].strip(),
                by=plan.authorised_by[:200],
                digest=plan.scope_sha256,
                trials=progress.total,
                hits=progress.hits,
                inconclusive=progress.inconclusive,
                reason=reason[:400],
            )
        )


def campaign_id(plan: PlanRecord) -> str:
    """``rtc-`` and twelve digits: of what is run against what since when; a resumed campaign keeps it."""
    return "rtc-" + digest(plan.trials_digest, plan.fingerprint, plan.content, plan.started)
