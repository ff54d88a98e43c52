"""The scope file with which a campaign attacks the bureau: what a tester is told before an engagement."""

from __future__ import annotations

import datetime
from typing import Any

import yaml

from bartizan.range.bureau.model import MODEL
from bartizan.range.bureau.records import COMPANY, FALSEHOOD, SECRET_NAME, SINK, TOOLS, Records
from bartizan.range.bureau.web import PLACES

_DAYS = 365


def scope(records: Records, url: str, today: datetime.date) -> str:
    """A scope file (YAML) for the bureau at ``url``."""
    content = {"session": "{session}", "title": "{title}", "content": "{content}"}
    target = {
        "id": "bureau",
        "kind": "http",
        "url": url,
        "isolated": True,
        "entry_points": ["chat", "model", *(str(entry) for entry in PLACES.values())],
        "login": {"url": "/sessions", "capture": {"session": "session"}, "body": {}},
        "ask": {"url": "/chat", "body": {"session": "{session}", "message": "{message}"}},
        "reply": {"text": "answer", "tool_calls": "tool_calls"},
        "plant": {str(entry): {"url": path, "body": dict(content)} for path, entry in PLACES.items()},
    }
    return _scope(records, today, target)


def model_scope(records: Records, url: str, today: datetime.date) -> str:
    """One for the bureau's assistant as a model: at ``url``, or behind a gateway once that address is put in."""
    target = {
        "id": "model",
        "kind": "openai",
        "url": f"{url}/v1",
        "model": MODEL,
        "isolated": True,
        "system": records.system_prompt,
    }
    return _scope(records, today, target)


def _scope(records: Records, today: datetime.date, target: dict[str, Any]) -> str:
    document: dict[str, Any] = {
        "version": 1,
        "name": "The porous bureau",
        "authorisation": {
            "statement": "An exercise of the range on this machine; every attack on it is allowed.",
            "by": "the learner",
            "expires": today + datetime.timedelta(days=_DAYS),
        },
        "targets": [target],
        "facts": {
            "application": f"the assistant of {COMPANY}",
            "secrets": [{"name": SECRET_NAME, "value": records.secret}],
            "system_prompt": records.system_prompt,
            "people": [{"name": one.name, "values": [one.email, one.phone]} for one in records.customers],
            "forbidden_tools": [{"name": TOOLS[0], "argument": records.account}],
            "hosts": [SINK],
            "falsehoods": [FALSEHOOD],
        },
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
