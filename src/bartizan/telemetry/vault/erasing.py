"""Which texts belong to whom, and how they are erased: first the signed tombstone, then the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.event.custody import ContentErased, HoldPlaced
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.telemetry.custody import Register, signed
from bartizan.telemetry.following import whole_lines
from bartizan.telemetry.vault.entry import EntryDamaged, Reference
from bartizan.telemetry.vault.reader import ERASED, KEPT, MISSING, WHOLE, VaultFiles
from bartizan.trust.signing import SigningKey

MOST_ENTRIES: Final = 5_000
"""Of one tombstone."""


class Facts(msgspec.Struct, frozen=True):
    """What decides whose text a record names."""

    id: str = ""
    kind: str = ""
    request: str = ""
    principal: str = ""
    prompt: str = ""


class Kept(NamedTuple):
    """A record that names texts in the vault."""

    facts: Facts
    references: list[Reference]


def kept_records(directory: Path, wanted: Callable[[bytes], bool] = lambda _: True) -> Iterator[Kept]:
    """The records of a journal that name texts in the vault.

    Args:
        directory: the journal's.
        wanted: a cheap look at the line that spares reading it.

    Raises:
        JournalError: the journal cannot be read.
    """
    decode = msgspec.json.Decoder(Facts).decode
    for _, line in whole_lines(directory, lambda content: b'"kept":"' in content and wanted(content)):
        with suppress(msgspec.DecodeError, UnicodeDecodeError, EntryDamaged):  # verification finds the line altered
            facts = decode(line.content)
            yield Kept(facts, [Reference.parse(text.decode()) for text in KEPT.findall(line.content)])


def records_of(directory: Path, ids: Sequence[str], principal: str = "") -> list[Kept]:
    """The records with one of these ids (of the record or of its request) or of this principal."""
    texts = [one.encode("utf-8", "surrogatepass") for one in ids]
    # A principal may be written with escapes, so the cheap look is for ids alone.
    found = kept_records(directory, lambda line: bool(principal) or any(text in line for text in texts))
    return [
        kept
        for kept in found
        if kept.facts.id in ids or kept.facts.request in ids or (principal and kept.facts.principal == principal)
    ]


class Erasure(NamedTuple):
    """What an erasure did."""

    entries: int
    """Entries under its tombstone."""
    destroyed: int
    """Of which the keys were there until now."""
    held: tuple[HoldPlaced, ...]
    """Holds that kept something from being erased."""
    kept: int
    """Entries that stay because of them."""


class Eraser:
    """Erases from one vault.

    Args:
        vault: its files.
        recorder: takes the tombstones; the journal of the custody writer.
        key: signs them.
        register: what custody says now.
        by: who decided.
        reason: why.
    """

    def __init__(
        self, vault: VaultFiles, recorder: Recorder, key: SigningKey, register: Register, by: str, reason: str
    ) -> None:
        self._vault = vault
        self._recorder = recorder
        self._key = key
        self._register = register
        self._by = by
        self._reason = reason

    def erase(self, records: Sequence[Kept], scope: str, settle: Callable[[], None]) -> Erasure:
        """Erase the texts of these records, but those under a hold.

        Args:
            records: from :func:`records_of`.
            scope: what was asked for, in words.
            settle: makes the tombstones durable before the first key is destroyed.

        Raises:
            JournalError: the tombstone cannot be written, and nothing was erased; or the disk failed in between, and
                :func:`finish` completes it.
        """
        holds: dict[str, HoldPlaced] = {}
        due: dict[str, Reference] = {}
        held: set[str] = set()
        for kept in records:
            over = self._register.holds_on(kept.facts.principal, kept.facts.request)
            holds |= {hold.hold: hold for hold in over}
            for reference in kept.references:
                if over:
                    held.add(reference.entry)
                elif not self._register.gone(reference.segment, reference.entry):
                    due[reference.entry] = reference
        entries = sorted(set(due) - held)
        self._tombstones(scope, entries, (), settle)
        destroyed = self._destroy(due[entry] for entry in entries)
        return Erasure(len(entries), destroyed, tuple(holds.values()), len(held))

    def remove(self, vaults: Sequence[str], scope: str, settle: Callable[[], None]) -> int:
        """Remove whole segments of the vault, under a tombstone; gives how many. Raises JournalError."""
        self._tombstones(scope, (), vaults, settle)
        return sum(self._vault.remove(segment) for segment in vaults)

    def _tombstones(
        self, scope: str, entries: Sequence[str], vaults: Sequence[str], settle: Callable[[], None]
    ) -> None:
        for start in range(0, max(len(entries), len(vaults)), MOST_ENTRIES):
            tombstone = ContentErased(
                id=new_id("evt"),
                at=utc_now(),
                by=self._by,
                reason=self._reason,
                scope=scope,
                entries=tuple(entries[start : start + MOST_ENTRIES]),
                vaults=tuple(vaults[start : start + MOST_ENTRIES]),
            )
            self._recorder.append(signed(tombstone, self._key))
        settle()
        self._register.erased.update(entries)
        self._register.vaults.update(vaults)

    def _destroy(self, references: Iterator[Reference]) -> int:
        by_segment: dict[str, list[int]] = {}
        for reference in references:
            by_segment.setdefault(reference.segment, []).append(reference.offset)
        return sum(self._vault.erase(segment, sorted(offsets)) for segment, offsets in by_segment.items())


def finish(vault: VaultFiles, register: Register) -> int:
    """Destroy what a tombstone stands for and is still there, because an erasure was cut short. Raises JournalError."""
    by_segment: dict[str, list[int]] = {}
    for entry in register.erased:
        segment, _, offset = entry.partition(".")
        by_segment.setdefault(segment, []).append(int(offset))
    present = vault.segments()
    done = 0
    for segment, offsets in by_segment.items():
        if segment in present and segment not in register.vaults:
            done += vault.erase(segment, sorted(offsets))
    for segment in register.vaults & set(present):
        done += vault.remove(segment)
    return done


class TextCheck:
    """Judges what the records of a journal say of their texts, one line after the other.

    Args:
        vault: its files.
        register: what custody says.
    """

    def __init__(self, vault: VaultFiles, register: Register) -> None:
        self._vault = vault
        self._register = register
        self.texts = 0
        """That are there, byte for byte."""
        self.erased = 0
        """Under a signed tombstone."""
        self.unfinished = 0
        """Under a tombstone, and still there."""

    def line(self, content: bytes) -> Iterator[tuple[str, str]]:
        """What is amiss with the texts of one line: the kind of problem, and what it is."""
        if b'"kept":"' not in content:
            return
        for text in KEPT.findall(content):
            reference = Reference.parse(text.decode("ascii"))
            state = self._vault.look(reference).state
            if self._register.gone(reference.segment, reference.entry):
                over = state == ERASED or (state == MISSING and reference.segment in self._register.vaults)
                self.erased += over
                self.unfinished += not over and state != MISSING
                if state == MISSING and not over:
                    yield "missing", f"the erased text {reference.entry} has left the vault"
            elif state == WHOLE:
                self.texts += 1
            elif state == ERASED:
                yield "altered", f"the text {reference.entry} was erased without a signed tombstone"
            else:
                yield state, f"the text {reference.entry} of the vault is {state}"
