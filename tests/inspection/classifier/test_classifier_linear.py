"""The first stage against a sum made by hand, in bounded memory, from archives that may be anything."""

from __future__ import annotations

import io
import math
import tracemalloc
import zipfile

import numpy as np
import pytest
import tiny_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.linear import WINDOW, Linear
from bartizan.inspection.classifier.ngrams import BUCKETS, features, fold

RANDOM = np.random.default_rng(7)
WEIGHTS = RANDOM.integers(-127, 128, (3, BUCKETS)).astype(np.int8)
SCALES = np.array([0.01, 0.5, 1.0], np.float32)
BIASES = np.array([-1.0, 0.0, 2.5], np.float32)
PIECES = np.array([WINDOW, 250, 100], np.float32)
LINEAR = Linear(WEIGHTS, SCALES, BIASES)
PROSE = "The committee met on 3 May; it did NOT agree.\n\n  Später wird\tgeprüft, 然后再决定。 "


def by_hand(text: str, start: int, end: int) -> list[float]:
    totals = [0, 0, 0]
    number = 0
    for buckets, places in zip(*features(fold(text)), strict=True):
        for bucket, place in zip(buckets, places, strict=True):
            if start <= place < end:
                number += 1
                for head in range(3):
                    totals[head] += int(WEIGHTS[head, bucket])
    root = math.sqrt(max(number, 1))
    return [float(total * scale / root + bias) for total, scale, bias in zip(totals, SCALES, BIASES, strict=True)]


@given(st.text(min_size=1, max_size=80).filter(lambda text: any(ord(char) > 32 for char in text.strip())))
@settings(max_examples=60, deadline=None)
def test_a_short_text_is_one_window_with_the_sum_of_its_weights(text: str) -> None:
    screened = LINEAR.screen(text)
    assert (list(screened.starts), list(screened.ends)) == ([0], [len(text)])
    assert screened.logits[0] == pytest.approx(by_hand(text, 0, len(text)), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("length", [1_500, 1_501, 1_999, 2_000, 2_001, 36_000, 66_001])
def test_windows_cover_a_long_text_and_their_sums_do_not_depend_on_blocks(length: int) -> None:
    text = (PROSE * (length // len(PROSE) + 1))[:length]
    screened = LINEAR.screen(text)
    covered = np.zeros(length, bool)
    for start, end in zip(screened.starts, screened.ends, strict=True):
        assert 0 <= start < end <= length
        covered[start:end] = True
    assert covered.all()
    assert (screened.ends - screened.starts <= WINDOW + WINDOW // 2).all()
    assert screened.logits == pytest.approx(LINEAR.logits(text, screened.starts, screened.ends), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("length", [90, 150, 151, 251, 999, 1_400])
def test_a_window_is_worth_its_highest_piece(length: int) -> None:
    text = (PROSE * (length // len(PROSE) + 1))[:length]
    found = Linear(WEIGHTS, SCALES, BIASES, PIECES).screen(text).logits[0]
    for head, size in enumerate((WINDOW, 250, 100)):
        step = size // 2
        starts = range(0, length - size + step, step) if length > size + step else ()
        places = [(min(start, length - size), min(start, length - size) + size) for start in starts] or [(0, length)]
        assert max(end for _, end in places) == length
        expected = max(by_hand(text, start, end)[head] for start, end in places)
        assert found[head] == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_one_planted_sentence_is_not_diluted_by_what_stands_around_it() -> None:
    weights = np.zeros((1, BUCKETS), np.int8)
    weights[0, np.concatenate(features(fold("unmask")).buckets[3:])] = 127
    alone, diluted = (
        Linear(weights, SCALES[2:], BIASES[1:2], np.array([size], np.float32)).screen(PROSE * 6 + "unmask" + PROSE * 6)
        for size in (100, WINDOW)
    )
    assert alone.logits.max() > 2 * diluted.logits.max() > 0


def test_a_blank_window_is_never_suspect_and_a_filled_one_has_a_finite_logit() -> None:
    screened = LINEAR.screen("\x00 \n" * 1_000 + "words")
    assert np.isneginf(screened.logits[0]).all()
    assert np.isfinite(screened.logits[-1]).all()


@pytest.mark.parametrize(
    "text",
    ["a" * 4_000_000, "\x00" * 4_000_000, "İ" * 1_000_000, "😀" * 2_000_000, "\ud800" * 400_000, "a\n" * 1_000_000],
    ids=["word", "nul", "lower", "emoji", "surrogates", "lines"],
)
def test_memory_does_not_grow_with_the_text(text: str) -> None:
    tracemalloc.start()
    try:
        LINEAR.screen(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000


def parts(**changed: NDArray[np.generic]) -> bytes:
    whole = {"weights": WEIGHTS[:2], "scales": SCALES[:2], "biases": BIASES[:2], "pieces": PIECES[:2]}
    return tiny_model.npz(**(whole | changed))


def test_what_is_saved_is_what_is_loaded() -> None:
    assert Linear.parse(parts()).screen(PROSE).logits[0] == pytest.approx(LINEAR.screen(PROSE).logits[0, :2])


def test_weights_that_name_no_pieces_judge_whole_windows() -> None:
    content = tiny_model.npz(weights=WEIGHTS[:2], scales=SCALES[:2], biases=BIASES[:2])
    whole = Linear(WEIGHTS, SCALES, BIASES).screen(PROSE * 12).logits[:, :2]
    assert Linear.parse(content).screen(PROSE * 12).logits == pytest.approx(whole)


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("weights", "scales", "biases"):
            archive.writestr(f"{name}.npy", bytes(60_000_000))
    return stream.getvalue()


def lying_header() -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|i1", "fortran_order": False, "shape": (1 << 50,)})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("weights.npy", head.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        parts()[:-20],
        parts(weights=WEIGHTS[:2, :100]),
        parts(weights=WEIGHTS[:2].astype(np.int16)),
        parts(weights=np.array([object()])),
        parts(weights=np.asfortranarray(WEIGHTS[:2])),
        parts(scales=SCALES),
        parts(pieces=PIECES),
        parts(pieces=np.array([1, 250], np.float32)),
        parts(pieces=np.array([np.nan, 250], np.float32)),
        parts(pieces=np.array([1e9, 250], np.float32)),
        parts(scales=np.array([np.nan, 1], np.float32)),
        parts(biases=np.array([np.inf, 1], np.float32)),
        parts(weights=WEIGHTS[0]),
        tiny_model.npz(weights=WEIGHTS[:2]),
        lying_header(),
    ],
)
def test_anything_else_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(ArtefactError) as caught:
        Linear.parse(content)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_an_archive_that_would_fill_memory_is_refused_before_it_is_unpacked() -> None:
    content = bomb()
    tracemalloc.start()
    try:
        with pytest.raises(ArtefactError, match="larger than"):
            Linear.parse(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_damaged_archive_loads_unchanged_or_not_at_all(data: st.DataObject) -> None:
    content = bytearray(tiny_model.linear())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        loaded = Linear.parse(bytes(content[: data.draw(st.integers(1, len(content)))]))
    except ArtefactError:
        return
    assert np.isfinite(loaded.screen(PROSE).logits).all()
