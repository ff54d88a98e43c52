"""What a selection means, value by value."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream import matching

from bartizan.detections.fields import View, fold
from bartizan.detections.prefilter import CHUNK
from bartizan.detections.sigma import patterns
from bartizan.detections.sigma.encodings import Value, base64_offsets

CASES: list[tuple[str, Any, bool]] = [
    ("f: Admin", "aDMIN", True),
    ("f: Admin", "admin2", False),
    ("f: ''", "", True),
    ("f: ''", None, False),
    ("f: 4625", 4625, True),
    ("f: 4625", "4625", True),
    ("f: 4625", 4625.0, True),
    ("f: 4625", "04625", False),
    ("f: '4625'", 4625, True),
    ("f: true", True, True),
    ("f: true", "TRUE", True),
    ("f: true", 1, False),
    ("f: 1", True, False),
    ("f: null", None, True),
    ("f: null", [], True),
    ("f: null", "", False),
    ("f: null", {"a": 1}, False),
    ("f: [a, b]", "B", True),
    ("f: a", ["x", "A"], True),
    ("f: a", [["x"], ["A"]], True),
    ("f: 'a*c'", "abbc", True),
    ("f: 'a*c'", "a\nc", True),
    ("f: 'a?c'", "ac", False),
    ("f: 'a?c'", "abc", True),
    (r"f: 'a\*c'", "a*c", True),
    (r"f: 'a\*c'", "abc", False),
    (r"f: 'C:\Windows\*'", r"c:\windows*", True),
    (r"f: 'C:\Windows\\*'", r"c:\windows\x", True),
    (r"f: 'C:\Windows'", r"c:\windows", True),
    ("f|contains: ell", "Hello", True),
    ("f|contains: 46", 4625, True),
    ("f|startswith: he", "Hello", True),
    ("f|startswith: el", "Hello", False),
    ("f|endswith: LO", "Hello", True),
    ("f|contains|all: [he, lo]", "Hello", True),
    ("f|contains|all: [he, xx]", "Hello", False),
    ("f|all|contains: [he, xx]", "Hello", False),
    ("f|cased: Hello", "hello", False),
    ("f|contains|cased: ell", "Hello", True),
    ("f|contains|cased: Ell", "Hello", False),
    ("f|re: 'h.l+o$'", "say hello", True),
    ("f|re: 'H.l+o$'", "say hello", False),
    ("f|re|i: 'H.l+o$'", "say hello", True),
    ("f|re: '^b$'", "a\nb", False),
    ("f|re|m: '^b$'", "a\nb", True),
    ("f|re: 'a.b'", "a\nb", False),
    ("f|re|s: 'a.b'", "a\nb", True),
    ("f|re: '^46'", 4625, True),
    ("f|cidr: 10.0.0.0/8", "10.2.3.4", True),
    ("f|cidr: 10.0.0.0/8", "11.2.3.4", False),
    ("f|cidr: 10.0.0.0/8", "::ffff:10.1.1.1", True),
    ("f|cidr: 2001:db8::/32", "2001:DB8:0:0::1", True),
    ("f|cidr: 10.0.0.0/8", "not an address", False),
    ("f|gt: 5", 6, True),
    ("f|gt: 5", 5, False),
    ("f|gte: 5", "5.0", True),
    ("f|lt: 5", "junk", False),
    ("f|lte: 5", True, False),
    ("f|lt: 5", "nan", False),
    ("f|neq: a", "b", True),
    ("f|neq: a", "A", False),
    ("f|neq: [a, b]", "b", False),
    ("f|exists: true", None, True),
    ("f|exists: false", None, False),
    ("f|hour: 3", "2026-01-01T03:59:00+02:00", True),
    ("f|hour|gte: 22", "2026-01-01 23:00:00", True),
    ("f|year: 2026", 1_767_225_600, True),
    ("f|week: 1", "2026-01-01", True),
    ("f|hour: 5", "2026-01-01t05:00:00.5z", True),
    ("f|hour: 5", "2026-01-01 05:00:00 +0000", True),
    ("f|windash|contains: ' -enc'", "ps \u2013enc", True),
    ("f|windash|contains: ' -enc'", "ps /enc", True),
    ("f|base64: hello", "aGVsbG8=", True),
    ("f|base64offset|contains: hello", b64encode(b"xhello you").decode(), True),
    ("f|wide|base64offset|contains: hello", b64encode("xxhello".encode("utf-16-le")).decode(), True),
    ("f|utf16|base64: hi", b64encode(b"\xff\xfeh\x00i\x00").decode(), True),
]


@pytest.mark.parametrize(("item", "value", "wanted"), CASES, ids=lambda case: repr(case)[:50])
def test_an_item_means(item: str, value: Any, wanted: bool) -> None:
    assert matching(f"sel:\n  {item}", {"f": value}) is wanted


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ("g: null", True),
        ("g|exists: false", True),
        ("g|neq: a", True),
        ("g|contains: ''", False),
        ("g: '*'", False),
        ("g|gt: 0", False),
    ],
)
def test_an_absent_field(item: str, wanted: bool) -> None:
    assert matching(f"sel:\n  {item}", {"f": 1}) is wanted


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        ({"a": {"b": {"c": "x"}}}, True),
        ({"a.b.c": "x"}, True),
        ({"a": {"b.c": "x"}}, True),
        ({"a.b": [{"c": "n"}, {"c": "X"}]}, True),
        ({"a": {"b": {"c": {"x": 1}}}}, False),
        ({"A": {"b": {"c": "x"}}}, False),
        ({"a": [[{"b": {"c": ["x"]}}]]}, True),
    ],
)
def test_dots_lead_through_mappings_and_lists(event: dict[str, Any], wanted: bool) -> None:
    assert matching("sel:\n  a.b.c: x", event) is wanted


@pytest.mark.parametrize(
    ("selection", "event", "wanted"),
    [
        ("sel: [mimi, katz]", {"a": {"b": ["xKATZx"]}}, True),
        ("sel: [mimi]", {"mimi": 1}, False),
        ("sel: ['m*i']", {"a": "xmaaix"}, True),
        ("sel:\n  '|all': [one, two]", {"a": "one", "b": "TWO"}, True),
        ("sel:\n  '|all': [one, two]", {"a": "one"}, False),
        ("sel: [4625]", {"a": "id 4625"}, True),
        ("sel:\n  - f: 1\n  - g: 2", {"g": 2}, True),
        ("sel:\n  f: 1\n  g: 2", {"g": 2}, False),
        ("sel:\n  f|fieldref: g", {"f": "A", "g": "a"}, True),
        ("sel:\n  f|fieldref|cased: g", {"f": "A", "g": "a"}, False),
        ("sel:\n  f|fieldref|endswith: g", {"f": "host.Example", "g": "example"}, True),
        ("sel:\n  f|fieldref: g", {"f": "a"}, False),
        ("sel:\n  f|fieldref|neq: g", {"f": "a", "g": "b"}, True),
    ],
)
def test_selections(selection: str, event: dict[str, Any], wanted: bool) -> None:
    assert matching(selection, event) is wanted


CONDITIONS = [
    ("a or b and not c", {"b": 1, "c": 1}, False),
    ("a or b and not c", {"a": 1, "c": 1}, True),
    ("(a or b) and not c", {"a": 1, "c": 1}, False),
    ("not a and b", {"b": 1}, True),
    ("not (a and b)", {"b": 1}, True),
    ("1 of sel*", {"s1": 1}, True),
    ("all of sel*", {"s1": 1}, False),
    ("ALL OF sel* AND NOT a", {"s1": 1, "s2": 1}, True),
    ("1 of them", {"h": 1}, False),
    ("1 of *_1", {"s1": 1}, True),
    ("any of sel_*", {"s2": 1}, True),
]


@pytest.mark.parametrize(("condition", "event", "wanted"), CONDITIONS)
def test_conditions(condition: str, event: dict[str, Any], wanted: bool) -> None:
    rows = "a: {a: 1}\nb: {b: 1}\nc: {c: 1}\nsel_1: {s1: 1}\nsel_2: {s2: 1}\n_hidden: {h: 1}"
    assert matching(f"{rows}\ncondition: {condition}", event) is wanted


def test_a_list_of_conditions_is_any_of_them() -> None:
    assert matching("a: {a: 1}\nb: {b: 1}\ncondition: [a, b]", {"b": 1})


@given(st.text(alphabet="a*?\\b", max_size=12))
def test_a_pattern_shown_reads_as_the_same_pattern(text: str) -> None:
    parts = patterns.parse(text)
    assert patterns.parse(patterns.show(parts)) == parts


@given(st.binary(max_size=5), st.binary(min_size=3, max_size=20), st.binary(max_size=5))
def test_base64_offsets_find_the_value_wherever_it_stands(before: bytes, inner: bytes, after: bytes) -> None:
    encoded = b64encode(before + inner + after).decode()
    pieces = [value.parts[0] for value in base64_offsets(Value((inner.decode("latin-1"),), binary=True))]
    assert pieces[len(before) % 3] in encoded


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "a.b"]), inner),
    ),
    st.sampled_from(["a", "a.b", "b.a.b"]),
)
def test_no_event_breaks_a_look_up(event: Any, name: str) -> None:
    view = View({"a": event, "b": event}, {})
    view.folded(name)
    view.leaves()


def test_depth_breaks_no_look_up() -> None:
    lists: Any = "x"
    maps: Any = "x"
    for _ in range(5_000):
        lists, maps = [lists], {"a": [maps]}
    long = "m." + ".".join("a" * 5_000)
    view = View({"a": lists, "m": maps, long: "y"}, {})
    assert view.folded("a") == ("x",)
    assert view.folded("m.a.a") == ()
    assert view.folded(long) == ("y",)
    deep: Any = "x"
    for _ in range(63):
        deep = [[{"a": deep}]]
    assert View({"m": deep}, {}).folded("m." + ".".join("a" * 63)) == ("x",)


@pytest.mark.parametrize("place", [0, 1, CHUNK - 3, CHUNK - 1, CHUNK, 2 * CHUNK - 2, 3 * CHUNK])
def test_a_substring_is_found_wherever_it_stands(place: int) -> None:
    for text in ("." * place + "NEEDLE", "." * place + "needle" + "." * CHUNK):
        assert matching("sel:\n  f|contains: needle\nother:\n  f|contains: ..\ncondition: sel", {"f": text})


@given(st.text(max_size=20))
def test_folding_keeps_the_number_of_characters(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)
