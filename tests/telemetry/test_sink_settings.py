from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.app.sinking import planned_sinks
from bartizan.core.errors import ConfigurationError
from bartizan.workspace.workspace import Workspace

SOUND = """
  syslog: [{name: a, host: h}, {name: b, host: h, tls: false, port: 514, format: cef}]
  splunk: [{name: c, url: "https://h:8088/services/collector/event", token: {env: SINK_TOKEN}}]
  webhook: [{name: d, url: "http://127.0.0.1:1/x", token: {env: SINK_TOKEN}}, {name: d2, url: "http://h/x"}]
  elastic: [{name: e, url: "https://h:9200/", api_key: {env: SINK_TOKEN}}]
  files: [{name: f, directory: out}]
"""


def build(root: Path, sinks: str) -> list[str]:
    (root / "bartizan.yaml").write_text(f"version: 1\nsinks:{sinks}\n")
    found = planned_sinks(Workspace(root))
    for plan in found:
        plan.build()
    return [plan.name for plan in found]


def test_every_kind_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINK_TOKEN", "t0k")
    assert build(tmp_path, SOUND) == ["a", "b", "c", "d", "d2", "e", "f"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("sinks", "text"),
    [
        ("\n  syslog: [{name: a, host: h}, {name: a, host: h}]", "two sinks are called a"),
        ("\n  syslog: [{name: ../a, host: h}]", "cannot be a name"),
        ("\n  syslog: [{name: a, host: h, facility: 24}]", "facility is 0 to 23"),
        ("\n  syslog: [{name: a, host: h, tls_ca: none.pem}]", "none.pem cannot be read"),
        ("\n  syslog: [{name: a, host: h, tls: false, tls_ca: none.pem}]", "tls is false"),
        ("\n  syslog: [{name: a, host: h, delivery: {batch_records: 0}}]", "batch_records must be more than 0"),
        ("\n  syslog: [{name: a, host: h, format: xml}]", "found"),
        ("\n  splunk: [{name: a, url: 'http://h/x', token: {env: SINK_TOKEN}}]", "readable"),
        ("\n  splunk: [{name: a, url: 'https://h/x', token: {env: NO_SUCH_TOKEN}}]", "NO_SUCH_TOKEN is not set"),
        ("\n  splunk: [{name: a, url: 'https://h/x', token: t0k}]", "exactly one of"),
        ("\n  webhook: [{name: a, url: 'ftp://h/x'}]", "not one of http"),
        ("\n  webhook: [{name: a, url: 'https://u:p@h/x'}]", "holds a password"),
        ("\n  webhook: [{name: a, url: 'https://[h/x'}]", "cannot be read"),
        ("\n  files: [{name: a, directory: out, rotate_seconds: 0}]", "more than 0"),
        ("\n  kafka: []", "unknown key"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sinks: str, text: str) -> None:
    monkeypatch.setenv("SINK_TOKEN", "t0k")
    with pytest.raises(ConfigurationError, match=text) as caught:
        build(tmp_path, sinks)
    assert "t0k" not in str(caught.value)
