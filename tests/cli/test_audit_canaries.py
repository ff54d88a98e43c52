"""``bartizan audit canaries`` against a server on loopback: both forms of answers, hostile ones, no models."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import BartizanError

KNOWN = "the code of the shed is 417"
DIGITS = "0123456789"


def likely(text: str) -> dict[str, float]:
    """What follows in the known line or earlier in the text is nearly sure; every digit is possible."""
    last = text[-8:]
    source = f"{text[:-1]}|{KNOWN}"
    at = source.find(last)
    following = source[at + len(last)] if at >= 0 and at + len(last) < len(source) else ""
    return {digit: -0.2 if digit == following else -4.0 - int(digit) / 10 for digit in DIGITS}


class Server(BaseHTTPRequestHandler):
    form = "newer"
    seen: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).seen.append({"path": self.path, "key": self.headers.get("Authorization"), **asked})
        found = likely(asked["prompt"])
        logprobs: Any = {"top_logprobs": [found]}
        if self.form == "newer":
            logprobs = {"content": [{"top_logprobs": [{"token": k, "logprob": v} for k, v in found.items()]}]}
        if self.form == "none":
            logprobs = None
        if self.form == "positive":
            logprobs = {"top_logprobs": [dict.fromkeys(found, 3.0)]}
        body = json.dumps({"choices": [{"text": "4", "logprobs": logprobs}]}).encode()
        body = {"garbage": b"\xff{", "deep": b"[" * 100_000, "huge": b" " * (1 << 21)}.get(self.form, body)
        self.send_response(500 if self.form == "broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Server.form, Server.seen = "newer", []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def listed(tmp_path: Path, *secrets: str) -> Path:
    path = tmp_path / "canaries.jsonl"
    lines = [{"prefix": "the code of the shed is ", "secret": secret, "alphabet": DIGITS} for secret in secrets]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def asked(address: str, path: Path, *more: str) -> tuple[int, str]:
    words = ["audit", "canaries", address, "--canaries", str(path), "--questions", "300", *more]
    found = CliRunner().invoke(app, words)
    if isinstance(found.exception, BartizanError):  # the program's entry prints it, with exit code 2
        return 2, str(found.exception)
    return found.exit_code, found.output


@pytest.mark.parametrize("form", ["newer", "older"])
def test_a_secret_that_was_learned_is_found(address: str, tmp_path: Path, form: str) -> None:
    Server.form = form
    code, out = asked(address, listed(tmp_path, "417"), "--name", "m", "--key", "k1", "--format", "json")
    assert code == 1
    result = json.loads(out)["result"]
    assert result["outcome"] == "weak"
    assert result["measures"][0]["value"] == pytest.approx(9.966, abs=1e-3)
    assert result["queries"] == len(Server.seen)
    one = Server.seen[0]
    assert (one["path"], one["key"], one["model"], one["max_tokens"]) == ("/v1/completions", "Bearer k1", "m", 1)


def test_a_secret_that_was_not_is_not(address: str, tmp_path: Path) -> None:
    code, out = asked(address, listed(tmp_path, "993"))
    assert code == 0, out
    assert "withstood" in out
    assert "positive control succeeded" in out


@pytest.mark.parametrize("form", ["none", "positive", "garbage", "deep", "huge", "broken"])
def test_hostile_answers_are_errors(address: str, tmp_path: Path, form: str) -> None:
    Server.form = form
    code, out = asked(address, listed(tmp_path, "417"))
    assert code == 2
    assert "answered" in out


def test_nobody_there(tmp_path: Path) -> None:
    code, out = asked("http://127.0.0.1:9/v1", listed(tmp_path, "417"))
    assert code == 2
    assert "does not answer" in out


@pytest.mark.parametrize("text", ["", "{}", '{"prefix": 1}', "[" * 5000, '{"prefix":"a","secret":"x","alphabet":"01"}'])
def test_lists_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.jsonl").write_text(text)
    code, _ = asked("http://127.0.0.1:9/v1", tmp_path / "c.jsonl")
    assert code == 2


def test_files_that_are_no_models(tmp_path: Path) -> None:
    code, out = asked(str(tmp_path / "no.gguf"), listed(tmp_path, "417"))
    assert code == 2
    assert "there is no model" in out
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\xff" * 200)
    code, out = asked(str(tmp_path / "bad.gguf"), listed(tmp_path, "417"))
    assert code == 2
    assert "is not loaded" in out
