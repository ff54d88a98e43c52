"""Time stamps by a real authority: ``openssl ts`` behind a server on loopback."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from vaulted import TEXTS, command, seal, workspace, write

from bartizan.app.places import journal_of
from bartizan.app.stamping import stamp
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.seal import digest
from bartizan.telemetry.sealing import read_seals
from bartizan.telemetry.stamping import request_for
from bartizan.trust.timestamp import MOST_BYTES, StampInvalid, check_stamp, decode, make_request, read_roots
from bartizan.workspace.workspace import Workspace
from stamping_authority import CONFIG, Authority

pytest.importorskip("rfc3161_client", reason="the extra 'timestamps' is not installed")
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which stamps here, is not installed")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


@pytest.fixture
def served(authority: Authority) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            body = authority.answer(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def stamping(place: Workspace, url: str, roots: Path) -> Workspace:
    path = place.root / "bartizan.yaml"
    text = path.read_text().replace("journal.key}}", f"journal.key}}, timestamps: {{url: '{url}', roots: {roots}}}}}")
    path.write_text(text)
    return Workspace(place.root)


def test_a_seal_is_stamped_and_verified(tmp_path: Path, served: str, authority: Authority) -> None:
    place = workspace(tmp_path)
    write(place, TEXTS)
    place = stamping(place, served, authority.folder / "ca.pem")
    made = stamp(place)
    assert made is not None
    assert made.number == 0
    assert stamp(place) is None
    elsewhere_too = Journal(journal_of(place), "w9")  # nobody reads a whole journal for stamps
    elsewhere_too.append(made)
    elsewhere_too.close()
    seal(place)
    code, report = command(place, "verify")
    assert (code, report["problems"]) == (0, [])
    assert [one["number"] for one in report["stamps"]] == [0]
    other = Authority(tmp_path / "other")
    code, report = command(place, "verify", "--tsa", str(other.folder / "ca.pem"))
    assert code == 1
    assert report["problems"][0]["what"] == "forged"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    served_by_nobody = stamping(workspace(elsewhere), "http://127.0.0.1:9/", authority.folder / "ca.pem")
    write(served_by_nobody, TEXTS)
    with pytest.raises(JournalError, match="does not answer"):
        stamp(served_by_nobody)


def test_an_answer_to_something_else_is_refused(tmp_path: Path, authority: Authority) -> None:
    place = workspace(tmp_path)
    write(place, TEXTS)
    (one,) = read_seals(journal_of(place))
    asked, again = request_for(one), request_for(one)
    roots = read_roots(authority.folder / "ca.pem")
    answer = authority.answer(asked.body)
    imprint = bytes.fromhex(digest(one))
    assert check_stamp(answer, imprint, asked.nonce, roots).policy == "1.2.3.4.1"
    for bad, about, nonce in (
        (answer, imprint, again.nonce),
        (answer, bytes(32), asked.nonce),
        (answer[:-1], imprint, asked.nonce),
        (b"", imprint, asked.nonce),
        (b"\x30\x80" * 50, imprint, asked.nonce),
        (bytes(100_000), imprint, asked.nonce),
        (answer.replace(b"Stamps", b"Stomps"), imprint, asked.nonce),
    ):
        with pytest.raises(StampInvalid):
            check_stamp(bad, about, nonce, roots)
    with pytest.raises(StampInvalid, match="too long"):
        check_stamp(answer + bytes(MOST_BYTES), imprint, asked.nonce, roots)
    with pytest.raises(ConfigurationError, match="no root"):
        check_stamp(answer, imprint, asked.nonce, [])
    with pytest.raises(StampInvalid):
        decode("no base64!")


def test_an_authority_that_refuses_gives_its_reason(authority: Authority) -> None:
    (authority.folder / "ts.cnf").write_text(
        CONFIG.format(folder=authority.folder).replace("sha256\ness", "sha512\ness")
    )
    asked = make_request(b"seal")
    roots = read_roots(authority.folder / "ca.pem")
    with pytest.raises(StampInvalid, match="did not grant a time stamp"):
        check_stamp(authority.answer(asked.body), sha256(b"seal").digest(), asked.nonce, roots)


def test_roots_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_roots(tmp_path / "none.pem")
    (tmp_path / "text.pem").write_text("text")
    with pytest.raises(ConfigurationError, match="no certificate"):
        read_roots(tmp_path / "text.pem")
