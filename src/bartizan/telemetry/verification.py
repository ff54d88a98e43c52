"""Is the journal what its writers wrote? Every line against its chain, every chain against the signed seals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.x509 import Certificate

from bartizan.core.errors import BartizanError, JournalError
from bartizan.core.event import Head, JournalSealed
from bartizan.telemetry.chain import GENESIS
from bartizan.telemetry.custody import Register, read_custody
from bartizan.telemetry.following import LINKED, SEAL_START, Follower, Line, Problem, final_name, lines
from bartizan.telemetry.reader import MAX_RECORD_BYTES, open_segment, segments
from bartizan.telemetry.retention import Gone
from bartizan.telemetry.seal import check_seal, digest
from bartizan.telemetry.sealing import read_seals
from bartizan.telemetry.segment import DONE_SUFFIX, SEGMENT_NAME, TORN_SUFFIX
from bartizan.telemetry.stamping import Stamped, check_stamps, read_stamps
from bartizan.telemetry.vault.erasing import TextCheck
from bartizan.telemetry.vault.reader import VaultFiles
from bartizan.trust.signing import TrustedKeys
from bartizan.trust.timestamp import available

MOST_PROBLEMS: Final = 1_000
INTACT: Final = "intact"
DAMAGED: Final = "damaged"
INCONCLUSIVE: Final = "inconclusive"


class Report(msgspec.Struct):
    """What a verification found."""

    segments: int = 0
    records: int = 0
    sealed: int = 0
    """Records that a trusted signature covers."""
    pending: int = 0
    """Records that are chained but came after the last seal of their chain: their writer could still replace them."""
    texts: int = 0
    """Texts of the vault that records name and that are there, byte for byte."""
    erased: int = 0
    """Texts that are gone under a signed tombstone."""
    unfinished: int = 0
    """Texts and segments that a tombstone calls gone and that are still there: an erasure was cut short."""
    expired: int = 0
    """Records that were removed for their age, under a signed tombstone."""
    stamps: list[Stamped] = []
    """Seals of which a trusted authority said by when they existed."""
    unchecked: int = 0
    """Time stamps that could not be checked, for want of root certificates or of the library."""
    seals: int = 0
    anchors: int = 0
    keys: tuple[str, ...] = ()
    problems: list[Problem] = []
    unchained: list[str] = []
    """Segments from before there were chains: nothing can be said about them."""
    unsealed: list[str] = []
    """Complete segments of which no record is under a trusted signature."""
    torn: list[str] = []
    """Fragments that recovery set aside after a crash."""

    @property
    def outcome(self) -> str:
        """``damaged``, ``inconclusive`` when something could not be judged, or ``intact``."""
        if self.problems:
            return DAMAGED
        return INCONCLUSIVE if self._unclear else INTACT

    @property
    def _unclear(self) -> bool:
        return bool(self.unchained or self.unsealed or self.unfinished or self.unchecked) or not self.records

    def add(self, problem: Problem) -> None:
        """Keep a problem, up to MOST_PROBLEMS."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


class _Expected(NamedTuple):
    head: Head
    seal: int


def verify_journal(
    directory: Path,
    keys: TrustedKeys,
    anchors: Sequence[JournalSealed] = (),
    *,
    vault: Path | None = None,
    roots: Sequence[Certificate] = (),
) -> Report:
    """Check a whole journal, also while it is being written.

    Args:
        directory: the journal's.
        keys: whose seals count.
        anchors: seals that were kept elsewhere.
        vault: folder of the texts that records name; by default ``vault`` beside the journal.
        roots: certificates under which time stamps count.

    Raises:
        JournalError: it cannot be read.
    """
    report = Report(keys=keys.ids, anchors=len(anchors))
    # Without a key nothing is proved, and the outcome says so; the tombstones still explain what is not there.
    register = Register(read_custody(directory), keys if keys.ids else None)
    for place, cause in register.forged:
        report.add(Problem("forged", place.segment, place.line, f"a record of custody: {cause}"))
    gone = Gone(register, {final_name(path) for path in segments(directory)})
    seals = _trusted_seals(directory, keys, anchors, report, gone.seals())
    _check_time(directory, seals, gone.seals(), list(roots), report)
    expected: dict[tuple[str, int], _Expected] = {}
    for seal in seals:
        for head in seal.heads:
            expected[head.chain, head.seq] = _Expected(head, seal.number)
    with VaultFiles(vault or directory.parent / "vault") as files:
        texts = TextCheck(files, register)
        walk = _Walk(report, expected, {seal.id for seal in seals}, texts, gone)
        for path in segments(directory):
            walk.segment(path)
        walk.finish()
    report.texts, report.erased, report.unfinished = texts.texts, texts.erased, texts.unfinished + gone.unfinished
    report.expired = sum(segment.records for segment in gone.segments.values())
    report.torn = sorted(entry.name for entry in directory.iterdir() if entry.name.endswith(TORN_SUFFIX))
    return report


def read_anchors(path: Path) -> list[JournalSealed]:
    """Seals in a JSONL file that was kept elsewhere; lines of other kinds are passed over.

    Raises:
        JournalError: the file cannot be read, or holds no seal.
    """
    decoder = msgspec.json.Decoder(JournalSealed)
    found: list[JournalSealed] = []
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_RECORD_BYTES + 1):
                try:
                    found.append(decoder.decode(line))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
    except OSError as error:
        raise JournalError(f"cannot read the anchors {path}: {error.strerror}") from error
    if not found:
        raise JournalError(f"{path} holds no seal", "write one with `bartizan events export --as native`")
    return found


def _trusted_seals(
    directory: Path, keys: TrustedKeys, anchors: Iterable[JournalSealed], report: Report, gone: dict[int, str]
) -> list[JournalSealed]:
    if not keys.ids:
        return []
    found: dict[int, JournalSealed] = {}
    for here, seal in [(True, seal) for seal in read_seals(directory)] + [(False, seal) for seal in anchors]:
        where = "journal" if here else "anchors"
        try:
            check_seal(seal, keys)
        except BartizanError as error:
            report.add(Problem("forged", where, 0, f"seal {seal.number}: {error.cause}"))
            continue
        report.seals += here
        known = found.get(seal.number)
        if known is not None and digest(known) != digest(seal):
            report.add(Problem("altered", where, 0, f"there are two different seals {seal.number}"))
        elif known is None and not here and seal.number not in gone:
            report.add(Problem("missing", "journal", 0, f"seal {seal.number}, of {seal.at:%Y-%m-%d %H:%M:%S}Z"))
        found.setdefault(seal.number, seal)
    ordered = [found[number] for number in sorted(found)]
    previous: JournalSealed | None = None
    for seal in ordered:
        expected = previous.number + 1 if previous is not None else 0
        known_before = digest(previous) if previous is not None else ""
        while expected < seal.number and expected in gone:
            known_before, expected = gone[expected], expected + 1
        if seal.number != expected:
            report.add(Problem("missing", "journal", 0, f"{seal.number - expected} seals, from number {expected} on"))
        elif seal.previous != known_before and (known_before or not expected):
            report.add(Problem("altered", "journal", 0, f"seal {seal.number} does not follow seal {expected - 1}"))
        previous = seal
    return ordered


def _check_time(
    directory: Path, seals: list[JournalSealed], gone: dict[int, str], roots: list[Certificate], report: Report
) -> None:
    stamps = list(read_stamps(directory))
    if not stamps or not report.keys:
        return
    if not roots or not available():
        report.unchecked = len(stamps)
        return
    report.stamps, wrong = check_stamps(stamps, {seal.number: seal for seal in seals}, gone, roots)
    for detail in wrong:
        report.add(Problem("forged", "journal", 0, detail))


class _Walk:
    """One pass over all segments, oldest first."""

    def __init__(
        self,
        report: Report,
        expected: dict[tuple[str, int], _Expected],
        seals: set[str],
        texts: TextCheck,
        gone: Gone,
    ) -> None:
        self._report = report
        self._gone = gone
        self._texts = texts
        self._expected = expected
        self._seals = seals
        self._unseen = dict(expected)
        self._last_sealed: dict[str, int] = {}
        for chain, seq in expected:
            self._last_sealed[chain] = max(seq, self._last_sealed.get(chain, -1))
        self._chains: dict[str, Follower] = {}
        self._writers: dict[str, str] = {}
        self._ends: set[bytes] = {GENESIS, *gone.ends()}
        self._lines: dict[str, int] = {}

    def segment(self, path: Path) -> None:
        """Judge one segment."""
        name = final_name(path)
        match = SEGMENT_NAME.fullmatch(name)
        writer = match[1] if match else ""
        complete = path.name.endswith(DONE_SUFFIX)
        self._report.segments += 1
        linked = sealed = count = 0
        chain = ""
        unlinked: list[Problem] = []
        legacy = True
        try:
            with open_segment(path) as file:
                for line in lines(file):
                    count = line.number
                    if not line.whole and not complete and len(line.content) <= MAX_RECORD_BYTES:
                        break  # being written, or torn when its writer died
                    if line.link is None:
                        problem = Follower(chain).judge(name, line)
                        unlinked += [problem] if problem is not None and len(unlinked) < MOST_PROBLEMS else []
                        legacy = legacy and _legacy(line)
                        continue
                    self._report.records += 1
                    linked += 1
                    chain = chain or self._begin(name, writer, line)
                    sealed += self._line(name, chain, line)
        except OSError as error:
            self._report.add(Problem("unreadable", name, count, error.strerror or type(error).__name__))
        self._lines[name] = count
        self._report.sealed += sealed
        self._report.pending += linked - sealed
        if not linked and unlinked and legacy:
            self._report.unchained.append(name)
            unlinked = []
        for problem in unlinked:
            self._report.add(problem)
        if complete and linked and not sealed:
            self._report.unsealed.append(name)
        if chain:
            self._ends.add(self._chains[chain].head)

    def _begin(self, name: str, writer: str, line: Line) -> str:
        assert line.link is not None
        link = line.link
        if self._writers.setdefault(link.chain, writer) != writer:
            self._report.add(
                Problem("foreign", name, line.number, f"a record of the writer {self._writers[link.chain]}")
            )
        if link.chain in self._chains:
            self._gone.skip(self._chains[link.chain])
        else:
            self._chains[link.chain] = Follower(link.chain, 0)
            self._gone.skip(self._chains[link.chain])
            if link.seq == 0 and link.prev not in self._ends:
                detail = "the writer's segment before this one, or its end, is not here"
                self._report.add(Problem("missing", name, line.number, detail))
        return link.chain

    def _line(self, name: str, chain: str, line: Line) -> bool:
        """Judge one linked line; True if a seal covers it."""
        assert line.link is not None
        link = line.link
        problem = self._chains[chain].judge(name, line)
        if problem is not None:
            self._report.add(problem)
        for what, detail in self._texts.line(line.content):
            self._report.add(Problem(what, name, line.number, detail))
        expected = self._unseen.pop((link.chain, link.seq), None)
        if expected is not None and expected.head.hash != link.hash.decode():
            detail = f"record {link.seq} is not the one that seal {expected.seal} signed"
            self._report.add(Problem("altered", name, line.number, detail))
        if link.seq <= self._last_sealed.get(link.chain, -1):
            return True
        return line.content.startswith(SEAL_START) and _identifier(line.content) in self._seals

    def finish(self) -> None:
        """What the seals speak of and nobody has seen."""
        for (chain, seq), expected in sorted(self._unseen.items(), key=lambda item: item[1].seal):
            name = expected.head.segment
            if self._gone.explains(name, chain, seq, expected.head.hash):
                continue
            if name not in self._lines:
                detail = f"the segment, which held record {seq} when seal {expected.seal} was made"
                self._report.add(Problem("missing", name, 0, detail))
            else:
                detail = f"record {seq} was here when seal {expected.seal} was made"
                self._report.add(Problem("truncated", name, self._lines[name] + 1, detail))


def _legacy(line: Line) -> bool:
    """A record as it was before there were chains: whole, and without anything of a link or a seal."""
    if not line.whole or LINKED in line.content or line.content.startswith(SEAL_START):
        return False
    try:
        return isinstance(msgspec.json.decode(line.content), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _identifier(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=JournalSealed).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
