"""The quarantine list, the audits around it, and who contributed the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.errors import NotApplicableError, UnusableDataError
from bartizan.robustness.interface import Access, AuditContext, AuditData, Effort, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.poisoning.clustering import clustering_scores
from bartizan.robustness.poisoning.early_loss import early_scores
from bartizan.robustness.poisoning.hunt import hunt
from bartizan.robustness.poisoning.injectors import Poisoned, backdoor, label_flip
from bartizan.robustness.poisoning.neighbours import neighbour_scores
from bartizan.robustness.poisoning.ownership import contributors, read_provenance, row_digests
from bartizan.robustness.poisoning.ranking import best_precision, combined, within_classes
from bartizan.robustness.poisoning.references import References, train_references
from bartizan.robustness.poisoning.spectral import spectral_scores
from bartizan.robustness.poisoning.trigger import blend
from bartizan.robustness.runner import chosen, run
from bartizan.robustness.training import SklearnTrainer

TARGET = 3
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def references(digits, trainer: SklearnTrainer) -> References:  # type: ignore[no-untyped-def]
    return train_references(trainer, digits.test[:700], 10, 0)


def judged(found: np.ndarray, planted: np.ndarray) -> tuple[float, float]:
    hits = len(np.intersect1d(found, planted))
    return hits / max(len(found), 1), hits / len(planted)


def audited(  # type: ignore[no-untyped-def]
    model: ModelUnderTest, train: Samples | None, digits, trainer: SklearnTrainer | None, audit: str, **options: str
) -> AuditResult:
    data = AuditData(train, digits.test)
    context = AuditContext(model, data, trainer, effort=Effort(workers=1), options=options)
    return next(run(context, chosen(ids=[audit])))


def test_clean_rows_are_left_alone(digits, references, clean_model) -> None:  # type: ignore[no-untyped-def]
    found = hunt(clean_model, digits.train, references, None, digits.test[700:], 0)
    assert len(found.suspects) == 0
    assert len(found.classes) == 0


@pytest.mark.parametrize("kind", ["badnets", "blended", "flips", "pair"])
def test_rows_with_wrong_labels_are_named(digits, references, backdoored, kind: str) -> None:  # type: ignore[no-untyped-def]
    made: Poisoned = {
        "badnets": lambda: backdoored.poisoned,
        "blended": lambda: backdoor(digits.train, 0.05, blend((1, 8, 8), 0.3, 1), TARGET, 1),
        "flips": lambda: label_flip(digits.train, 0.05, 1),
        "pair": lambda: label_flip(digits.train, 0.2, 1, source=1, target=7),
    }[kind]()
    found = hunt(None, made.samples, references, None, digits.test[700:], 0)
    precision, recall = judged(found.suspects, made.planted)
    assert precision >= 0.5
    assert recall >= 0.8
    assert set(found.classes) == {"flips": set(range(10)), "pair": {7}}.get(kind, {TARGET})
    assert found.carried == ()


def test_the_excess_is_fishers() -> None:
    from scipy.stats import fisher_exact

    wrong, seen = np.array([3, 0]), np.array([50, 40])
    samples = Samples(np.zeros((90, 1)), np.repeat([0, 1], [60, 30]))
    doubts = np.where(np.arange(90) < 12, 0.9, 0.1)
    found = References([], wrong, seen).excess(samples, doubts)
    expected = [
        fisher_exact([[12, 48], [3, 47]], alternative="greater").pvalue,
        1,
        fisher_exact([[12, 78], [3, 87]], alternative="greater").pvalue,
    ]
    assert found == pytest.approx(np.minimum(1, 3 * np.array(expected)))


def test_spectral_signatures_and_clusters_find_an_own_direction() -> None:
    y = np.repeat([0, 1, 2], [300, 300, 5])
    features = rng.normal(size=(605, 12))
    planted = np.arange(30)
    features[planted, 3] += 12
    for scores in (spectral_scores(features, y), clustering_scores(features, y)):
        assert best_precision(scores[:300], planted) > 0.95
    even = features.copy()
    even[:150, 3] += 12
    assert not clustering_scores(even, y)[:300].any()  # two halves are no poison
    assert np.isfinite(spectral_scores(np.zeros((605, 12)), y)).all()


def test_neighbours_and_early_loss(digits, trainer, backdoored) -> None:  # type: ignore[no-untyped-def]
    made = backdoored.poisoned
    scores = neighbour_scores(made.samples.x, made.samples.y, digits.test.x, digits.test.y)
    assert best_precision(scores, made.planted) > 0.9
    # As the paper has it: a trigger that is there often is learnt before anything else.
    often = backdoor(digits.train, 0.3, backdoored.trigger, TARGET, 1)
    early = early_scores(trainer, often.samples, 0)
    assert early[often.planted].mean() > np.delete(early, often.planted).mean()


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 2)), min_size=1, max_size=30))
def test_ranks_keep_the_order_within_each_class(rows: list[tuple[float, int]]) -> None:
    scores, y = np.array([score for score, _ in rows]), np.array([label for _, label in rows])
    ranks = within_classes(scores, y)
    assert ((ranks > 0) & (ranks < 1)).all()
    for label in set(y):
        own = y == label
        assert ranks[own].mean() == pytest.approx(0.5)
        assert (
            np.sign(np.subtract.outer(ranks[own], ranks[own])) == np.sign(np.subtract.outer(scores[own], scores[own]))
        ).all()
    assert combined({"one": scores, "same": scores}, y) == pytest.approx(ranks)


def test_the_best_precision_cuts_between_different_scores() -> None:
    assert best_precision(np.array([5.0, 4, 3, 2, 1]), np.array([0, 2])) == pytest.approx(2 / 3)
    assert best_precision(np.zeros(10), np.array([0])) == pytest.approx(0.1)


def test_the_audit_names_rows_trigger_and_contributor(digits, trainer, backdoored, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    made = backdoored.poisoned
    owners = np.where(np.isin(np.arange(900), made.planted) | (np.arange(900) < 10), "mallory", "alice")
    listing = tmp_path / "who.csv"
    rows = zip(row_digests(made.samples.x), owners, strict=True)
    listing.write_text("digest,contributor\n" + "".join(f"sha256:{digest},{who}\n" for digest, who in rows))
    result = audited(backdoored.model, made.samples, digits, trainer, "poisoning.rows", provenance=str(listing))
    assert result.outcome is Outcome.WEAK
    assert f"in class {TARGET} they carry a recovered trigger" in result.reason
    precision, recall = judged(np.array(result.suspects), made.planted)
    assert precision >= 0.9
    assert recall >= 0.9
    first = next(one for one in result.measures if one.name == "contributor_suspects")
    assert first.note.startswith("mallory")
    assert first.n == (owners == "mallory").sum()
    assert result.control is not None and result.control.succeeded  # noqa: PT018
    assert {one.what for one in result.baselines} >= {"spectral signatures", "activation clustering"}


def test_quarantine_removes_the_backdoor_and_random_rows_do_not(digits, trainer, backdoored) -> None:  # type: ignore[no-untyped-def]
    result = audited(backdoored.model, backdoored.poisoned.samples, digits, trainer, "poisoning.cleanse")
    found = {one.name: one for one in result.measures}
    before, after = found[f"trigger_success_{TARGET}_before"], found[f"trigger_success_{TARGET}_after"]
    assert before.value > 0.8
    assert after.value < 0.1
    assert result.baselines[0].measure.value > 0.8
    assert found["accuracy_after"].value > 0.94
    assert result.outcome is Outcome.WITHSTOOD
    assert "set aside" in result.reason
    assert result.control is not None and result.control.succeeded  # noqa: PT018
    assert after.interval is not None
    assert after.interval[1] < 0.2


def test_a_model_without_gradients_or_scores_still_has_its_rows_audited(digits, trainer, backdoored) -> None:  # type: ignore[no-untyped-def]
    labels_only = MeteredModel(backdoored.model, Access.LABELS)
    result = audited(labels_only, backdoored.poisoned.samples, digits, trainer, "poisoning.cleanse")
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "without gradients" in result.reason
    assert result.gradients == 0
    assert judged(np.array(result.suspects), backdoored.poisoned.planted)[1] > 0.9


def test_what_rows_cannot_say_is_inconclusive(digits, trainer, clean_model) -> None:  # type: ignore[no-untyped-def]
    for reason, train, with_trainer in (
        ("training rows", None, trainer),
        ("trainer", digits.train, None),
        ("200 are needed", digits.train[:150], trainer),
    ):
        result = audited(clean_model, train, digits, with_trainer, "poisoning.rows")
        assert result.outcome is Outcome.INCONCLUSIVE
        assert reason in result.reason
    with pytest.raises(NotApplicableError, match="names no rows"):
        audited(clean_model, digits.train, digits, trainer, "poisoning.cleanse")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "needs the columns"),
        ("row,contributor\n9,eve\n", "no row"),
        ("row,contributor\n-1,eve\n", "no row"),
        (f"row,contributor\n{'9' * 5_000},eve\n", "no row"),
        ("row,contributor\n0,eve\n00,bob\n", "two contributors"),
        ('row,contributor\n0,"eve\n', "cannot be read"),
        ("", "needs the columns"),
    ],
)
def test_listings_of_contributors_are_read_strictly(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "who.csv").write_text(text)
    with pytest.raises(UnusableDataError, match=reason):
        read_provenance(tmp_path / "who.csv", ["a", "b"])


def test_contributors_stand_by_how_unlikely_their_share_is(tmp_path: Path) -> None:
    (tmp_path / "who.csv").write_text("row,contributor\n0,eve\n1,eve\n2,eve\n3,bob\n")
    owners = read_provenance(tmp_path / "who.csv", ["x"] * 60)
    found = contributors(owners, np.array([0, 1, 2]))
    assert [(one.name, one.rows, one.suspects) for one in found] == [("eve", 3, 3), ("", 56, 0), ("bob", 1, 0)]
    assert found[0].p_value == pytest.approx(3 / 34_220)
    assert row_digests(np.array([[1.0, 2]])) == row_digests(np.array([[1, 2]], np.float32))
