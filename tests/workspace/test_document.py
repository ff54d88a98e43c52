"""Strict loading: every kind of mistake is named with file, line and column; hostile text ends in an error."""

from __future__ import annotations

import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.core.problem import Problem
from bartizan.core.secretref import SecretRef
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.document import examine, load, loads, open_document
from bartizan.workspace.nodes import MAX_BYTES


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Circle(msgspec.Struct, tag="circle", forbid_unknown_fields=True):
    radius: float


class Square(msgspec.Struct, tag="square", forbid_unknown_fields=True):
    side: float


class Sheet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    size: int = 1
    ratio: float = 1.0
    bold: bool = False
    colour: Colour = Colour.RED
    kind: Literal["a", "b", 3] = "a"
    day: datetime.date | None = None
    tags: tuple[str, ...] = ()
    pair: tuple[int, str] = (0, "")
    rows: dict[Colour, int] = msgspec.field(default_factory=dict)
    free: Any = None
    shape: Circle | Square | None = None
    word_or_number: str | int = ""
    key: SecretRef | None = None
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    inner: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict)

    def problems(self) -> list[Problem]:
        return [Problem(("rows", "red"), "thirteen", "another number")] if self.rows.get(Colour.RED) == 13 else []


def first(text: str | bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        loads(text, "s.yaml", Sheet)
    return str(caught.value)


def test_a_sound_document_loads() -> None:
    text = """
# comment
name: "12"
size: 0x10
ratio: 2
bold: true
colour: green
kind: 3
day: 2026-11-22
tags: [one, 'two']
pair: [1, x]
rows: {red: 1, green: 0o17}
free: {a: [1, 2.5, null, ~, yes]}
shape: {type: square, side: 2}
word_or_number: 7
key: {env: TOKEN}
percent: 100
"""
    sheet = loads(text, "s.yaml", Sheet)
    assert sheet == Sheet(
        name="12",
        size=16,
        ratio=2.0,
        bold=True,
        colour=Colour.GREEN,
        kind=3,
        day=datetime.date(2026, 11, 22),
        tags=("one", "two"),
        pair=(1, "x"),
        rows={Colour.RED: 1, Colour.GREEN: 15},
        free={"a": [1, 2.5, None, None, "yes"]},
        shape=Square(2.0),
        word_or_number=7,
        key=SecretRef(env="TOKEN"),
        percent=100,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # wrong root, missing and unknown keys
        ("", "s.yaml:1:1: found nothing, expected a mapping"),
        ("- a", "s.yaml:1:1: found a list, expected a mapping (and"),
        ("size: 1", "s.yaml:1:1: found a mapping without 'name', expected the required key"),
        (
            "name: n\nsise: 1",
            "s.yaml:2:1: found the unknown key 'sise', expected a key of this schema (did you mean 'size'?)",
        ),
        (
            "name: n\nqqq: 1",
            "s.yaml:2:1: found the unknown key 'qqq', expected a key of this schema (known",
        ),
        (
            "name: n\nsize: 1\nsize: 2",
            "s.yaml:3:1: found the key 'size' again, expected it once (it is already",
        ),
        # wrong types
        ("name: 5", "s.yaml:1:7: found the number 5, expected text (put it in quotes to make it text)"),
        ("name: true", "s.yaml:1:7: found true, expected text (put it in quotes"),
        ("name:", "s.yaml:1:6: found nothing, expected text"),
        ("name: [a]", "s.yaml:1:7: found a list, expected text"),
        ('name: n\nsize: "5"', "s.yaml:2:7: found the text '5', expected a whole number"),
        ("name: n\nsize: 1.5", "s.yaml:2:7: found the number 1.5, expected a whole number"),
        ("name: n\nsize: true", "s.yaml:2:7: found true, expected a whole number"),
        ("name: n\nratio: x", "s.yaml:2:8: found the text 'x', expected a number"),
        (
            "name: n\nbold: yes",
            "s.yaml:2:7: found the text 'yes', expected true or false (YAML 1.2",
        ),
        ("name: n\nbold: 1", "s.yaml:2:7: found the number 1, expected true or false"),
        ("name: n\ntags: one", "s.yaml:2:7: found the text 'one', expected a list (write '[]' for an empty one)"),
        ("name: n\ntags:\n  - one\n  - {a: 1}", "s.yaml:4:5: found a mapping, expected text"),
        ("name: n\npair: [1]", "s.yaml:2:7: found a list of 1, expected a list of 2"),
        ("name: n\npair: [a, b]", "s.yaml:2:8: found the text 'a', expected a whole number"),
        ("name: n\nday: 22.11.2026", "s.yaml:2:6: found a value that does not fit (Invalid RFC3339"),
        ("name: n\nday: 5", "s.yaml:2:6: found the number 5, expected a date such as 2026-11-22 or nothing"),
        ("name: n\nrows: []", "s.yaml:2:7: found a list, expected a mapping"),
        # enumerations
        ("name: n\ncolour: gren", "s.yaml:2:9: found the text 'gren', expected red or green (did you mean 'green'?)"),
        ("name: n\nkind: 4", "s.yaml:2:7: found the number 4, expected 3, a or b"),
        ('name: n\nkind: "3"', "s.yaml:2:7: found the text '3', expected 3, a or b"),
        (
            "name: n\nrows: {grean: 1}",
            "s.yaml:2:8: found the key 'grean', expected red or green (did you mean 'green'?)",
        ),
        ("name: n\nrows: {green: x}", "s.yaml:2:15: found the text 'x', expected a whole number"),
        # unions
        (
            "name: n\nshape: {type: squere, side: 1}",
            "s.yaml:2:15: found the text 'squere', expected circle or square",
        ),
        (
            "name: n\nshape: {side: 1}",
            "s.yaml:2:8: found a mapping without 'type', expected 'type' with",
        ),
        ("name: n\nshape: {type: square, radius: 1}", "s.yaml:2:8: found a mapping without 'side', expected the requ"),
        ("name: n\nshape: {type: [], side: 1}", "s.yaml:2:15: found a list, expected circle or square"),
        ("name: n\nshape: []", "s.yaml:2:8: found a list, expected a mapping or nothing"),
        ("name: n\nshape: 3", "s.yaml:2:8: found the number 3, expected a mapping or nothing"),
        ("name: n\nword_or_number: {}", "s.yaml:2:17: found a mapping, expected text or a whole number"),
        # what the types themselves refuse
        (
            "name: n\npercent: 101",
            "s.yaml:2:10: found the number 101, expected a whole number from 0 to 100",
        ),
        (
            "name: n\ninner:\n  a: -1",
            "s.yaml:3:6: found the number -1, expected a whole number from 0 on",
        ),
        ("name: n\nrows: {red: 13}", "s.yaml:2:13: found thirteen, expected another number"),
        # numbers
        ("name: n\nsize: 007", "s.yaml:2:7: found a number with leading zeros (007), expected a number without them"),
        ("name: n\nratio: .inf", "s.yaml:2:8: found the number .inf, expected a finite number"),
        ("name: n\nratio: 1e999", "s.yaml:2:8: found the number 1e999, expected a finite number"),
        ("name: n\nsize: 9223372036854775808", "s.yaml:2:7: found the number 9223372036854775808, expected a whole"),
        (f"name: n\nsize: {'9' * 5000}", "s.yaml:2:7: found a number of 5000 characters, expected at most 64"),
        # YAML that a settings file has no use for
        ("name: [1\nsize: 2", "s.yaml:2:5: found broken YAML (did not find expected ',' or ']'), expected valid YAML"),
        ("name: &a n\ntags: [*a]", "s.yaml:1:7: found the anchor &a, expected no anchors"),
        ("name: *a", "s.yaml:1:7: found the alias *a, expected the value itself"),
        ("name: !!str n", "s.yaml:1:7: found the tag tag:yaml.org,2002:str, expected no tags"),
        ("name: !!python/object:os.system n", "s.yaml:1:7: found the tag tag:yaml.org,2002:python/object:os.system"),
        ("name: n\n---\nname: m", "s.yaml:2:1: found a second YAML document, expected one document per file"),
        ("name: n\n? [a]\n: 1", "s.yaml:2:3: found a key that is not text, expected a plain key"),
        ('free:\n  "": 1', "s.yaml:2:3: found a key that is not text, expected a plain key"),
        ("tags:\n\t- a", "s.yaml:2:1: found a tab in the indentation, expected spaces"),
        ("name: a\u202eb", "s.yaml:1:8: found the invisible character U+202E, expected printable text (write it as"),
        ("name: a\x00b", "s.yaml:1:8: found the invisible character U+0000"),
        (b"name: n\nsize: \xff", "s.yaml:2:7: found the byte 0xff, expected UTF-8 text"),
        ("free: " + "[" * 60, "s.yaml:1:54: found more than 48 levels of nesting, expected a flatter document"),
        ("free:\n" + "- a\n" * 200_000, "found more than 200000 values, expected a smaller document"),
        ("#" * (MAX_BYTES + 1), "s.yaml:1:1: found 1000001 characters, expected at most 1000000"),
        (b"#" * (MAX_BYTES + 1), "s.yaml:1:1: found 1000001 bytes, expected at most 1000000"),
    ],
)
def test_each_mistake_has_its_place(text: str | bytes, message: str) -> None:
    assert message.removesuffix(" (and") in first(text)


@pytest.mark.parametrize(
    "written", ["hunter2", "[hunter2]", "{env: A, file: hunter2}", "{value: hunter2}", "{}", "{env: 5}"]
)
def test_a_secret_in_the_wrong_place_is_refused_and_never_repeated(written: str) -> None:
    message = first(f"name: n\nkey: {written}")
    assert message.startswith("s.yaml:2:")
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "text",
    [
        '"a\\nb": 1',
        'name: n\ncolour: "\\e[31m\\nx"',
        'name: n\n"\\e]0;": 1',
        'name: n\nrows: {"\\u202e": 1}',
        'size: "\\r"',
    ],
)
def test_what_a_file_says_cannot_drive_the_terminal(text: str) -> None:
    _, problems = examine(text, "s.yaml", Sheet)
    assert problems
    assert all(str(problem).isprintable() for problem in problems)


def test_every_mistake_is_found_in_document_order() -> None:
    _, problems = examine("sise: 1\nratio: x\nname: 3\nrows: {blue: x}\n", "s.yaml", Sheet)
    places = [(p.place.line, p.place.column) for p in problems]
    assert places == [(1, 1), (2, 8), (3, 7), (4, 8), (4, 14)]
    with pytest.raises(DocumentError, match=r"and 4 more in this file"):
        loads("sise: 1\nratio: x\nname: 3\nrows: {blue: x}\n", "s.yaml", Sheet)


def test_mistakes_are_bounded() -> None:
    text = "name: n\n" + "".join(f"unknown{i}: 1\n" for i in range(5_000))
    _, problems = examine(text, "s.yaml", Sheet)
    assert len(problems) == 100


def test_a_byte_order_mark_is_dropped_and_crlf_read() -> None:
    assert loads(b"\xef\xbb\xbfname: n\r\nsize: 2\r\n", "s.yaml", Sheet).size == 2


def test_yaml_1_1_surprises_are_text() -> None:
    text = "name: 12:30:45\ntags: [yes, no, on, off, Y, 2026-11-22, 1_000, 0b1, '1e3', =, <<, +, -, .]\n"
    sheet = loads(text, "s.yaml", Sheet)
    assert sheet.name == "12:30:45"
    assert sheet.tags == ("yes", "no", "on", "off", "Y", "2026-11-22", "1_000", "0b1", "1e3", "=", "<<", "+", "-", ".")


def test_places_can_be_asked_for() -> None:
    document = open_document("name: n\ntags:\n  - a\n  - b\n", "s.yaml", Sheet)
    assert str(document.place(("tags", 1))) == "s.yaml:4:5"
    assert str(document.place(("tags", 7))) == "s.yaml:3:3"
    assert str(document.place(("size",))) == "s.yaml:1:1"


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: n\n")
    assert load(path, Sheet).name == "n"
    with pytest.raises(DocumentError, match=r"other\.yaml:1:1"):
        load(_write(tmp_path / "x.yaml", b""), Sheet, "other.yaml")
    with pytest.raises(ConfigurationError, match="bartizan init"):
        load(tmp_path / "none.yaml", Sheet)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        load(tmp_path, Sheet)
    with pytest.raises(DocumentError, match="more than 1000000 bytes"):
        load(_write(tmp_path / "big.yaml", b"#" * 1_000_001), Sheet)


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "s.yaml")
    with pytest.raises(ConfigurationError, match="not a regular file"):
        load(tmp_path / "s.yaml", Sheet)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def outcome(content: bytes | str, kind: type[Any]) -> DocumentError | None:
    try:
        loads(content, "fuzz.yaml", kind)
    except DocumentError as error:
        return error
    return None


@given(st.binary(max_size=400))
@example(b"\x00")
@example(b"a: \xed\xa0\x80")
@example(b"%YAML 2.0\n---\na: 1")
@example(b"? ")
@example(b"a: |\n  \xe2\x80\xa8x")
def test_any_bytes_end_in_a_value_or_a_document_error(content: bytes) -> None:
    for kind in (PolicyDocument, Sheet):
        error = outcome(content, kind)
        if error is not None:
            assert (error.place.file, error.place.line >= 1, error.place.column >= 1) == ("fuzz.yaml", True, True)
            assert "\n" not in str(error)


PIECES = (
    """name tags rows shape key type : - [ ] { } , &a *a !t | > ' " # --- ... % @ ` ? red 5 -1 1e5 0x true ~ << \\ é"""
)
ATOMS = st.sampled_from(
    [*PIECES.split(), ": ", "- ", "? ", ", ", "\n", "\n  ", "\t", "\r", "\u2028", "\U0001f600", "a b"]
)


@given(st.lists(ATOMS, max_size=40).map("".join))
def test_any_yaml_like_text_ends_in_a_value_or_a_document_error(text: str) -> None:
    error = outcome(text, Sheet)
    if error is not None:
        assert 1 <= error.place.line <= sum(text.count(mark) for mark in "\n\r\u2028") + 2
        assert "\n" not in str(error)
