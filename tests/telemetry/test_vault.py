"""Texts in the vault: read by who has the key, erased under a tombstone, held, and told apart from tampering."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import pytest
from journal_events import accepted
from typer.testing import CliRunner
from vaulted import SECRET, TEXTS, command, seal, workspace, write

from bartizan.app.places import committer_of, journal_of, vault_folder, vault_of
from bartizan.cli.main import app
from bartizan.core.errors import JournalError
from bartizan.core.event import ContentErased, ContentRead, RequestAccepted
from bartizan.telemetry.custody import signed
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.reader import read_journal
from bartizan.telemetry.vault.entry import EntryDamaged, Reference, erasures, line_digest
from bartizan.telemetry.vault.reader import VaultFiles
from bartizan.trust.signing import SigningKey
from bartizan.trust.vault_keys import create_vault_key, open_sealed
from bartizan.workspace.workspace import Workspace


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    made = workspace(tmp_path)
    write(made, TEXTS)
    return made


def vault_bytes(place: Workspace) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(vault_folder(place).iterdir()))


def reference(place: Workspace, principal: str) -> Reference:
    for event in read_journal(journal_of(place)):
        if isinstance(event, RequestAccepted) and event.principal == principal:
            return Reference.parse(event.content[0].kept)
    raise AssertionError(principal)


def test_a_text_is_on_disk_only_encrypted_and_read_only_by_who_has_the_key(place: Workspace, tmp_path: Path) -> None:
    everything = b"".join(path.read_bytes() for path in place.state.rglob("*") if path.is_file())
    assert b"lithium" not in everything
    code, found = command(place, "text", "req_alice", "--reason", "incident 4711")
    assert (code, found["texts"][0]["text"]) == (0, SECRET)
    read = [event for event in read_journal(journal_of(place)) if isinstance(event, ContentRead)]
    assert [(one.reason, one.texts) for one in read] == [("incident 4711", 1)]
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    for path in (tmp_path / "keys").glob("*.key"):
        path.rename(hidden / path.name)
    code, said = command(place, "text", "req_alice", "--reason", "curious")
    assert code == 2
    assert "is not in" in said
    write(place, {"dave": "written with the public key alone"}, "w2")
    assert command(place, "text", "req_dave", "--reason", "x", "--keys", str(hidden))[1]["texts"][0]["text"].startswith(
        "w"
    )
    assert command(place, "text", "req_alice", "--reason", "  ")[0] == 2


def test_the_key_rotates_and_old_texts_stay_readable(place: Workspace, tmp_path: Path) -> None:
    first = {path.name for path in (tmp_path / "keys").iterdir()}
    (tmp_path / "keys").rename(tmp_path / "old")  # keys of one second would sort by their random ids
    (tmp_path / "keys").mkdir()
    create_vault_key(tmp_path / "keys")
    for name in first:
        older = name.replace(name[6:14], "20200101")
        shutil.copy2(tmp_path / "old" / name, tmp_path / "keys" / older)
    write(place, {"dave": "sealed to the new key"}, "w2")
    with VaultFiles(vault_folder(place)) as files:
        recipients = {files.header(segment).recipient for segment in files.segments()}
    assert len(recipients) == 2
    for request in ("req_alice", "req_dave"):
        assert command(place, "text", request, "--reason", "x")[0] == 0


def test_an_erased_text_is_gone_and_the_chain_verifies(place: Workspace) -> None:
    assert command(place, "verify")[1]["texts"] == 3
    code, done = command(place, "erase", "--principal", "alice", "--reason", "erasure request 12")
    assert (code, done["destroyed"]) == (0, 1)
    seal(place)
    code, report = command(place, "verify")
    assert (code, report["texts"], report["erased"], report["problems"]) == (0, 2, 1, [])
    code, found = command(place, "text", "req_alice", "--reason", "late")
    assert code == 1
    assert "erased" in found["texts"][0]["missing"]
    tombstone = next(event for event in read_journal(journal_of(place)) if isinstance(event, ContentErased))
    assert (tombstone.scope, tombstone.reason) == ("principal alice", "erasure request 12")
    assert command(place, "erase", "--principal", "alice", "--reason", "again")[1]["destroyed"] == 0
    assert command(place, "erase", "req_bob", "--reason", "by request")[1]["destroyed"] == 1


def test_erasing_without_a_tombstone_is_tampering(place: Workspace) -> None:
    victim = reference(place, "bob")
    with VaultFiles(vault_folder(place)) as files:
        files.erase(victim.segment, [victim.offset])
    code, report = command(place, "verify")
    assert code == 1
    assert [problem["what"] for problem in report["problems"]] == ["altered"]
    assert "without a signed tombstone" in report["problems"][0]["detail"]


def test_a_tombstone_that_no_trusted_key_signed_counts_for_nothing(place: Workspace) -> None:
    victim = reference(place, "bob")
    journal = Journal(journal_of(place), "custody")
    event = accepted()
    forged = ContentErased(id=event.id, at=event.at, by="x", reason="x", scope="x", entries=(victim.entry,))
    journal.append(signed(forged, SigningKey.create()))
    journal.close()
    with VaultFiles(vault_folder(place)) as files:
        files.erase(victim.segment, [victim.offset])
    seal(place)
    code, report = command(place, "verify")
    assert code == 1
    assert sorted(problem["what"] for problem in report["problems"]) == ["altered", "forged"]
    code, said = command(place, "erase", "--principal", "alice", "--reason", "x")
    assert code == 2
    assert "not signed" in said


@pytest.mark.parametrize("seed", range(6))
def test_any_changed_byte_of_an_entry_is_found(place: Workspace, seed: int) -> None:
    path = next(iter(vault_folder(place).iterdir()))
    content = bytearray(path.read_bytes())
    at = random.Random(seed).randrange(content.index(b"\n") + 1, len(content) - 1)
    content[at] ^= 1 + seed
    path.write_bytes(bytes(content))
    code, report = command(place, "verify")
    assert code == 1
    assert {problem["what"] for problem in report["problems"]} <= {"altered", "missing"}
    with VaultFiles(vault_folder(place)) as files:
        states = [files.look(reference(place, one)).state for one in TEXTS]
    assert sum(state != "whole" for state in states) in (1, 2)


def test_an_entry_cannot_be_passed_off_as_another(place: Workspace, tmp_path: Path) -> None:
    path = next(iter(vault_folder(place).iterdir()))
    header, alice, bob, carol = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(header + bob + alice + carol)
    moved = Reference(reference(place, "alice").segment, len(header), "")
    with VaultFiles(vault_folder(place)) as files:
        digest = line_digest(files.look(moved).line)
        with pytest.raises(EntryDamaged, match="does not open"):
            files.text(moved._replace(digest=digest), partial(open_sealed, tmp_path / "keys"))
    assert command(place, "verify")[0] == 1


def test_a_legal_hold_stops_erasure_until_it_is_released(place: Workspace) -> None:
    words = ("--owner", "counsel@example.org", "--reason", "case 9")
    hold = command(place, "hold", "--principal", "alice", *words)[1]["hold"]
    code, done = command(place, "erase", "--principal", "alice", "--reason", "erasure request")
    assert (code, done["destroyed"], done["held"]) == (1, 0, [hold])
    assert command(place, "erase", "req_bob", "--reason", "x")[1]["destroyed"] == 1
    assert [one["by"] for one in command(place, "holds")[1]["holds"]] == ["counsel@example.org"]
    release = ["events", "release", hold, *words, "--workspace", str(place.root)]
    assert CliRunner().invoke(app, release).exit_code == 0
    assert command(place, "erase", "--principal", "alice", "--reason", "erasure request")[1]["destroyed"] == 1


def test_a_hold_that_was_taken_away_stops_everything(place: Workspace) -> None:
    command(place, "hold", "--all", "--owner", "counsel", "--reason", "case 9")
    seal(place)
    for path in journal_of(place).glob("custody-*"):
        path.unlink()
    code, said = command(place, "erase", "--principal", "alice", "--reason", "x")
    assert code == 2
    assert "may have been taken away" in said
    assert command(place, "text", "req_alice", "--reason", "x")[1]["texts"][0]["text"] == SECRET


def test_an_erasure_that_was_cut_short_is_seen_and_completed(place: Workspace) -> None:
    before = {path: path.read_bytes() for path in vault_folder(place).iterdir()}
    command(place, "erase", "--principal", "alice", "--reason", "x")
    seal(place)
    # As if the process had died after the tombstone, and after half of the first overwriting.
    victim = reference(place, "alice")
    for path, content in before.items():
        half = bytearray(content)
        place_of_key, dashes = erasures()[0]
        half[victim.offset + place_of_key : victim.offset + place_of_key + 40] = dashes[:40]
        path.write_bytes(bytes(half))
    code, report = command(place, "verify")
    assert (code, report["unfinished"], report["problems"]) == (2, 1, [])
    assert command(place, "erase", "--finish")[1]["destroyed"] == 1
    assert command(place, "verify")[0] == 0


def test_a_vault_without_room_follows_on_full(place: Workspace) -> None:
    for refuse in (True, False):
        vault = vault_of(place, "w3")
        assert vault is not None
        vault._max_bytes, vault._refuse = len(vault_bytes(place)), refuse
        if refuse:
            with pytest.raises(JournalError, match="cannot keep"):
                committer_of(place, vault).keep("text", "text")
        else:
            assert committer_of(place, vault).keep("text", "text").kept == ""
        assert vault.lost == 1
        vault.close()


def test_failing_to_keep_leaves_no_files_and_no_descriptors_behind(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = vault_of(place, "w3")
    assert vault is not None
    vault._refuse = False
    committer = committer_of(place, vault)
    before = len(list(vault_folder(place).iterdir())), len(list(Path("/proc/self/fd").iterdir()))
    vault._max_bytes = 10
    assert [committer.keep("text", "text").kept for _ in range(5)] == [""] * 5
    vault._max_bytes, vault._full_until = 10**9, 0.0

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("bartizan.telemetry.vault.writer.os.write", full)
        assert [committer.keep("text", "text").kept for _ in range(5)] == [""] * 5
    (tmp_path / "keys").rename(tmp_path / "away")
    assert [committer.keep("text", "text").kept for _ in range(5)] == [""] * 5
    assert vault.lost == 15
    assert (len(list(vault_folder(place).iterdir())), len(list(Path("/proc/self/fd").iterdir()))) == before
    (tmp_path / "away").rename(tmp_path / "keys")
    assert committer.keep("text", "text").kept
    vault.close()


def write_until_killed(root: Path, acknowledge: Connection) -> None:
    place = Workspace(root)
    vault = vault_of(place, "w9")
    assert vault is not None
    committer = committer_of(place, vault)
    journal = Journal(journal_of(place), "w9", beneath=vault.sync)
    for number in range(1_000_000):
        text = f"text {number} " * 40
        event = msgspec.structs.replace(accepted(f"req_{number}"), content=(committer.keep(text, text),))
        journal.append(event)
        acknowledge.send_bytes(b"%d" % number)


def test_a_killed_writer_loses_no_text_that_a_record_names(place: Workspace) -> None:
    context = multiprocessing.get_context("fork")
    for seconds in (0.03, 0.06, 0.09):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=write_until_killed, args=(place.root, there))
        process.start()
        there.close()
        assert here.poll(10)
        process.join(seconds)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        here.close()
    Journal(journal_of(place), "w9").close()  # recovers
    seal(place)
    code, report = command(place, "verify")
    assert (code, report["problems"]) == (0, [])
    assert report["texts"] > 3
