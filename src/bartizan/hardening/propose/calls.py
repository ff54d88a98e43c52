"""How many tool calls one message of a user may cost: for findings whose harm is their number."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.propose.tools import CONTROL
from bartizan.hardening.stack import Layer


class CallBudget:
    """Proposes the widest budget that stops every form of the finding: what harmless tasks need is for the trial."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing where the harm is another than the number of calls, or policy allows as few."""
        budget = material.finding.too_many - 1
        tools = material.policy.tools
        if budget < 1 or (tools.guard in {"balanced", "strict"} and 0 < tools.calls_per_message <= budget):
            return
        settings = [Setting(("tools", "calls_per_message"), budget)]
        if tools.guard in {"none", "observe"}:
            settings.insert(0, Setting(("tools", "guard"), "balanced"))
        yield Candidate(
            id=candidate_id(material.finding.id, f"{Kind.TOOL_BUDGET}/{[(one.path, one.value) for one in settings]}"),
            kind=Kind.TOOL_BUDGET,
            depth=Depth.ACTION,
            title=f"at most {budget} tool calls for one message",
            layer=Layer.CALL,
            control=CONTROL,
            change=Change(settings=tuple(settings)),
            note=(
                "The calls up to the budget still run. Harmless tasks of the trial are ours: where your users ask for"
                " more at once, a person has to raise the number."
            ),
        )
