"""Secrets: issuers' formats, labelled values, placeholders."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.passage import Surface
from bartizan.inspection.interface import View
from bartizan.inspection.secrets import secret_detector
from bartizan.inspection.secrets.formats import (
    credible,
    entropy,
    glue,
    json_header,
    numeric_head,
    user_and_password,
    without_placeholders,
)
from bartizan.inspection.secrets.labelled import random_key, spelled_password
from bartizan.inspection.views import canonical_views

DETECTOR = secret_detector()
KEY = glue("ghp_", "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5")


def rules(text: str) -> set[str]:
    return {signal.rule for signal in DETECTOR.detect([View("original", text)], Surface.OUTPUT)}


@pytest.mark.parametrize(
    "text",
    [
        f"token={KEY}",
        f'{{"t":"{KEY}"}}',
        f"https://x-access-token:{KEY}@github.com/a/b",
        f"(KEY_{KEY})",
        f"{KEY}.",
        f"钥匙{KEY}结束",
    ],
)
def test_a_key_is_found_wherever_it_is_glued(text: str) -> None:
    assert "github_token" in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u200b".join(KEY),
        "".join(chr(ord(character) + 0xFEE0) for character in KEY),
        base64.b64encode(f"the key is {KEY}".encode()).decode(),
        KEY.encode().hex(),
    ],
)
def test_a_key_is_found_in_disguise_with_its_span(text: str) -> None:
    views = canonical_views(f"hi: {text} ok")
    found = [s for s in DETECTOR.detect(getattr(views, "views", views), Surface.OUTPUT) if s.rule == "github_token"]
    assert found
    span = found[0].span
    assert 4 <= span.start < span.end <= 4 + len(text)


def test_a_whole_private_key_is_one_span() -> None:
    body = "\n".join("MIIEowIBAAKCAQEAx0Pq3J8Zk1s5m9VnQw7rT2yU4iO6pA8sD0fG1hJ3kL5zX7cV" for _ in range(25))
    text = glue("-----BEGIN RSA PRIVATE", f" KEY-----\n{body}\nAbCd==\n-----END RSA PRIVATE KEY-----")
    (signal,) = DETECTOR.detect([View("original", f"here: {text} done")], Surface.OUTPUT)
    assert (signal.span.start, signal.span.end) == (6, 6 + len(text))


def test_a_mention_of_a_key_file_takes_no_prose() -> None:
    text = glue("A file with -----BEGIN PRIVATE", " KEY----- at its top is a private key in PEM form")
    (signal,) = DETECTOR.detect([View("original", text)], Surface.OUTPUT)
    assert text[signal.span.end :].startswith(" at its top")


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "sk-proj-your-api-key-here-your-api-key-here-123",
        "ghp_" + "x" * 36,
        "sk-ant-api03-" + "X" * 80,
        "export OPENAI_API_KEY=sk-...",
        "password: ${PASSWORD}",
        "password={{ password }}",
        "password: [redacted]",
        "api_key: YOUR_API_KEY_GOES_HERE_12",
        "token = os.environ['TOKEN']",
        "password = input('Password: ')",
        "pwd=$(pwd)",
        "The token count is 128000.",
        "your password must contain 8 characters",
        "secret: !vault |",
        "password: 8 to 64 characters",
    ],
)
def test_placeholders_and_prose_are_no_secrets(text: str) -> None:
    assert not rules(text)


def test_a_placeholder_word_glued_to_a_real_key_does_not_hide_it() -> None:
    assert "github_token" in rules(KEY + "EXAMPLE")


def test_entropy_and_placeholders() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
    assert without_placeholders("Your_API_Key_here") == "_"
    assert not credible(3)("xxxxxxxxxx")
    assert not credible(0)("example")


@pytest.mark.parametrize("value", ["e30", "bm90anNvbg.x", "****", "WzFd.a", "eyJhIjoxfQ.b"])
def test_what_is_no_token_header(value: str) -> None:
    assert not json_header(value)


def test_encoded_heads() -> None:
    assert json_header("eyJhbGciOiJub25lIn0.e30.")
    assert numeric_head(base64.b64encode(b"4829105738").decode().rstrip("="))
    assert not numeric_head("M")
    assert user_and_password(base64.b64encode(b"ann:pw12").decode())
    assert not user_and_password(base64.b64encode(b"ann").decode())
    assert not user_and_password("a")
    assert not user_and_password(base64.b64encode(b"\xff:abc").decode())


@pytest.mark.parametrize("value", ["hunter2x", "S3cure!pw", "kX9$mQ2w", "Sommer2026!", "correct-horse-7"])
def test_spelled_passwords(value: str) -> None:
    assert spelled_password(value)


@pytest.mark.parametrize(
    "value",
    [
        "required",
        "user.password",
        "$PASSWORD",
        "xxxxxx",
        "aaaa1",
        "https://a.b/c1",
        "lowercase",
        "password",
        "~/x1.txt",
    ],
)
def test_what_is_no_spelled_password(value: str) -> None:
    assert not spelled_password(value)


@pytest.mark.parametrize(
    "value",
    ["settings.SECRET_KEY_V1", "123456789012", "short1", "$token12345678", "noDigitsAtAllHere", "aaaaaaaaaaa11"],
)
def test_what_is_no_random_key(value: str) -> None:
    assert not random_key(value)


@given(st.text(alphabet=" :=\"'abcdepswortk_-./123-AKIghp_eyJ.\n", max_size=300))
def test_any_text_is_survived(text: str) -> None:
    for signal in DETECTOR.detect([View("original", text)], Surface.OUTPUT):
        assert 0 <= signal.span.start < signal.span.end <= len(text)
