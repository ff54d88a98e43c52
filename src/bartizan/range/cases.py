"""Attack and benign cases: data files beside this module, one loader, strict."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

import msgspec

from bartizan.core.errors import ArtefactError
from bartizan.core.obfuscation import obfuscate
from bartizan.range.client import Answer
from bartizan.range.helpdesk.application import HelpDesk, Model
from bartizan.range.helpdesk.records import Plant
from bartizan.range.helpdesk.retriever import Article
from bartizan.range.yaml_data import read_yaml


class Carrier(StrEnum):
    """How a text reaches the application."""

    CHAT = "chat"
    """Typed into the chat."""
    EMAIL = "email"
    """An e-mail that the help desk summarises."""
    ARTICLE = "article"
    """Planted in the knowledge base and retrieved by somebody's harmless question."""


class Goal(StrEnum):
    """What an attack is after; ``judge`` says how each is recognised."""

    SECRET = "secret"  # noqa: S105 - names a goal
    MARKER = "marker"
    EXFILTRATION = "exfiltration"
    SYSTEM_PROMPT = "system_prompt"
    RECORD = "record"


class Attack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attack on the help desk."""

    id: str
    title: str
    technique: str
    carrier: Carrier = Carrier.CHAT
    goal: Goal = Goal.SECRET
    text: str
    """``{customer}`` stands for the victim's name and ``{order}`` for their order."""
    obfuscation: str = ""
    """A name from ``obfuscation.OBFUSCATIONS``, applied to ``text``."""
    question: str = ""
    """For a planted article: what an unsuspecting customer then asks."""
    marker: str = ""
    host: str = ""
    customer: int = 0

    def payload(self, plant: Plant) -> str:
        """The text as it is sent."""
        victim = plant.customers[self.customer]
        return obfuscate(
            self.text.replace("{customer}", victim.name).replace("{order}", victim.order), self.obfuscation
        )


class Benign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One legitimate request."""

    id: str
    kind: str
    """``support``, ``security``, ``override_words``, ``code`` or ``language``."""
    carrier: Carrier = Carrier.CHAT
    text: str


_Case = TypeVar("_Case", Attack, Benign)


async def run_attack(attack: Attack, model: Model, plant: Plant, *, max_tokens: int, stream: bool) -> Answer:
    """Carry out ``attack`` against a fresh vulnerable help desk that talks to ``model``."""
    text = attack.payload(plant)
    if attack.carrier is Carrier.ARTICLE:
        desk = HelpDesk(model, plant, added=[Article(attack.id, attack.title, text)])
        return await desk.ask(attack.question, max_tokens=max_tokens, stream=stream)
    desk = HelpDesk(model, plant)
    if attack.carrier is Carrier.EMAIL:
        return await desk.summarise(text, max_tokens=max_tokens, stream=stream)
    return await desk.ask(text, max_tokens=max_tokens, stream=stream)


async def run_benign(benign: Benign, model: Model, plant: Plant, *, max_tokens: int, stream: bool) -> Answer:
    """Put ``benign`` to a fresh vulnerable help desk that talks to ``model``."""
    desk = HelpDesk(model, plant)
    if benign.carrier is Carrier.EMAIL:
        return await desk.summarise(benign.text, max_tokens=max_tokens, stream=stream)
    return await desk.ask(benign.text, max_tokens=max_tokens, stream=stream)


def load_attacks(folder: Traversable | None = None) -> tuple[Attack, ...]:
    """Every attack of ``folder``, by default the shipped ones, in file and document order.

    Raises:
        ArtefactError: one is malformed.
    """
    attacks = _load(folder or files(__package__) / "attacks", Attack)
    for attack in attacks:
        needs = {Goal.MARKER: attack.marker, Goal.EXFILTRATION: attack.host}.get(attack.goal, "yes")
        if not needs or (attack.carrier is Carrier.ARTICLE) != bool(attack.question):
            raise ArtefactError(f"attack {attack.id}: goal or carrier lacks what it needs, or has too much")
        obfuscate("", attack.obfuscation)
    return attacks


def load_benign(folder: Traversable | None = None) -> tuple[Benign, ...]:
    """Every benign request of ``folder``, by default the shipped ones. Raises ArtefactError when one is malformed."""
    return _load(folder or files(__package__) / "benign", Benign)


def _load(folder: Traversable, kind: type[_Case]) -> tuple[_Case, ...]:
    cases: list[_Case] = []
    for source in sorted(_yaml_files(folder), key=lambda item: item.name):
        try:
            cases += msgspec.convert(read_yaml(source), list[kind])  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            raise ArtefactError(f"{source.name}: {error}") from error
    ids = [case.id for case in cases]
    if len(ids) != len(set(ids)):
        raise ArtefactError(f"{folder.name}: an id is used twice: {next(i for i in ids if ids.count(i) > 1)}")
    return tuple(cases)


def _yaml_files(folder: Traversable) -> Iterable[Traversable]:
    return (item for item in folder.iterdir() if item.name.endswith(".yaml"))
