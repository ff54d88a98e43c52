"""Signatures, generalised from the finding's wording. They know words, so they are patches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from bartizan.core.passage import Surface
from bartizan.core.problem import printable
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer
from bartizan.hardening.text.contrast import Fragment, Harmless, cover, fragments
from bartizan.hardening.text.tokens import suspicious, units
from bartizan.inspection.views import fold
from bartizan.workspace.writing import quoted

STRONG = 0.9
WEAK = 0.32
"""Two of different groups make 0.54, which is above the default threshold; one alone is not."""
_SHARE, _WEAK_SHARE = 0.15, 0.3
_MOST, _MOST_WEAK = 6, 8
PATCH = "Knows the wording of this attack only: a patch until a deeper control stands."


class Signatures:
    """Proposes strong patterns, each of which is enough, and weak ones, of which two must meet."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing where the text holds no mark of an attack: it would be an ordinary sentence."""
        surface = material.finding.hostile
        hostile = [piece.text for piece in material.finding.exchange.pieces if piece.surface is surface]
        text = "\n".join(hostile)
        if not suspicious(units(fold(text).text)):
            return
        variants = ["\n".join(p.text for p in row.pieces if p.surface is surface) for row in material.variants]
        harmless = Harmless(piece.text for row in material.harmless for piece in row.pieces)
        found = fragments(text, variants, harmless, _SHARE)
        strong = cover(found, _MOST)
        if strong:
            yield self._candidate(material, surface, text, "strong", strong, STRONG)
        weak = _apart([one for one in found if len(one.held) >= _WEAK_SHARE * (len(variants) + 1)])[:_MOST_WEAK]
        if len(weak) > 1:
            yield self._candidate(material, surface, text, "weak", weak, WEAK)

    def _candidate(
        self, material: Material, surface: Surface, text: str, how: str, chosen: Sequence[Fragment], score: float
    ) -> Candidate:
        patterns = [one.pattern for one in chosen]
        identifier = candidate_id(material.finding.id, f"signature/{how}/{json.dumps(patterns)}")
        name = identifier.replace("-", "_")
        groups = [patterns] if how == "strong" else [[pattern] for pattern in patterns]
        entries = [
            _entry(f"{name}.{number}", how, number, phrases, material, surface, score, text)
            for number, phrases in enumerate(groups, start=1)
        ]
        pack = _HEAD.format(name=f"hardening_{name}", title=quoted(f"Made from finding {material.finding.id}"))
        return Candidate(
            id=identifier,
            kind=Kind.SIGNATURE,
            depth=Depth.TEXT,
            title=f"{len(patterns)} patterns, one is enough"
            if how == "strong"
            else f"{len(patterns)} patterns, two must meet",
            layer=Layer.REQUEST,
            control="BZN-RT-01" if surface is Surface.USER else "BZN-RT-02",
            change=Change(files={f"signatures/{identifier}.yaml": pack + "".join(entries)}),
            note=PATCH,
        )


_HEAD = """\
schema: bartizan/signature-pack/v1
pack: {name}
version: 1
licence: LicenseRef-workspace
title: {title}
entries:
"""


def _entry(
    identifier: str,
    how: str,
    number: int,
    phrases: Sequence[str],
    material: Material,
    surface: Surface,
    score: float,
    text: str,
) -> str:
    technique = material.finding.technique
    named = technique if technique.replace("_", "").isalnum() and technique.islower() and technique.isascii() else ""
    group = f"{identifier}.g" if how == "weak" else ""
    lines = [
        f"- id: {identifier}",
        f"  title: {quoted(printable(material.finding.title or material.finding.id, 200))}",
        f"  technique: {named or 'direct_override'}",
        *([f"  group: {group}"] if group else []),
        f"  severity: {material.finding.severity}",
        f"  score: {score}",
        f"  surfaces: [{surface}]",
        "  any:",
        *(f"  - {quoted(phrase)}" for phrase in phrases),
        "  languages: [mul]",
        "  examples:",
        f"  - {quoted(text)}",
    ]
    return "\n".join(lines) + "\n"


def _apart(found: Sequence[Fragment]) -> list[Fragment]:
    """Those that share no word: two readings of the same words are one observation."""
    chosen: list[Fragment] = []
    for one in found:
        words = {unit.text for unit in one.units if not unit.common or unit.mark}
        if not any(words & {unit.text for unit in other.units if not unit.common or unit.mark} for other in chosen):
            chosen.append(one)
    return chosen
