"""What counts as guarding less, and what the journal is told of an edit."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bartizan.app.loosening import Edit, differences
from bartizan.core.verdict import Action, Mode
from bartizan.policy.document import PolicyDocument
from bartizan.policy.loosening import loosened
from bartizan.policy.models import (
    Bounds,
    ForPrincipal,
    InputRule,
    ModelRules,
    OutputRule,
    QueryBudget,
    TensorGuards,
    TensorRow,
)
from bartizan.workspace.document import loads


def policy(text: str) -> PolicyDocument:
    return loads(f"version: 1\n{text}".encode(), "policy.yaml", PolicyDocument)


KNOWN = """
known_values: [{name: a, file: FILE, key: {env: A}}]
surfaces: {output: {known_value: {action: flag}}}
"""


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
        (
            KNOWN.replace("FILE", "known/a.json"),
            KNOWN.replace("FILE", "known/b.json"),
            ["known_values"],
        ),
        ("", "classifier: {enabled: false}", ["classifier.enabled"]),
        ("", "disabled_signatures: [a]", ["disabled_signatures"]),
        ("", "anonymous: true", ["anonymous"]),
        ("limits: {rate: {requests: 5}}", "limits: {rate: {requests: 50}}", ["limits.rate"]),
        ("limits: {budget: {tokens: 5}}", "limits: {budget: {cost: 5}}", ["limits.budget"]),
        ("", "limits: {cooldown: null}", ["limits.cooldown"]),
        ("tools: {calls_per_message: 5}", "tools: {calls_per_message: 6}", ["tools.calls_per_message"]),
        ("tools: {calls_per_message: 5}", "", ["tools.calls_per_message"]),
        (
            "answers: {max_tokens: 5, max_choices: 1}",
            "answers: {max_tokens: 6}",
            ["answers.max_tokens", "answers.max_choices"],
        ),
        ("answers: {max_characters: 4000}", "", ["answers.max_characters"]),
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


X = InputRule("FP32", (-1, 4), min=0, max=1, columns={"2": Bounds(max=0.5)})
RULES = ModelRules(
    inputs={"x": X}, outputs={"y": OutputRule("round", 2), "z": OutputRule("suppress")}, batch=8,
    queries=QueryBudget(100), profile="p-0123456789abcdef.json",
    guards=TensorGuards(similarity=TensorRow(Action.BLOCK)), classes="y",
)  # fmt: skip
OF_MODELS: list[tuple[dict[str, object], str]] = [
    ({"guards": TensorGuards()}, "guards.similarity.action"),
    ({"guards": TensorGuards(similarity=TensorRow(Action.BLOCK, Mode.MONITOR))}, "guards.similarity.mode"),
    ({"profile": ""}, "profile"),
    ({"profile": "q-0123456789abcdef.json"}, "profile"),
    ({"classes": ""}, "classes"),
    ({"classes": "z"}, "classes"),
    ({"inputs": {"x": replace(X, max=2)}}, "inputs.x.bounds"),
    ({"inputs": {"x": replace(X, min=None)}}, "inputs.x.bounds"),
    ({"inputs": {"x": replace(X, columns={})}}, "inputs.x.bounds"),
    ({"inputs": {"x": replace(X, finite=False)}}, "inputs.x.finite"),
    ({"inputs": {"x": replace(X, required=False)}}, "inputs.x.required"),
    ({"inputs": {"x": replace(X, shape=(-1, -1))}}, "inputs.x.shape"),
    ({"inputs": {"x": replace(X, shape=(64, 4))}}, "inputs.x.shape"),
    ({"inputs": {"x": X, "w": X}}, "inputs.w"),
    ({"outputs": {"y": OutputRule("round", 4), "z": OutputRule("suppress")}}, "outputs.y"),
    ({"outputs": {"y": OutputRule("round", 2), "z": OutputRule("label")}}, "outputs.z"),
    ({"outputs": {**RULES.outputs, "new": OutputRule("label")}}, "outputs.new"),
    ({"principals": {"p": ForPrincipal({"y": OutputRule()})}}, "outputs.y"),
    ({"queries": None}, "queries"),
    ({"queries": QueryBudget(101)}, "queries"),
    ({"principals": {"p": ForPrincipal(queries=QueryBudget(500))}}, "queries"),
    ({"batch": 9}, "batch"),
    ({"versions": ("1",)}, "versions"),
]


@pytest.mark.parametrize(("changes", "path"), OF_MODELS, ids=[one[1] for one in OF_MODELS])
def test_models_that_guard_less(changes: dict[str, object], path: str) -> None:
    before = PolicyDocument(version=1, models={"m": RULES})
    after = PolicyDocument(version=1, models={"m": replace(RULES, **changes)})  # type: ignore[arg-type]
    assert loosened(before, after) == (f"models.m.{path}",)
    assert loosened(before, before) == ()
    assert loosened(before, PolicyDocument(version=1)) == ()
    assert loosened(PolicyDocument(version=1), before) == ("models.m",)
