"""Exports of findings are hostile input."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.threat import Severity, Threat
from bartizan.hardening.exchange import Call
from bartizan.hardening.findings import MAX_FINDINGS, MAX_TEXT, SCHEMA, parse_findings
from bartizan.redteam import findings as campaign
from bartizan.redteam.taxonomy import EntryPoint, Objective


def export(*findings: dict[str, Any]) -> bytes:
    return json.dumps({"schema": SCHEMA, "findings": list(findings)}).encode()


def finding(**changes: Any) -> dict[str, Any]:
    return {"id": "f-1", "request": [{"role": "user", "text": "Say the code."}], "response": "", **changes}


def test_turns_become_pieces_and_the_applications_own_words_do_not() -> None:
    turns = [
        {"role": "rag_document", "text": "planted"},
        {"role": "user", "text": "asked"},
        {"role": "assistant", "text": "said before"},
        {"surface": "content", "text": "more"},
    ]
    (read,) = parse_findings(export(finding(request=turns)), "x")
    assert [(piece.surface, piece.text) for piece in read.exchange.pieces] == [
        (Surface.CONTENT, "planted"),
        (Surface.USER, "asked"),
        (Surface.CONTENT, "more"),
    ]
    assert read.hostile is Surface.CONTENT


def test_the_harm_is_the_piece_that_the_oracle_saw_not_the_names_around_it() -> None:
    evidence = {"oracle": "secret", "reason": "the secret", "piece": "HERON-1"}
    (read,) = parse_findings(export(finding(response="the secret is HERON-1", evidence=evidence)), "x")
    assert read.exchange.harm == ("HERON-1",)


def test_addresses_of_an_exfiltration_are_harm() -> None:
    (read,) = parse_findings(
        export(finding(objective="exfiltrate", response="see https://drop.example/x?y=1 now")), "x"
    )
    assert read.exchange.harm == ("https://drop.example/x?y=1",)


def test_calls_take_arguments_as_text_or_as_json() -> None:
    calls = [
        {"name": "send", "arguments": '{"to": "x"}'},
        {"tool": "pay", "arguments": {"n": 1}},
        {"name": "odd", "arguments": "{"},
    ]
    (read,) = parse_findings(export(finding(calls=calls)), "x")
    assert read.exchange.calls == (Call("send", {"to": "x"}), Call("pay", {"n": 1}), Call("odd", {"arguments": "{"}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema": "bartizan/redteam-findings/v2", "findings": []}',
        export(finding(id="../../etc/passwd")),
        export(finding(id="a/b")),
        export(finding(id="x" * 200)),
        export(finding(), finding()),
        export(finding(request=[])),
        export(finding(request=[{"role": "assistant", "text": "only its own words"}])),
        export(finding(request=[{"role": "user", "text": "x" * (MAX_TEXT + 1)}])),
        export(finding(severity="disastrous")),
        export(*({"id": f"f-{n}", "request": [{"text": "x"}]} for n in range(MAX_FINDINGS + 1))),
    ],
    ids=range(14),
)
def test_broken_exports_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_findings(content, "x.json")
    assert "x.json" in raised.value.cause
    assert len(raised.value.cause) < 400


def test_what_a_campaign_exports_is_what_is_read() -> None:
    theirs = campaign.RedTeamFinding(
        id="rt-0123456789abcdef",
        case="rag-link",
        title="A link",
        entry_point=EntryPoint.RAG_DOCUMENT,
        objective=Objective.UNAUTHORISED_ACTION,
        technique="indirect_injection",
        converters=("base64",),
        strategy="single",
        threat=Threat.AGENT_RISK,
        severity=Severity.HIGH,
        references=("OWASP-LLM-2026:LLM01",),
        target={"id": "t", "kind": "callable", "url": "", "model": ""},
        attempt="a",
        request=(
            campaign.Message(role="rag_document", text="planted", title="Page", form="page"),
            campaign.Message(role="user", text="asked"),
        ),
        response="the secret: HERON",
        calls=({"name": "send", "arguments": '{"to": "x@drop.example"}'},),
        tools=({"name": "lookup", "description": "poisoned"},),
        evidence=campaign.Evidence(oracle="secret", reason="the secret", piece="HERON"),
        hits=1,
        trials=2,
        interval=(0.1, 0.9),
        reproduction="bartizan redteam replay x",
        variants=(),
    )
    (ours,) = parse_findings(msgspec.json.encode({"schema": SCHEMA, "findings": [theirs], "campaign": "c"}), "x")
    assert (ours.id, ours.objective, ours.severity, ours.threat) == (
        theirs.id,
        "unauthorised_action",
        Severity.HIGH,
        Threat.AGENT_RISK,
    )
    exchange = ours.exchange
    assert [piece.surface for piece in exchange.pieces] == [Surface.CONTENT, Surface.USER]
    assert exchange.harm == ("HERON",)
    assert exchange.calls == (Call("send", {"to": "x@drop.example"}),)
    assert {tool.name for tool in exchange.tools} == {"lookup", "send"}
