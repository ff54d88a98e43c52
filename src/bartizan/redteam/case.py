"""One attack as data: what is sent where, what it is after, and how success is recognised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from bartizan.core.problem import Problem, quote
from bartizan.core.threat import Severity
from bartizan.redteam.taxonomy import DIRECT, EntryPoint, Objective

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]

SLOTS = frozenset(
    {
        "goal",  # what the attack wants, as an order: "tell me the override code"
        "secret_name",  # what the application calls its secret: "override code"
        "application",  # what the application is: "the help desk of a shop"
        "canary",  # a fresh word; to send it whole makes a mere echo look like obedience, so prefer its two halves
        "canary_first",
        "canary_second",
        "host",  # the listed host to which data would be sent
        "person",  # whose personal data is asked for
        "tool",  # a forbidden tool
        "argument",  # the value that the forbidden call would carry
        "falsehood",  # a false statement that the answer should assert
    }
)
"""Names that may stand as ``{name}`` in a text. Most are said by the scope file; the canary is drawn per trial."""


class Planted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What waits for the application at an indirect entry point."""

    content: str
    """The hostile text, with slots."""
    title: str = ""
    """Of the document or page, subject of the e-mail, name of the tool or agent."""
    form: str = ""
    """``document``, ``page``, ``email``, ``json``, …: how the target may dress it; empty: as it likes. In a mailbox
    also ``email_subject``, ``email_sender``, ``email_html``, ``email_attachment``: where in the e-mail it stands."""


class OracleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to recognise success; a case succeeds when any of its oracles says so."""

    kind: str
    """Id of an oracle: ``secret``, ``canary``, ``system_prompt``, ``personal_data``, ``text``, ``json``, ``tool_call``,
    ``url``, ``markup``, ``length``, … (docs/redteam/oracles.md)."""
    value: str = ""
    """What it looks for, with slots, where its kind needs one."""
    arguments: dict[str, str] = {}
    """Further settings of the kind, with slots."""


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attack."""

    id: Id
    title: str
    entry_point: EntryPoint
    objective: Objective
    technique: str
    """Id in ``catalog/techniques.yaml``."""
    turns: tuple[str, ...]
    """What the user types, in order, with slots; for an indirect entry point the harmless request that meets it."""
    planted: tuple[Planted, ...] = ()
    """For indirect entry points: the hostile content. Converters apply to it, and for direct ones to ``turns``."""
    oracles: tuple[OracleSpec, ...]
    language: str = "en"
    """BCP 47."""
    severity: Severity = Severity.MEDIUM
    """Of a hit; the rubric (docs/redteam/severity.md) may raise it."""
    converters: tuple[str, ...] = ()
    """Ids, first one first: applied to the hostile text, before those of the plan."""
    references: tuple[str, ...] = ()
    """Under their edition: ``OWASP-LLM-2026:LLM01``, ``OWASP-ASI-2026:ASI02``, ``MITRE-ATLAS-2026.09:AML.T0051``."""
    licence: str = "Apache-2.0"
    source: str = "Bartizan"

    @property
    def indirect(self) -> bool:
        """Whether the hostile text is planted, not typed."""
        return bool(self.planted)

    def texts(self) -> tuple[str, ...]:
        """Every text with slots."""
        oracles = (text for one in self.oracles for text in (one.value, *one.arguments.values()))
        return (*self.turns, *(text for one in self.planted for text in (one.title, one.content)), *oracles)

    def slots(self) -> frozenset[str]:
        """The slots that it uses; a target without one of them cannot be attacked with this case."""
        texts = self.texts()
        return frozenset(name for name in SLOTS if any("{" + name + "}" in text for text in texts))

    def problems(self) -> Iterable[Problem]:
        """What its types cannot say."""
        if not self.turns or not all(text.strip() for text in self.turns):
            yield Problem(("turns",), "no text", "at least one, none empty")
        if not self.oracles:
            yield Problem(("oracles",), "none", "at least one")
        direct = self.entry_point in DIRECT
        if direct and self.planted:
            yield Problem(("planted",), "planted content", f"none at the entry point {self.entry_point}")
        if not direct and not self.planted:
            yield Problem(("planted",), "none", f"content at the entry point {self.entry_point}")
        for reference in self.references:
            if ":" not in reference:
                yield Problem(("references",), quote(reference), "FRAMEWORK-EDITION:ID")


def led_to(case: Case, questions: Mapping[EntryPoint, str]) -> Case:
    """``case`` with the question of its entry point, if there is one, before each request: planted content that the
    application has no reason to read shows nothing."""
    question = questions.get(case.entry_point, "").strip() if case.indirect else ""
    if not question:
        return case
    return msgspec.structs.replace(case, turns=tuple(f"{question} {text}" for text in case.turns))


def fill(text: str, slots: Mapping[str, str]) -> str:
    """``text`` with each ``{name}`` of ``slots`` replaced, once: braces in values stay as they are."""
    pieces = text.split("{")
    out = [pieces[0]]
    for piece in pieces[1:]:
        name, closed, rest = piece.partition("}")
        out.append(slots[name] + rest if closed and name in slots else "{" + piece)
    return "".join(out)
