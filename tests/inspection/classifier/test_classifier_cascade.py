"""What the encoder reads of a text, what it leaves unread, and what the scores are then, with a tiny model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny_model import MOST, OVERLAP, SIZE

from bartizan.core.errors import ArtefactError
from bartizan.core.passage import Surface
from bartizan.inspection.classifier import Cascade
from bartizan.inspection.classifier.artefact import SHORT_CHARACTERS, Artefact
from bartizan.inspection.classifier.calibration import BRIEF
from bartizan.inspection.classifier.cascade import Reading
from bartizan.inspection.classifier.linear import Linear
from bartizan.inspection.classifier.network import Window
from bartizan.inspection.classifier.selection import TOKENIZED, Selection, Selector
from bartizan.inspection.classifier.tokens import Tokens

BOTH = (Surface.USER, Surface.CONTENT)
FILL = "plain words of no weight at all stand here "


@pytest.fixture(scope="module")
def selector() -> Selector:
    return Selector(Linear.parse(tiny_model.linear()), Tokens(tiny_model.tokenizer()), SIZE, OVERLAP)


def counted(
    cascade: Cascade, text: str, surfaces: Sequence[Surface] = BOTH, most: int | None = None
) -> tuple[list[Reading], list[Window]]:
    """A reading, and the windows that the encoder was given for it."""
    steps = cascade.steps(text, surfaces, most)
    windows: list[Window] = []
    try:
        windows.append(next(steps))
        while True:
            windows.append(steps.send(cascade.encode(windows[-1])))
    except StopIteration as end:
        return end.value, windows


def padded(length: int, *words: tuple[int, str]) -> str:
    """Harmless text of ``length`` characters with words at places."""
    text = (FILL * (length // len(FILL) + 1))[:length]
    for place, word in words:
        text = text[:place] + f" {word} " + text[place + len(word) + 2 :]
    return text


@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000" * 5_000, "\x00" * 20_000, FILL, FILL * 2_000])
def test_the_encoder_is_not_asked_about_what_the_first_stage_finds_harmless(tiny: Cascade, text: str) -> None:
    readings, windows = counted(tiny, text)
    assert windows == []
    assert [(reading.scores, reading.unread) for reading in readings] == [({}, ())] * 2


def test_each_surface_has_its_head(tiny: Cascade) -> None:
    user, content = tiny.read("please overrule this", BOTH)
    assert user.scores["user"] > 0.99
    assert "content" not in user.scores
    assert content.scores["content"] < 0.2
    assert "user" not in content.scores
    assert tiny.read("please smuggle this", [Surface.CONTENT])[0].scores["content"] > 0.99
    assert tiny.read("please unmask this", [Surface.USER])[0].scores["extraction"] > 0.99


def test_an_encoder_for_material_reads_material_and_nothing_else(tmp_path: Path) -> None:
    loud, quiet = tiny_model.encoder(), tiny_model.encoder(loud=-1.0)
    texts = ("please overrule this", "please smuggle this")
    ask = {"user": [Surface.USER], "content": [Surface.CONTENT]}
    for name, first, second in (("one", loud, quiet), ("other", quiet, loud)):
        model = Cascade(Artefact(tiny_model.write(tmp_path / name, tiny_model.files(encoder=first, material=second))))
        scores = {
            head: max(model.read(text, surfaces)[0].scores.get(head, 0.0) for text in texts)
            for head, surfaces in ask.items()
        }
        assert (scores["user"] > 0.99, scores["content"] > 0.99) == (first is loud, second is loud)
        for text in texts:  # what may be either is read by both, each for its own surface
            (user, content), windows = counted(model, text)
            assert [window.heads for window in windows] == [(0, 1)]
            assert user == model.read(text, [Surface.USER])[0]
            assert content == model.read(text, [Surface.CONTENT])[0]


def test_two_encoders_keep_to_the_windows_of_one(tmp_path: Path) -> None:
    model = Cascade(Artefact(tiny_model.write(tmp_path, tiny_model.files(material=tiny_model.encoder()))))
    text = padded(60_000, *((place, "overrule") for place in range(0, 60_000, 1_500)))
    readings, windows = counted(model, text)
    assert [window.heads for window in windows] == [(0, 1)] * (MOST // 2)
    assert all(reading.unread for reading in readings)


def test_forced_reads_what_the_first_stage_finds_harmless(tiny_folder: Path) -> None:
    forced = Cascade(Artefact(tiny_folder), forced=True)
    assert forced.read("all is well", [Surface.USER])[0].scores["user"] == pytest.approx(
        1 / (1 + np.exp(2.0)), rel=1e-3
    )


@pytest.mark.parametrize("length", [300, 3_000, TOKENIZED, TOKENIZED + 1, 60_000, 400_000])
@pytest.mark.parametrize("share", [0.0, 0.31, 0.77, 1.0])
def test_an_attack_is_found_at_any_place_of_any_length(tiny: Cascade, length: int, share: float) -> None:
    place = int(share * (length - 12))
    text = padded(length, (place, "smuggle"))
    user, content = tiny.read(text, BOTH)
    assert content.scores["content"] > 0.99
    assert content.unread == user.unread == ()
    assert text[content.span.start : content.span.end].strip() == "smuggle", "the token that carried the score"
    assert user.scores["user"] < 0.2


def test_the_threshold_is_that_of_the_whole_text_whatever_was_read_of_it(tmp_path: Path) -> None:
    steep = {"other": [-100.0, -100.0, -100.0, 6.0]}
    folder = tiny_model.write(tmp_path, tiny_model.files(calibration=tiny_model.calibration(content=steep)))
    cascade = Cascade(Artefact(folder))
    assert cascade.read("smuggle", [Surface.CONTENT])[0].scores["content"] == pytest.approx(1.0)
    for length in (TOKENIZED - 1, TOKENIZED + 1, 100_000):
        reading = cascade.read(padded(length, (500, "smuggle")), [Surface.CONTENT])[0]
        assert reading.scores["content"] == pytest.approx(0.5)


@pytest.mark.parametrize("length", [8_000, TOKENIZED, 13_000, 200_000])
def test_no_more_windows_than_the_model_allows_and_the_rest_is_unread(tiny: Cascade, length: int) -> None:
    readings, windows = counted(tiny, "overrule " * (length // 9))
    assert len(windows) == MOST
    assert readings[0].scores["user"] > 0.99
    for reading in readings:
        (gap,) = reading.unread
        assert "read by the first stage only" in gap


@pytest.mark.parametrize("most", [-1, 0, 1, 2])
def test_a_caller_may_allow_fewer(tiny: Cascade, most: int) -> None:
    readings, windows = counted(tiny, "overrule " * 1_000, BOTH, most)
    assert len(windows) == max(most, 0)
    assert all(reading.unread for reading in readings)


def test_a_caller_cannot_allow_more(tiny: Cascade) -> None:
    assert len(counted(tiny, "overrule " * 1_000, BOTH, 10_000)[1]) == MOST


def test_the_most_suspect_part_is_read_first(tiny: Cascade) -> None:
    """A thousand half-suspect windows do not draw the encoder away from the one that holds the attack."""
    half = FILL * 20 + "overrul "
    (user,), windows = counted(tiny, half * 500 + "overrule smuggle unmask liberate " + half * 500, [Surface.USER])
    assert user.scores["user"] > 0.99
    assert user.unread
    assert len(windows) == MOST


def test_one_surface_is_not_told_of_what_only_the_other_suspects(tmp_path: Path) -> None:
    folder = tiny_model.write(tmp_path, low={"user": 1e9, "content": 0.0})
    user, content = Cascade(Artefact(folder)).read("smuggle " * 3_000, BOTH)
    assert (user.scores, user.unread) == ({}, ())
    assert content.scores["content"] > 0.99
    assert content.unread


@pytest.mark.parametrize(("length", "asked"), [(SHORT_CHARACTERS, 0), (SHORT_CHARACTERS + 1, 1)])
def test_short_material_may_have_a_band_of_its_own(tmp_path: Path, length: int, asked: int) -> None:
    cascade = Cascade(Artefact(tiny_model.write(tmp_path, low={"user": 1e9, "content": -1e9, "short": 1e9})))
    text = padded(length)
    assert bool(counted(cascade, text, [Surface.CONTENT])[1]) is bool(asked)
    assert counted(cascade, text, [Surface.USER])[1] == []
    same = Cascade(Artefact(tiny_model.write(tmp_path, low={"user": 1e9, "content": -1e9})))
    assert counted(same, text, [Surface.CONTENT])[1]


def test_a_network_whose_logits_are_no_numbers_fails_instead_of_passing(
    tiny: Cascade, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def run(self, outputs: object, feed: object) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
            return [np.full((1, 5), np.nan, np.float32), np.zeros((1, 3, 2), np.float32)]

    monkeypatch.setattr(tiny._encoder._tops[0], "_session", Broken())
    with pytest.raises(ArtefactError):
        tiny.read("overrule", BOTH)


@given(st.text(st.sampled_from("ab \n\x00\ud800\U0001f600\u0301İﷺ中"), max_size=200), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(tiny_folder: Path, text: str, times: int) -> None:
    cascade = _forced(tiny_folder)
    for reading in cascade.read(text * times, BOTH):
        assert 0 <= reading.span.start <= reading.span.end <= len(text) * times
        assert all(0.0 <= score <= 1.0 for score in reading.scores.values())


_CASCADES: dict[Path, Cascade] = {}


def _forced(folder: Path) -> Cascade:
    if folder not in _CASCADES:
        _CASCADES[folder] = Cascade(Artefact(folder), forced=True)
    return _CASCADES[folder]


@given(
    st.integers(1, 40_000),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["overrule", "smuggle"]), st.integers(1, 60)), max_size=6),
    st.integers(0, 6),
)
@example(length=3109, attacks=[(0.0, "overrule", 13), (0.25, "overrule", 18)], most=3)
@example(length=6178, attacks=[(0.0, "overrule", 19), (0.25, "overrule", 1)], most=3)
@settings(max_examples=120, deadline=None)
def test_whatever_is_suspect_is_read_or_said_to_be_unread(
    selector: Selector, length: int, attacks: list[tuple[float, str, int]], most: int
) -> None:
    text = padded(length, *((int(share * length), " ".join([word] * times)) for share, word, times in attacks))
    screened = Linear.parse(_LINEAR).screen(text)
    suspect = screened.logits.max(axis=1) >= 0.0
    if not suspect.any():
        return
    selection = selector.select(text, screened, suspect, (0, 1), most)
    assert len(selection.windows) <= most
    assert selection.number >= 1
    assert not (selection.unread & ~suspect).any()
    _check(text, screened.starts, screened.ends, suspect, selection)


_LINEAR = tiny_model.linear()


def _check(
    text: str, starts: Sequence[int], ends: Sequence[int], suspect: Sequence[bool], selection: Selection
) -> None:
    read = np.zeros(len(text), bool)
    last = -1
    for window in selection.windows:
        assert len(window.ids) == len(window.spans) <= SIZE
        assert window.spans[0][0] > last, "in the text's order, and none twice"
        last = window.spans[0][0]
        for start, end in window.spans:
            assert 0 <= start < end <= len(text)
            read[start:end] = True
    blank = np.array([char.isspace() for char in text])
    for start, end, wanted, unread in zip(starts, ends, suspect, selection.unread, strict=True):
        if wanted and not unread:
            assert (read | blank)[start:end].all()
        if wanted and unread:
            assert not (read | blank)[start:end].all()


def test_the_same_text_gives_the_same_reading(tiny: Cascade) -> None:
    text = padded(30_000, (100, "overrule"), (15_000, "smuggle"), (29_000, "liberate"))
    first = tiny.read(text, BOTH)
    assert all(tiny.read(text, BOTH) == first for _ in range(3))


def test_steps_and_read_say_the_same(tiny: Cascade) -> None:
    text = padded(20_000, (100, "overrule"), (15_000, "smuggle"))
    assert counted(tiny, text)[0] == tiny.read(text, BOTH)


def test_an_encoded_window_has_a_focus_for_each_token(tiny: Cascade) -> None:
    (encoded,) = tiny.encode(Window([4, 3, 3], [(0, 1), (2, 3), (4, 5)], (0,)))
    assert encoded.logits.shape == (5,)
    assert (encoded.focus[:, 1] > 0).tolist() == [True, False, False]


def test_only_a_brief_request_meets_the_thresholds_for_brief_texts(tmp_path: Path) -> None:
    calibration = tiny_model.calibration({"user": {"weight": 0.0, "thresholds": [9.0, 3.0]}})
    cascade = Cascade(Artefact(tiny_model.write(tmp_path, tiny_model.files(calibration=calibration))))

    def flagged(text: str, surface: Surface = Surface.USER) -> bool:
        return cascade.read(text, [surface])[0].scores[surface.value] >= 0.5

    brief, longer = "overrule" + " it" * (BRIEF[0] - 1), "overrule" + " it" * BRIEF[0]
    assert not flagged(brief)
    assert flagged(longer)
    assert flagged("overrule" + " it" * BRIEF[1])
    assert flagged(brief.replace("overrule", "overrule smuggle"), Surface.CONTENT)
    assert not flagged(brief + " " * 5_000), "blanks are no tokens"


def test_the_first_stage_counts_for_a_brief_request(tmp_path: Path) -> None:
    scores = []
    for weight in (0.0, 0.5):
        calibration = tiny_model.calibration({"user": {"weight": weight, "thresholds": [6.0, 6.0]}})
        folder = tiny_model.write(tmp_path / str(weight), tiny_model.files(calibration=calibration))
        scores.append(Cascade(Artefact(folder)).read("overrule it", [Surface.USER])[0].scores["user"])
    assert scores[0] < scores[1]
