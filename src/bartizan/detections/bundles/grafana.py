"""A Grafana dashboard: the gateway and its rules from Prometheus, findings by rule from records in Elasticsearch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bartizan.core.threat import Threat
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Header

METRICS: Final = "${metrics}"
RECORDS: Final = "${records}"
_WIDTH: Final = 24

_GATEWAY: Final = (
    ("Requests", "reqps", "sum by (action) (rate(bartizan_requests_total[$__rate_interval]))", "{{action}}"),
    ("Statuses", "reqps", "sum by (status) (rate(bartizan_requests_total[$__rate_interval]))", "{{status}}"),
    (
        "Answer, 95th percentile",
        "s",
        "histogram_quantile(0.95, sum by (le, route) (rate(bartizan_request_seconds_bucket[$__rate_interval])))",
        "{{route}}",
    ),
    ("Tokens", "short", "sum by (model, direction) (rate(bartizan_tokens_total[$__rate_interval]))",
     "{{model}} {{direction}}"),
)  # fmt: skip
_DETECTION: Final = (
    ("Findings", "short", "sum by (severity) (increase(bartizan_findings_total[$__rate_interval]))", "{{severity}}"),
    ("Rules behind the journal", "s", "max(bartizan_rules_lag_seconds)", "lag"),
    ("Left out by rules", "short", "sum by (why) (increase(bartizan_rules_left_out_total[$__rate_interval]))",
     "{{why}}"),
    ("Alarms about rules", "short", "sum by (state) (increase(bartizan_rule_alarms_total[$__rate_interval]))",
     "{{state}}"),
    ("Records lost", "short", "sum(increase(bartizan_journal_lost_total[$__rate_interval]))", "lost"),
    ("Sinks behind", "s", "max by (sink) (bartizan_sink_lag_seconds)", "{{sink}}"),
)  # fmt: skip


def grafana_bundle(collection: Collection) -> dict[str, str]:
    """One file, ``dashboard.json``."""
    shown = [rule.header for rule in collection.rules if rule.header.key in collection.reported]
    document = {
        "title": "Bartizan",
        "uid": "bartizan-detections",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "tags": ["bartizan"],
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "1m",
        "timezone": "utc",
        "templating": {"list": [_datasource("metrics", "prometheus"), _datasource("records", "elasticsearch")]},
        "annotations": {"list": []},
        "panels": _placed(_panels(shown)),
    }
    return {"dashboard.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"}


def _datasource(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "type": "datasource", "query": kind, "label": name.capitalize(), "hide": 0}


def _panels(shown: Iterable[Header]) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Width, height and panel; a row is as wide as the page."""
    yield _row("Gateway")
    for title, unit, expression, legend in _GATEWAY:
        yield 6, 7, _series(title, unit, expression, legend)
    yield _row("Detection")
    for title, unit, expression, legend in _DETECTION:
        yield 4, 7, _series(title, unit, expression, legend)
    headers = list(shown)
    for threat in (*Threat, ""):
        mine = [header for header in headers if _threat(header) == threat]
        if mine:
            name = (threat or "other").replace("_", " ")
            yield _row(f"Findings: {name}")
            yield 14, 8, _by_rule(mine)
            yield 10, 8, _list(mine)


def _threat(header: Header) -> str:
    threat = header.custom.get("threat", "")
    return threat if isinstance(threat, str) and threat in list(Threat) else ""


def _row(title: str) -> tuple[int, int, dict[str, Any]]:
    return _WIDTH, 1, {"type": "row", "title": title, "collapsed": False, "panels": []}


def _series(title: str, unit: str, expression: str, legend: str) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": METRICS}
    return {
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [{"refId": "A", "datasource": source, "expr": expression, "legendFormat": legend}],
    }


def _by_rule(headers: Iterable[Header]) -> dict[str, Any]:
    source = {"type": "elasticsearch", "uid": RECORDS}
    keys = " OR ".join(_lucene(header.key) for header in headers)
    return {
        "type": "timeseries",
        "title": "By rule",
        "description": "Records finding.raised, as a sink with format native sends them",
        "datasource": source,
        "fieldConfig": {
            "defaults": {"unit": "short", "min": 0, "custom": {"drawStyle": "bars", "stacking": {"mode": "normal"}}},
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "table", "placement": "right", "calcs": ["sum"]}},
        "targets": [
            {
                "refId": "A",
                "datasource": source,
                "query": f'kind:"finding.raised" AND rule:({keys})',
                "timeField": "at",
                "metrics": [{"id": "1", "type": "count"}],
                "bucketAggs": [
                    {"id": "2", "type": "terms", "field": "title",
                     "settings": {"size": "20", "order": "desc", "orderBy": "_count"}},
                    {"id": "3", "type": "date_histogram", "field": "at", "settings": {"interval": "auto"}},
                ],
            }
        ],
    }  # fmt: skip


def _list(headers: Iterable[Header]) -> dict[str, Any]:
    rows = [f"| {_cell(header.title)} | {header.level} | {_cell(str(header.custom.get('response', '')))} |"
            for header in headers]  # fmt: skip
    text = "\n".join(["| rule | level | to do |", "|---|---|---|", *rows])
    return {"type": "text", "title": "Rules", "options": {"mode": "markdown", "content": text}}


def _lucene(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _cell(text: str) -> str:
    """Plain text in a cell of a Markdown table."""
    plain = text.replace("\n", " ")
    return "".join("\\" + character if character in "\\|[]<>*_`!" else character for character in plain)


def _placed(panels: Iterable[tuple[int, int, dict[str, Any]]]) -> list[dict[str, Any]]:
    placed = []
    x = y = height = 0
    for number, (width, tall, panel) in enumerate(panels, start=1):
        if x + width > _WIDTH:
            x, y, height = 0, y + height, 0
        placed.append({"id": number, **panel, "gridPos": {"x": x, "y": y, "w": width, "h": tall}})
        x, height = x + width, max(height, tall)
    return placed
