from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from journal_events import accepted

from bartizan.app.checking import check_workspace
from bartizan.app.sinking import planned_sinks
from bartizan.core.errors import ConfigurationError
from bartizan.workspace.workspace import Workspace

SOUND = """
  syslog: [{name: a, host: h}, {name: b, host: h, tls: false, port: 514, format: cef}]
  splunk: [{name: c, url: "https://h:8088/services/collector/event", token: {env: SINK_TOKEN}}]
  webhook: [{name: d, url: "http://127.0.0.1:1/x", token: {env: SINK_TOKEN}}, {name: d2, url: "http://h/x"}]
  elastic: [{name: e, url: "https://h:9200/", api_key: {env: SINK_TOKEN}}]
  files: [{name: f, directory: out}]
  otlp:
    - {name: g, url: "https://h:4318", token: {env: SINK_TOKEN}}
    - {name: g2, url: "http://127.0.0.1:4318", signal: traces}
  clickhouse: [{name: h, url: "https://h:8443", password: {env: SINK_TOKEN}, delivery: {retry_seconds: 2}}]
  sentinel:
    - {name: i, url: "https://x.ingest.monitor.azure.com", rule: dcr-00000000000000000000000000000000,
       tenant: contoso.example, client: 0a-1b, secret: {env: SINK_TOKEN}}
  objects:
    - {name: j, url: "https://b.s3.eu-central-1.amazonaws.com", access_key: {env: SINK_TOKEN},
       secret_key: {env: SINK_TOKEN}}
  nats:
    - {name: k, host: h, user: u, password: {env: SINK_TOKEN}}
    - {name: k2, host: 127.0.0.1, tls: false, token: {env: SINK_TOKEN}}
"""


def build(root: Path, sinks: str) -> list[str]:
    (root / "bartizan.yaml").write_text(f"version: 1\nsinks:{sinks}\n")
    found = planned_sinks(Workspace(root))
    for plan in found:
        plan.build()
    return [plan.name for plan in found]


def test_every_kind_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINK_TOKEN", "t0k")
    assert build(tmp_path, SOUND) == ["a", "b", "c", "d", "d2", "e", "f", "g", "g2", "h", "i", "j", "k", "k2"]
    table = next(plan for plan in planned_sinks(Workspace(tmp_path)) if plan.name == "h").delivery
    assert (table.retry_seconds, table.linger_seconds, table.batch_records) == (2.0, 5.0, 20_000)
    assert not (tmp_path / "out").exists()


def test_every_kind_writes_records_in_its_own_format(tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text(f"version: 1\nsinks:{SOUND}\n")
    line = msgspec.json.encode(accepted("r"))
    made = {plan.name: plan.writer()(line) for plan in planned_sinks(Workspace(tmp_path))}
    assert b"bartizan.request.accepted" in made["g"][0]  # a LogRecord
    assert made["g2"] == []  # no span
    assert json.loads(made["h"][0])["request"] == "r"  # a row
    assert json.loads(made["i"][0])["EventSchema"] == "AgentEvent"
    assert all(json.loads(made[name][0])["class_uid"] == 6003 for name in ("a", "f", "j", "k"))


@pytest.mark.parametrize(
    ("sinks", "text"),
    [
        ("\n  syslog: [{name: a, host: h}, {name: a, host: h}]", "two sinks are called a"),
        ("\n  syslog: [{name: ../a, host: h}]", "cannot be a name"),
        ("\n  syslog: [{name: a, host: h, facility: 24}]", "facility is 0 to 23"),
        ("\n  syslog: [{name: a, host: h, tls_ca: none.pem}]", "none.pem cannot be read"),
        ("\n  syslog: [{name: a, host: h, tls: false, tls_ca: none.pem}]", "tls is false"),
        ("\n  syslog: [{name: a, host: h, delivery: {batch_records: 0}}]", "expected a whole number from 1 on"),
        ("\n  syslog: [{name: a, host: h, format: xml}]", "found"),
        ("\n  splunk: [{name: a, url: 'http://h/x', token: {env: SINK_TOKEN}}]", "readable"),
        ("\n  splunk: [{name: a, url: 'https://h/x', token: {env: NO_SUCH_TOKEN}}]", "NO_SUCH_TOKEN is not set"),
        ("\n  splunk: [{name: a, url: 'https://h/x', token: t0k}]", "exactly one of"),
        (
            "\n  splunk: [{name: a, url: 'https://h/x', token: {env: SINK_TOKEN}, acknowledge: true}]",
            "/services/collector",
        ),
        ("\n  webhook: [{name: a, url: 'ftp://h/x'}]", "not one of http"),
        ("\n  webhook: [{name: a, url: 'https://u:p@h/x'}]", "holds a password"),
        ("\n  webhook: [{name: a, url: 'https://[h/x'}]", "cannot be read"),
        ("\n  files: [{name: a, directory: out, rotate_seconds: 0}]", "expected a number above 0"),
        ("\n  kafka: [{name: a, brokers: []}]", r"kafka\[0\].brokers: no broker"),
        ("\n  kafka: [{name: a, brokers: ['h:9092', 'h']}]", "'h' is not HOST:PORT"),
        ("\n  kafka: [{name: a, brokers: ['h:9092'], user: u}]", "go together"),
        ("\n  kafka: [{name: a, brokers: ['h:1'], tls: false, user: u, password: {env: SINK_TOKEN}}]", "readable"),
        ("\n  nats: [{name: a, host: h, tls: false, token: {env: SINK_TOKEN}}]", "readable"),
        ("\n  nats: [{name: a, host: h, subject: 'a.>'}]", "no subject to publish to"),
        ("\n  nats: [{name: a, host: h, user: u}]", "go together"),
        ("\n  otlp: [{name: a, url: 'https://h', headers: {'a b': c}}]", "is no header"),
        ("\n  clickhouse: [{name: a, url: 'https://h', table: 'a; DROP'}]", "letters, digits"),
        ("\n  clickhouse: [{name: a, url: 'http://h', password: {env: SINK_TOKEN}}]", "readable"),
        (
            "\n  objects: [{name: a, url: 'https://h/b', prefix: ../x, access_key: {env: A}, secret_key: {env: B}}]",
            "A is not set",
        ),
        (
            "\n  objects: [{name: a, url: 'https://h/b', prefix: /x, access_key: {env: A}, secret_key: {env: B}}]",
            "parted by",
        ),
        ("\n  syslog: [{name: a, host: h, delivery: {linger_seconds: -1}}]", "expected a number from 0 on"),
        ("\n  carrier_pigeon: []", "unknown key"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sinks: str, text: str) -> None:
    monkeypatch.setenv("SINK_TOKEN", "t0k")
    with pytest.raises(ConfigurationError, match=text) as caught:
        build(tmp_path, sinks)
    assert "t0k" not in str(caught.value)


def test_a_check_names_the_place_of_every_mistake_without_the_secrets(tmp_path: Path) -> None:
    """`bartizan policy check` looked at names and numbers only, and gave the place of the section."""
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    (tmp_path / "bartizan.yaml").write_text(
        """version: 1
sinks:
  syslog:
    - name: a
      host: h
      facility: 24
  otlp:
    - {name: b, url: "ftp://h", token: {env: NO_SUCH_TOKEN}}
    - name: b
      url: https://h
      token: {env: NO_SUCH_TOKEN}
      tls_ca: none.pem
  webhook:
    - {name: c, url: "http://h", token: {env: NO_SUCH_TOKEN}}
"""
    )
    found = [str(problem) for problem in check_workspace(tmp_path).problems]
    assert [text.split(" ")[0] for text in found if "sinks." in text] == [
        "bartizan.yaml:9:13:", "bartizan.yaml:6:17:", "bartizan.yaml:14:22:", "bartizan.yaml:8:22:",
        "bartizan.yaml:12:15:",
    ]  # fmt: skip
    assert not any("NO_SUCH_TOKEN" in text for text in found)
    with_secrets = [str(problem) for problem in check_workspace(tmp_path, secrets=True).problems]
    assert any(text.startswith("bartizan.yaml:11:14: ") and "NO_SUCH_TOKEN is not set" in text for text in with_secrets)
