"""Records of an invented company's ordinary days, for cases of rules, exercises and tests. Nobody's real traffic.

The same seed gives the same records. Everything that looks odd in them happens in ordinary work too: a question about
prompt injection that is blocked, a key that was mistyped, a limit that is reached, a secret pasted into a question.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from bartizan.core.event import (
    ApprovalDecided,
    ApprovalRedeemed,
    ApprovalRequested,
    Commitment,
    ConfigurationChanged,
    Event,
    McpAnswered,
    McpDefinitionChanged,
    ProcessChanged,
    RequestAccepted,
    RequestCompleted,
    RequestRefused,
    Timing,
    ToolDecided,
    Usage,
)
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.core.verdict import Action, Coverage

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""


class Habit(NamedTuple):
    """How one principal works."""

    name: str
    model: str
    client: str
    a_day: int
    """Requests on a working day."""
    hours: tuple[int, int]
    """First and last hour, UTC."""
    tokens: int
    """Of a usual answer."""
    tools: bool = False


PEOPLE: Final = (
    Habit("helpdesk-web", "chat-small", "10.1.0.10", 420, (6, 22), 180),
    Habit("shop-search", "embed", "10.1.0.11", 600, (5, 23), 0),
    Habit("nightly-reports", "chat-large", "10.1.0.20", 90, (1, 3), 1500),
    Habit("ana", "chat-large", "10.2.0.31", 45, (7, 16), 420),
    Habit("bela", "chat-large", "10.2.0.32", 30, (8, 17), 380),
    Habit("chidi", "chat-small", "10.2.0.33", 60, (8, 18), 260),
    Habit("dunja", "chat-small", "10.2.0.34", 25, (6, 14), 300),
    Habit("emil", "chat-large", "10.2.0.35", 35, (9, 18), 520),
    Habit("mail-agent", "chat-large", "10.3.0.40", 80, (6, 19), 240, tools=True),
    Habit("coding-agent", "chat-large", "10.3.0.41", 110, (7, 20), 640, tools=True),
)
_TOOLS: Final = {
    "mail-agent": (("list_mail", "read"), ("read_mail", "read"), ("send_mail", "send"), ("file_mail", "write")),
    "coding-agent": (("read_file", "read"), ("search_issues", "read"), ("write_file", "write"), ("list_files", "read")),
}


def signal(guard: Guard, technique: str, score: float, rule: str = "", detector: str = "signatures") -> Signal:
    """A signal with what a detector would say."""
    threat = Threat.PROMPT_INJECTION if guard in (Guard.PROMPT_INJECTION, Guard.OBFUSCATION) else Threat.DATA_LEAKAGE
    return Signal(detector, guard, threat, technique, score, Span(0, 40), rule=rule)


class Rehearsal:
    """Makes records.

    Args:
        seed: of everything that chance decides.
        start: the first day.
        share: of the requests of such a company; 1 makes about 4,000 records a day.
    """

    def __init__(self, seed: int, start: datetime = START, *, share: float = 1.0) -> None:
        self.random = random.Random(seed)  # noqa: S311 - seeded on purpose
        self.start = start
        self._seed = seed
        self._share = share
        self._count = 0

    def id(self, prefix: str) -> str:
        """A fresh id, the same for the same seed."""
        self._count += 1
        return f"{prefix}_{hashlib.sha256(f'{self._seed}/{self._count}'.encode()).hexdigest()[:32]}"

    def commitment(self, text: str) -> Commitment:
        """As the journal has it, under no key at all."""
        return Commitment("rehearsal", hashlib.sha256(text.encode()).hexdigest(), len(text))

    def days(self, count: int = 1) -> list[Event]:
        """The records of so many days from the start on, in order of time."""
        events = [event for day in range(count) for event in self._day(self.start + timedelta(days=day))]
        return sorted(events, key=lambda event: (event.at, event.id))

    def exchange(
        self,
        habit: Habit,
        at: datetime,
        *,
        session: str = "",
        prompt: str = "",
        tokens: int = -1,
        asked: tuple[Signal, ...] = (),
        answered: tuple[Signal, ...] = (),
    ) -> Iterator[Event]:
        """A request that was answered."""
        request, chance = self.id("req"), self.random
        text = prompt or f"question {chance.getrandbits(40)}"
        mac = self.commitment(text)
        session = session or f"{habit.name}-{at:%Y%m%d}-{chance.randrange(6)}"
        length = tokens if tokens >= 0 else max(0, round(habit.tokens * chance.lognormvariate(0, 0.5)))
        seconds = 0.4 + length / 90 * chance.uniform(0.7, 1.4)
        characters = chance.randrange(60, 2_400)
        yield RequestAccepted(
            id=self.id("evt"), at=at, request=request, principal=habit.name, route="openai.chat", model=habit.model,
            session=session, client=habit.client, signals=asked, content=(mac,), prompt=mac.mac[:16],
            coverage=Coverage(passages=2, characters=characters, trusted=1),
        )  # fmt: skip
        yield RequestCompleted(
            id=self.id("evt"), at=at + timedelta(seconds=seconds), request=request, principal=habit.name,
            route="openai.chat", model=habit.model, session=session, client=habit.client, signals=answered,
            action=Action.FLAG if answered else Action.ALLOW, usage=Usage(characters // 4 + 40, length),
            timing=Timing(1.2, 300, seconds * 1e3), coverage=Coverage(passages=1, characters=length * 4),
        )  # fmt: skip

    def refusal(
        self, habit: Habit, at: datetime, *, status: int = 200, reason: str = "blocked", rule: str = "",
        signals: tuple[Signal, ...] = (), prompt: str = "",
    ) -> Event:  # fmt: skip
        """A request that no model saw."""
        mac = self.commitment(prompt or f"question {self.random.getrandbits(40)}")
        known = status != 401
        return RequestRefused(
            id=self.id("evt"), at=at, request=self.id("req"), principal=habit.name if known else "",
            route="openai.chat", model=habit.model if known else "", status=status, reason=reason, client=habit.client,
            rule=rule, signals=signals, content=(mac,) if known else (), prompt=mac.mac[:16] if known else "",
        )  # fmt: skip

    def call(
        self, habit: Habit, at: datetime, tool: str, effect: str, *, session: str, tainted: bool = False,
        action: Action = Action.ALLOW, policy: str = "", signals: tuple[Signal, ...] = (),
    ) -> Iterator[Event]:  # fmt: skip
        """A tool call and, if it went on, its answer."""
        call = self.id("call")
        server = "mail" if habit.name == "mail-agent" else "workbench"
        yield ToolDecided(
            id=self.id("evt"), at=at, call=call, principal=habit.name, session=session, server=server, tool=tool,
            action=action, observed=action, policy=policy or ("permit_read" if effect == "read" else "permit_asked"),
            digest=self.commitment(call).mac, effect=effect, outward=effect == "send", tainted=tainted,
        )  # fmt: skip
        if action.rank <= Action.FLAG.rank:
            wait = self.random.uniform(5, 400)
            yield McpAnswered(
                id=self.id("evt"), at=at + timedelta(milliseconds=wait), call=call, principal=habit.name,
                session=session, server=server, method="tools/call", name=tool, signals=signals,
                characters=self.random.randrange(40, 4_000), milliseconds=round(wait, 1),
            )  # fmt: skip

    def moment(self, habit: Habit, day: datetime) -> datetime:
        """A moment of the day at which this principal may be at work; the middle of its hours is likelier."""
        first, last = habit.hours
        share = (self.random.random() + self.random.random()) / 2
        return day + timedelta(hours=first + share * (last - first + 1))

    def _day(self, day: datetime) -> Iterator[Event]:
        yield from self._machine(day)
        for habit in PEOPLE:
            weekend = day.weekday() >= 5
            if weekend and "-" not in habit.name:
                continue
            usual = habit.a_day * self._share * (0.5 if weekend else 1)
            count = round(usual * math.exp(self.random.gauss(0, 0.15)))
            for _ in range(count):
                yield from self._work(habit, self.moment(habit, day))
        yield from self._mishaps(day)

    def _work(self, habit: Habit, at: datetime) -> Iterator[Event]:
        chance = self.random
        session = f"{habit.name}-{at:%Y%m%d}-{at.hour // 2}"
        asked: tuple[Signal, ...] = ()
        if chance.random() < 0.004:
            asked = (signal(Guard.PROMPT_INJECTION, "discussion", 0.2),)
        answered: tuple[Signal, ...] = ()
        if habit.name == "helpdesk-web" and chance.random() < 0.015:
            answered = (signal(Guard.PERSONAL_DATA, "personal_data_disclosure", 0.8, "email", "personal_data"),)
        yield from self.exchange(habit, at, session=session, asked=asked, answered=answered)
        if habit.tools:
            names = _TOOLS[habit.name]
            tainted = False
            for step in range(chance.randrange(1, 4)):
                tool, effect = chance.choices(names, (5, 5, 1, 2))[0]
                yield from self.call(
                    habit, at + timedelta(seconds=2 + 3 * step), tool, effect, session=session, tainted=tainted
                )
                tainted = tainted or effect == "read"

    def _machine(self, day: datetime) -> Iterator[Event]:
        for number in range(2):
            at = day + timedelta(hours=4, seconds=number)
            for state in ("stopped", "started"):
                yield ProcessChanged(id=self.id("evt"), at=at, process=f"worker{number + 1}", state=state)
        if day.weekday() == 1:
            yield ConfigurationChanged(
                id=self.id("evt"), at=day + timedelta(hours=9), snapshot=day.day, digest=self.commitment(str(day)).mac,
                accepted=True, files=("policy.yaml",),
            )  # fmt: skip
        for name, server in (("read_mail", "mail"), ("read_file", "workbench")):
            yield McpDefinitionChanged(
                id=self.id("evt"), at=day + timedelta(hours=6), server=server, subject="tool", name=name,
                state="offered", digest=self.commitment(name).mac,
            )  # fmt: skip

    def _mishaps(self, day: datetime) -> Iterator[Event]:
        chance = self.random
        for _ in range(3):
            habit = chance.choice(PEOPLE[3:8])
            at = self.moment(habit, day)
            yield self.refusal(habit, at, status=401, reason="a valid API key is required")
        for offset in range(chance.randrange(1, 4)):
            yield self.refusal(PEOPLE[2], day + timedelta(hours=1.5, seconds=offset), status=429, reason="limit: rate")
        for _ in range(chance.randrange(1, 3)):
            habit = chance.choice(PEOPLE[3:8])
            found = (signal(Guard.PROMPT_INJECTION, "direct_override", 0.9, "override.ignore"),)
            yield self.refusal(habit, self.moment(habit, day), rule="user.prompt_injection", signals=found)
        agent = PEOPLE[8]
        for number in range(2):
            at = day + timedelta(hours=10 + 4 * number, minutes=chance.randrange(50))
            approval, digest = self.id("apr"), self.commitment(f"{day}{number}").mac
            yield ApprovalRequested(
                id=self.id("evt"), at=at, approval=approval, digest=digest, tool="send_mail", principal=agent.name,
                session=f"{agent.name}-{at:%Y%m%d}-0", policy="ask_unasked", expires=at + timedelta(minutes=15),
            )  # fmt: skip
            yield ApprovalDecided(
                id=self.id("evt"), at=at + timedelta(seconds=100), approval=approval, digest=digest, state="approved",
                approver="ana",
            )  # fmt: skip
            yield ApprovalRedeemed(
                id=self.id("evt"), at=at + timedelta(seconds=120), approval=approval, digest=digest,
                principal=agent.name,
            )  # fmt: skip
