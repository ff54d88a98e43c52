"""Lines and messages from hostile bytes: any split gives the same, nothing raises but what is meant to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.agents.mcp.definition import canonical, definition_of, digest_of, shape_problem
from bartizan.agents.mcp.differences import difference, visible
from bartizan.agents.mcp.framing import Lines, TooLong, read, refusal, told_id
from bartizan.agents.mcp.naming import skeleton
from bartizan.agents.mcp.scan import hidden
from bartizan.core.errors import WireError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def kinds(lines: Iterable[bytes]) -> list[bytes | None]:
    """What is left of a line that is too long differs; that it was too long does not."""
    return [None if isinstance(line, TooLong) else line for line in lines]


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 40))
def test_lines_do_not_depend_on_how_the_bytes_arrive(pieces: list[bytes], limit: int) -> None:
    whole = b"".join(pieces)
    once, many = Lines(limit), Lines(limit)
    at_once = list(once.feed(whole))
    assert kinds(line for piece in pieces for line in many.feed(piece)) == kinds(at_once)
    for line in at_once:
        assert isinstance(line, TooLong) or (len(line) <= limit and b"\n" not in line)


def test_a_line_without_an_end_costs_no_memory() -> None:
    lines = Lines(1_000)
    for _ in range(2_000):
        assert not list(lines.feed(b"x" * 65_536))
    assert len(lines._held) <= 200
    (line,) = lines.feed(b'"id":7}\n')
    assert told_id(line) == (7, -32600)


@settings(max_examples=300)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_message_or_a_json_rpc_error(line: bytes) -> None:
    try:
        read(line)
    except WireError as error:
        answer = json.loads(refusal(line, error))
        assert answer["jsonrpc"] == "2.0"
        assert answer["error"]["code"] in (-32700, -32600)
        assert answer["id"] is None or isinstance(answer["id"], int | str)


@settings(max_examples=200)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_equal_definitions_have_equal_digests_whatever_their_order(value: dict[str, Any]) -> None:
    assert digest_of(dict(reversed(list(value.items())))) == digest_of(value)
    assert json.loads(canonical(value)) == json.loads(json.dumps(value))


@settings(max_examples=200)
@given(JSON, JSON, st.text())
def test_what_people_see_cannot_drive_a_terminal(before: Any, after: Any, text: str) -> None:
    for line in [*difference(before, after), visible(text)]:
        assert line.isprintable()
    list(hidden((), text))
    skeleton(text)


@settings(max_examples=200)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "description", "inputSchema", "outputSchema"), JSON)))
def test_any_definition_is_bounded_or_refused(wire: dict[str, Any]) -> None:
    definition = definition_of(wire)
    problem = shape_problem(definition, 200, 3, 20)
    if not problem:
        assert isinstance(definition["inputSchema"], dict)
        assert len(canonical(definition)) <= 200
