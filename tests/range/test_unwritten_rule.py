"""The scenario whose attacks no signature knows."""

from __future__ import annotations

from bartizan.app import build_guard
from bartizan.app.guards import Detectors
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.policy.document import PolicyDocument
from bartizan.range.cases import Carrier, load_attacks, load_benign
from bartizan.range.helpdesk.records import plant
from bartizan.range.scenarios import SCENARIOS

SCENARIO = SCENARIOS["unwritten-rule"]


def test_no_signature_knows_the_attacks_or_minds_the_customers(shipped_detectors: Detectors) -> None:
    rules = build_guard(PolicyDocument(version=1), {}, {}, shipped_detectors)
    planted = plant(5)
    texts = [attack.payload(planted) for attack in load_attacks(SCENARIO.cases / "attacks")]
    texts += [request.text for request in load_benign(SCENARIO.cases / "benign")]
    for text in texts:
        verdict = rules.inspect_passages([Passage(text, Origin.USER, (Surface.USER, Surface.CONTENT))])
        assert verdict.action == "allow", text


def test_the_cases_are_enough_and_new() -> None:
    attacks = load_attacks(SCENARIO.cases / "attacks")
    benign = load_benign(SCENARIO.cases / "benign")
    assert len(attacks) >= 20
    assert len(benign) >= 15
    assert {Carrier.CHAT, Carrier.ARTICLE} <= {attack.carrier for attack in attacks}
    known = {attack.text for attack in load_attacks()} | {request.text for request in load_benign()}
    known |= {attack.text for attack in load_attacks(SCENARIOS["leaky-help-desk"].cases / "attacks")}
    assert not known & {case.text for case in (*attacks, *benign)}
