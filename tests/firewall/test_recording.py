"""What the journal is told about the texts of a request."""

from __future__ import annotations

from bartizan.core.event import Commitment, Event, RequestAccepted
from bartizan.core.passage import Origin, Passage, Text
from bartizan.core.verdict import Action, Verdict
from bartizan.firewall.recording import MOST_COMMITMENTS, PROMPT_DIGITS, Record


class Memory:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)

    async def commit(self) -> None: ...


def commit(text: str) -> Commitment:
    return Commitment("k", text.encode().hex().ljust(64, "0"), len(text))


def texts(*said: tuple[str, Origin]) -> list[Text]:
    return [Text(Passage(text, origin, ("messages", number))) for number, (text, origin) in enumerate(said)]


async def prompt(*said: tuple[str, Origin]) -> str:
    memory = Memory()
    record = Record("r", "openai.chat", "127.0.0.1", memory, commit)
    await record.accepted(Verdict(Action.ALLOW), texts(*said))
    (event,) = memory.events
    assert isinstance(event, RequestAccepted)
    return event.prompt


async def test_the_prompt_is_the_users_last_text() -> None:
    wanted = commit("second").mac[:PROMPT_DIGITS]
    rules, first, answer = ("rules", Origin.SYSTEM), ("first", Origin.USER), ("answer", Origin.ASSISTANT)
    assert await prompt(rules, first, answer, ("second", Origin.USER), ("a page", Origin.TOOL_RESULT)) == wanted
    assert await prompt(("other rules", Origin.SYSTEM), ("second", Origin.USER)) == wanted
    assert await prompt(rules, ("", Origin.USER)) == ""
    assert await prompt() == ""


async def test_it_is_the_same_in_a_long_conversation() -> None:
    many = [(f"turn {number}", Origin.USER) for number in range(MOST_COMMITMENTS + 5)]
    assert await prompt(*many, ("second", Origin.USER)) == commit("second").mac[:PROMPT_DIGITS]


async def test_the_language_is_that_of_the_users_last_text() -> None:
    memory = Memory()
    record = Record("r", "openai.chat", "127.0.0.1", memory, commit)
    said = texts(
        ("You are a helpful assistant for the staff of this house", Origin.SYSTEM),
        ("Wie kann ich das Passwort für mein Konto ändern?", Origin.USER),
        ("What is the best way to write a test for this function?", Origin.TOOL_RESULT),
    )
    await record.accepted(Verdict(Action.ALLOW), said)
    record.refused(403, "policy", Verdict(Action.BLOCK), said)
    assert [event.language for event in memory.events] == ["de", "de"]  # type: ignore[union-attr]
