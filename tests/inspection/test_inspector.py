from __future__ import annotations

from collections.abc import Sequence

import pytest

from bartizan.core.interfaces import Inspector as InspectorProtocol
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.inspection.inspector import MAX_SIGNALS, Inspector
from bartizan.inspection.interface import View
from bartizan.inspection.obfuscation import ObfuscationDetector
from bartizan.inspection.views import Limits


class Finder:
    """A detector that looks for one word in every view."""

    guard = Guard.PROMPT_INJECTION

    def __init__(self, word: str, surfaces: frozenset[Surface] = frozenset(Surface), score: float = 0.9) -> None:
        self.id = "finder"
        self.word = word
        self.surfaces = surfaces
        self.score = score

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        out = []
        for view in views:
            at = view.text.find(self.word)
            while at >= 0:
                span = view.origin(at, at + len(self.word))
                out.append(
                    Signal(self.id, self.guard, Threat.PROMPT_INJECTION, "t", self.score, span, view.name, self.word)
                )
                at = view.text.find(self.word, at + 1)
        return out


def test_it_is_an_inspector() -> None:
    inspector: InspectorProtocol = Inspector([Finder("x")])
    assert inspector.inspect("x", Surface.USER)


def test_signals_are_sorted_and_told_once_in_the_earliest_view() -> None:
    signals = Inspector([Finder("stop"), Finder("go")]).inspect("go stop caf\u00e9 STOP", Surface.USER)
    assert [(signal.rule, signal.span, signal.view) for signal in signals] == [
        ("go", Span(0, 2), "original"),
        ("stop", Span(3, 7), "original"),
        ("stop", Span(13, 17), "folded"),
    ]


def test_of_two_signals_in_one_view_the_stronger_stays() -> None:
    signals = Inspector([Finder("stop", score=0.3), Finder("stop", score=0.7)]).inspect("stop", Surface.USER)
    assert [signal.score for signal in signals] == [0.7]


class Reader(Finder):
    """As sure as its second view makes it: a model that reads a text through its disguise."""

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        whole = Span(0, len(views[0].text))
        return [
            Signal(self.id, self.guard, Threat.PROMPT_INJECTION, "t", score, whole, view.name, "reader")
            for view, score in zip(views, (0.1, self.score), strict=False)
        ]


def test_a_disguised_text_keeps_the_score_of_what_it_hides() -> None:
    (signal,) = Inspector([Reader("", score=0.8)]).inspect("caf\u00e9", Surface.USER)
    assert (signal.score, signal.view) == (0.8, "folded")


def test_only_detectors_of_the_surface_run() -> None:
    inspector = Inspector([Finder("stop", frozenset({Surface.OUTPUT}))])
    assert inspector.inspect("stop", Surface.USER) == ()
    assert len(inspector.inspect("stop", Surface.OUTPUT)) == 1
    assert len(inspector.detectors) == 1


def test_what_was_not_read_is_said() -> None:
    inspector = Inspector([Finder("stop")], Limits(depth=0))
    inspected = inspector.inspect_full("c3RvcCBzdG9wIHN0b3AgcGxlYXNl", Surface.USER)
    assert inspected.unread == ("encoded more than 0 times over",)
    assert inspected.signals == ()


def test_nothing_is_read_where_no_detector_serves() -> None:
    assert Inspector([]).inspect_full("stop", Surface.USER) == ((), ())


def test_the_strongest_signals_are_kept() -> None:
    signals = Inspector([Finder("a", score=0.2), Finder("b")]).inspect("a" * 2_000 + "b" * 10, Surface.USER)
    assert len(signals) == MAX_SIGNALS
    assert sum(signal.rule == "b" for signal in signals) == 10


def test_a_failing_detector_is_not_hidden() -> None:
    class Broken(Finder):
        def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Inspector([Broken("x")]).inspect("x", Surface.USER)


@pytest.mark.parametrize(
    "piece",
    [
        "",
        "\x00",
        "\ud800",
        "👩‍👩‍👧‍👦",
        "a",
        "a-",
        "i g n o r e ",
        "p4ssw0rd ",
        "%25",
        "&#38;",
        "\\u005c",
        "か\u3099\u093c",
        "\u0315\u0300",
        "\ufdfa",
        "vtaber nyy ",
        "QUJDREVGR0hJSktMTU5PUFFS\n",
        "a<b>",
        "\U000e0041",
        "\U000e0151",
        "ǝɹouƃı ",
        "analyze",
    ],
)
def test_hostile_repetition_is_survived(piece: str) -> None:
    text = piece * (40_000 // max(1, len(piece)))
    inspected = Inspector([Finder("nothing of the kind"), ObfuscationDetector()]).inspect_full(text, Surface.USER)
    assert all(0 <= signal.span.start <= signal.span.end <= len(text) for signal in inspected.signals)
