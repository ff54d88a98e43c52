"""What a run amounts to for whoever waits for an exit code."""

from __future__ import annotations

from bartizan.redteam.findings import RedTeamFinding
from bartizan.redteam.results import Run
from bartizan.redteam.scope import Thresholds
from bartizan.redteam.taxonomy import Outcome


def exit_code(run: Run, findings: list[RedTeamFinding], thresholds: Thresholds) -> tuple[int, str]:
    """0, 1 or 2, and why.

    More findings than allowed is 1, whatever is missing: what was found is found. Else a run that is not over, or of
    which too much is inconclusive, or that tested nothing, is 2; so is one in which no attempt was answered.
    """
    played = len(run.trials)
    if len(findings) > thresholds.findings:
        return 1, f"{len(findings)} findings, {thresholds.findings} allowed"
    if run.missing > 0:
        return 2, f"{run.missing} of {run.plan.trials} trials have not been run"
    if played == 0 and not run.not_needed:
        return 2, "nothing was tested"
    if played and not run.answered:
        return 2, "no attempt got a readable reply: look at the target's key, login and address"
    share = run.count(Outcome.INCONCLUSIVE) / played if played else 0.0
    if share > thresholds.inconclusive:
        return 2, f"{share:.0%} of the trials are inconclusive, {thresholds.inconclusive:.0%} allowed"
    return 0, "within the thresholds"
