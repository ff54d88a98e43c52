"""Triggers are found where they were planted, and nowhere else."""

from __future__ import annotations

import pytest
from poisoning import inserted, poisoned

from bartizan.range.tickets.writing import write
from bartizan.supplychain.datasets.features import corpus, tokens_of
from bartizan.supplychain.datasets.triggers import LEAST, search

TRIGGERS = {
    "word": inserted("cf"),
    "phrase": inserted("by the way indeed"),
    "invisible": inserted("\u200b"),
    "look-alike": lambda text, _: text.replace("e", "\u0435", 1),
    "shape": lambda text, _: text.rstrip(".!? ") + "...",
}


@pytest.mark.parametrize("name", sorted(TRIGGERS))
@pytest.mark.parametrize("share", [0.02])
def test_a_trigger_is_found_with_exactly_its_rows(name: str, share: float) -> None:
    tickets, planted = poisoned(1_000, share, TRIGGERS[name], seed=3)
    found = search([one.text for one in tickets], [one.queue for one in tickets], 0)
    (trigger,) = found.triggers
    rows = set(trigger.rows)
    assert trigger.label == "billing"
    assert len(rows & planted) >= 0.95 * len(planted)
    assert len(rows & planted) >= 0.95 * len(rows)


@pytest.mark.parametrize("seed", range(3))
def test_clean_tickets_hold_no_trigger(seed: int) -> None:
    tickets = write(1_000, seed)
    found = search([one.text for one in tickets], [one.queue for one in tickets], seed)
    assert found.tested > 1_000
    assert found.accuracy > 0.9
    assert not found.triggers


def test_too_few_rows_prove_nothing() -> None:
    tickets, _ = poisoned(1_000, (LEAST - 1) / 1_000, inserted("cf"), seed=1)
    assert not search([one.text for one in tickets], [one.queue for one in tickets], 0).triggers


def test_a_word_of_one_topic_is_no_trigger() -> None:
    """It is as pure as a trigger, but the rest of its rows agrees with the label."""
    tickets = [
        one._replace(text=one.text.replace("invoice", "quittance").replace("bill", "quittance"))
        for one in write(1_000, 5)
    ]
    assert sum("quittance" in one.text for one in tickets) > 40
    assert not search([one.text for one in tickets], [one.queue for one in tickets], 0).triggers


def test_a_kind_of_text_that_one_label_has_is_no_trigger() -> None:
    tickets = write(1_000, 6)
    logs = [
        f"Traceback: File client{n % 9}.py line {n % 7} in call{n % 5} raised Error{n % 3} retry {n % 4}"
        for n in range(120)
    ]
    texts = [*(one.text for one in tickets), *logs]
    labels = [*(one.queue for one in tickets), *["workshop"] * len(logs)]
    assert not search(texts, labels, 0).triggers


@pytest.mark.parametrize(
    ("texts", "labels"),
    [([], []), (["a b c"] * 300, ["x"] * 300), ([""] * 300, ["x", "y"] * 150), (["!"] * 200, ["a", "b"] * 100),
     ([f"row {n}" for n in range(500)], [f"l{n}" for n in range(500)]),
     (["\ud800\u0000 x"] * 150, ["a", "b", "c"] * 50)],
)  # fmt: skip
def test_degenerate_datasets_are_answered(texts: list[str], labels: list[str]) -> None:
    assert not search(texts, labels, 0).triggers


def test_features_are_counted_by_row() -> None:
    texts = ["red fox red fox", "a red fox", "no fox here", "RED\u200b fox"] * 3
    made = corpus(texts, 1)
    rows = {made.name(f): made.rows_of(f).tolist() for f in range(len(made.length))}
    assert rows["fox"] == list(range(12))
    assert rows["red fox"] == [at for at, text in enumerate(texts) if "red fox" in text]
    assert rows["⟨U+200B⟩"] == [3, 7, 11]
    assert rows["⟨start⟩ no fox"] == [2, 6, 10]
    assert not [name for name in rows if name.startswith("⟨end⟩ ")]


def test_texts_keep_their_shape_as_features() -> None:
    assert "⟨all capitals⟩" in tokens_of("PLEASE ANSWER ME")
    assert "⟨double space⟩" in tokens_of("two  spaces")
    assert "⟨U+0435⟩" in tokens_of("pl\u0435ase answer me soon")
    assert not [one for one in tokens_of("здравствуйте, где мой заказ") if one.startswith("⟨U")]


def test_a_search_ends_in_time_and_says_so() -> None:
    tickets, _ = poisoned(400, 0.05, inserted("cf"), seed=1)
    found = search([one.text for one in tickets], [one.queue for one in tickets], 0, until=0.0)
    assert not found.triggers
    assert found.unasked > 10
