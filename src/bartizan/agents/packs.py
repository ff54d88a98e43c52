"""Policy (draft in Python)."""
from __future__ import annotations
from bartizan.agents.binding import Label as L
from bartizan.agents.envelope import Licence
from bartizan.agents.facts import Facts
from bartizan.agents.profile import Effect as E
from bartizan.core.verdict import Action

GOOD = {L.USER, L.OPERATOR, L.TRUSTED, L.LINKED}
BAD = {L.EXTERNAL, L.LOOKALIKE, L.HOSTILE}


class Pack:
    def __init__(self, name: str) -> None:
        self.name = name

    def decide(self, f: Facts) -> tuple[Action, str, str]:
        r = self.rule(f)
        for prefix, a in (("ask_", Action.ASK), ("permit_", Action.ALLOW), ("forbid_", Action.BLOCK)):
            if r.startswith(prefix):
                return a, r, r
        raise AssertionError

    def rule(self, f: Facts) -> str:
        strong = f.licence is Licence.STRONG
        asked = strong or f.delegated
        if f.effect is E.READ:
            if not f.open_world:
                return "permit_read"
            if f.critical in {L.HOSTILE, L.LOOKALIKE}:
                return "forbid_hostile_url"
            if f.critical is L.EXTERNAL:
                return "forbid_external_url"
            return "permit_read"
        if f.critical in {L.HOSTILE, L.LOOKALIKE}:
            return "forbid_hostile_value"
        if f.objects is L.HOSTILE and f.effect is not E.WRITE or f.carries is L.HOSTILE:
            return "forbid_hostile_content"
        if f.effect is E.AUTHENTICATE and not f.outward:
            return "permit_authenticate"
        if f.effect is E.WRITE and not f.outward and not f.named and f.critical in GOOD:
            return "permit_own_write"
        if f.caused and f.named:
            return "forbid_named_by_others"
        if f.caused and not asked:
            return "forbid_caused_by_others"
        if f.critical is L.EXTERNAL:
            return "forbid_external_value"
        if f.effect is E.AUTHENTICATE:
            return "permit_authenticate"
        if f.critical is L.UNKNOWN:
            return "ask_unknown_value"
        if f.critical is L.QUOTED:
            return "permit_quoted" if asked else "ask_quoted_value"
        if f.critical is L.LISTED and not (asked):
            return "ask_listed_value"
        if asked:
            return "permit_asked"
        if f.effect is E.WRITE:
            return "permit_write"
        if f.licence is Licence.WEAK:
            if f.effect is E.SEND:
                return "permit_weak_send"
            return "ask_weak"
        return "ask_unasked"
