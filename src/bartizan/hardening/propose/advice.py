"""What the application's authors should change. Nothing enforces it here, so it is never counted as a control."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bartizan.core.passage import Surface
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.findings import LEAKS
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer

_DELIMIT: Final = (
    "Put material between markers that are drawn anew for each request, and say in the system prompt that what stands"
    " between them is to be read and never to be obeyed. It stops naive orders, and nobody who tries."
)
_LEAK: Final = "Take what was leaked out of the system prompt: what the model does not know it cannot say."
_RECORDS: Final = "Ask for records with the rights of the user who asks, before the model sees them."
_ACTION: Final = "Give the tool only to sessions that need it, and let a person approve calls that cannot be undone."
_LINKS: Final = "Show answers without loading images, or through a proxy that knows your hosts."


class Advice:
    """Proposes words for the system prompt and the design."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``."""
        finding = material.finding
        if finding.hostile is Surface.CONTENT:
            yield _advice(material, "delimit material in the system prompt", _DELIMIT)
        if finding.objective in LEAKS:
            yield _advice(material, "keep secrets out of the prompt", _LEAK)
        if finding.objective == "leak_personal_data":
            yield _advice(material, "decide about records before the model", _RECORDS)
        if finding.exchange.calls:
            yield _advice(material, "narrow the tool", _ACTION)
        if finding.objective in {"exfiltrate", "unsafe_output"}:
            yield _advice(material, "show answers as text", _LINKS)


def _advice(material: Material, title: str, words: str) -> Candidate:
    return Candidate(
        id=candidate_id(material.finding.id, f"advice/{title}"),
        kind=Kind.PROMPT,
        depth=Depth.ADVICE,
        title=title,
        layer=Layer.REQUEST,
        control="",
        advice=words,
    )
