"""The features of one call, from which policy decides."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.agents import values
from bartizan.agents.binding import TIED, Bound, Label, better, bind, rivalled, strays, worst
from bartizan.agents.derive import undeclared
from bartizan.agents.directives import Directive
from bartizan.agents.disclosing import disclosed
from bartizan.agents.envelope import Envelope, Licence
from bartizan.agents.ledger import Ledger, followed
from bartizan.agents.lexicon import content_words, folded_set, name_words, word_set
from bartizan.agents.profile import CRITICAL, Effect, Sink, ToolProfile
from bartizan.core.tool import ToolCall

_SAID = frozenset({Label.USER, Label.OPERATOR})
_SETTLED = _SAID | {Label.TRUSTED} | TIED
_MEANT = _SAID | {Label.TRUSTED, Label.LINKED}
_PROSE = frozenset({Label.QUOTED, Label.EXTERNAL, Label.UNKNOWN})
_FINAL = frozenset({Effect.DELETE, Effect.EXECUTE, Effect.ADMINISTER})
"""What cannot be taken back, or opens something to others: a reminder for DS-12 is not DS-12."""
_TOLD = frozenset({Label.QUOTED, Label.EXTERNAL})
_FOREIGN = _PROSE | {Label.SOURCE, Label.HOSTILE, Label.LOOKALIKE}
_TOLD_TO_US = frozenset({Label.QUOTED, Label.SOURCE})
_TELLING = frozenset({"send", "publish", "react"})
_LINKS = folded_set("links")
_FOLLOWED = frozenset({"url", "email"})
"""Kinds of values by which a followed text names whom to turn to; it does not name who is paid."""
_QUERIES = word_set("queries")
_FORMLESS = frozenset({Sink.OBJECT, Sink.OTHER})
_OBJECTS = frozenset({Sink.OBJECT, Sink.PATH, Sink.OTHER, Sink.QUERY})


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a call. Labels are the worst of their kind of argument."""

    effect: Effect
    licence: Licence = Licence.NONE
    delegated: bool = False
    """A source whose instructions the user lets the agent follow asks for this call."""
    caused: bool = False
    """Somebody else's text asks for this call, and the user does not let the agent follow it."""
    caused_by: str = ""
    """The words that do."""
    critical: Label = Label.USER
    """Recipients, accounts, URLs, code and secrets."""
    critical_where: str = ""
    objects: Label = Label.USER
    amount: Label = Label.USER
    carries: Label = Label.USER
    """Addresses, links, accounts and telephones inside carried text."""
    named: bool = False
    """Somebody else's directive for this tool names one of this call's own values, which the user did not."""
    leaks: bool = False
    """Carried text holds a secret of the session's that the user's words do not speak of."""
    discloses: bool = False
    """It tells somebody what stands only in records that they do not have and that the user's words do not point at."""
    discloses_where: str = ""
    """One of them, and who has it."""
    strays: bool = False
    """The user named an object of this form, and the call is about another one."""
    meant: bool = False
    """What it is about and whom it concerns are the user's own values or stand in records that their words point at."""
    outward: bool = False
    open_world: bool = False
    every: bool = False
    pays: bool = False
    """The user lets a bill or the like say whom and how much to pay."""
    tainted: bool = False
    """The session has read text that others may have written."""
    languages: str = ""
    """Of the user's words (ISO 639-1). What is in none that is read is ``unknown``: it licenses nothing."""
    unread: bool = False
    """So much of it that a directive may have been missed."""


def facts_of(
    call: ToolCall, profile: ToolProfile, ledger: Ledger, envelope: Envelope, operator: str, server: str = ""
) -> Facts:
    """The facts of ``call``, which goes to ``server``. The ledger learns what the call stores of others' prose.

    Raises:
        TooManyValuesError: the call cannot be compared whole.
    """
    arguments = _Arguments(ledger, envelope, operator, profile, server)
    for name, argument in call.arguments.items():
        sink = (profile.parameters.get(name) or undeclared(name, profile)).sink
        for leaf in values.leaves(argument):
            arguments.take(leaf, sink, name)
    cause, named, delegated = _causes(profile, arguments, ledger, envelope)
    critical = worst(_doubted(arguments.critical, ledger, envelope))
    licence = envelope.licence(profile)
    own_words = bool(arguments.critical) and critical.label is Label.USER
    if profile.effect is Effect.ADMINISTER:  # "Give Ada the report" gives her no rights
        own_words = own_words and envelope.asks_for(profile, frozenset(), kind=True)
    own = arguments.own_things if cause is None else frozenset()
    own_thing = bool(own) and envelope.asks_for(profile, own, kind=profile.effect in _FINAL)
    if licence is Licence.WEAK and (own_words or own_thing) and envelope.does(profile):
        licence = Licence.STRONG  # "Send 900 to XY99…", "Drop DS-12": the user's own address or id stands for a thing
    if licence is Licence.WEAK and envelope.does(profile) and arguments.pays_own_amount(critical.label):
        licence = Licence.STRONG  # "Send Ada the 150 that I owe her": so does the amount, for money
    told = disclosed(call, profile, ledger, envelope, operator)
    if profile.effect is not Effect.READ:
        ledger.store(arguments.foreign)
    carries = worst(arguments.carried).label
    leaks = profile.effect is not Effect.READ and _leaks(call, profile, ledger, envelope)
    kept = cause is None and licence is Licence.STRONG and _tells_nobody(call, profile)
    return Facts(
        effect=profile.effect,
        licence=licence,
        delegated=delegated,
        caused=cause is not None,
        caused_by=cause.text if cause is not None else "",
        critical=critical.label,
        critical_where=critical.where,
        objects=worst(arguments.objects).label,
        amount=worst(arguments.amounts).label,
        carries=carries,
        named=named,
        leaks=leaks,
        discloses=bool(told),
        discloses_where=told,
        strays=arguments.strays or arguments.unbilled,
        meant=arguments.meant,
        outward=profile.outward and not (kept and not leaks and carries not in _FOREIGN),
        open_world=profile.open_world,
        every=envelope.every,
        pays=envelope.pays,
        tainted=ledger.external,
        languages=",".join(sorted(envelope.languages)),
        unread=ledger.unread,
    )


class _Arguments:
    """The values of one call, bound and sorted by what they are used as."""

    def __init__(self, ledger: Ledger, envelope: Envelope, operator: str, profile: ToolProfile, server: str) -> None:
        self._acts = profile.effect is not Effect.READ
        self._spends = profile.effect is Effect.SPEND
        self._outward = profile.outward or profile.effect in {Effect.SEND, Effect.SPEND}
        self._ledger = ledger
        self._envelope = envelope
        self._operator = operator
        self._server = server
        self.critical: list[Bound] = []
        self.objects: list[Bound] = []
        self.amounts: list[Bound] = []
        self.carried: list[Bound] = []
        self.own: set[str] = set()
        """Values the user did not say, as a directive would name them."""
        self.addresses: set[str] = set()
        """Those of `own` that are critical."""
        self.telling: set[str] = set()
        """Those that betray a directive whatever it asks for: links, addresses in texts, amounts."""
        self.foreign: set[str] = set()
        """Values out of others' prose, and such as stand nowhere."""
        self.billed: list[str] = []
        """Amounts to pay that a text says to which the user's words point, where the user said none."""
        self.strays = False

    @property
    def unbilled(self) -> bool:
        """Whether an amount comes out of another text than whom to pay."""
        whom = [bound.value for bound in self.critical if bound.label is Label.QUOTED]
        return bool(self.billed) and not (whom and self._ledger.together(whom, self.billed))

    def pays_own_amount(self, critical: Label) -> bool:
        """Whether the amounts are the user's own, to somebody in a record that the user's words point at."""
        return (
            self._spends
            and critical in {Label.USER, Label.LINKED}
            and bool(self.amounts)
            and all(bound.label is Label.USER for bound in self.amounts)
        )

    @property
    def own_things(self) -> frozenset[str]:
        """Ids that the user wrote, if what the call is about is among them and nothing else is."""
        ids = frozenset(bound.value for bound in self.objects if bound.value in self._envelope.specifics)
        return ids if all(bound.label is Label.USER for bound in self.objects) else frozenset()

    @property
    def meant(self) -> bool:
        """Whether there are values that say what the call is about, and the user means them."""
        chosen = [bound.label for bound in (*self.critical, *self.objects)]
        return any(label in _MEANT for label in chosen) and all(
            label in _MEANT or (label is Label.DERIVED) for label in chosen
        )

    def take(self, leaf: str, sink: Sink, name: str) -> None:
        """Bind one value of the argument ``name``."""
        if sink is Sink.CONTENT:
            self._text(leaf)
        elif sink is Sink.TIME:
            self._day(leaf)
        elif sink in CRITICAL or sink in _OBJECTS or sink is Sink.AMOUNT:
            self._value(leaf, sink, name)

    def _bind(self, value: str) -> Bound:
        return bind(value, self._ledger, self._envelope, self._operator, self._server)

    def _value(self, leaf: str, sink: Sink, name: str) -> None:
        bound = self._bind(leaf)
        whole = values.normal(leaf)
        if self._acts and sink in _FORMLESS and values.kind(whole):
            sink = Sink.RECIPIENT if "@" in whole else Sink.ACCOUNT  # whatever the argument is called
        if not self._acts and sink in _OBJECTS and values.URL.fullmatch(leaf) and _QUERIES.isdisjoint(name_words(name)):
            sink = Sink.URL
        if self._awaited(bound, whole, sink):
            bound = Bound(Label.LINKED, f"{bound.where}, the only one there, where the user says that it stands")
        if bound.label in _FOREIGN:
            self.foreign.add(whole)
        if bound.label not in (_SETTLED if sink in CRITICAL else _SAID):
            self.own.add(whole)
        if sink in CRITICAL:
            if bound.label not in _SETTLED:
                self.addresses.add(whole)
            given = self._envelope.clicks and bound.label in _TOLD_TO_US and self._ledger.told(whole)
            if sink is Sink.URL and "?" in leaf and bound.label in _PROSE and not given:
                bound = Bound(Label.EXTERNAL, f"{bound.where}: it carries data")
            elif sink is Sink.URL and bound.label not in _SAID and self._ledger.secret_in(leaf):
                bound = Bound(Label.EXTERNAL, f"{bound.where}: it carries a secret of the session")
            self.critical.append(bound._replace(value=whole))
        elif sink is Sink.AMOUNT:
            self.amounts.append(_computed(bound))
            if self._spends or (
                self._envelope.numbers and self._envelope.sums and whole != "1"
            ):  # others name an amount where the user did, or money moves
                told = bound.label is Label.UNKNOWN and self._ledger.told(whole.removesuffix(".0"))
                billed = bound.label is Label.QUOTED and self._spends and not self._envelope.sums
                self.strays = self.strays or told or (bound.label in _TOLD and not billed)
                if billed:
                    self.billed.append(values.numeral(leaf) or whole)
            if bound.label in _TOLD_TO_US and self._ledger.counted(values.numeral(leaf) or whole):
                self.strays = True  # a bill's text does not overrule the bill
            if bound.label not in _SAID:
                self.telling.add(values.numeral(leaf) or whole)
        else:
            asked = bound.label in _TOLD and self._asked_for(name)
            known = Bound(Label.DERIVED, bound.where) if asked else _computed(bound)
            self.objects.append(known._replace(value=whole))
            self._link(leaf)
            if sink is Sink.OBJECT:
                self.strays = self.strays or self._envelope.strays(whole)
                if bound.label is Label.LISTED:
                    self.strays = self.strays or strays(whole, self._ledger, self._envelope)
            if self._outward:
                self._exposed(leaf, whole)

    def _awaited(self, bound: Bound, whole: str, sink: Sink) -> bool:
        """Whether this is the only value of its kind in what was read, and the user says that such a one stands in
        somebody's text, or lets the agent follow that text to a page or an address."""
        kind = values.kind(whole) or ("url" if sink is Sink.URL else "")
        said = kind in self._envelope.announced and bound.label in _TOLD | {Label.SOURCE}
        follows = self._envelope.delegates and bound.label is Label.SOURCE and kind in _FOLLOWED
        return (said or follows) and self._ledger.alone(whole, kind)

    def _asked_for(self, name: str) -> bool:
        """Whether the user speaks of an argument by its name: *use the coupon code from the e-mail*."""
        spoken = content_words(" ".join(name_words(name)))
        return len(spoken) > 1 and spoken <= self._envelope.words

    def _text(self, leaf: str) -> None:
        whole = values.normal(leaf)
        if " " in whole and len(whole) <= values.MAX_VALUE and not self._envelope.says(whole):
            self.own.add(whole)
            self.foreign.add(whole)
        self._link(leaf)
        if self._outward:
            self._exposed(leaf, whole)
        for specific in values.specifics(leaf):
            bound = self._bind(specific)
            if values.reaches(specific):
                self.carried.append(_computed(bound))
            if bound.label in _FOREIGN:
                self.foreign.add(specific)
            if bound.label not in _SETTLED:
                self.own.add(specific)
                if "@" in specific or "/" in specific or values.ACCOUNT.search(specific.upper()):
                    self.telling.add(specific)

    def _day(self, leaf: str) -> None:
        """A day that others name, where the user named another one."""
        for match in values.DATE.finditer(leaf):
            day = match.group()
            if self._envelope.dated and not self._envelope.says(day) and self._bind(day).label not in TIED:
                self.strays = self.strays or self._ledger.told(day)

    def _exposed(self, leaf: str, whole: str) -> None:
        """Addresses and accounts of others, to whom nothing of the user's points, inside something that is told."""
        if self._envelope.many and not self._spends:  # a payment names nobody else's account, whoever is to be paid
            return
        for pattern in (values.EMAIL, values.ACCOUNT):
            for match in pattern.finditer(leaf):
                value = values.normal(match.group())
                if value != whole and self._bind(value).label is Label.LISTED:
                    self.strays = True

    def _link(self, leaf: str) -> None:
        """A link in a text or an object, which is no argument that asks for one."""
        for match in values.URL.finditer(leaf):
            bound = self._bind(match.group())
            told = bound.label in _PROSE or bound.label is Label.SOURCE
            if told and (not self._envelope.words & _LINKS or (bound.label is Label.QUOTED and self._ledger.links)):
                self.carried.append(Bound(Label.EXTERNAL, f"{bound.where}: a link the user's words do not speak of"))


def _doubted(critical: list[Bound], ledger: Ledger, envelope: Envelope) -> list[Bound]:
    """Addresses that merely stand in prose are doubted where there are better ones: beside recipients of the user's own
    in the same call, where a field that the user's words point at holds another address of the same kind, and where the
    prose itself holds two accounts."""
    own = {values.kind(bound.value) for bound in critical if bound.label in _SETTLED} - {""}
    doubted = []
    for bound in critical:
        followed = bound.label is Label.SOURCE and envelope.delegates
        if bound.label in _TOLD_TO_US and (
            values.kind(bound.value) in own
            or (not followed and better(bound.value, ledger, envelope))
            or rivalled(bound.value, ledger, ("account", "email") if followed else ("account",))
        ):
            bound = Bound(Label.UNKNOWN, f"{bound.where}, though there is a better one", bound.value)
        doubted.append(bound)
    return doubted


def _computed(bound: Bound) -> Bound:
    return Bound(Label.DERIVED, bound.where) if bound.label is Label.UNKNOWN else bound


def _tells_nobody(call: ToolCall, profile: ToolProfile) -> bool:
    """Whether a tool that writes could tell people and is given none: an appointment without guests."""
    whom = [name for name, parameter in profile.parameters.items() if parameter.sink in {Sink.RECIPIENT, Sink.ACCOUNT}]
    return (
        profile.effect is Effect.WRITE
        and bool(whom)
        and not any(profile.parameters[name].required for name in whom)
        and not any(call.arguments.get(name) for name in whom)
        and not profile.families & _TELLING
    )


def _leaks(call: ToolCall, profile: ToolProfile, ledger: Ledger, envelope: Envelope) -> bool:
    if not ledger.secrets:
        return False
    for name, argument in call.arguments.items():
        parameter = profile.parameters.get(name)
        if parameter is not None and parameter.sink in CRITICAL:
            continue
        carried, asked = "\n".join(values.leaves(argument)).casefold(), set(name_words(name))
        for secret, key in ledger.secrets.items():
            said = name_words(key) if secret in carried else []
            if said and asked.isdisjoint(said) and content_words(" ".join(said)).isdisjoint(envelope.words):
                return True
    return False


def _causes(
    profile: ToolProfile, arguments: _Arguments, ledger: Ledger, envelope: Envelope
) -> tuple[Directive | None, bool, bool]:
    """The directive that caused the call, whether one names its values, and whether a followed source asks for it."""
    if profile.effect is Effect.READ and not profile.open_world:
        return None, False, False
    cause: Directive | None = None
    named = delegated = False
    telling = {value for value in arguments.telling if len(value) > 2}
    for directive, record in ledger.directives:
        asks = directive.asks_for(profile)
        names = directive.names(telling) or (
            directive.names(arguments.own)
            and (
                bool(directive.families & profile.families)
                or (bool(directive.nouns & profile.nouns) and directive.names(arguments.own - arguments.addresses))
            )
        )
        if not asks and not names:
            continue
        if followed(record, envelope):
            delegated = delegated or envelope.delegates or "pay" in profile.families
            continue
        named = named or names
        if cause is None or names:
            cause = directive
    return cause, named, delegated


def as_context(facts: Facts) -> dict[str, Any]:
    """The facts as policy and the record of a decision see them: JSON values."""
    context: dict[str, Any] = msgspec.to_builtins(facts)
    return context
