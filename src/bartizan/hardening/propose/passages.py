"""Texts that no answer may repeat: hidden instructions, and statements that the operator declared false."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bartizan.core.passage import Surface
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action, Mode
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer
from bartizan.inspection.passages import SHORTEST, Passage, PassageDetector
from bartizan.inspection.views.tokens import read_output

_STATE: Final = ".bartizan/passages"
_KEPT: Final = "The text is kept in .bartizan, not in policy: whoever copies the workspace must copy it too."
_PART: Final = (
    "Made from what was leaked: name the scope file with --scope for all of it. Do not approve it if it holds what"
    " answers have to say."
)
_ONE: Final = (
    "It knows this statement alone, in whatever spelling, and lets pass what denies it. Other wordings and other"
    " falsehoods pass: deeper is to let nobody but you write what the model reads as fact."
)


class HiddenInstructions:
    """Proposes the operator's instructions as a text that no answer may repeat; else what was leaked of them."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing where no hidden instructions were shown."""
        finding = material.finding
        if finding.objective not in {"leak_system_prompt", "system_prompt"} or not finding.exchange.harm:
            return
        leaked, whole = finding.exchange.harm[0], material.declared.instructions
        of_all = bool(whole) and _holds(whole, leaked)
        yield from _candidate(
            material, Kind.INSTRUCTIONS, whole if of_all else leaked, _KEPT if of_all else f"{_PART} {_KEPT}"
        )


class FalseStatements:
    """Proposes a statement that the operator declared false as one that no answer may make."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing for a statement that nobody declared: whether one is false, only people know."""
        finding = material.finding
        if finding.objective != "misinformation":
            return
        for statement in material.declared.statements:
            if _holds(statement, finding.response, statement=True):
                yield from _candidate(material, Kind.STATEMENT, statement, f"{_ONE} {_KEPT}")
                return


def _holds(text: str, said: str, *, statement: bool = False) -> bool:
    detector = PassageDetector([Passage("x", text, statement)])
    return bool(detector.detect(read_output(said).views, Surface.OUTPUT))


def _candidate(material: Material, kind: Kind, text: str, note: str) -> Iterator[Candidate]:
    if sum(map(str.isalnum, text)) < SHORTEST:
        return
    identifier = candidate_id(material.finding.id, f"{kind}/{text}")
    if identifier in {one.name for one in material.policy.passages.declared}:
        return
    row = {"name": identifier, "value": {"file": f"{_STATE}/{identifier}"}}
    settings = [
        Setting(("passages", "declared"), [{**row, "statement": True} if kind is Kind.STATEMENT else row], add=True)
    ]
    if not _enforced(material):
        settings.append(Setting(("surfaces", "output", "passage"), {"action": "block"}))
    yield Candidate(
        id=identifier,
        kind=kind,
        depth=Depth.EGRESS,
        title="never make the statement" if kind is Kind.STATEMENT else "never repeat the hidden instructions",
        layer=Layer.OUTPUT,
        control="BZN-RT-06",
        change=Change(settings=tuple(settings)),
        note=note,
        secrets={f"passages/{identifier}": text},
    )


def _enforced(material: Material) -> bool:
    row = material.policy.surfaces.get(Surface.OUTPUT, {}).get(Guard.PASSAGE)
    return row is not None and row.mode is Mode.ENFORCE and row.action is Action.BLOCK and row.threshold <= 0.5
