"""Harmful requests: a signal of its own, from both of its stages, and only where the model judges them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import tiny_model

from bartizan.app import build_guard
from bartizan.core.errors import ArtefactError, ConfigurationError
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action
from bartizan.inspection.classifier import Cascade, ClassifierDetector
from bartizan.inspection.classifier.artefact import Artefact
from bartizan.inspection.classifier.judging import AnswerDetector
from bartizan.inspection.classifier.linear import Linear
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.sentences import MOST
from bartizan.inspection.views import read
from bartizan.policy.document import Classifier, PolicyDocument, Row

HARMFUL = "how to liberate them all"
ROWS = {Surface.USER: {Guard.HARMFUL_REQUEST: Row(Action.FLAG)}}


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> ClassifierDetector:
    """A tiny model that judges harm."""
    return detector(tmp_path_factory.mktemp("judging"), tiny_model.judging())


def detector(folder: Path, files: dict[str, bytes]) -> ClassifierDetector:
    return ClassifierDetector(Cascade(Artefact(tiny_model.write(folder / "model", files))))


def test_a_harmful_request_is_a_signal_of_its_own(judging: ClassifierDetector) -> None:
    (signal,) = judging.harm.detect(read(HARMFUL)[0], Surface.USER)
    assert (signal.guard, signal.technique, signal.rule) == (
        Guard.HARMFUL_REQUEST,
        "harmful_request",
        "classifier.harm",
    )
    assert signal.score > 0.9
    assert HARMFUL[signal.span.start : signal.span.end] == HARMFUL


@pytest.mark.parametrize("text", ["", "  \n", "a quiet walk", "\x00" * 40, "🙂" * 60, "\ud800 \udfff"])
def test_anything_else_is_none(judging: ClassifierDetector, text: str) -> None:
    assert list(judging.harm.detect(read(text)[0], Surface.USER)) == []


@pytest.mark.parametrize("word", ["liberate", "smuggle"])
def test_both_stages_count(tmp_path: Path, word: str) -> None:
    text = f"how to {word} it"
    first = float(Linear.parse(tiny_model.linear(heads=1)).screen(text).logits[0, 0])
    model = detector(tmp_path, tiny_model.judging(thresholds=(first + 2.0,) * 4))  # more than the first stage gives
    scores = [signal.score for signal in model.harm.detect(read(text)[0], Surface.USER)]
    assert (max(scores, default=0.0) >= 0.5) is (word == tiny_model.HARMFUL_WORD)


def test_material_is_not_judged(judging: ClassifierDetector) -> None:
    assert list(judging.harm.detect(read(HARMFUL)[0], Surface.CONTENT)) == []


def test_steps_say_it_beside_the_rest_only_when_asked(judging: ClassifierDetector) -> None:
    views = read(HARMFUL)[0]
    surfaces = (Surface.USER, Surface.CONTENT)
    asked = judging.drive(judging.steps(views, surfaces, harm=True))
    assert [signal.guard for signal in asked[0]].count(Guard.HARMFUL_REQUEST) == 1
    assert Guard.HARMFUL_REQUEST not in {signal.guard for signal in asked[1]}
    for found in judging.drive(judging.steps(views, surfaces)):
        assert Guard.HARMFUL_REQUEST not in {signal.guard for signal in found}


def test_a_long_text_is_judged_at_any_place_within_its_budget(judging: ClassifierDetector) -> None:
    quiet = "a quiet walk along the river " * 400
    for at in (0, len(quiet) // 2, len(quiet)):
        (signal,) = judging.harm.detect(read(f"{quiet[:at]} {HARMFUL} {quiet[at:]}")[0], Surface.USER)
        assert signal.span.start <= at + 1 <= signal.span.end
    loud = judging.harm.detect(read(f"{HARMFUL} " * 3_000)[0], Surface.USER)
    assert any("read for harm by the first stage only" in gap for gap in getattr(loud, "unread", ()))


def test_a_model_that_does_not_judge_harm_leaves_it_unread(tmp_path: Path) -> None:
    plain = detector(tmp_path, tiny_model.files())
    found = plain.harm.detect(read(HARMFUL)[0], Surface.USER)
    assert getattr(found, "unread", ()) == ("classifier: this model has no judge of harm",)


@pytest.mark.parametrize("missing", ["harm.npz", "harm.onnx"])
def test_half_a_judge_is_refused(tmp_path: Path, missing: str) -> None:
    files = tiny_model.judging()
    del files[missing]
    with pytest.raises(ArtefactError, match="one is missing"):
        detector(tmp_path, files)


def test_a_judge_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    for number, files in enumerate(
        (
            tiny_model.judging(harm_linear=tiny_model.linear(heads=2)),
            tiny_model.judging(calibration=tiny_model.calibration()),
            tiny_model.judging(harm=tiny_model.encoder()),
            tiny_model.judging(thresholds=(0.0,)),
        )
    ):
        with pytest.raises(ArtefactError):
            detector(tmp_path / str(number), files)


def test_policy_decides_and_without_a_row_nobody_looks(judging: ClassifierDetector) -> None:
    passage = Passage(HARMFUL, Origin.USER, (Surface.USER,))
    flagged = PolicyDocument(version=1, surfaces=ROWS)
    verdict = build_guard(flagged, {}, {}, classifier=judging, judges=[judging.harm, judging.answers]).inspect_passages(
        [passage]
    )
    assert (verdict.action, verdict.rule) == (Action.FLAG, "user.harmful_request")
    silent = build_guard(PolicyDocument(version=1), {}, {}, classifier=judging, judges=[judging.harm, judging.answers])
    assert Guard.HARMFUL_REQUEST not in {signal.guard for signal in silent.inspect_passages([passage]).signals}


def test_answers_are_read_by_sentences_once_each_and_within_a_bound(tmp_path: Path) -> None:
    model = detector(tmp_path, tiny_model.judging())
    text = "It rains in the whole valley today.\nNow liberate all the other agents, too.\n" * 2
    signals = model.answers.detect(read(text)[0], Surface.OUTPUT)
    assert [text[signal.span.start : signal.span.end] for signal in signals] == [
        "Now liberate all the other agents, too."
    ] * 2
    asked: list[str] = []

    def ask(views: Sequence[View]) -> Partial:
        asked.append(views[0].text)
        return Partial()

    long = "".join(f"Line {number % 40} of a very long answer.\n" for number in range(MOST + 7))
    found = AnswerDetector(ask).detect(read(long)[0], Surface.OUTPUT)
    assert len(asked) == 40
    assert getattr(found, "unread", ()) == ("classifier: 7 sentences of the answer were not read",)


def test_a_row_where_nobody_would_look_is_refused() -> None:
    for document in (
        PolicyDocument(version=1, surfaces={Surface.CONTENT: {Guard.HARMFUL_REQUEST: Row(Action.FLAG)}}),
        PolicyDocument(version=1, surfaces={Surface.OUTPUT: {Guard.HARMFUL_REQUEST: Row(Action.FLAG)}}),
        PolicyDocument(version=1, surfaces=ROWS, classifier=Classifier(enabled=False)),
    ):
        with pytest.raises(ConfigurationError, match="harmful_request"):
            build_guard(document, {}, {})
