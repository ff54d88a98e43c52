"""The legal facts of an AI system, as its people state them: every one with a date and an author.

Facts, not conclusions: which obligations follow is worked out elsewhere. Articles and annexes are those of Regulation
(EU) 2024/1689 (the EU AI Act) as published on 12 July 2024.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Literal

import msgspec

from bartizan.core.problem import Problem

Answer = Literal["yes", "no", "unknown"]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer to a yes-or-no question. Whoever writes yes or no signs with date and name; unknown needs neither."""

    value: Answer = "unknown"
    date: datetime.date | None = None
    """The day the answer was given."""
    author: str = ""
    """Who gave it: a person or a role, never a tool."""
    note: str = ""
    """Why; where the proof is."""


class TextFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer in words; empty means that nobody has answered yet."""

    value: str = ""
    date: datetime.date | None = None
    author: str = ""
    note: str = ""


class ListFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Several answers; empty means that nobody has answered yet."""

    value: tuple[str, ...] = ()
    date: datetime.date | None = None
    author: str = ""
    note: str = ""


Role = Literal["provider", "deployer", "importer", "distributor", "authorised_representative", "product_manufacturer"]


class RoleFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The roles we have towards this system (Article 3(3) to (8)); several can hold at once."""

    value: tuple[Role, ...] = ()
    date: datetime.date | None = None
    author: str = ""
    note: str = ""


AnyFact = Fact | TextFact | ListFact | RoleFact


class Legal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What regulation needs to know. Everything starts as unknown."""

    role: RoleFact = RoleFact()
    purpose: TextFact = TextFact()
    """The intended purpose (Article 3(12))."""
    users: TextFact = TextFact()
    """Who uses it, and who is affected by its output."""
    regions: ListFact = ListFact()
    """Where it is offered or used: ISO 3166-1 alpha-2 codes, or ``EU``."""

    ai_system: Fact = Fact()
    """It is an AI system in the sense of Article 3(1)."""
    eu_market: Fact = Fact()
    """It is placed on the market or put into service in the Union (Article 2(1)(a))."""
    eu_output: Fact = Fact()
    """Its output is used in the Union (Article 2(1)(c))."""
    research_only: Fact = Fact()
    """Made and used for scientific research and development alone (Article 2(6))."""
    military_only: Fact = Fact()
    """Used for military, defence or national security alone (Article 2(3))."""
    open_source: Fact = Fact()
    """Released under a free and open-source licence (Article 2(12))."""
    substantial_modification: Fact = Fact()
    """We changed somebody else's system substantially, or its purpose (Article 25(1))."""
    public_body: Fact = Fact()
    """The deployer is a public body or provides a public service (Articles 27 and 49(3))."""

    general_purpose_model: Fact = Fact()
    """We provide a general-purpose AI model (Article 3(63), Chapter V)."""
    systemic_risk: Fact = Fact()
    """That model has systemic risk (Article 51)."""

    talks_to_people: Fact = Fact()
    """People interact with it directly (Article 50(1))."""
    generates_content: Fact = Fact()
    """It generates text, images, audio or video (Article 50(2))."""
    deep_fakes: Fact = Fact()
    """It makes content that resembles real people, places or events (Article 50(4))."""

    manipulation: Fact = Fact()
    """It uses subliminal or deceptive techniques that impair decisions (Article 5(1)(a))."""
    exploits_vulnerability: Fact = Fact()
    """It exploits age, disability or social situation (Article 5(1)(b))."""
    social_scoring: Fact = Fact()
    """It rates people over time by behaviour or character (Article 5(1)(c))."""
    crime_prediction: Fact = Fact()
    """It predicts offences from profiling alone (Article 5(1)(d))."""
    face_scraping: Fact = Fact()
    """It builds face databases by untargeted scraping (Article 5(1)(e))."""
    emotion_recognition: Fact = Fact()
    """It infers emotions (Articles 5(1)(f) and 50(3); Annex III, 1(c))."""
    biometric_categorisation: Fact = Fact()
    """It sorts people by biometric data (Articles 5(1)(g) and 50(3); Annex III, 1(b))."""
    biometric_identification: Fact = Fact()
    """It identifies people remotely by biometric data (Article 5(1)(h); Annex III, 1(a))."""

    safety_component: Fact = Fact()
    """It is a product, or the safety component of one, under Annex I (Article 6(1))."""
    critical_infrastructure: Fact = Fact()
    """Annex III, 2."""
    education: Fact = Fact()
    """Admission, assessment or monitoring in education (Annex III, 3)."""
    employment: Fact = Fact()
    """Recruitment, or decisions about workers (Annex III, 4)."""
    essential_services: Fact = Fact()
    """Public benefits, credit scoring, life and health insurance, emergency calls (Annex III, 5)."""
    law_enforcement: Fact = Fact()
    """Annex III, 6."""
    migration: Fact = Fact()
    """Migration, asylum and border control (Annex III, 7)."""
    justice: Fact = Fact()
    """Administration of justice and democratic processes (Annex III, 8)."""
    profiles_people: Fact = Fact()
    """It profiles natural persons, which rules out the exceptions of Article 6(3)."""

    personal_data: Fact = Fact()
    """It processes personal data in the sense of Regulation (EU) 2016/679."""
    children: Fact = Fact()
    """Persons under 18 or other vulnerable groups are likely to be affected (Article 9(9))."""
    human_oversight: Fact = Fact()
    """A competent person is assigned to oversee it (Articles 14 and 26(2))."""

    def facts(self) -> Iterator[tuple[str, AnyFact]]:
        """Every fact by name, in the order above."""
        for name in self.__struct_fields__:
            yield name, getattr(self, name)

    def problems(self) -> Iterator[Problem]:
        """Answers without date or author."""
        for name, fact in self.facts():
            if fact.value in ("unknown", "", ()):
                continue
            if fact.date is None:
                yield Problem(("legal", name), "an answer without a date", "'date: YYYY-MM-DD'")
            if not fact.author.strip():
                yield Problem(("legal", name), "an answer without an author", "'author: NAME'")
