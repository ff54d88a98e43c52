"""system.yaml: references resolve, ids are sound, facts are signed."""

from __future__ import annotations

import pytest

from bartizan.core.errors import DocumentError
from bartizan.core.system import System
from bartizan.core.system_legal import Legal
from bartizan.workspace.document import loads

SOUND = """
version: 1
name: s
zones:
  outside: {trust: untrusted}
  inside: {trust: internal}
  core: {trust: restricted, inside: inside}
data_classes:
  chats: {sensitivity: confidential, personal: true}
components:
  users: {kind: user_group, zone: outside}
  app:
    kind: agent
    zone: core
    data: [chats]
    effects: [{kind: send, on: users, reversible: "no", approval: one_person}, {kind: pay}]
    controls: [{id: BZN-RT-01}]
flows:
  ask: {from: users, to: app, protocol: https, data: [chats], content: [user], encryption: tls}
legal:
  ai_system: {value: yes, date: 2026-11-22, author: me}
  employment: {value: unknown, note: asking}
"""


def problems(*edits: tuple[str, str]) -> list[str]:
    text = SOUND
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    try:
        loads(text, "system.yaml", System)
    except DocumentError as error:
        return [str(error)]
    return []


def test_a_sound_description_loads() -> None:
    system = loads(SOUND, "system.yaml", System)
    assert system.crosses_boundary(system.flows["ask"])
    assert system.flows["ask"].source == "users"
    assert list(system.unknown_controls({"BZN-RT-01"})) == []
    (unknown,) = system.unknown_controls({"BZN-RT-02"})
    assert unknown.path == ("components", "app", "controls", 0, "id")
    assert "BZN-RT-02" in unknown.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("zone: core", "zone: cor", "14:11: found 'cor', expected the id of a zone (did you mean 'core'?)"),
        ("inside: inside", "inside: nowhere", "7:37: found 'nowhere', expected the id of a zone"),
        ("inside: inside", "inside: core", "7:37: found a zone inside itself, expected zones that nest"),
        ("inside: {trust: internal}", "inside: {trust: internal, inside: core}", "6:37: found a zone inside itself"),
        ("    data: [chats]", "    data: [chat]", "15:12: found 'chat', expected the id of a data class"),
        ("    data: [chats]", "    data: [chats, chats]", "15:19: found 'chats' again, expected each id once"),
        ("on: users", "on: user", "16:32: found 'user', expected the id of a component (did you mean 'users'?)"),
        ("[{id: BZN-RT-01}]", "[{id: A}, {id: A}]", "17:25: found the control 'A' again, expected each control once"),
        ("from: users", "from: us", "19:15: found 'us', expected the id of a component"),
        ("to: app", "to: ap", "found 'ap', expected the id of a component"),
        ("to: app", "to: users", "found a flow from a component to itself"),
        ("data: [chats], content", "data: [x], content", "found 'x', expected the id of a data class"),
        ("  ask:", "  Ask:", "found the id 'Ask', expected lower-case letters"),
        ("  outside:", "  out side:", "found the id 'out side'"),
        ("value: yes, date: 2026-11-22, author: me", "value: yes, author: me", "found an answer without a date"),
        (
            "value: yes, date: 2026-11-22, author: me",
            "value: no, date: 2026-11-22",
            "found an answer without an author",
        ),
        ("value: yes, date", "value: maybe, date", "found the text 'maybe', expected no, unknown or yes"),
        ("kind: agent", "kind: agnet", "found the text 'agnet', expected model, agent, tool"),
        ("content: [user]", "content: [usr]", "found the text 'usr', expected system, user,"),
    ],
)
def test_each_mistake_has_its_place(old: str, new: str, message: str) -> None:
    (found, *_) = problems((old, new))
    assert message in found
    assert found.startswith("system.yaml:")


def test_longer_circles_of_zones_are_found_and_end() -> None:
    text = "version: 1\nname: s\nzones:\n" + "".join(
        f"  z{i}: {{trust: internal, inside: z{(i + 1) % 5}}}\n" for i in range(5)
    )
    with pytest.raises(DocumentError, match="inside itself"):
        loads(text, "system.yaml", System)


def test_a_zone_that_leads_into_a_circle_is_not_itself_circular() -> None:
    system = loads(SOUND, "s", System)
    assert all(problem.path != ("zones", "outside", "inside") for problem in system.problems())


def test_every_fact_starts_unknown_and_is_signed_when_answered() -> None:
    legal = Legal()
    assert list(legal.problems()) == []
    assert len(dict(legal.facts())) >= 30
    assert all(fact.value in ("unknown", "", ()) for _, fact in legal.facts())
    for name, fact in legal.facts():
        answer = {"unknown": "no", "": "words", (): ("provider",)}[fact.value]
        answered = Legal(**{name: type(fact)(value=answer)})  # type: ignore[arg-type]
        assert [problem.path for problem in answered.problems()] == [("legal", name)] * 2
