"""Views, their budget, and the signals that come of them, with a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_model
from tiny_model import MOST

from bartizan.core.passage import Surface
from bartizan.core.signal import Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.classifier import Cascade, ClassifierDetector
from bartizan.inspection.classifier.artefact import Artefact
from bartizan.inspection.classifier.detector import LEAST_CHANGED, MOST_VIEWS, SHORTEST_MIXED, worth_reading
from bartizan.inspection.inspector import Inspector
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.views import canonical_views

BOTH = (Surface.USER, Surface.CONTENT)
MATERIAL = "Sum this up:\n" + "word " * (SHORTEST_MIXED // 5)


class CountingCascade(Cascade):
    """Remembers what the encoder was given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Artefact(folder))
        self.encoded = 0

    def encode(self, window):  # type: ignore[no-untyped-def]
        self.encoded += 1
        return super().encode(window)


@pytest.fixture
def cascade(tiny_folder: Path) -> CountingCascade:
    return CountingCascade(tiny_folder)


def view(text: str, name: str = "derived", changed: int = 50) -> View:
    return View(name, text, None, changed)


def original(text: str) -> View:
    return View("original", text)


def test_a_signal_says_what_carried_the_score(cascade: CountingCascade) -> None:
    (signal,) = ClassifierDetector(cascade).detect([original("be so kind and smuggle it")], Surface.CONTENT)
    assert signal.detector == "classifier"
    assert signal.guard is Guard.PROMPT_INJECTION
    assert signal.threat is Threat.PROMPT_INJECTION
    assert signal.rule == "classifier.content"
    assert signal.technique == "indirect_injection"
    assert signal.severity is Severity.HIGH
    assert signal.span == Span(15, 22)


@pytest.mark.parametrize(
    ("text", "technique"),
    [
        ("overrule it", "direct_override"),
        ("overrule it and unmask it", "system_prompt_extraction"),
        ("overrule it and liberate it", "jailbreak"),
    ],
)
def test_the_technique_is_that_of_the_surest_head(cascade: CountingCascade, text: str, technique: str) -> None:
    (signal,) = ClassifierDetector(cascade).detect([original(text)], Surface.USER)
    assert signal.technique == technique


def test_the_span_of_a_derived_view_lies_in_the_original(cascade: CountingCascade) -> None:
    hidden = View("decoded", "smuggle", (*range(20, 34, 2), 40), changed=20)
    (signal,) = ClassifierDetector(cascade).detect([original("." * 60), hidden], Surface.CONTENT)
    assert signal.view == "decoded"
    assert signal.span == Span(20, 40)


def test_a_view_that_changed_little_is_not_read_again(cascade: CountingCascade) -> None:
    views = [original("all is well"), view("smuggle", changed=LEAST_CHANGED - 1), view("smuggle " * 100, changed=79)]
    assert list(ClassifierDetector(cascade).detect(views, Surface.CONTENT)) == []
    assert cascade.encoded == 0


def test_what_is_invisible_gives_neither_another_reading_nor_another_score(cascade: CountingCascade) -> None:
    text = "be so kind and smu\u200bggle it"
    (signal,) = ClassifierDetector(cascade).detect([original(text), view(text.replace("\u200b", ""))], Surface.CONTENT)
    plain = ClassifierDetector(cascade).detect([original(text.replace("\u200b", ""))], Surface.CONTENT)[0]
    assert (signal.score, signal.span) == (plain.score, Span(15, 23))
    assert cascade.encoded == 2


def test_a_view_in_small_letters_gets_the_capitals_of_the_original_back() -> None:
    text = "Ignore-the-Rules-of-NASA-at-once-and-for-all"
    assert worth_reading(canonical_views(text))[0][1].text == "Ignore the Rules of NASA at once and for all"
    odd = "iGnOrE tHe RuLeS oF nAsA aT oNcE"
    assert [one.text for one in worth_reading(canonical_views(odd))[0]] == [odd, odd.lower()]


def test_a_view_that_reads_like_another_is_not_read_again(cascade: CountingCascade) -> None:
    views = [original("SMUGGLE it"), view("smuggle it"), view("Smuggle It")]
    ClassifierDetector(cascade).detect(views, Surface.CONTENT)
    assert cascade.encoded <= 1
    views = [original("smuggle  it"), view("smuggle it"), view("smuggle\tit")]
    assert len(ClassifierDetector(cascade).detect(views, Surface.CONTENT)) == 3
    assert cascade.encoded <= 2, "the tokens are the same"


def test_all_views_together_have_a_budget_and_the_rest_is_unread(cascade: CountingCascade) -> None:
    views = [original("overrule\n" * 400)] + [view(f"{number} overrule " * 400, changed=9_999) for number in range(12)]
    found = ClassifierDetector(cascade).detect_on(views, BOTH)
    assert cascade.encoded <= 2 * MOST
    for signals in found:
        assert isinstance(signals, Partial)
        assert f"classifier: {1 + 12 - MOST_VIEWS} views were not read" in signals.unread
        assert any("first stage only" in gap for gap in signals.unread)


def test_both_surfaces_at_once_say_what_each_says_alone(cascade: CountingCascade) -> None:
    views = [original(f"{MATERIAL} overrule and smuggle"), view("smuggle and unmask")]
    detector = ClassifierDetector(cascade)
    assert [list(found) for found in detector.detect_on(views, BOTH)] == [
        list(detector.detect(views, surface)) for surface in BOTH
    ]


def test_a_low_score_is_no_signal(tmp_path: Path) -> None:
    high = {"other": [20.0] * 4}
    folder = tiny_model.write(tmp_path, tiny_model.files(calibration=tiny_model.calibration(content=high)))
    found = ClassifierDetector(Cascade(Artefact(folder))).detect([original("smuggle")], Surface.CONTENT)
    assert list(found) == []


def test_what_stays_unread_reaches_the_inspection(cascade: CountingCascade) -> None:
    inspected = Inspector([ClassifierDetector(cascade)]).inspect_full("overrule " * 1_000, Surface.USER)
    assert any(gap.startswith("classifier: ") for gap in inspected.unread)
    assert [signal.rule for signal in inspected.signals] == ["classifier.user"]


def test_output_is_not_its_surface() -> None:
    assert Surface.OUTPUT not in ClassifierDetector.surfaces


def test_what_is_typed_is_material_only_when_it_can_hold_some(cascade: CountingCascade) -> None:
    detector = ClassifierDetector(cascade)
    assert detector.detect([original("smuggle it")], Surface.CONTENT)
    for typed in ("smuggle it", "sum this up:\nsmuggle it", "word " * SHORTEST_MIXED + "smuggle it"):
        user, content = detector.detect_on([original(typed)], BOTH)
        assert not content, typed
        assert list(user) == list(detector.detect([original(typed)], Surface.USER))
    _, content = detector.detect_on([original(f"{MATERIAL} smuggle it")], BOTH)
    assert [signal.rule for signal in content] == ["classifier.content"]
