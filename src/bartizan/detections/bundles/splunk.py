"""A Splunk app: ``default/savedsearches.conf`` with an alert for each rule, switched off until somebody wants it."""

from __future__ import annotations

from bartizan.core.problem import printable
from bartizan.detections.bundles.alerts import PERIOD, SEVERITY, SLACK, Alert, alerts_of, quoted
from bartizan.detections.convert import DEFAULT_SOURCES, make_target
from bartizan.detections.sigma.collection import Collection

_APP = """[install]
is_configured = 0

[ui]
is_visible = 0
label = Bartizan detections

[launcher]
author = Bartizan
description = Saved searches made from Bartizan's Sigma rules
version = 1.0.0

[package]
id = bartizan_detections
"""
_META = """[]
access = read : [ * ], write : [ admin ]
export = system
"""


def splunk_bundle(collection: Collection, source: str = "") -> dict[str, str]:
    """Files of the app by their path in it. Raises CannotSayError, ConfigurationError."""
    where = source or DEFAULT_SOURCES["splunk"]
    target = make_target("splunk", {}, where)
    alerts = alerts_of(collection, target, lambda key: f"search {where} kind=finding.raised rule={quoted(key)}")
    searches = "\n".join(_stanza(alert) for alert in alerts)
    return {"default/app.conf": _APP, "default/savedsearches.conf": searches, "metadata/default.meta": _META}


def _stanza(alert: Alert) -> str:
    header = alert.header
    about = [header.description or header.title, *(f"Assumes: {note}." for note in alert.assumptions)]
    if alert.refused:
        about.append(f"Looks for Bartizan's own finding, because of {alert.refused}.")
    about += [f"May also be: {one}." for one in header.falsepositives]
    if alert.remediation:
        about.append(f"To do: {alert.remediation}.")
    # The search's first word is implied in a saved search that does not begin with a pipe.
    query = alert.query.removeprefix("search ")
    lines = {
        "search": query.replace("\n", " \\\n"),
        "description": _line(" ".join(about)),
        "disabled": "1",
        "enableSched": "1",
        "cron_schedule": f"*/{PERIOD // 60} * * * *",
        "dispatch.earliest_time": f"-{alert.look_back}s",
        "dispatch.latest_time": f"-{SLACK}s",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.track": "1",
        "alert.digest_mode": "1",
        "alert.severity": str(SEVERITY[header.level] + 1),
        "alert.suppress": "1",
        "alert.suppress.period": f"{alert.look_back}s",
    }
    body = "".join(f"{name} = {value}\n" for name, value in lines.items())
    return f"[{_line(alert.name).replace('[', '(').replace(']', ')')}]\n{body}"


def _line(text: str) -> str:
    """One line that does not go on in the next."""
    return printable(text, 2_000).replace("\n", " ").rstrip("\\ ")
