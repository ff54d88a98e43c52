"""Bundles hold every rule once, quoted so that nothing leaves its place, over metrics that exist."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.core.threat import Threat
from bartizan.detections.bundles import elastic_bundle, grafana_bundle, splunk_bundle
from bartizan.detections.cases import BUILTIN
from bartizan.detections.convert import CannotSayError
from bartizan.detections.sigma import load_collection, read_collection

PACK = load_collection([BUILTIN])
SHOWN = [rule.header for rule in PACK.rules if rule.header.key in PACK.reported]
SOURCE = Path(__file__).parents[2] / "src" / "bartizan"
EVIL = "title: \"[x] | delete\\n\\\\ 'y' ]\"\nlevel: high\nid: 'a\"b'\ndetection: {s: {f|re: x}, condition: s}\n"


def stanzas(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(delimiters=("=",), strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(re.sub(r" \\\n", " ", text))
    return parser


def test_the_splunk_app_has_an_alert_for_each_rule() -> None:
    files = splunk_bundle(PACK)
    parsed = stanzas(files["default/savedsearches.conf"])
    assert len(parsed.sections()) == len(SHOWN)
    by_key = {header.title: parsed[f"Bartizan: {header.title}"] for header in SHOWN}
    for header in SHOWN:
        one = by_key[header.title]
        assert one["disabled"] == "1"
        assert one["search"].startswith(('sourcetype="bartizan:native"', "| multisearch"))
        assert header.falsepositives[0] in one["description"]
    refused = by_key["Repeated injections, then an answer"]
    key = next(header.key for header in SHOWN if header.name == "blocks_then_success")
    assert refused["search"] == f'sourcetype="bartizan:native" kind=finding.raised rule="{key}"'
    assert "own finding" in refused["description"]
    slow = by_key["Personal data, a little at a time"]
    assert slow["dispatch.earliest_time"] == f"-{86_400 + 420}s"
    assert stanzas(files["default/app.conf"])["package"]["id"] == "bartizan_detections"


def test_elastic_gets_a_rule_for_each_rule() -> None:
    lines = elastic_bundle(PACK, "other-index")["rules.ndjson"].splitlines()
    rules: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert len(rules) == len(SHOWN)
    assert len({rule["rule_id"] for rule in rules}) == len({rule["name"] for rule in rules}) == len(SHOWN)
    for rule in rules:
        assert rule["query"].startswith("FROM other-index METADATA _id, _index, _version\n| WHERE ")
        assert rule["enabled"] is False
        assert rule["severity"] in ("low", "medium", "high", "critical")
    own = [rule for rule in rules if '"finding.raised"' in rule["query"]]
    assert all("own finding" in rule["note"] for rule in own)
    assert 0 < len(own) < len(rules)
    assert elastic_bundle(PACK) == elastic_bundle(PACK)


def metric_names() -> set[str]:
    """Names that stand alone in quotes in the source, as where metrics are registered."""
    texts = (path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if "bundles" not in path.parts)
    return {name for text in texts for name in re.findall(r'"(bartizan_[a-z_]+)"', text)}


def test_the_dashboard_shows_metrics_and_rules_that_exist() -> None:
    document = json.loads(grafana_bundle(PACK)["dashboard.json"])
    panels = document["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)
    targets = [target for panel in panels for target in panel.get("targets", ())]
    asked = {name for target in targets for name in re.findall(r"bartizan_\w+", target.get("expr", ""))}
    assert {re.sub(r"_bucket$", "", name) for name in asked} <= metric_names()
    queries = " ".join(target.get("query", "") for target in targets)
    assert all(f'"{header.key}"' in queries for header in SHOWN)
    titles = {panel["title"] for panel in panels if panel["type"] == "row"}
    assert {f"Findings: {threat.replace('_', ' ')}" for threat in Threat} <= titles


def test_hostile_rules_stay_in_their_place() -> None:
    evil = read_collection(EVIL)
    (section,) = (parsed := stanzas(splunk_bundle(evil)["default/savedsearches.conf"])).sections()
    assert parsed[section]["search"].endswith(r'rule="a\"b"')
    assert set(parsed[section]) == set(stanzas(splunk_bundle(PACK)["default/savedsearches.conf"])[
        "Bartizan: A canary was seen"])  # fmt: skip
    (rule,) = elastic_bundle(evil)["rules.ndjson"].splitlines()
    assert json.loads(rule)["query"].endswith(r'`rule` == "a\"b"')
    text = json.loads(grafana_bundle(evil)["dashboard.json"])["panels"][-1]["options"]["content"]
    assert text.splitlines()[2].count(" | ") == 2
    with pytest.raises(CannotSayError):
        splunk_bundle(read_collection('title: "a\\u0007"\ndetection: {s: {f|re: x}, condition: s}\n'))


def test_two_rules_of_one_title_keep_apart() -> None:
    rule = "title: same\nid: {0}\ndetection: {{s: {{f: {0}}}, condition: s}}\n"
    both = read_collection(rule.format("one") + "---\n" + rule.format("two"))
    assert stanzas(splunk_bundle(both)["default/savedsearches.conf"]).sections() == [
        "Bartizan: same", "Bartizan: same (two)",
    ]  # fmt: skip


def test_the_command_writes_them_once(tmp_path: Path) -> None:
    for system, name in (("splunk", "default/app.conf"), ("elastic", "rules.ndjson"), ("grafana", "dashboard.json")):
        out = tmp_path / system
        done = CliRunner().invoke(app, ["rules", "bundle", "--to", system, "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert (out / name).is_file()
        again = CliRunner().invoke(app, ["rules", "bundle", "--to", system, "--out", str(out)])
        assert isinstance(again.exception, ConfigurationError)
    wrong = CliRunner().invoke(
        app, ["rules", "bundle", "--to", "grafana", "--source", "x", "--out", str(tmp_path / "g")]
    )
    assert isinstance(wrong.exception, ConfigurationError)
