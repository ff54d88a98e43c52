from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journal_events import accepted
from sealed_journal import KEY, TRUSTED, seal, sealed, verify, write

from bartizan.core.errors import JournalError
from bartizan.core.event import Head, JournalDamaged, JournalSealed
from bartizan.core.interfaces import Recorder
from bartizan.telemetry.chain import GENESIS, Chain, read_link
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.reader import read_journal
from bartizan.telemetry.seal import check_seal, make_seal, statement
from bartizan.telemetry.sealing import Sealer, read_seals
from bartizan.telemetry.segment import DONE_SUFFIX
from bartizan.telemetry.verification import read_anchors, verify_journal
from bartizan.trust.signing import SigningKey, TrustedKeys

ALTERING = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    directory = tmp_path_factory.mktemp("journal")
    sealed(directory)
    assert verify(directory).outcome == "intact"
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def put(directory: Path, contents: dict[str, bytes]) -> Path:
    directory.mkdir(exist_ok=True)
    for path in directory.iterdir():
        path.unlink()
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    return directory


def draw_segment(data: st.DataObject, contents: dict[str, bytes]) -> str:
    return data.draw(st.sampled_from(sorted(name for name in contents if name.endswith(DONE_SUFFIX))))


def is_last_seal(contents: dict[str, bytes], name: str) -> bool:
    """The last seal lies under no later one: its deletion shows against anchors only."""
    return name == max(name for name in contents if name.startswith("sealer-"))


def test_an_untouched_journal_is_intact(original: dict[str, bytes], tmp_path: Path) -> None:
    report = verify(put(tmp_path / "j", original))
    assert (report.outcome, report.problems, report.unsealed) == ("intact", [], [])
    assert report.seals == 2
    assert report.records == report.sealed == 18
    assert report.pending == 0
    assert report.segments >= 8


@ALTERING
@given(data=st.data())
def test_any_changed_byte_is_found(data: st.DataObject, original: dict[str, bytes], tmp_path: Path) -> None:
    name = draw_segment(data, original)
    content = bytearray(original[name])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    report = verify(put(tmp_path / "j", original | {name: bytes(content)}))
    assert report.outcome == "damaged"
    line = original[name].count(b"\n", 0, place) + 1
    assert any((problem.segment, problem.line) in {(name, line), (name, line + 1)} for problem in report.problems)


@ALTERING
@given(data=st.data())
def test_any_deleted_or_inserted_bytes_are_found(
    data: st.DataObject, original: dict[str, bytes], tmp_path: Path
) -> None:
    name = draw_segment(data, original)
    content = original[name]
    start = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        altered = content[:start] + content[start + data.draw(st.integers(1, 2_000)) :]
    else:
        altered = content[:start] + data.draw(st.binary(min_size=1, max_size=20)) + content[start:]
    if altered == content or (is_last_seal(original, name) and not altered):
        return
    report = verify(put(tmp_path / "j", original | {name: altered}))
    assert report.outcome == "damaged"


@ALTERING
@given(data=st.data())
def test_any_deleted_swapped_or_repeated_record_is_found(
    data: st.DataObject, original: dict[str, bytes], tmp_path: Path
) -> None:
    name = draw_segment(data, original)
    lines = original[name].splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["delete", "swap", "repeat", "cut"])):
        case "delete":
            del lines[first]
        case "swap":
            second = data.draw(st.integers(0, len(lines) - 1))
            lines[first], lines[second] = lines[second], lines[first]
        case "repeat":
            lines.insert(first, lines[first])
        case "cut":
            del lines[first:]
    altered = b"".join(lines)
    if altered == original[name] or (is_last_seal(original, name) and not altered):
        return
    report = verify(put(tmp_path / "j", original | {name: altered}))
    assert report.outcome == "damaged"
    assert any(problem.segment == name or problem.segment == "journal" for problem in report.problems)


def test_any_deleted_or_exchanged_segment_is_found(original: dict[str, bytes], tmp_path: Path) -> None:
    names = [name for name in original if name.endswith(DONE_SUFFIX)]
    for name in names:
        left = {other: content for other, content in original.items() if other != name}
        report = verify(put(tmp_path / "j", left))
        assert (report.outcome == "damaged") != is_last_seal(original, name), name
        for other in names:
            if other != name:
                assert verify(put(tmp_path / "j", original | {name: original[other]})).outcome == "damaged"


def test_a_cut_tail_shows_against_anchors_even_without_the_last_seal(
    original: dict[str, bytes], tmp_path: Path
) -> None:
    last = max(name for name in original if name.startswith("sealer-"))
    (tmp_path / "anchors.jsonl").write_bytes(b"not json\n" + accepted_line() + original[last])
    anchors = read_anchors(tmp_path / "anchors.jsonl")
    left = {name: content for name, content in original.items() if name != last and not name.startswith("w2-")}
    directory = put(tmp_path / "j", left)
    report = verify_journal(directory, TRUSTED, anchors)
    whats = {problem.what for problem in report.problems}
    assert whats == {"missing"}
    assert any(problem.segment.startswith("w2-") for problem in report.problems)
    assert any("seal 1" in problem.detail for problem in report.problems)
    with pytest.raises(JournalError, match="no seal"):
        read_anchors(tmp_path / "j" / sorted(left)[-1])


def accepted_line() -> bytes:
    return msgspec.json.encode(accepted()) + b"\n"


def test_without_seals_a_cut_tail_of_an_earlier_life_is_found(tmp_path: Path) -> None:
    write(tmp_path, "w", 3, segment_bytes=10_000)
    write(tmp_path, "w", 3, segment_bytes=10_000)
    first, second = sorted(tmp_path.iterdir())
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join(lines[:-1]))
    report = verify_journal(tmp_path, TrustedKeys())
    assert [(problem.what, problem.segment, problem.line) for problem in report.problems] == [
        ("missing", second.name, 1)
    ]


def test_segments_without_a_chain_or_a_seal_are_not_called_fine(tmp_path: Path) -> None:
    (tmp_path / ("old-" + "0" * 32 + ".jsonl")).write_bytes(accepted_line() * 3)
    write(tmp_path, "w", 2)
    report = verify(tmp_path)
    assert report.outcome == "inconclusive"
    assert report.unchained == ["old-" + "0" * 32 + ".jsonl"]
    assert report.pending == 2
    seal(tmp_path)
    assert verify(tmp_path).unsealed == []
    assert verify(tmp_path).outcome == "inconclusive"
    assert verify_journal(tmp_path, TrustedKeys()).unsealed


def test_a_rewritten_and_relinked_past_is_found_by_its_seal(original: dict[str, bytes], tmp_path: Path) -> None:
    """Who can write the folder can compute hashes, but not signatures."""
    names = sorted(name for name in original if name.startswith("w2-"))
    chain, forged = None, dict(original)
    for name in names:
        lines = []
        for line in original[name].splitlines(keepends=True):
            link = read_link(line)
            assert link is not None
            chain = chain or Chain(link.chain, link.prev)
            body = line[: line.rindex(b',"chain":')].replace(b"alice", b"mallo") + b"}"
            lines.append(chain.line(body))
            chain.written()
        forged[name] = b"".join(lines)
    report = verify(put(tmp_path / "j", forged))
    assert {problem.what for problem in report.problems} == {"altered"}
    assert "seal 1 signed" in report.problems[-1].detail


def test_forged_and_foreign_seals_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, "w", 2)
    link = read_link(next(tmp_path.iterdir()).read_bytes().splitlines(keepends=True)[-1])
    assert link is not None
    head = Head(link.chain, "w", next(tmp_path.iterdir()).name, link.seq, link.hash.decode())
    journal = Journal(tmp_path, "sealer")
    journal.append(make_seal(SigningKey.create(), [head], None))
    good = make_seal(KEY, [head], None)
    journal.append(msgspec.structs.replace(good, signature="AAAA"))
    journal.append(msgspec.structs.replace(good, signature="!"))
    journal.append(msgspec.structs.replace(good, heads=(msgspec.structs.replace(head, segment="../x"),)))
    journal.append(msgspec.structs.replace(good, number=1))
    journal.close()
    report = verify(tmp_path)
    assert [problem.what for problem in report.problems] == ["forged"] * 5
    assert report.sealed == 0
    check_seal(good, TRUSTED)


def test_statements_cannot_be_read_in_two_ways() -> None:
    one = make_seal(KEY, [], None)
    assert statement(one.id, one.at, 1, "", []) != statement(one.id, one.at, 1, "1", [])
    assert base64.b64decode(one.signature) == KEY.sign(statement(one.id, one.at, 0, "", []))


class Kept:
    def __init__(self) -> None:
        self.events: list[object] = []

    def append(self, event: object) -> None:
        self.events.append(event)

    async def commit(self) -> None: ...


def test_the_sealer_seals_live_segments_step_by_step_and_rests_when_nothing_comes(tmp_path: Path) -> None:
    own = Journal(tmp_path, "sealer")
    sealer = Sealer(tmp_path, KEY, own)
    assert sealer.seal() is None
    journal = Journal(tmp_path, "w")
    journal.append(accepted("r0"))
    first = sealer.seal()
    assert first is not None
    assert [(head.writer, head.seq) for head in first.heads] == [("w", 0)]
    assert sealer.seal() is None
    journal.append(accepted("r1"))
    second = sealer.seal()
    assert second is not None
    assert {(head.writer, head.seq) for head in second.heads} == {("sealer", 0), ("w", 1)}
    again = Sealer(tmp_path, KEY, own)
    again.seal()
    journal.append(accepted("r2"))
    third = again.seal()
    assert third is not None
    assert third.number > second.number
    assert verify(tmp_path).outcome == "intact"
    journal.close()
    own.close()
    assert verify(tmp_path).outcome == "intact"
    assert [seal.number for seal in read_seals(tmp_path)] == list(range(third.number + 1))
    assert all(isinstance(event, JournalSealed) for event in read_journal(tmp_path) if "seal" in type(event).__name__)


@pytest.mark.parametrize("restart", [False, True])
def test_the_sealer_never_signs_another_past(tmp_path: Path, restart: bool) -> None:
    journal = Journal(tmp_path, "w")
    journal.append(accepted("r0"))
    kept = Kept()
    recorder: Recorder = kept
    own = Journal(tmp_path, "sealer")
    sealer = Sealer(tmp_path, KEY, own)
    sealer.seal()
    (path,) = [path for path in tmp_path.iterdir() if path.name.startswith("w-")]
    link = read_link(path.read_bytes())
    assert link is not None
    forged = Chain(link.chain, GENESIS)
    path.write_bytes(forged.line(msgspec.json.encode(accepted("forged"))))
    if restart:
        sealer = Sealer(tmp_path, KEY, recorder)
    journal.append(accepted("r1"))
    sealer.seal()
    assert len(sealer.damaged) == 1
    if restart:
        (event,) = [event for event in kept.events if isinstance(event, JournalDamaged)]
        assert (event.line, "not the one that was sealed" in event.problem) == (1, True)
    sealer.seal()
    assert verify(tmp_path).outcome == "damaged"
    journal.close()
    own.close()
