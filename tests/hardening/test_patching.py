"""One value of a settings file is set, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.errors import BartizanError
from bartizan.policy.document import PolicyDocument
from bartizan.workspace import scaffold
from bartizan.workspace.checker import plain
from bartizan.workspace.document import loads
from bartizan.workspace.nodes import parse
from bartizan.workspace.patching import set_value

POLICY = (Path(scaffold.__file__).parent / "policy.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("links", "check_plain"), True),
        (("links", "allow"), ["a.example", "*.b.example"]),
        (("surfaces", "output", "personal_data"), {"action": "redact"}),
        (("surfaces", "user", "prompt_injection", "threshold"), 0.3),
        (("surfaces", "user", "canary"), {"action": "flag"}),
        (("origins", "system"), ["content"]),
        (("canaries",), [{"name": "x", "value": {"env": "X"}}]),
        (("tools", "guard"), "strict"),
        (("tool_profiles", "send mail: now"), {"effect": "send", "parameters": {"to": "recipient"}}),
        (("pseudonyms", "enabled"), True),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_the_shipped_policy_keeps_its_comments(path: tuple[str, ...], value: Any) -> None:
    edited = set_value(POLICY, "policy.yaml", path, value)
    loads(edited, "policy.yaml", PolicyDocument)
    old, new = POLICY.splitlines(), edited.splitlines()
    assert sum(line not in new for line in old) <= 1
    tree = plain(parse(edited, "policy.yaml"))
    for key in path:
        tree = tree[key]
    assert tree == value


KEYS = st.sampled_from(["a", "b", "on", "x y", "é", "1", '"', "#", "a: b", "\\", "null"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
FORMS = st.sampled_from(
    [
        "a: 1\n",
        "a:\n  b: {x y: 1}  # why\n\n# end\n",
        "a: {b: [1, 2]}\r\nc: 3\r\n",
        "a:\n- 1\n- {b: 2}\n# tail\nb: x",
        "a:\n  b:\n    c: 'x'\n  d: |\n    text\n    more\n",
        "{a: 1}\n",
        "a:\nb: 2\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(FORMS, st.lists(KEYS, min_size=1, max_size=3), VALUES)
def test_any_edit_sets_that_value_alone_or_refuses(text: str, path: list[str], value: Any) -> None:
    try:
        edited = set_value(text, "x.yaml", path, value)
    except BartizanError:
        return
    before, after = plain(parse(text, "x.yaml")), plain(parse(edited, "x.yaml"))
    node = after
    for key in path:
        node = node[key]
    assert node == value
    assert {key: item for key, item in after.items() if key != path[0]} == {
        key: item for key, item in before.items() if key != path[0]
    }
