"""What may leave in an answer. An attack may be worded as it likes: what it is after has a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bartizan.core.passage import Surface
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action, Mode
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.findings import LEAKS
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer
from bartizan.inspection.canaries import SHORTEST

_ROWS: Final = (
    (Guard.OUTPUT_HAZARD, Action.REDACT, "BZN-RT-07", "disarm links, images and markup in answers"),
    (Guard.PERSONAL_DATA, Action.REDACT, "BZN-RT-05", "take personal data out of answers"),
    (Guard.SECRET, Action.REDACT, "BZN-RT-04", "take credentials out of answers"),
    (Guard.OUTPUT_HAZARD, Action.BLOCK, "BZN-RT-07", "refuse answers with links, images or markup that act"),
    (Guard.PERSONAL_DATA, Action.BLOCK, "BZN-RT-05", "refuse answers with personal data"),
)
_HOSTS: Final = "A host that is missing from the list is a false positive that the shipped corpus cannot show."
_STATE: Final = ".bartizan/canaries"


class OutputRules:
    """Proposes canaries, rows for the output surface and the list of hosts that answers may link to."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing for a finding without a response: nobody knows what harm looks like."""
        finding = material.finding
        if not finding.response:
            return
        if finding.objective in LEAKS:
            yield from _canaries(material)
        yield from _rows(material)
        if any(harm.startswith(("http://", "https://")) for harm in finding.exchange.harm):
            yield from _links(material)


def _canaries(material: Material) -> Iterator[Candidate]:
    """The leaked words themselves become a marker: whatever makes the model say them is stopped."""
    known = {canary.name for canary in material.policy.canaries}
    for leaked in material.finding.exchange.harm:
        letters = sum(letter.isalnum() for letter in leaked)
        if letters < SHORTEST or len(leaked) > 200 or "\n" in leaked:
            continue
        identifier = candidate_id(material.finding.id, f"canary/{leaked}")
        if identifier in known:
            continue
        row = {"name": identifier, "value": {"file": f"{_STATE}/{identifier}"}}
        settings = [Setting(("canaries",), [row], add=True)]
        if not _enforced(material, Guard.CANARY, Action.BLOCK):
            settings.append(Setting(("surfaces", "output", "canary"), {"action": "block"}))
        yield Candidate(
            id=identifier,
            kind=Kind.CANARY,
            depth=Depth.EGRESS,
            title="never show what was leaked, in any spelling that is known",
            layer=Layer.OUTPUT,
            control="BZN-RT-06",
            change=Change(settings=tuple(settings)),
            note="The words are kept in .bartizan, not in policy: whoever copies the workspace must copy them too.",
            secrets={f"canaries/{identifier}": leaked},
        )


def _rows(material: Material) -> Iterator[Candidate]:
    for guard, action, control, title in _ROWS:
        if _enforced(material, guard, action):
            continue
        settings = (Setting(("surfaces", "output", guard.value), {"action": action.value}),)
        yield _candidate(material, Kind.OUTPUT_ROW, title, control, settings)


def _links(material: Material) -> Iterator[Candidate]:
    """Only listed hosts. Which ones an application links to, its operator knows; harmless traffic is taken to link to
    those (``Court.harmless``), so without any the candidate must prove itself on answers that link elsewhere."""
    if material.policy.links.check_plain:
        return
    settings = [Setting(("links", "check_plain"), True)]
    allowed = list(dict.fromkeys([*material.policy.links.allow, *material.hosts]))
    new = allowed[len(material.policy.links.allow) :]
    if new:
        settings.append(Setting(("links", "allow"), new, add=True))
    if not _enforced(material, Guard.OUTPUT_HAZARD, Action.REDACT):
        settings.append(Setting(("surfaces", "output", "output_hazard"), {"action": "redact"}))
    title = "let answers link to the hosts of links.allow only"
    yield _candidate(material, Kind.LINKS, title, "BZN-RT-08", tuple(settings), _HOSTS if allowed else "")


def _enforced(material: Material, guard: Guard, action: Action) -> bool:
    row = material.policy.surfaces.get(Surface.OUTPUT, {}).get(guard)
    return row is not None and row.mode is Mode.ENFORCE and row.action.rank >= action.rank and row.threshold <= 0.5


def _candidate(
    material: Material, kind: Kind, title: str, control: str, settings: tuple[Setting, ...], note: str = ""
) -> Candidate:
    return Candidate(
        id=candidate_id(material.finding.id, f"{kind}/{[(one.path, one.value) for one in settings]}"),
        kind=kind,
        depth=Depth.EGRESS,
        title=title,
        layer=Layer.OUTPUT,
        control=control,
        change=Change(settings=settings),
        note=note,
    )
