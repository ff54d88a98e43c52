"""What attacks without shadow models share: they score each row from the model's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bartizan.reporting.audit import AuditResult, Comparison
from bartizan.robustness.interface import AuditContext, ModelUnderTest
from bartizan.robustness.privacy import verdict
from bartizan.robustness.privacy.game import Game, game
from bartizan.robustness.privacy.shadows import unseen_of
from bartizan.robustness.privacy.signals import Signal


def run(context: AuditContext, signals: Mapping[str, Signal], trains: bool, **said: Any) -> AuditResult:
    """Attacks the model under test with every signal. Failure is inconclusive: such attacks miss what LiRA finds.

    Args:
        context: as the audit got it.
        signals: scores by name; the best one decides, corrected for their number.
        trains: one model without the attacked rows, which shows whether these differ by themselves.
        said: fields of the result that are the audit's own.
    """
    played = game(context.data, context.effort.samples, context.seed)
    rows = slice(0, played.n)
    x, y = played.x[rows], played.y[rows]
    verdict.must_vary(context.model, x)
    attack = verdict.Attack({name: signal(context.model, x, y) for name, signal in signals.items()}, played.member)
    untested = ["what shadow models reveal: membership.lira, membership.rmia"]
    unseen = unseen_of(context, played) if trains else None
    tried: list[Comparison] = []
    if unseen is None:
        untested.append("whether training and test rows differ by themselves: no model without these rows was trained")
    else:
        tried = [
            verdict.compare(
                f"{name} of a model that saw none of these rows", signal(unseen, x, y), played.member, verdict.BASELINES
            )
            for name, signal in signals.items()
        ]
    return verdict.result(
        context,
        attack,
        lambda: _control(context, played, signals),
        tried,
        reassuring=False,
        settings={"samples": f"{int(played.member.sum())} members, {int((~played.member).sum())} others"},
        untested=tuple(untested),
        **said,
    )


def _control(context: AuditContext, played: Game, signals: Mapping[str, Signal]) -> Comparison:
    small, trainer = verdict.control_game(played)
    remembered = verdict.target_rows(small)
    weak: ModelUnderTest = trainer.fit(remembered.x, remembered.y, 0)
    name = trainer.name
    if context.weak is not None:
        weak, name = context.weak, context.weak.name
    x, y = small.x[: small.n], small.y[: small.n]
    tried = [
        verdict.compare(f"{signal_name} on a {name}", signal(weak, x, y), small.member)
        for signal_name, signal in signals.items()
    ]
    return max(tried, key=lambda one: (one.succeeded, one.measure.value))
