"""Known values by keyed digests: found however they are written, and in no file, streamed or whole."""

from __future__ import annotations

import base64
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bartizan.app import build_guard
from bartizan.app.guards import load_guard
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.core.passage import Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.streaming import Released, join
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.known_values import KnownSet, KnownValuesDetector, digests_of, key_of, make_set, read_set
from bartizan.inspection.views import Limits, canonical_views
from bartizan.policy.document import PolicyDocument, Row
from bartizan.workspace.document import loads

KEY = key_of("0123456789abcdef" * 4)
VALUES = ("ada@brook.example", "030 23125 123", "+44 20 7946 0018", "GB33 BUKB 2020 1555 5555 55", "LC-10001")
CONTENT, _ = make_set("customers", KEY, VALUES)
SET = read_set(CONTENT, "known/customers.json", KEY)
DETECTOR = KnownValuesDetector([SET])
GUARD = build_guard(
    PolicyDocument(version=1, surfaces={Surface.OUTPUT: {GuardName.KNOWN_VALUE: Row(Action.REDACT)}}),
    {},
    {},
    known=[SET],
)


def found(text: str) -> list[str]:
    signals = DETECTOR.detect(list(canonical_views(text, Limits())), Surface.OUTPUT)
    return [text[signal.span.start : signal.span.end] for signal in signals]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("call 030 23125 123 now", "030 23125 123"),
        ("call 03023125123", "03023125123"),
        ("+49 30 23125 123", "49 30 23125 123"),
        ("(030) 23125-123", "030) 23125-123"),
        ("in item 2 030 23125 123", "030 23125 123"),
        ("0 3 0 2 3 1 2 5 1 2 3", "0 3 0 2 3 1 2 5 1 2 3"),
        ("at home: 020 7946 0018", "020 7946 0018"),
        ("mail ADA@BROOK.example.", "ADA@BROOK.example"),
        ("- ada@brook.example", "ada@brook.example"),
        ("write to.ada@brook.example", "ada@brook.example"),
        ("Email.........ada@brook.example", "ada@brook.example"),
        ("-" * 70 + "ada@brook.example", "ada@brook.example"),
        ("__________ada@brook.example", "ada@brook.example"),
        ("ada@brook.example.Thanks", "ada@brook.example"),
        ("to_ada@brook.example...and.so.on.and.on", "ada@brook.example"),
        ("bob@web.example.ada@brook.example", "ada@brook.example"),
        ("030_23125_123", ""),
        ("030,23125,123", ""),
        ("gb33bukb20201555555555", "gb33bukb20201555555555"),
        ("IBAN GB33 BUKB 2020 1555 5555 55!", "GB33 BUKB 2020 1555 5555 55"),
        ("order lc 10001", ""),
        ("order LC 10001", "LC 10001"),
        (base64.b64encode(b"ada@brook.example").decode(), base64.b64encode(b"ada@brook.example").decode()),
        ("\u200b".join("03023125123"), "\u200b".join("03023125123")),
    ],
)
def test_values_are_found_as_people_and_models_write_them(text: str, wanted: str) -> None:
    assert found(text) == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    "text",
    [
        "our own: shop@larkspur.example, 030 99999 000",
        "xada@brook.example",
        "ada@brook.example-not.test",
        "7946 0018",
        "3023125124",
        "LC-100010",
        "9030231251234",
        "",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert found(text) == []


def test_the_file_holds_no_value_and_needs_its_key() -> None:
    for value in VALUES:
        assert value.encode() not in CONTENT
        for form in digests_of(value):
            assert form.text.encode() not in CONTENT
    with pytest.raises(ConfigurationError, match="another key"):
        read_set(CONTENT, "f", key_of("x" * 64))
    other, _ = make_set("customers", key_of("x" * 64), VALUES)
    assert other.split(b'"digests"')[1] != CONTENT.split(b'"digests"')[1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xff",
        CONTENT.replace(b"v1", b"v9"),
        CONTENT.replace(b'"digests": "', b'"digests": "AAAA'),
        b"[" * 9999,
    ],
)
def test_a_broken_file_is_an_error(content: bytes) -> None:
    with pytest.raises(ConfigurationError):
        read_set(content, "f", KEY)


def test_what_could_not_be_found_again_is_left_out_and_said() -> None:
    _, left = make_set("n", KEY, ["Ada Brook", "12 Rose Lane", "12345", "ada@brook.example", "a@", "x" * 300])
    assert left == ["Ada Brook", "12 Rose Lane", "12345", "a@", "x" * 300]
    with pytest.raises(ConfigurationError, match="none"):
        make_set("n", KEY, ["Ada Brook"])


@given(st.text(alphabet="0123456789ABCab -./()+@._\n", max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_is_kept_is_found(value: str) -> None:
    forms = digests_of(value)
    if not forms:
        return
    content, left = make_set("n", KEY, [value])
    assert left == []
    one = KnownValuesDetector([read_set(content, "f", KEY)])
    assert one.detect([View("original", f"it is: {value.strip()} ;")], Surface.OUTPUT)


def test_numbers_without_end_are_said_to_be_unread() -> None:
    result = DETECTOR.detect([View("original", "1 2 3 4 5 6 7 8 9 0 " * 4_000)], Surface.OUTPUT)
    assert isinstance(result, Partial)
    assert result.unread


def streamed(pieces: list[str]) -> Released:
    scanner = GUARD.channel(ChannelKind.TEXT)
    return join([*(scanner.feed(piece) for piece in pieces), scanner.finish()])


TEXTS = [
    f"Sure, {value} it is; then more."
    for value in (
        *(before + value for before in ("", "é", "º", "№") for value in (*VALUES, "LC 10001")),
        *map(str.lower, VALUES),
        "LC 10001 030 23125 123",
        "éLC 10001，030 23125 123a",
    )
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_stream_may_be_cut_anywhere(text: str) -> None:
    one = streamed([text])
    assert GUARD.whole(ChannelKind.TEXT, text) == one
    for size in (1, 2, 3, 7):
        assert streamed([text[at : at + size] for at in range(0, len(text), size)]) == one
    for at in range(len(text)):
        assert streamed([text[:at], text[at:]]) == one


@given(
    st.lists(
        st.sampled_from(
            [
                *VALUES,
                "ada@",
                "brook.example",
                "030",
                " ",
                "-",
                "23125 123",
                "1",
                "\n",
                ".",
                "and ",
                "(+",
                "A",
                "é",
                "º",
                "№",
                "LC 1",
                "0001",
                "，",
                "x",
            ]
        ),
        max_size=12,
    ).map("".join),
    st.lists(st.integers(min_value=0, max_value=400), max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_cuts_change_nothing(text: str, places: list[int]) -> None:
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    pieces = [text[start:end] for start, end in pairwise(bounds)]
    assert streamed(pieces) == streamed([text])


def test_redaction_leaves_nothing_of_the_value() -> None:
    text = streamed(["Her number is 030 23125 123, her address ada@brook.example."]).text
    assert text == "Her number is [REDACTED:customers], her address [REDACTED:customers]."


def test_policy_with_values_that_nobody_looks_for_is_an_error() -> None:
    text = b"version: 1\nknown_values: [{name: a, file: known/a.json, key: {env: K}}]\nsurfaces: {output: {}}\n"
    with pytest.raises(DocumentError, match="known_value"):
        loads(text, "policy.yaml", PolicyDocument)


def invoke(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_a_list_becomes_a_set_that_a_workspace_uses(tmp_path: Path) -> None:
    csv = tmp_path / "customers.csv"
    csv.write_text("name,email,phone\nAda Brook,ada@brook.example,030 23125 123\nOtto Lindt,otto@web.example,\n")
    arguments = ("policy", "known-values", str(csv), "--name", "customers", "--workspace", str(tmp_path))
    code, said = invoke(*arguments, "--column", "email", "--column", "phone")
    assert code == 0, said
    assert "known/customers.json" in said
    key = tmp_path / ".bartizan" / "known" / "customers.key"
    assert key.stat().st_mode & 0o077 == 0
    before = key.read_bytes()
    assert invoke(*arguments)[0] == 1  # names are left out
    assert key.read_bytes() == before
    policy = said[said.index("known_values:") :]
    (tmp_path / "policy.yaml").write_text(f"version: 1\nclassifier: {{enabled: false}}\n{policy}")
    guard = load_guard(tmp_path)
    assert guard.whole(ChannelKind.TEXT, "It is otto@web.example.").text == "It is [REDACTED:customers]."
    key.unlink()
    with pytest.raises(ConfigurationError):
        load_guard(tmp_path)


@pytest.mark.parametrize(
    ("content", "options"), [("a,b\n1", ["--column", "c"]), ("x", ["--name", "../x"]), ("\xff", [])]
)
def test_a_list_that_cannot_be_read_is_an_error(tmp_path: Path, content: str, options: list[str]) -> None:
    (tmp_path / "l.csv").write_text(content, encoding="latin-1")
    arguments = ["policy", "known-values", str(tmp_path / "l.csv"), "--name", "n", "--workspace", str(tmp_path)]
    done = CliRunner().invoke(app, [*arguments, *options])
    assert isinstance(done.exception, ConfigurationError)


def test_an_empty_set_of_sets_sees_nothing() -> None:
    assert (
        KnownValuesDetector([KnownSet("n", KEY, frozenset(), frozenset())]).detect(
            [View("original", "ada@b.example")], Surface.OUTPUT
        )
        == []
    )
