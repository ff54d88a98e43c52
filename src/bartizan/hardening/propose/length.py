"""How long an answer may be: for findings whose harm is its length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer

CONTROL: Final = "BZN-RT-11"
RULE: Final = "answers.max_characters"


class AnswerLength:
    """Proposes the widest bound that stops every form of the finding: what harmless answers need is for the trial."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing where the harm is another than the length, or policy bounds it as closely.

        A token is hardly ever less than a character, so as many tokens as characters cut off nothing that the bound on
        characters lets pass; they keep an upstream from being paid for more.
        """
        most, now = material.finding.too_long - 1, material.policy.answers
        if most < 1 or 0 < now.max_characters <= most:
            return
        settings = [Setting(("answers", "max_characters"), most)]
        if not 0 < now.max_tokens <= most:
            settings.append(Setting(("answers", "max_tokens"), most))
        yield Candidate(
            id=candidate_id(material.finding.id, f"{Kind.ANSWER_LENGTH}/{[(one.path, one.value) for one in settings]}"),
            kind=Kind.ANSWER_LENGTH,
            depth=Depth.EGRESS,
            title=f"at most {most} characters in an answer",
            layer=Layer.OUTPUT,
            control=CONTROL,
            change=Change(settings=tuple(settings)),
            note=(
                "The answer still comes, up to the bound. Harmless answers of the trial are ours: where your users need"
                " longer ones, a person has to raise the number. max_tokens is what keeps the model from writing more;"
                " a quarter of it is enough where answers are in English alone."
            ),
        )
