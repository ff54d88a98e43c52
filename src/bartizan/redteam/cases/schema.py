"""What a case file says: a head that its cases share, and one row a case.

entry_point: rag_document
objective: leak_secret
severity: high
ask: "Summarise the document, please."
oracles: [{kind: secret}]
cases:
- {id: rag-secret-footnote, title: An order in a footnote, technique: indirect_injection, text: "… {goal} …"}
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bartizan.core.problem import Problem, quote
from bartizan.core.threat import Severity
from bartizan.redteam.case import SLOTS, Case, Id, OracleSpec, Planted
from bartizan.redteam.taxonomy import DIRECT, EntryPoint, Objective


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case; what it leaves out, the head says."""

    id: Id
    title: str
    technique: str
    """Id in ``catalog/techniques.yaml``."""
    text: str = ""
    """The hostile text, with slots: the only message of a direct case, the planted content of another."""
    turns: tuple[str, ...] = ()
    """In place of ``text``, a direct case's messages in order."""
    planted: tuple[Planted, ...] = ()
    """In place of ``text``, several pieces of planted content."""
    ask: str = ""
    """The harmless request that meets planted content."""
    called: str = ""
    """Title of the planted content: of the document, subject of the e-mail, name of the tool or of the agent."""
    form: str = ""
    oracles: tuple[OracleSpec, ...] = ()
    language: str = ""
    severity: Severity | None = None
    references: tuple[str, ...] = ()
    """Beside those that entry point, objective and technique bring along."""
    converters: tuple[str, ...] = ()
    """Applied to the hostile text, before those of the plan."""


class CaseFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file."""

    entry_point: EntryPoint
    objective: Objective
    severity: Severity
    oracles: tuple[OracleSpec, ...]
    ask: str = ""
    form: str = ""
    language: str = "en"
    licence: str = "Apache-2.0"
    source: str = "Bartizan"
    cases: tuple[Row, ...]

    def case(self, row: Row) -> Case:
        """The case that ``row`` stands for, without the references that the catalogue adds."""
        direct = self.entry_point in DIRECT
        if direct:
            turns, planted = row.turns or (row.text,), row.planted
        else:
            turns = (row.ask or self.ask,)
            content = Planted(content=row.text, title=row.called, form=row.form or self.form)
            planted = row.planted or (content,)
        return Case(
            id=row.id,
            title=row.title,
            entry_point=self.entry_point,
            objective=self.objective,
            technique=row.technique,
            turns=turns,
            planted=planted,
            oracles=row.oracles or self.oracles,
            language=row.language or self.language,
            severity=row.severity or self.severity,
            references=row.references,
            converters=row.converters,
            licence=self.licence,
            source=self.source,
        )

    def problems(self) -> Iterable[Problem]:
        """What its types cannot say."""
        seen: set[str] = set()
        for number, row in enumerate(self.cases):
            path = ("cases", number)
            if row.id in seen:
                yield Problem((*path, "id"), quote(row.id), "an id of its own")
            seen.add(row.id)
            given = [bool(row.text.strip()), bool(row.turns), bool(row.planted)]
            if sum(given) != 1:
                yield Problem(path, f"{sum(given)} of text, turns and planted", "exactly one")
                continue
            if row.turns and self.entry_point not in DIRECT:
                yield Problem((*path, "turns"), "turns", f"text or planted at the entry point {self.entry_point}")
            case = self.case(row)
            yield from (Problem((*path, *one.path), one.found, one.expected) for one in case.problems())
            for name in sorted(_slots(case) - SLOTS):
                yield Problem(path, f"the slot {{{quote(name)}}}", f"one of {', '.join(sorted(SLOTS))}")


def _slots(case: Case) -> set[str]:
    """Names in braces; braces around anything but one lower-case word are text."""
    names: set[str] = set()
    for text in case.texts():
        for piece in text.split("{")[1:]:
            name, closed, _ = piece.partition("}")
            if closed and name and name.replace("_", "").isalpha() and name.islower() and name.isascii():
                names.add(name)
    return names
