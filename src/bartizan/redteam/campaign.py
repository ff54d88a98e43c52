"""From a scope file to a run: plan, run or resume, in one folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path

import msgspec

from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.tool_link import ToolLinks
from bartizan.redteam.announcing import Announcer
from bartizan.redteam.attacker import ModelAttacker
from bartizan.redteam.attempt import Attempt
from bartizan.redteam.case import Case, led_to
from bartizan.redteam.cases import load_cases
from bartizan.redteam.cases.loader import SHIPPED
from bartizan.redteam.converters import converters
from bartizan.redteam.errors import RunError
from bartizan.redteam.interface import Target
from bartizan.redteam.journal import Journal, Noted, PlanRecord, read_plan, write_plan
from bartizan.redteam.knowledge import Knowledge, knowledge_of
from bartizan.redteam.oracles import Judge
from bartizan.redteam.playing import Stage
from bartizan.redteam.runner import Progress, Runner
from bartizan.redteam.scope import Scope, check_authorised, load_scope
from bartizan.redteam.scope_servers import ToolServerSpec
from bartizan.redteam.scope_target import Kind
from bartizan.redteam.secret import resolve
from bartizan.redteam.spending import Spending
from bartizan.redteam.strategies import strategies
from bartizan.redteam.targets import make_target
from bartizan.redteam.targets.tools.obedient import CAN
from bartizan.redteam.taxonomy import Objective
from bartizan.redteam.trial import Planned, digest, plan_trials

SCHEMA = "bartizan/redteam-plan/v1"
ALL = frozenset(Objective)


class Campaign:
    """A scope file, read, with one of its targets.

    Args:
        scope_path: the scope file.
        target: id of the target; may be empty when there is only one.
        cases: in place of those that the plan names.
        links: opens connections to MCP servers, where the target has some.

    Raises:
        ConfigurationError, DocumentError: the scope file, a case file or a text they name cannot be used.
        ScopeError: the target is not in it, the authorisation has run out, or the plan names what does not exist.
    """

    def __init__(
        self,
        scope_path: Path,
        target: str = "",
        cases: tuple[Case, ...] | None = None,
        links: ToolLinks | None = None,
    ) -> None:
        self.scope_path = scope_path
        self.scope: Scope = load_scope(scope_path)
        check_authorised(self.scope, utc_now().date())
        self.spec = self.scope.target(target)
        self.folder = scope_path.resolve().parent
        self.known: Knowledge = knowledge_of(self.scope.facts, self.folder)
        self.judge = Judge(self.known)
        plan = self.scope.plan
        sources = tuple(one if one in SHIPPED else self.folder / one for one in plan.cases)
        loaded = load_cases(sources) if cases is None else cases
        self.cases = tuple(led_to(case, self.spec.questions) for case in loaded)
        for case in self.cases:
            self.judge.check(case)
        limits, helper = self.scope.limits, self.scope.attacker
        self.spending = Spending()
        self.target: Target = make_target(self.spec, limits, self.folder, self.spending.sent, self.known, links)
        self.attacker = ModelAttacker(helper, limits, self.folder, self.spending) if helper is not None else None
        self.planned: Planned = plan_trials(
            plan,
            self.cases,
            self.target.entry_points,
            self.known,
            converters(),
            strategies(),
            attacker=self.attacker is not None,
            able=CAN if self.spec.kind is Kind.AGENT and not self.spec.model else ALL,
        )

    def stage(self) -> Stage:
        """What its trials share."""
        return Stage(
            target=self.target,
            judge=self.judge,
            known=self.known,
            converters=converters(),
            strategies=strategies(),
            moves=self.scope.plan.moves,
            attacker=self.attacker,
        )

    def _content(self) -> str:
        """Digest of what must not change while a campaign is interrupted; keys and passwords may."""
        scope = self.scope
        system = resolve(self.spec.system, self.folder) if self.spec.system is not None else ""
        cases = {trial.case.id: trial.case for trial in self.planned.trials}
        known = [getattr(self.known, field.name) for field in fields(self.known)]
        parts = (known, list(cases.values()), scope.attacker, scope.plan.moves, scope.stop, system)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

    def record(self) -> PlanRecord:
        """What the run's folder says about it."""
        planned = self.planned
        return PlanRecord(
            schema=SCHEMA,
            name=self.scope.name,
            product=version("bartizan"),
            scope=str(self.scope_path.resolve()),
            scope_sha256=hashlib.sha256(self.scope_path.read_bytes()).hexdigest(),
            target=self.spec.id,
            target_kind=self.spec.kind.value,
            target_url=self.spec.url or self.spec.callable or ", ".join(_reached(one) for one in self.spec.servers),
            model=self.spec.model,
            fingerprint=digest(msgspec.json.encode(self.spec)),
            content=self._content(),
            authorisation=self.scope.authorisation.statement,
            authorised_by=self.scope.authorisation.by,
            seed=self.scope.plan.seed,
            started=rfc3339(utc_now()),
            trials=len(planned.trials),
            trials_digest=digest(*(trial.id for trial in planned.trials)),
            thresholds=self.scope.thresholds,
            cases=tuple({trial.case.id: trial.case for trial in planned.trials}.values()),
            untested=planned.untested,
        )

    async def run(
        self,
        folder: Path,
        show: Callable[[Progress], None] = lambda progress: None,
        announcer: Announcer | None = None,
    ) -> str:
        """Run, or go on with, the campaign in ``folder``. Returns why it ended early, or "".

        ``announcer`` tells the deployment that is attacked.

        Raises:
            RunError: the folder belongs to another campaign, is in use, or cannot be written.
        """
        try:
            with Journal(folder) as journal:
                earlier, now = read_plan(folder), self.record()
                if earlier is None:
                    write_plan(folder, now)
                else:
                    _must_match(earlier, now, folder)
                    if earlier.scope_sha256 != now.scope_sha256:
                        text = "the scope file was edited after the campaign began, in what a resumed one may change"
                        journal.add(Noted(at=now.started, text=text))
                if announcer is None:
                    return await self._runner(journal, show).run()
                await announcer.begun(earlier or now, resumed=earlier is not None)
                runner = self._runner(journal, show, announcer.attempted)
                reason = "it was stopped"
                try:
                    reason = await runner.run()
                finally:
                    await announcer.over(runner.progress, reason)
                return reason
        finally:
            await self.target.close()
            if self.attacker is not None:
                await self.attacker.close()

    def _runner(
        self,
        journal: Journal,
        show: Callable[[Progress], None],
        tell: Callable[[Attempt], None] = lambda attempt: None,
    ) -> Runner:
        scope, trials = self.scope, self.planned.trials
        return Runner(self.stage(), trials, scope.limits, scope.stop, journal, self.spending, show, tell)


def _reached(server: ToolServerSpec) -> str:
    return server.url or " ".join(server.command) or "the campaign's own server"


def _must_match(earlier: PlanRecord, now: PlanRecord, folder: Path) -> None:
    for name, what in (
        ("target", "another target"),
        ("fingerprint", "a target with other settings"),
        ("trials_digest", "other cases, converters, strategies or seed"),
        ("content", "other facts, texts of cases or instructions, attacker model, moves or stop rules"),
    ):
        if getattr(earlier, name) != getattr(now, name):
            raise RunError(f"{folder} holds a campaign with {what}", "name another folder with --out")
