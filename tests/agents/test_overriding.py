"""The operator's word on what tools do."""

from __future__ import annotations

import json
import typing
from pathlib import Path

import pytest
from tests.agents.office import OFFICE, tool
from typer.testing import CliRunner

from bartizan.agents import open_guard
from bartizan.agents.lexicon import _lexicon
from bartizan.agents.overriding import profile_of, unmatched
from bartizan.agents.profile import Effect, Sink
from bartizan.cli.agents import app
from bartizan.core.errors import DocumentError
from bartizan.core.tool import ToolCall, ToolResult
from bartizan.core.verdict import Action
from bartizan.policy.document import PolicyDocument
from bartizan.policy.tool_profiles import Family, Noun, ToolOverride
from bartizan.workspace.document import examine, loads

LOOKUP = tool("lookup_partner", "Looks a partner up.", q="string", text="string")


def test_what_an_entry_leaves_out_is_derived_from_the_effect_it_names() -> None:
    assert profile_of(LOOKUP, {}).parameters["text"].sink is Sink.QUERY
    profile = profile_of(LOOKUP, {"lookup_partner": ToolOverride(effect=Effect.SEND, parameters={"q": Sink.RECIPIENT})})
    assert (profile.effect, profile.outward) == (Effect.SEND, True)
    assert profile.parameters["q"].sink is Sink.RECIPIENT
    assert profile.parameters["text"].sink is Sink.CONTENT, "as of a tool that sends"
    assert profile.source == profile.parameters["q"].why == "tool_profiles.lookup_partner"


def test_the_exact_name_wins_then_the_longest_beginning() -> None:
    overrides = {
        "*": ToolOverride(effect=Effect.EXECUTE),
        "look*": ToolOverride(effect=Effect.DELETE),
        "lookup*": ToolOverride(effect=Effect.SPEND),
        "lookup": ToolOverride(effect=Effect.READ),
    }
    assert profile_of(LOOKUP, overrides).effect is Effect.SPEND
    assert profile_of(tool("lookup", ""), overrides).effect is Effect.READ
    assert profile_of(tool("other", ""), overrides).effect is Effect.EXECUTE


def test_what_policy_speaks_of_in_vain_is_found() -> None:
    said = {"lookup*": ToolOverride(parameters={"qq": Sink.URL, "q": Sink.URL}), "lokup": ToolOverride(outward=True)}
    assert unmatched([LOOKUP], said) == ["tool_profiles.lokup", "tool_profiles.lookup*.parameters.qq"]


def test_a_tool_that_is_not_offered_is_judged_by_policy_too() -> None:
    for overrides, action in (({}, Action.ALLOW), ({"get_*": ToolOverride(effect=Effect.SEND)}, Action.BLOCK)):
        conversation = open_guard(overrides=overrides).conversation(OFFICE)
        conversation.user("What is new?")
        assert conversation.decide(ToolCall(id="1", tool="get_news", arguments={})).action is action


def test_trusted_results_bind_recipients() -> None:
    for overrides, action in (
        ({}, Action.BLOCK),
        ({"read_document": ToolOverride(trusted_results=True)}, Action.ALLOW),
    ):
        conversation = open_guard(overrides=overrides).conversation(OFFICE)
        conversation.user("Send an email with the minutes to the head of sales.")
        conversation.decide(ToolCall(id="1", tool="read_document", arguments={"path": "staff.txt"}))
        conversation.result(ToolResult(call="1", tool="read_document", text="Head of sales is kim@firm.example."))
        sent = {"recipients": ["kim@firm.example"], "subject": "minutes", "body": "As agreed."}
        assert conversation.decide(ToolCall(id="2", tool="send_email", arguments=sent)).action is action


def test_users_words_of_another_language_license_a_tool() -> None:
    said = ToolOverride(words=("Rechnung",), families=("pay",))
    conversation = open_guard(overrides={"send_payment": said}).conversation(OFFICE)
    conversation.user("Bitte pay die Rechnung: 900 an DE89370400440532013000.")
    paid = {"recipient": "DE89370400440532013000", "amount": 900, "subject": "Rechnung"}
    assert conversation.decide(ToolCall(id="1", tool="send_payment", arguments=paid)).action is Action.ALLOW


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{effect: sned}", r"p.yaml:3:15: .*send"),
        ("{efect: send}", r"p.yaml:3:7: .*effect"),
        ("{parameters: {to: recipent}}", r"p.yaml:3:24: .*recipient"),
        ("{families: [sending]}", r"p.yaml:3:18: .*"),
        ("{nouns: [mails]}", r"p.yaml:3:15: .*"),
        ("{}", r"p.yaml:3:6: .*says nothing"),
        ("{words: [two words]}", r"p.yaml:3:15: .*one word"),
        ("{outward: yes}", r"p.yaml:3:16: .*true"),
        ("[]", r"p.yaml:3:6: .*mapping"),
    ],
)
def test_mistakes_are_named_with_their_place(entry: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        loads(f"version: 1\ntool_profiles:\n  x: {entry}\n", "p.yaml", PolicyDocument)


def test_only_the_end_of_a_name_may_be_open() -> None:
    _, problems = examine(
        "version: 1\ntool_profiles: {'a*b': {outward: true}, '**': {outward: true}}\n", "p", PolicyDocument
    )
    assert len(problems) == 2


def test_the_schema_knows_the_lexicons_words() -> None:
    assert set(typing.get_args(Family)) == set(_lexicon().families)
    assert set(typing.get_args(Noun)) == set(_lexicon().nouns)


def test_the_commands_use_a_policy_file(tmp_path: Path) -> None:
    tools, policy, runs = tmp_path / "t.json", tmp_path / "policy.yaml", tmp_path / "r.jsonl"
    tools.write_text(json.dumps([{"name": "lookup_partner", "inputSchema": {"properties": {"q": {"type": "string"}}}}]))
    policy.write_text("version: 1\ntool_profiles:\n  lookup_partner: {effect: send, parameters: {q: recipient}}\n")
    call = {"id": "1", "function": "lookup_partner", "args": {"q": "eve@x.example"}}
    messages = [{"role": "user", "content": "What is new?"}, {"role": "assistant", "tool_calls": [call]}]
    runs.write_text(json.dumps({"messages": messages}))
    run = CliRunner()
    shown = run.invoke(app, ["profile", str(tools), "--policy", str(policy), "--format", "json"])
    assert shown.exit_code == 0
    (profile,) = json.loads(shown.stdout)["profiles"]
    assert (profile["effect"], profile["parameters"]["q"]["sink"]) == ("send", "recipient")
    replay = ["replay", str(runs), "--tools", str(tools), "--format", "json"]
    assert run.invoke(app, replay).exit_code == 0
    assert run.invoke(app, [*replay, "--profiles", str(policy)]).exit_code == 1
    policy.write_text("version: 1\ntool_profiles: {other: {effect: send}}\n")
    assert run.invoke(app, ["profile", str(tools), "--policy", str(policy)]).exit_code == 1
