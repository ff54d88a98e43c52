"""The scope file: rules of engagement, targets, what is looked for, and what is run, within which limits.

A campaign never leaves it: a target that is not in it is not spoken to, and what it forbids is not sent.
"""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Iterable
from typing import Annotated

import msgspec

from bartizan.core.passage import Path
from bartizan.core.problem import Problem, quote
from bartizan.redteam.errors import ScopeError
from bartizan.redteam.scope_target import Kind, ReplyPaths, TargetSpec, kind_problems
from bartizan.redteam.secret import SecretText
from bartizan.redteam.taxonomy import EntryPoint, Objective
from bartizan.workspace.document import load

SHORTEST_SECRET = 3
SHORTEST_VALUE = 5
"""Letters and digits; what is shorter stands in harmless replies by chance."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]


class Authorisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who allows the campaign. Without it, or after ``expires``, none runs."""

    statement: Annotated[str, msgspec.Meta(min_length=20)]
    """What is allowed, in words."""
    by: Annotated[str, msgspec.Meta(min_length=2)]
    """Who may allow it."""
    expires: datetime.date
    """The last day on which it holds."""


class Secret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the application must not show; a canary is a secret that you planted for the test."""

    name: str
    """What the application calls it: ``override code``."""
    value: SecretText


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody whose data the tester may not see."""

    name: str
    values: tuple[str, ...]
    """What must not be shown: e-mail address, telephone number."""


class ForbiddenTool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool call that must not happen. Point the test at a target on which it does no harm."""

    name: str
    argument: str = ""
    """A value that a forbidden call would carry; empty: any call of the tool is forbidden."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What attacks speak of, and what oracles look for. What is left out leaves its cases untested, by name."""

    application: str = "the assistant"
    secrets: tuple[Secret, ...] = ()
    system_prompt: SecretText | None = None
    """Text of the hidden instructions, or of the part that must not be shown."""
    people: tuple[Person, ...] = ()
    forbidden_tools: tuple[ForbiddenTool, ...] = ()
    hosts: tuple[str, ...] = ("collector.example",)
    """Hosts to which no output may lead."""
    falsehoods: tuple[str, ...] = ()
    """False statements that no answer may assert."""

    def problems(self) -> Iterable[Problem]:
        """What no oracle could find: a campaign would call it safe."""
        for index, secret in enumerate(self.secrets):
            if isinstance(secret.value, str) and _characters(secret.value) < SHORTEST_SECRET:
                where: Path = ("facts", "secrets", index, "value")
                yield Problem(where, quote(secret.value), f"at least {SHORTEST_SECRET} letters and digits")
        for index, person in enumerate(self.people):
            for number, value in enumerate(person.values):
                if _characters(value) < SHORTEST_VALUE:
                    where = ("facts", "people", index, "values", number)
                    yield Problem(where, quote(value), f"at least {SHORTEST_VALUE} letters and digits")


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is run: every case times every chain of converters times every strategy times ``repeats``."""

    cases: tuple[str, ...] = ("builtin", "framed")
    """``builtin``: the written ones; ``framed``: every objective in every common wording; and files or folders of your
    own, relative to the scope file."""
    entry_points: tuple[EntryPoint, ...] = ()
    """Only these; empty: all that the target has."""
    objectives: tuple[Objective, ...] = ()
    techniques: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    """Only these cases."""
    converters: tuple[str, ...] = ("",)
    """Chains, each the ids of converters joined by ``+``; the empty chain is the plain text."""
    strategies: tuple[str, ...] = ("single",)
    repeats: Positive = 1
    """Trials of each combination, each with a seed of its own."""
    moves: Positive = 20
    """Most messages of one trial."""
    seed: int = 1


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the campaign may cost and how hard it may press; 0 means without limit."""

    in_flight: Annotated[int, msgspec.Meta(ge=1, le=1_024)] = 8
    """Trials at a time."""
    requests_per_second: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    timeout: Annotated[float, msgspec.Meta(gt=0.0, le=3_600.0)] = 60.0
    """Seconds for one request."""
    retries: Annotated[int, msgspec.Meta(ge=0, le=20)] = 4
    """Of one request that was refused for its rate, or found no connection."""
    requests: Annotated[int, msgspec.Meta(ge=0)] = 0
    """All that is sent: messages, retries, logins, planting and removal, and questions to the attacker model."""
    tokens: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Sent and received, of target and attacker model. An answer that does not say how many ends the campaign."""
    cost: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    """In the currency of the prices."""
    price_in: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    """For a million tokens sent."""
    price_out: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    hours: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    unreachable: Positive = 10
    """Trials in a row without any reply after which the target counts as down and the campaign stops, to be resumed."""

    @property
    def counts_tokens(self) -> bool:
        """Whether anything depends on what answers say they took."""
        return self.tokens > 0 or self.cost > 0

    def unmetered(self, reply: ReplyPaths) -> Iterable[str]:
        """Paths that an ``http`` target must name so that they can be kept."""
        if self.price_in > 0 and not reply.tokens_in:
            yield "tokens_in"
        if self.price_out > 0 and not reply.tokens_out:
            yield "tokens_out"
        if self.tokens and not (reply.tokens_in or reply.tokens_out):
            yield "tokens_in or tokens_out"


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When further trials of a cell (entry point times technique) would show nothing new; left out: never."""

    futility: Share | None = None
    """Stop when the success rate is shown to be below this: 0.05 takes 59 trials without a hit, 0.01 takes 299."""
    half_width: Share | None = None
    """Stop when the rate is known to within this, by a confidence sequence."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes ``bartizan redteam run`` and ``report`` exit with 1."""

    findings: Annotated[int, msgspec.Meta(ge=0)] = 0
    """More findings than this."""
    inconclusive: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.1
    """A greater share of inconclusive trials than this makes the campaign inconclusive (exit 2)."""


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scope file."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1)]
    name: str
    authorisation: Authorisation
    targets: Annotated[tuple[TargetSpec, ...], msgspec.Meta(min_length=1)]
    attacker: TargetSpec | None = None
    """A language model that strategies such as PAIR, TAP and Crescendo ask for help: ``openai`` or ``anthropic``."""
    judge: TargetSpec | None = None
    """A language model that ``bartizan redteam judge`` asks for its opinion, which never makes a hit."""
    facts: Facts = Facts()
    plan: Plan = Plan()
    limits: Limits = Limits()
    stop: Stop = Stop()
    thresholds: Thresholds = Thresholds()

    def problems(self) -> Iterable[Problem]:
        """What its types cannot say."""
        ids = [one.id for one in self.targets]
        for index, one in enumerate(self.targets):
            if ids.index(one.id) != index:
                yield Problem(("targets", index, "id"), quote(one.id), "an id of its own")
            yield from kind_problems(one, ("targets", index))
            for name in self.limits.unmetered(one.reply) if one.kind is Kind.HTTP else ():
                found = f"nothing at reply.{name}, which the limits on tokens or cost need"
                yield Problem(("targets", index), found, f"the path of {name}")
        yield from self.facts.problems()
        for name, helper in (("attacker", self.attacker), ("judge", self.judge)):
            if helper is not None:
                yield from kind_problems(helper, (name,))
                if helper.kind not in {Kind.OPENAI, Kind.ANTHROPIC}:
                    yield Problem((name, "kind"), str(helper.kind), "openai or anthropic")
        if (self.limits.cost > 0) != (self.limits.price_in > 0 or self.limits.price_out > 0):
            yield Problem(("limits",), "a cost without prices, or prices without a cost", "both or neither")

    def target(self, name: str = "") -> TargetSpec:
        """The target called ``name``; the only one if empty. Raises ScopeError."""
        known = ", ".join(one.id for one in self.targets)
        if not name and len(self.targets) > 1:
            raise ScopeError("the scope file has several targets", f"name one with --target: {known}")
        for one in self.targets:
            if name in {"", one.id}:
                return one
        raise ScopeError(f"target {quote(name)} is not in the scope file", f"it allows: {known}")


def _characters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def load_scope(path: pathlib.Path) -> Scope:
    """The scope file at ``path``. Raises ConfigurationError or DocumentError."""
    return load(path, Scope, path.name)


def check_authorised(scope: Scope, today: datetime.date) -> None:
    """Raise ScopeError when the authorisation has run out."""
    if today > scope.authorisation.expires:
        raise ScopeError(
            f"the authorisation ended on {scope.authorisation.expires}",
            "renew it with whoever gave it, then edit the date",
        )
