"""The features of one call, from which policy decides."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.agents import values
from bartizan.agents.binding import Bound, Label, bind, worst
from bartizan.agents.directives import Directive
from bartizan.agents.envelope import Envelope, Licence
from bartizan.agents.ledger import Ledger, followed
from bartizan.agents.lexicon import content_words, folded_set, name_words
from bartizan.agents.profile import CRITICAL, Effect, Sink, ToolProfile
from bartizan.core.tool import ToolCall

_SAID = frozenset({Label.USER, Label.OPERATOR})
_SETTLED = _SAID | {Label.TRUSTED, Label.LINKED}
_PROSE = frozenset({Label.QUOTED, Label.EXTERNAL, Label.UNKNOWN})
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
    """Addresses and the like inside carried text."""
    named: bool = False
    """Somebody else's directive for this tool names one of this call's own values, which the user did not."""
    leaks: bool = False
    """Carried text holds a secret of the session's that the user's words do not speak of."""
    strays: bool = False
    """The user named an object of this form, and the call is about another one."""
    outward: bool = False
    open_world: bool = False
    every: bool = False
    pays: bool = False
    """The user lets a bill or the like say whom and how much to pay."""
    tainted: bool = False
    """The session has read text that others may have written."""


def facts_of(call: ToolCall, profile: ToolProfile, ledger: Ledger, envelope: Envelope, operator: str) -> Facts:
    """The facts of ``call``."""
    bounds: dict[str, list[Bound]] = {"critical": [], "objects": [], "amount": [], "carries": []}
    own: set[str] = set()
    addresses: set[str] = set()
    free: set[str] = set()
    strays = False
    for name, argument in call.arguments.items():
        parameter = profile.parameters.get(name)
        sink = parameter.sink if parameter is not None else Sink.OTHER
        for leaf in values.leaves(argument):
            _bind_leaf(leaf, sink, bounds, own, addresses, free, ledger, envelope, operator)
            strays = strays or (sink is Sink.OBJECT and envelope.strays(values.normal(leaf)))
    licence = envelope.licence(profile)
    own_words = bool(bounds["critical"]) and worst(bounds["critical"]).label is Label.USER
    if licence is Licence.WEAK and own_words and envelope.does(profile):
        licence = Licence.STRONG  # "Send 900 to XY99…": the user's own address stands for the object
    cause, names_value, delegated = _causes(profile, own, addresses, free, ledger, envelope)
    critical = worst(bounds["critical"])
    return Facts(
        effect=profile.effect,
        licence=licence,
        delegated=delegated,
        caused=cause is not None,
        caused_by=cause.text if cause is not None else "",
        critical=critical.label,
        critical_where=critical.where,
        objects=worst(bounds["objects"]).label,
        amount=worst(bounds["amount"]).label,
        carries=worst(bounds["carries"]).label,
        named=names_value,
        leaks=profile.effect is not Effect.READ and _leaks(call, profile, ledger, envelope),
        strays=strays,
        outward=profile.outward,
        open_world=profile.open_world,
        every=envelope.every,
        pays=envelope.pays,
        tainted=ledger.external,
    )


def _bind_leaf(
    leaf: str,
    sink: Sink,
    bounds: dict[str, list[Bound]],
    own: set[str],
    addresses: set[str],
    free: set[str],
    ledger: Ledger,
    envelope: Envelope,
    operator: str,
) -> None:
    if sink in CRITICAL or sink in _OBJECTS or sink is Sink.AMOUNT:
        bound = bind(leaf, ledger, envelope, operator)
        if sink in CRITICAL:
            if sink is Sink.URL and "?" in leaf and bound.label in _PROSE:
                bound = Bound(Label.EXTERNAL, f"{bound.where}: it carries data")
            bounds["critical"].append(bound)
        elif sink is Sink.AMOUNT:
            bounds["amount"].append(_computed(bound))
            if bound.label not in _SAID:
                free.add(values.numeral(leaf) or values.normal(leaf))
        else:
            bounds["objects"].append(_computed(bound))
        if bound.label not in (_SETTLED if sink in CRITICAL else _SAID):
            own.add(values.normal(leaf))
            if sink in CRITICAL:
                addresses.add(values.normal(leaf))
    elif sink is Sink.CONTENT:
        whole = values.normal(leaf)
        if " " in whole and len(whole) <= values.MAX_VALUE and not envelope.says(whole):
            own.add(whole)
        for specific in values.specifics(leaf):
            bound = bind(specific, ledger, envelope, operator)
            if bound.label in _PROSE and values.URL.search(leaf) and not envelope.words & folded_set("links"):
                bound = Bound(Label.EXTERNAL, f"{bound.where}: a link the user's words do not speak of")
            bounds["carries"].append(_computed(bound))
            if bound.label not in _SETTLED:
                own.add(specific)
                if (
                    values.URL.search(specific)
                    or "@" in specific
                    or values.ACCOUNT.search(specific.upper())
                    or "/" in specific
                ):
                    free.add(specific)


def _computed(bound: Bound) -> Bound:
    return Bound(Label.DERIVED, bound.where) if bound.label is Label.UNKNOWN else bound


def _leaks(call: ToolCall, profile: ToolProfile, ledger: Ledger, envelope: Envelope) -> bool:
    if not ledger.secrets:
        return False
    carried = "\n".join(
        leaf
        for name, argument in call.arguments.items()
        if (parameter := profile.parameters.get(name)) is None or parameter.sink is Sink.CONTENT
        for leaf in values.leaves(argument)
    ).casefold()
    return any(
        secret in carried and not content_words(" ".join(name_words(key))) & envelope.words
        for secret, key in ledger.secrets.items()
    )


def _causes(
    profile: ToolProfile, own: set[str], addresses: set[str], free: set[str], ledger: Ledger, envelope: Envelope
) -> tuple[Directive | None, bool, bool]:
    """The directive that caused the call, whether one names its values, and whether a followed source asks for it."""
    cause: Directive | None = None
    names_value = delegated = False
    if profile.effect is Effect.READ and not profile.open_world:
        return None, False, False
    for directive, record in ledger.directives:
        asks = directive.asks_for(profile)
        names = directive.names(own) and (
            bool(directive.families & profile.families)
            or (bool(directive.nouns & profile.nouns) and directive.names(own - addresses))
        )
        names = names or directive.names(value for value in free if len(value) > 2)
        if not asks and not names:
            continue
        if followed(record, envelope):
            delegated = delegated or envelope.delegates or "pay" in profile.families
            continue
        names_value = names_value or names
        if cause is None or names:
            cause = directive
    return cause, names_value, delegated


def as_context(facts: Facts) -> dict[str, Any]:
    """The facts as policy and the record of a decision see them: JSON values."""
    context: dict[str, Any] = msgspec.to_builtins(facts)
    return context
