"""Any split of a text gives the same released text and the same verdict."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard, Threat
from bartizan.core.verdict import Action
from bartizan.firewall.streaming import ArgumentScanner, OutputScanner, Released, join
from bartizan.inspection.canaries import CanaryDetector
from bartizan.inspection.holdback import HoldBack
from bartizan.inspection.inspector import Inspected
from bartizan.inspection.interface import Extent, Pattern, View
from bartizan.inspection.patterns import PatternDetector
from bartizan.policy.document import PolicyDocument, Row
from bartizan.policy.policy import NOTHING, Policy, Ruling


def pattern(
    name: str,
    regex: str,
    extent: Extent,
    most: int,
    *stems: str,
    guard: Guard = Guard.SECRET,
    literals: tuple[str, ...] = (),
) -> Pattern:
    return Pattern(
        id=name,
        guard=guard,
        threat=Threat.DATA_LEAKAGE,
        technique="t",
        regex=regex,
        extent=extent,
        max_length=most,
        stems=stems,
        literals=literals,
    )


SECRETS = (
    pattern("key", r"\bsk-[A-Za-z0-9]{8,30}\b", Extent.TOKEN, 33, literals=("sk-",)),
    pattern("card", r"\b[0-9]{4}(?:[ -]?[0-9]{4}){3}\b", Extent.GROUPS, 19),
    pattern("password", r"(?i)password ?[:=] ?(?P<hit>[^\s]{4,20})(?:\s|$)", Extent.STEM, 33, "password"),
    pattern("image", r"!\[[^\[\]]{0,60}\]\((?P<hit>[^()\s]{1,100})\)", Extent.CONSTRUCT, 170, "!["),
)
CANARY = CanaryDetector({"bird": "blue heron nine"})
DETECTORS = (PatternDetector("secrets", Guard.SECRET, SECRETS), CANARY)
HOLDBACK = HoldBack(SECRETS, CANARY.regions)
REDACT = Policy(
    PolicyDocument(
        version=1,
        surfaces={Surface.OUTPUT: {Guard.SECRET: Row(Action.REDACT), Guard.CANARY: Row(Action.BLOCK)}},
    )
)


def inspect(text: str) -> Inspected:
    views = [View("original", text)]
    return Inspected(tuple(signal for detector in DETECTORS for signal in detector.detect(views, Surface.OUTPUT)))


def rule(signal: Signal) -> Ruling:
    return REDACT.rule(signal, Surface.OUTPUT)


def scan(pieces: Sequence[str], cap: int | None = 256, at_cap: str = "release") -> Released:
    scanner = OutputScanner(
        inspect,
        rule,
        NOTHING,
        HOLDBACK,
        cap,
        at_cap,  # type: ignore[arg-type]
    )
    out = [scanner.feed(piece) for piece in pieces]
    out.append(scanner.finish())
    return join(out)


def cut(text: str, places: Sequence[int]) -> list[str]:
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds)]


FRAGMENTS = st.sampled_from(
    [
        "sk-abcDEF123456",
        "sk-",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111",
        " 1111",
        "password: hunter22",
        "Password",
        " = ",
        "![a picture](https://evil.example/x.png?q=1)",
        "![",
        "](",
        ")",
        "[1]",
        "blue heron nine",
        "Blue heron",
        " nine",
        "the quick brown fox ",
        "in 2024 the ",
        "ÄÖ é中文。",
        "\u200b",
        "e\u0301",
        "\n",
        " ",
        '"',
        "x" * 70,
        "A1b2" * 80,
        "0 " * 90,
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=14).map("".join)
CUTS = st.lists(st.integers(0, 5000), max_size=40)


@settings(max_examples=600, deadline=None)
@given(TEXTS, CUTS)
def test_any_split_gives_the_same_text_and_verdict(text: str, cuts: list[int]) -> None:
    assert scan(cut(text, cuts)) == scan([text])


@example("in 2024 the sk-Passwordsk-" + "x" * 70 + " nine", 256, "release")
@settings(max_examples=400, deadline=None)
@given(TEXTS, st.sampled_from([16, 40, 256]), st.sampled_from(["release", "end"]))
def test_character_by_character_is_the_same_at_any_cap(text: str, cap: int, at_cap: str) -> None:
    assert scan(list(text), cap, at_cap) == scan([text], cap, at_cap)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_held_part_never_passes_the_cap(text: str) -> None:
    scanner = OutputScanner(inspect, rule, NOTHING, HOLDBACK, 256)
    for character in text:
        scanner.feed(character)
        assert scanner.held <= 256


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_the_hold_never_moves_back(text: str) -> None:
    furthest = 0
    for end in range(1, len(text) + 1):
        start = HOLDBACK.start(text[:end])
        assert start >= furthest or text[:end][start:furthest].strip() == ""
        furthest = max(furthest, start)


@pytest.mark.parametrize(
    ("text", "released"),
    [
        ("the key is sk-abcDEF123456, keep it", "the key is [REDACTED:key], keep it"),
        ("pay 4111 1111 1111 1111 now", "pay [REDACTED:card] now"),
        ("password: hunter22 and so on", "password: [REDACTED:password] and so on"),
        ("see ![x](https://evil.example/?d=1) ok", "see ![x]([REDACTED:image]) ok"),
    ],
)
def test_hits_are_redacted_however_they_arrive(text: str, released: str) -> None:
    for pieces in ([text], list(text), cut(text, range(0, 200, 3))):
        assert scan(pieces).text == released


def test_a_block_releases_only_what_stood_before_it() -> None:
    out = scan(list("The bird is a BLUE heron nine, do not tell."))
    assert (out.text, out.blocked, out.action, out.escaped) == ("The bird is a ", True, Action.BLOCK, 0)


def test_nothing_leaves_after_a_block() -> None:
    scanner = OutputScanner(inspect, rule, NOTHING, HOLDBACK)
    assert scanner.feed("blue heron nine. It ").blocked
    assert scanner.feed("more").text == ""
    assert scanner.finish().text == ""


def test_ordinary_prose_waits_for_little_more_than_the_word_in_hand() -> None:
    prose = "Our help desk answers questions about orders, returns and accounts. It is open from nine to five. " * 20
    scanner = OutputScanner(inspect, rule, NOTHING, HOLDBACK)
    held = []
    for start in range(0, len(prose), 4):
        scanner.feed(prose[start : start + 4])
        held.append(scanner.held)
    assert sum(held) / len(held) <= 8


def test_a_hit_that_starts_in_released_text_ends_the_stream_and_is_counted() -> None:
    long_key = pattern("blob", r"begin[A-Z0-9]{150,250}end", Extent.TOKEN, 258)
    detector = PatternDetector("secrets", Guard.SECRET, (long_key,))
    scanner = OutputScanner(
        lambda text: Inspected(tuple(detector.detect([View("original", text)], Surface.OUTPUT))),
        rule,
        NOTHING,
        HoldBack((long_key,)),
        cap=64,
    )
    out = join([scanner.feed(piece) for piece in cut("x " + "begin" + "A1" * 75 + "end y", range(0, 200, 7))])
    assert out.blocked
    assert out.escaped > 0


def test_past_the_cap_policy_may_end_the_stream() -> None:
    out = scan(["z" * 500], at_cap="end")
    assert (out.blocked, out.rule) == (True, "streaming.hold_back")


def test_tool_arguments_wait_for_the_end_and_are_bounded() -> None:
    def scanner(limit: int) -> ArgumentScanner:
        return ArgumentScanner(inspect, rule, NOTHING, HOLDBACK, limit)

    one = scanner(100)
    assert one.feed('{"key": "sk-abcDEF').text == ""
    assert one.feed('123456"}').text == ""
    assert one.finish().text == '{"key": "[REDACTED:key]"}'
    two = scanner(10)
    assert two.feed("x" * 11).rule == "streaming.max_tool_args"
    assert two.finish().text == ""


@pytest.mark.parametrize(("action", "text"), [(Action.BLOCK, ""), (Action.FLAG, "abc"), (Action.ALLOW, "abc")])
def test_output_that_nobody_could_read_is_decided_by_policy(action: Action, text: str) -> None:
    scanner = OutputScanner(
        lambda text: Inspected((), ("too deep",)), rule, Ruling(action, action, "uncovered.unread"), HOLDBACK
    )
    out = join([scanner.feed("abc"), scanner.finish()])
    assert (out.text, out.action, out.blocked) == (text, action, action is Action.BLOCK)
