"""What counts as guarding less, and what the journal is told of an edit."""

from __future__ import annotations

import pytest

from bartizan.app.loosening import Edit, differences
from bartizan.policy.document import PolicyDocument
from bartizan.policy.loosening import loosened
from bartizan.workspace.document import loads


def policy(text: str) -> PolicyDocument:
    return loads(f"version: 1\n{text}".encode(), "policy.yaml", PolicyDocument)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("", "mode: monitor", ["mode"]),
        ("surfaces: {user: {secret: {action: block}}}", "surfaces: {user: {}}", ["surfaces.user.secret"]),
        (
            "surfaces: {user: {secret: {action: block}}}",
            "surfaces: {user: {secret: {action: flag, threshold: 0.9, mode: monitor}}}",
            ["surfaces.user.secret.action", "surfaces.user.secret.threshold", "surfaces.user.secret.mode"],
        ),
        ("", "origins: {retrieved: []}", ["origins.retrieved"]),
        ("", "uncovered: {file: flag}", ["uncovered.file"]),
        ("unknown: {field: refuse}", "", ["unknown.field"]),
        ("", "links: {allow: [evil.example]}", ["links.allow"]),
        ("payloads: [sql]", "", ["payloads"]),
        ("canaries: [{name: a, value: {env: A}}]", "", ["canaries"]),
        ("", "classifier: {enabled: false}", ["classifier.enabled"]),
        ("", "disabled_signatures: [a]", ["disabled_signatures"]),
        ("", "anonymous: true", ["anonymous"]),
        ("limits: {rate: {requests: 5}}", "limits: {rate: {requests: 50}}", ["limits.rate"]),
        ("limits: {budget: {tokens: 5}}", "limits: {budget: {cost: 5}}", ["limits.budget"]),
        ("", "limits: {cooldown: null}", ["limits.cooldown"]),
        ("", "mcp: {guard: observe, pins: first_use}", ["mcp.pins", "mcp.guard"]),
        ("mode: monitor", "surfaces: {output: {canary: {action: block, threshold: 0.1}}}", None),
    ],
)
def test_what_guards_less(before: str, after: str, names: list[str] | None) -> None:
    if names is None:
        names = [name for name in loosened(policy(before), policy(after)) if "canary" in name or name == "mode"]
        assert not names
        return
    assert list(loosened(policy(before), policy(after))) == names
    assert not loosened(policy(after), policy(after))


def test_the_journal_is_told_what_an_edit_touched() -> None:
    before = {"policy.yaml": b"version: 1\n", "signatures/a.yaml": b"x", "rules/r.yaml": b"y"}
    after = {"policy.yaml": b"version: 1\nmode: monitor\n", "rules/r.yaml": b"z"}
    assert differences(before, after) == (("policy.yaml", "rules/r.yaml"), ("signatures/a.yaml",), ("mode",))
    assert differences(before, before) == Edit()
    gone = differences({"policy.yaml": b"version: 1\nunknown: {field: refuse}\n"}, {})
    assert gone.loosened == ("unknown.field",)
