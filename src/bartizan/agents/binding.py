"""What ties an argument to the user's task: the label a value gets when a call uses it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from bartizan.agents import values
from bartizan.agents.describing import described
from bartizan.agents.envelope import Envelope
from bartizan.agents.ledger import Ledger, beyond, linked
from bartizan.agents.lexicon import folded, words
from bartizan.agents.record import Place, Record


class Label(StrEnum):
    """Where a value came from, from good to bad; joins keep the worst."""

    USER = "user"
    """The user's own words."""
    OPERATOR = "operator"
    """The system prompt or the operator's configuration."""
    TRUSTED = "trusted"
    """A tool the operator vouches for."""
    LINKED = "linked"
    """A field of a record that the user's words point at."""
    ECHOED = "echoed"
    """The same, for another server, where all that ties the record to the user's words is what its own was told."""
    LISTED = "listed"
    """A field of some record; nothing of the user's singles it out."""
    DERIVED = "derived"
    """Found nowhere, of a kind that agents rightly compute: names of new things, times, amounts."""
    SOURCE = "source"
    """Prose of a source whose instructions the user lets the agent follow."""
    QUOTED = "quoted"
    """Prose of a record that the user's words point at, but whose instructions are not to be followed."""
    UNKNOWN = "unknown"
    """Found nowhere: the model made it up, or decoded it from something."""
    EXTERNAL = "external"
    """Prose of somebody else, to which nothing of the user's points."""
    LOOKALIKE = "lookalike"
    """Nearly, but not quite, a value that the user or an application uses."""
    HOSTILE = "hostile"
    """Text taken for an attack, or a disguise undone."""

    @property
    def rank(self) -> int:
        """Position in the order from good to bad."""
        return _RANKS[self]


_RANKS = {label: rank for rank, label in enumerate(Label)}
TIED = frozenset({Label.LINKED, Label.ECHOED})
"""Fields of records that the user's words point at."""


class Bound(NamedTuple):
    """A label with the place it came from."""

    label: Label
    where: str = ""
    """For a person: field, tool and record, or the words it stood in."""
    value: str = ""
    """Normalised, where somebody needs it."""


def worst(bounds: list[Bound]) -> Bound:
    """The worst of ``bounds``; the user's own for none."""
    return max(bounds, key=lambda bound: bound.label.rank, default=Bound(Label.USER))


def bind(value: str, ledger: Ledger, envelope: Envelope, operator: str, server: str = "") -> Bound:
    """The label of one argument value.

    Args:
        value: as the call gives it.
        ledger: what results brought.
        envelope: what the user's words say.
        operator: the system prompt, normalised.
        server: which is to be told the value; empty for tools of the application.
    """
    whole = values.normal(value)
    if not whole:
        return Bound(Label.USER)
    if _said(whole, envelope):
        return Bound(Label.USER, "the user's words")
    if len(whole) > 2 and values.contains(operator, whole):
        return Bound(Label.OPERATOR, "the operator's words")
    places = ledger.places(whole)
    number = values.numeral(value) if not places or whole[0].isdigit() else ""
    if number and number in envelope.numbers:  # 58.5 is the 58.50 that the user wrote
        return Bound(Label.USER, "the user's words")
    if number and not places:
        places = ledger.places(number)
    if not places:
        places = ledger.places(values.compact(whole)) if len(whole) <= values.MAX_VALUE else []
    if (not places or not places[0].field) and lookalike(whole, ledger, envelope):
        return Bound(Label.LOOKALIKE, "one letter away from a value the user or an application uses")
    if places:
        return min(
            (_label(place, whole, ledger, envelope, server) for place in places), key=lambda bound: bound.label.rank
        )
    if len(whole) >= 4:
        record = ledger.in_prose(whole)
        if record is not None:
            return _prose(record, ledger, envelope)
    if _is_address(whole):
        host, _, rest = whole.partition("/")
        if rest or "?" in host:
            return _by_host(host.split("?")[0], not _CARRYING.isdisjoint(whole), ledger, envelope, operator)
    return Bound(Label.UNKNOWN, "nowhere in the session")


def _is_address(whole: str) -> bool:
    return "." in whole.partition("/")[0] and " " not in whole and "@" not in whole and whole[0] not in "/~"


def _by_host(host: str, carries: bool, ledger: Ledger, envelope: Envelope, operator: str) -> Bound:
    """A page that stands nowhere is as good as its site, and never better than a made-up one."""
    bound = bind(host, ledger, envelope, operator)
    if carries and bound.label.rank > Label.LINKED.rank:
        return Bound(Label.EXTERNAL, f"data for {host}, a site nobody the agent works for named")
    return bound if bound.label.rank > Label.UNKNOWN.rank else Bound(Label.UNKNOWN, f"no page of {host} was named")


def better(value: str, ledger: Ledger, envelope: Envelope) -> bool:
    """Whether a field of a record that the user's words point at holds another address or account of its kind.

    What carries a name that the user used is bettered only by another that does: the user's own address is none.
    """
    kind = values.kind(value)
    if not kind:
        return False
    said = named(value, envelope)
    for known in ledger.addresses:
        if known == value or values.kind(known) != kind or (said and not named(known, envelope)):
            continue
        for place in ledger.places(known):
            if place.field and _label(place, known, ledger, envelope, strictly=True).label in TIED:
                return True
    return False


def rivalled(value: str, ledger: Ledger, kinds: Collection[str] = ("account",)) -> bool:
    """Whether prose that holds this value holds another one of its kind too: a bill names one payee.

    Args:
        value: normalised.
        ledger: what results brought.
        kinds: that are looked at, as `values.kind` names them.
    """
    kind = values.kind(value)
    return kind in kinds and any(
        other != value and values.kind(other) == kind
        for place in ledger.places(value)
        if not place.field
        for other in place.record.told
    )


def strays(value: str, ledger: Ledger, envelope: Envelope) -> bool:
    """Whether ``value`` is the id of a record other than those that the user's words point at, of the same form.

    Never when they speak of many.
    """
    if envelope.many or not any(letter.isdigit() for letter in value):
        return False
    alike = ledger.forms.get(values.form(value), ())
    return value in alike and any(
        _label(place, other, ledger, envelope, strictly=True).label in TIED
        for other in alike
        if other != value
        for place in ledger.places(other)
        if place.field
    )


def lookalike(whole: str, ledger: Ledger, envelope: Envelope) -> bool:
    """Whether an address or account is one edit away from one that the user wrote or that stands in a field."""
    if len(whole) < 8 or not ("@" in whole or values.ACCOUNT.fullmatch(whole.upper())):
        return False
    if not whole.isascii():
        return True
    return any(one_edit(whole, known) for known in (*envelope.specifics, *ledger.addresses))


def one_edit(one: str, two: str) -> bool:
    """Whether one letter put in, left out or exchanged makes ``one`` into ``two``."""
    if one == two or abs(len(one) - len(two)) > 1:
        return False
    short, long = sorted((one, two), key=len)
    place = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[place:] == long[place + 1 :] or short[place + 1 :] == long[place + 1 :]


_CARRYING = frozenset("?=&;@")


def _said(whole: str, envelope: Envelope) -> bool:
    if whole in envelope.specifics or envelope.says(whole):
        return True
    if whole[0] in "@#" and whole[1:] in envelope.names:  # the handle of somebody whom the user names
        return True
    if "/" not in whole or "@" in whole:
        return False
    if whole.startswith(("/", "~")):  # a path below one that the user named
        return any(whole.startswith(f"{path}/") for path in envelope.specifics if path[0] in "/~" and len(path) > 2)
    host, _, rest = whole.partition("/")
    if "." in host:  # a page of a site that the user named, unless it carries data out
        return host in envelope.specifics and not _CARRYING.intersection(rest)
    parts = [part for part in whole.split("/") if part]
    return len(parts) > 1 and all(envelope.says(part) for part in parts)


def _label(
    place: Place, value: str, ledger: Ledger, envelope: Envelope, server: str = "", *, strictly: bool = False
) -> Bound:
    """``strictly``: a record that the user's words merely describe is not pointed at."""
    record = place.record
    if record.trusted:
        return Bound(Label.TRUSTED, f"{place.key or 'result'} of {record.tool}")
    if not place.field:
        return _prose(record, ledger, envelope)
    where = f"{place.key or 'a value'} of {record.tool}"
    if record.hostile and (place.label or not record.pointed):
        return Bound(Label.HOSTILE, f"{where}: {record.hostile}")
    if not (
        record.pointed
        or linked(record, envelope, ledger.adopted) in {"specific", "name"}
        or named(value, envelope)
        or (not strictly and described(record, envelope))
    ):
        return Bound(Label.LISTED, where)
    heard = record.heard
    if (
        record.server in ("", server)
        or linked(record, envelope, ledger.adopted, heard) in {"specific", "name"}
        or named(value, envelope, heard)
    ):
        return Bound(Label.LINKED, where)
    return Bound(Label.ECHOED, f"{where}, which may have made it up from what {record.server} was told")


def _prose(record: Record, ledger: Ledger, envelope: Envelope) -> Bound:
    where = f"text in a result of {record.tool}"
    if record.trusted:
        return Bound(Label.TRUSTED, where)
    if record.hostile:
        return Bound(Label.HOSTILE, f"{where}: {record.hostile}")
    if record.usurps:
        return Bound(Label.EXTERNAL, f"{where} that puts something before the agent's task")
    if (
        record.pointed
        or linked(record, envelope, ledger.adopted) in {"specific", "name"}
        or (record.authored and described(record, envelope))
    ):
        return Bound(Label.SOURCE if envelope.delegates or envelope.pays else Label.QUOTED, where)
    return Bound(Label.EXTERNAL, where)


def named(value: str, envelope: Envelope, heard: str | None = "") -> bool:
    """Whether an address carries a name that the user used: *Mark* and ``mark.davies@example.com``.

    ``heard`` as in `bartizan.agents.ledger.linked`.
    """
    if not envelope.names:
        return False
    parts = {
        part for word in words(value.split("@")[0].replace(".", " ").replace("_", " ")) for part in (word, folded(word))
    }
    return beyond({name for name in envelope.names if name in parts and " " not in name and len(name) > 2}, heard)
