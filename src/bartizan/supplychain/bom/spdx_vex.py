"""Vulnerabilities in SPDX 3.0: what relationships of its security profile say, as statements of a bill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import LONGEST, Vulnerability
from bartizan.supplychain.bom.spdx_native import maps, text, texts

STATES: Final = MappingProxyType(
    {
        "security_VexAffectedVulnAssessmentRelationship": "affected",
        "security_VexNotAffectedVulnAssessmentRelationship": "not_affected",
        "security_VexFixedVulnAssessmentRelationship": "fixed",
        "security_VexUnderInvestigationVulnAssessmentRelationship": "under_investigation",
    }
)


def statements(
    elements: Mapping[str, dict[str, Any]], refs: Mapping[str, str], source: str, kept: Sequence[Vulnerability]
) -> Iterator[Vulnerability]:
    """Those that our annotation kept, and what the relationships say beside them.

    Args:
        elements: of the document, by id.
        refs: ids of components to refs of the bill.
        source: to whom a statement without an author is attributed.
        kept: from our annotation.
    """
    yield from kept
    known = {(one.id, one.status, tuple(sorted(one.affects))) for one in kept}
    names = {one.id for one in kept}
    for value in elements.values():
        status = STATES.get(text(value, "type"))
        if status is None:
            continue
        name = _name(text(value, "from"), elements)
        names.add(name)
        affects = tuple(sorted(refs[one] for one in texts(value, "to") if one in refs))
        if (name, status, affects) not in known:
            yield _statement(value, name, status, affects, source)
    for ref, value in elements.items():
        if text(value, "type") == "security_Vulnerability" and _name(ref, elements) not in names:
            yield Vulnerability(id=_name(ref, elements), status="under_investigation", by=source)


def _statement(
    value: Mapping[str, Any], name: str, status: str, affects: tuple[str, ...], source: str
) -> Vulnerability:
    justification = text(value, "security_justificationType")
    return Vulnerability(
        id=name,
        status=status,
        affects=affects,
        justification="".join(f"_{one.lower()}" if one.isupper() else one for one in justification)[:LONGEST],
        detail=printable(text(value, "security_statusNotes") or text(value, "security_impactStatement"), LONGEST),
        action=printable(text(value, "security_actionStatement"), LONGEST),
        by=source,
    )


def _name(ref: str, elements: Mapping[str, dict[str, Any]]) -> str:
    value = elements.get(ref, {})
    known = [text(one, "identifier") for one in maps(value, "externalIdentifier")]
    return printable(text(value, "name") or next(filter(None, known), ref), 200)
