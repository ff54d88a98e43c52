"""The shipped packs: their own claims, what they must let pass, and what they must see in words they do not list."""

from __future__ import annotations

from functools import cache

import pytest
from signature_texts import ATTACKS, BARE, BENIGN, EMBEDDED, OBFUSCATED

from bartizan.catalog.loader import load_catalog
from bartizan.core.passage import Surface
from bartizan.inspection.signatures import Pack, Signature, SignatureDetector, check_pack, read_packs
from bartizan.inspection.signatures.evidence import HELPERS, STRONG
from bartizan.inspection.views import canonical_views

THRESHOLD = 0.5


@cache
def packs() -> tuple[tuple[Pack, tuple[Signature, ...]], ...]:
    return tuple(read_packs())


@cache
def detector() -> SignatureDetector:
    return SignatureDetector(signature for _, signatures in packs() for signature in signatures)


def score(text: str, *surfaces: Surface) -> float:
    views = canonical_views(text)
    signals = [signal for surface in surfaces for signal in detector().detect(views, surface)]
    return max((signal.score for signal in signals), default=0.0)


@pytest.mark.parametrize("pack", [pack for pack, _ in packs()], ids=lambda pack: pack.pack)
def test_every_entry_matches_its_examples_and_not_its_counter_examples(pack: Pack) -> None:
    assert check_pack(pack) == []


def test_there_are_enough_signatures_in_enough_languages() -> None:
    signatures = [signature for _, group in packs() for signature in group]
    assert sum(len(signature.literals) for signature in signatures) >= 500
    assert sum(len(signature.patterns) for signature in signatures) >= 200
    languages = {language for pack, _ in packs() for entry in pack.entries for language in entry.languages}
    assert len(languages - {"mul"}) >= 18


def test_every_technique_is_in_the_catalogue() -> None:
    catalogue = load_catalog()
    unknown = {row.technique for _, group in packs() for row in group if catalogue.technique(row.technique) is None}
    assert unknown == set()


def test_no_phrase_is_listed_twice() -> None:
    phrases = [phrase for _, group in packs() for row in group for phrase in (*row.literals, *row.patterns)]
    assert sorted({phrase for phrase in phrases if phrases.count(phrase) > 1}) == []


def test_strong_entries_reach_the_default_threshold_on_their_examples() -> None:
    misses = [
        (entry.id, text)
        for pack, _ in packs()
        for entry in pack.entries
        if entry.score >= STRONG and not entry.requires and entry.group not in HELPERS
        for text in entry.examples
        if score(text, *entry.surfaces) < THRESHOLD
    ]
    assert misses == []


def test_weak_entries_do_not_reach_it_alone() -> None:
    weak = [entry for pack, _ in packs() for entry in pack.entries if entry.score < STRONG]
    assert weak
    assert all(entry.score <= 0.45 for entry in weak)


def test_counter_examples_stay_below_the_default_threshold() -> None:
    loud = [
        (entry.id, text)
        for pack, _ in packs()
        for entry in pack.entries
        for text in entry.counter_examples
        if score(text, Surface.USER, Surface.CONTENT) >= THRESHOLD
    ]
    assert loud == []


@pytest.mark.parametrize("text", BENIGN)
def test_benign_text_passes(text: str) -> None:
    assert score(text, Surface.USER, Surface.CONTENT) < THRESHOLD


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_in_other_words_are_seen(text: str) -> None:
    assert score(text, Surface.USER) >= THRESHOLD


@pytest.mark.parametrize("text", BARE)
def test_bare_orders_are_seen_in_material_as_well(text: str) -> None:
    assert score(text, Surface.USER) >= THRESHOLD
    assert score(text, Surface.CONTENT) >= THRESHOLD


@pytest.mark.parametrize("text", EMBEDDED)
def test_injections_in_content_are_seen(text: str) -> None:
    assert score(text, Surface.CONTENT) >= THRESHOLD


@pytest.mark.parametrize("text", OBFUSCATED)
def test_obfuscated_attacks_are_seen_through_the_views(text: str) -> None:
    assert score(text, Surface.USER) >= THRESHOLD
