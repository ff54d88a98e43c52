"""Where each value in a session came from.

The ledger is rebuilt from the message history, so nobody can clear it by choosing another session id. It holds, for
each value an application or an author brought in, the places where it stood. A value's label is drawn from the best of
those places when a call uses it: that somebody else writes it too takes nothing from a contact. A list keeps the worst.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Set
from typing import Any

import msgspec

from bartizan.agents import values
from bartizan.agents.describing import described, rare
from bartizan.agents.directives import Directive, directives
from bartizan.agents.envelope import Envelope
from bartizan.agents.lexicon import content_words, folded, name_words, word_set
from bartizan.agents.readers import Shelf
from bartizan.agents.record import Place, Record
from bartizan.agents.results import Leaf, read_result
from bartizan.agents.usurping import usurps

MAX_VALUES = 20_000
"""Values remembered per session; beyond, further values count as external prose only."""
MAX_PROSE = 1_000_000
"""Characters of prose remembered per session for substring search."""
MAX_PLACES = 64
"""Places remembered per value."""
MAX_DIRECTIVES = 2_000
MAX_SECRETS = 500
MAX_ADDRESSES = 2_000
MAX_TITLES = 1_000
MAX_AUTHORS = 2_000
"""Records with prose of others; beyond, no value is the only one of its kind."""
MAX_HEARD = 20_000
"""Characters of what one server was told that are remembered; whoever was told more counts as told everything."""
MAX_STORED = 5_000
MAX_FORM = 40
MAX_ALIKE = 64
"""Values of one form remembered per session."""
_MOST_PARTS = 8
MAX_STATUS = 400
"""Characters up to which an acting tool's result is a status, not somebody's content."""

_WHOLE = re.compile(r"[^<>@/:]{0,60}<[^<>\s]{3,200}>|\[.{0,2000}\]|[^\s,;]{3,200}(?:[,;]\s*[^\s,;]{3,200})+", re.DOTALL)
"""An address with a name before it, or a list: what holds values and nothing else."""
_TOLD_SECRET = re.compile(
    r"\b(pass(?:word|code|phrase)|pin|secret|token|credentials|"
    r"(?:api|access|private|secret) key|(?:door|alarm|access|entry|security|verification|one-time) code|otp)"
    r"\s?(?:is|are|was|[:=])\s{0,3}[\"'`“‘]?(\S{4,80})",
    re.IGNORECASE,
)
_TOLD_CODE = re.compile(r"\b(code)\b[^.\n\d]{0,60}[\s:\"'`“‘](\d{4,8})\b", re.IGNORECASE)
_TOKEN = re.compile(r"\b(?=[\w-]{0,40}\d)[\w-]{4,40}\b")
_AUTHORS = word_set("authors")
_CALLED = _AUTHORS | word_set("parties") | {"contact", "name", "with"}
_SECRET = word_set("secret_keys")
_CODES = word_set("secret_codes")
_AMOUNTS = word_set("amounts")


class Ledger:
    """Provenance of one session's values.

    Args:
        attack_in: why a text is taken for an attack, empty if it is not; None reads nothing.
    """

    def __init__(self, attack_in: Callable[[str], str] | None = None) -> None:
        self._attack_in = attack_in
        self.directives: list[tuple[Directive, Record]] = []
        self._places: dict[str, list[Place]] = {}
        self._prose: list[tuple[str, Record]] = []
        self._kept = 0
        self._heard: dict[str, str | None] = {}
        self._titles: list[str] = []
        self.adopted: set[str] = set()
        """Values in sources that the user lets the agent follow: they point at records as the user's own do."""
        self.addresses: set[str] = set()
        """E-mail addresses and accounts that stand in fields."""
        self.forms: dict[str, list[str]] = {}
        """Values with digits that stand in fields, by their form: ``D-31`` and ``D-77`` have one."""
        self.secrets: dict[str, str] = {}
        """Values under keys that say they are secret, with the key."""
        self.stored: set[str] = set()
        """What the agent stored of others' prose: a field that it comes back in is still their prose."""
        self.confidential = Shelf()
        """What may not be told to everybody."""
        self.external = False
        """Whether anything that somebody else may have written was read."""
        self._authors: list[Record] = []
        """Records with prose of others, those of one result one after another."""
        self.links = False
        """Whether an application keeps a link in a field."""
        self.unread = False
        """Whether so much was read that a directive may have been missed."""

    def add(
        self,
        text: str,
        tool: str,
        envelope: Envelope,
        *,
        pointed: bool,
        trusted: bool,
        voice: bool = False,
        whole: bool = True,
        server: str = "",
    ) -> None:
        """Take in one result.

        Args:
            text: as the model reads it.
            tool: which brought it.
            envelope: the task so far.
            pointed: the call's arguments came from the user's words.
            trusted: the operator vouches for the tool.
            voice: the result of a tool that acts: what is short in it is the application's own word on what it did.
            whole: ``text`` is all of the result.
            server: which it came from; empty for tools of the application.
        """
        self.unread = self.unread or not whole
        leaves = read_result(text)
        if voice and len(text) <= MAX_STATUS and len(leaves) == 1 and not leaves[0].key:
            trusted = True
        records: dict[int, Record] = {}
        parts: dict[int, list[Leaf]] = {}
        heard = self._heard.get(server, "")
        # what was stored of others' prose comes back as good as it was, whoever points at where it was kept
        returned = Record(tool=tool, pointed=False, trusted=False, server=server, heard=heard)
        for leaf in leaves:
            if leaf.field and not trusted and values.normal(leaf.text) in self.stored:
                self._passage(msgspec.structs.replace(leaf, field=False, label=False), returned)
                self.external = True
                continue
            record = records.get(leaf.record)
            if record is None:
                record = records[leaf.record] = Record(
                    tool=tool, pointed=pointed, trusted=trusted, server=server, heard=heard
                )
            parts.setdefault(leaf.record, []).append(leaf)
            if leaf.field:
                self._field(leaf, record)
            else:
                self._passage(leaf, record)
        beside = list(records.values())
        for number, record in records.items():
            record.beside = beside
            self.confidential.take(parts[number], record)
        self.external = self.external or any(not record.trusted for record in records.values())
        for record in records.values():
            if followed(record, envelope):
                self.adopted |= {value for value in record.specifics | record.told if not _common(value, record)}

    def told_to(self, server: str, argument: Any) -> None:
        """A server learns the arguments of a call; what the application's own tools learn does not matter.

        Raises:
            TooManyValuesError: the arguments hold more values than are compared.
        """
        heard = self._heard.get(server, "")
        if server and heard is not None:
            heard += "".join(f"\n{' '.join(values.normal(leaf).split())}" for leaf in values.leaves(argument))
            self._heard[server] = heard if len(heard) <= MAX_HEARD else None

    def store(self, found: Set[str]) -> None:
        """A call that is no reading carries ``found`` (normalised), which its user did not bring in."""
        if len(self.stored) < MAX_STORED:
            self.stored |= found

    def places(self, value: str) -> list[Place]:
        """Where ``value`` (normalised) stood, fields before prose."""
        found = self._places.get(value, [])
        return sorted(found, key=lambda place: (not place.field, place.label))

    def listed(self, value: str) -> bool:
        """Whether an application keeps ``value`` in a field of its own."""
        return any(place.field and not place.label for place in self._places.get(values.normal(value), ()))

    def in_prose(self, value: str) -> Record | None:
        """The first record whose prose holds ``value`` anywhere."""
        return next((record for text, record in self._prose if value in text), None)

    def together(self, whom: Collection[str], amounts: Collection[str]) -> bool:
        """Whether the prose of one record holds every address of ``whom`` and every number of ``amounts``."""
        found = None
        for number in amounts:
            records = {place.record for place in self._places.get(number, ()) if not place.field}
            found = records if found is None else found & records
        return any(
            all(any(one in text for text, owner in self._prose if owner is record) for one in whom)
            for record in found or ()
        )

    def alone(self, value: str, kind: str) -> bool:
        """Whether ``value`` is the only one of its kind in all that was read: no other prose holds one, no field holds
        an address or account, and its text is neither taken for an attack nor puts anything before the agent's task.

        Args:
            value: normalised.
            kind: ``email``, ``account`` or ``url``.
        """
        if len(self._authors) >= MAX_AUTHORS:
            return False
        if kind != "url" and any(values.kind(known) == kind for known in self.addresses):
            return False
        for record in self._authors:
            if value in record.told and (record.hostile or record.usurps):
                return False
            if any(other != value and _of_kind(other, kind) for other in record.told):
                return False
        return True

    def counted(self, number: str) -> bool:
        """Whether a record whose prose holds ``number`` says in a field of its own how much."""
        return any(place.record.counts for place in self._places.get(number, ()) if not place.field)

    def told(self, value: str) -> bool:
        """Whether somebody else's prose, or a field of several words, holds ``value``."""
        return any(values.contains(title, value) for title in self._titles) or any(
            values.contains(text, value) for text, record in self._prose if not record.trusted
        )

    def secret_in(self, text: str) -> bool:
        """Whether ``text`` holds a secret that a result brought."""
        text = text.casefold()
        return any(secret in text for secret in self.secrets)

    def __len__(self) -> int:
        return len(self._places)

    def _field(self, leaf: Leaf, record: Record) -> None:
        value = values.normal(leaf.text)
        secret = _secret_words(leaf.key) or _code_words(f"{leaf.key} {record.tool}" if "code" in leaf.key else leaf.key)
        if secret:
            self._secret(leaf.text, secret)
        elif not _SECRET.isdisjoint(name_words(record.tool)) and any(letter.isdigit() for letter in value):
            self._secret(leaf.text, record.tool)
        record.words |= content_words(leaf.text)
        record.names.update(values.names(leaf.text))
        key = name_words(leaf.key)
        record.authored = record.authored or not _AUTHORS.isdisjoint(key)
        if not leaf.label and not _CALLED.isdisjoint(key):
            record.called |= content_words(leaf.text.partition("@")[0])
        self._place(value, Place(record, leaf.key, True, leaf.label))
        record.specifics.add(value)
        if values.kind(value) and " " not in value and len(self.addresses) < MAX_ADDRESSES:
            self.addresses.add(value)
        if any(letter.isdigit() for letter in value) and len(value) <= MAX_FORM:
            alike = self.forms.setdefault(values.form(value), [])
            if len(alike) < MAX_ALIKE and value not in alike:
                alike.append(value)
        if not leaf.label and values.URL.fullmatch(leaf.text.strip()):
            self.links = True
        number = values.numeral(leaf.text)
        if number and not _AMOUNTS.isdisjoint(name_words(leaf.key)):
            record.counts = True
        if number and number != value:
            self._place(number, Place(record, leaf.key, True, leaf.label))
        for specific in values.specifics(leaf.text):
            record.specifics.add(specific)
            if specific != value:
                self._place(
                    specific, Place(record, leaf.key, _WHOLE.fullmatch(leaf.text.strip()) is not None, leaf.label)
                )
        if leaf.label:
            self._directives(leaf.text, record)
        elif "," in leaf.text:
            self._parts(leaf, record)
        if not record.trusted and " " in value and len(self._titles) < MAX_TITLES:
            self._titles.append(value)

    def _parts(self, leaf: Leaf, record: Record) -> None:
        """What a field holds between commas, and from each to its end: a name, an address of streets. No addresses of
        other kinds, which are looked for by their form."""
        parts = leaf.text.split(",")[:_MOST_PARTS]
        for at, part in enumerate(parts):
            for text in {part, ",".join(parts[at:])} if at or len(parts) > 1 else ():
                if text.strip() and not values.specifics(part) and "@" not in text:
                    self._place(values.normal(text), Place(record, leaf.key, True, False))

    def _secret(self, text: str, key: str) -> None:
        text = text.strip().casefold()
        if len(text) >= 4 and len(self.secrets) < MAX_SECRETS:
            self.secrets[text] = key

    def _secrets_in(self, text: str, record: Record) -> None:
        """What prose says is a password or the like, and codes that a tool for such things tells."""
        for pattern in (_TOLD_SECRET, _TOLD_CODE):
            for match in pattern.finditer(text):
                self._secret(match.group(2).rstrip(".,;:!?"), match.group(1))
        if not _SECRET.isdisjoint(name_words(record.tool)):
            for match in _TOKEN.finditer(text):
                self._secret(match.group(), record.tool)

    def _passage(self, leaf: Leaf, record: Record) -> None:
        seen = bool(self._authors) and self._authors[-1] is record
        if not record.trusted and not seen and len(self._authors) < MAX_AUTHORS:
            self._authors.append(record)
        self._secrets_in(leaf.text, record)
        whole = values.normal(leaf.text)
        if len(whole) <= values.MAX_VALUE:
            self._place(whole, Place(record, leaf.key, False, False))
        for specific in values.specifics(leaf.text):
            record.told.add(specific)
            self._place(specific, Place(record, leaf.key, False, False))
        for match in values.NUMBER.finditer(leaf.text):
            self._place(values.numeral(match.group()), Place(record, leaf.key, False, False))
        if self._kept < MAX_PROSE:
            kept = " ".join(leaf.text.casefold().split())[: MAX_PROSE - self._kept]
            self._kept += len(kept)
            self._prose.append((kept, record))
        self._directives(leaf.text, record)

    def _directives(self, text: str, record: Record) -> None:
        if record.trusted:
            return
        if self._attack_in is not None and not record.hostile:
            record.hostile = self._attack_in(text)
        record.usurps = record.usurps or usurps(text)
        found, whole = directives(text)
        room = MAX_DIRECTIVES - len(self.directives)
        self.unread = self.unread or not whole or len(found) > room
        self.directives.extend((directive, record) for directive in found[:room])

    def _place(self, value: str, place: Place) -> None:
        if not value:
            return
        known = self._places.get(value)
        if known is None:
            if len(self._places) >= MAX_VALUES:
                return
            self._places[value] = [place]
        elif len(known) < MAX_PLACES:
            known.append(place)


def linked(record: Record, envelope: Envelope, adopted: Set[str] = frozenset(), heard: str | None = "") -> str:
    """By what the user's words point at ``record``: ``specific``, ``name``, ``word``; empty if by nothing.

    Values and names that stand in ``heard`` do not count: who was told them can repeat them.
    """
    if beyond(record.specifics & envelope.specifics, heard):
        return "specific"
    if adopted and beyond(record.specifics & adopted, heard):
        return "specific"
    if beyond({one for one in envelope.names if one in record.names or folded(one) in record.words}, heard):
        return "name"
    if beyond({word for word in record.called & envelope.words if rare(word)}, heard):  # *pay nora*
        return "name"
    if record.words & envelope.words:
        return "word"
    return ""


def _of_kind(value: str, kind: str) -> bool:
    if kind == "url":
        return "@" not in value and "/" in value and "." in value.partition("/")[0]
    return values.kind(value) == kind


def _common(value: str, record: Record) -> bool:
    """Whether most records beside ``record`` hold ``value``, as a mailbox's hold its owner: it singles out none."""
    beside = record.beside
    return len(beside) > 1 and 2 * sum(value in other.specifics for other in beside) > len(beside)


def beyond(found: Set[str], heard: str | None) -> bool:
    """Whether one of ``found`` does not stand in ``heard``, which is everything if it is None."""
    if not heard:
        return heard is not None and bool(found)
    return any(not values.contains(heard, value) for value in found)


def followed(record: Record, envelope: Envelope) -> bool:
    """Whether the user lets the agent act on what ``record`` says."""
    if record.hostile or record.usurps or not (envelope.delegates or envelope.pays):
        return False
    if record.authored:
        alone = record.pointed and len(record.beside) == 1
        return alone or linked(record, envelope) in {"specific", "name"} or described(record, envelope)
    return record.pointed or linked(record, envelope) in {"specific", "name"}


def _secret_words(key: str) -> str:
    """What of a key says that its value is secret; a key may be half a sentence."""
    return " ".join(word for word in name_words(key) if word in _SECRET)


def _code_words(key: str) -> str:
    """The same of *alarm code* and the like."""
    found = [word for word in name_words(key) if word in _CODES]
    return " ".join(found) if len(set(found)) > 1 and not {"code", "codes"}.isdisjoint(found) else ""
