"""Canaries in every disguise, in parts, and as they grow in a stream."""

from __future__ import annotations

import base64
import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.signal import Span
from bartizan.inspection.canaries import PARTIAL_SCORE, CanaryDetector
from bartizan.inspection.interface import View
from bartizan.inspection.views import canonical_views

CANARY = "BLUE-FALCON-7731-kestrel"
DETECTOR = CanaryDetector({"vault": CANARY})
RAW = CANARY.encode()

FORMS = {
    "as it is": CANARY,
    "other case": CANARY.swapcase(),
    "spaced": " ".join(CANARY),
    "hyphenated": "-".join(CANARY),
    "reversed": CANARY[::-1],
    "rot13": codecs.encode(CANARY, "rot13"),
    "base64": base64.b64encode(RAW).decode(),
    "base64, second alignment": base64.b64encode(b"." + RAW + b"..").decode(),
    "base64, third alignment": base64.b64encode(b".." + RAW + b".").decode(),
    "base64 of the reverse": base64.b64encode(RAW[::-1]).decode(),
    "rot13 of the reverse": codecs.encode(CANARY[::-1], "rot13"),
    "hex of the reverse": RAW[::-1].hex(),
    "decimal of the reverse": " ".join(str(byte) for byte in RAW[::-1]),
    "binary of the reverse": " ".join(f"{byte:08b}" for byte in RAW[::-1]),
    "url-safe base64 in lower case": base64.urlsafe_b64encode(RAW.lower()).decode(),
    "base32": base64.b32encode(b"abc" + RAW).decode(),
    "hex": RAW.hex(),
    "spaced hex": RAW.hex(" ").upper(),
    "C escapes": "".join(f"\\x{byte:02x}" for byte in RAW),
    "0x list": ", ".join(f"0x{byte:02X}" for byte in RAW),
    "percent": "".join(f"%{byte:02X}" for byte in RAW),
    "JSON escapes": "".join(f"\\u{byte:04x}" for byte in RAW),
    "HTML entities": "".join(f"&#{byte};" for byte in RAW),
    "decimal": " ".join(str(byte) for byte in RAW),
    "binary": " ".join(f"{byte:08b}" for byte in RAW),
    "octal": " ".join(f"{byte:o}" for byte in RAW),
    "leet": "8LU3-F4LC0N-7731-k3$7r3l",
    "lines": "\n".join(CANARY),
    "a list": "1. BLUE\n2. FALCON\n3. 7731\n4. kestrel",
    "zero width": "\u200b".join(CANARY),
    "full width": "".join(chr(ord(character) + 0xFEE0) for character in CANARY),
    "base64 twice": base64.b64encode(base64.b64encode(b"the code is " + RAW)).decode(),
}


def detect(text: str) -> list[tuple[float, Span]]:
    views = canonical_views(text)
    return [(s.score, s.span) for s in DETECTOR.detect(getattr(views, "views", views), Surface.OUTPUT)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found_where_it_stands(form: str) -> None:
    text = f"Well, {FORMS[form]}, there!"
    found = detect(text)
    assert found
    score, span = found[0]
    assert score == 1.0
    assert text[span.start : span.end].strip("\n ,.!") in FORMS[form] or form == "a list"
    assert span.end - span.start >= len(FORMS[form]) * 0.6


@pytest.mark.parametrize("piece", [CANARY[:17], CANARY[4:21], CANARY[8:].replace("-", " ")])
def test_long_pieces_are_partial_leaks(piece: str) -> None:
    ((score, _),) = detect(f"it starts with {piece}")
    assert score == PARTIAL_SCORE


@pytest.mark.parametrize("text", ["BLUE-FALCON", "the blue falcon was seen in 7731", "", "kestrel", "7731"])
def test_short_pieces_are_not(text: str) -> None:
    assert not detect(text)


def test_two_places_are_two_signals() -> None:
    assert len(detect(f"{CANARY} and again {CANARY}")) == 2


def test_two_canaries_are_told_apart() -> None:
    detector = CanaryDetector({"one": "alpha-romeo-11", "two": "bravo-sierra-22"})
    found = detector.detect([View("original", "alpha-romeo-11 then bravo-sierra-22")], Surface.OUTPUT)
    assert {(signal.rule, signal.technique) for signal in found} == {("one", "canary_leak"), ("two", "canary_leak")}


@pytest.mark.parametrize("value", ["", "abc", "a-b-c-d-e", "------------"])
def test_short_canaries_are_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="at least 6"):
        CanaryDetector({"short": value})


def test_without_canaries_nothing_is_found_or_held() -> None:
    detector = CanaryDetector({})
    assert not detector.detect([View("original", "anything")], Surface.OUTPUT)
    assert not detector.regions("anything")


def test_many_places_are_told_in_linear_time() -> None:
    assert len(DETECTOR.detect([View("original", f"{CANARY}; x " * 3_000)], Surface.OUTPUT)) == 3_000


def test_non_ascii_canaries() -> None:
    detector = CanaryDetector({"name": "Größe-Äpfel-Öl"})
    assert detector.detect([View("original", "die gröSSe? nein: g r ö ß e - ä p f e l - ö l")], Surface.OUTPUT)


@given(st.sampled_from(sorted(set(FORMS) - {"zero width", "full width", "base64 twice"})), st.data())
@settings(deadline=None)
def test_what_begins_a_form_is_a_region_that_may_grow(form: str, data: st.DataObject) -> None:
    written = f"Well, {FORMS[form]}"
    (_, span), *_ = [(s.score, s.span) for s in DETECTOR.detect([View("original", written)], Surface.OUTPUT)]
    end = data.draw(st.integers(span.start + 1, span.end - 1))
    regions = DETECTOR.regions(written[:end])
    if any(character.isalnum() for character in written[span.start : end]):
        assert any(start <= span.start and stop > end for start, stop in regions), (written[:end], regions)


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    for score, span in detect(text):
        assert score > 0
        assert 0 <= span.start < span.end <= len(text)
