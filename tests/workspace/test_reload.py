"""Reload is atomic, keeps the last good content and speaks once about each broken one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.errors import BartizanError, ConfigurationError, DocumentError, Place
from bartizan.workspace.reload import Change, Outcome, Watch
from bartizan.workspace.snapshot import Snapshot, digest_of, find_files, read_files, take_snapshot


def build(files: Mapping[str, bytes]) -> str:
    """Accepts digits only."""
    text = b"".join(files.get(name, b"") for name in ("policy.yaml", "signatures/a.yaml")).decode()
    if "policy.yaml" not in files:
        raise ConfigurationError("policy.yaml is missing")
    if not text.isdigit():
        raise DocumentError(Place("policy.yaml", 1, 1), repr(text), "digits")
    return text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text("1")
    (tmp_path / "bartizan.yaml").write_text("a")
    (tmp_path / "signatures").mkdir()
    return tmp_path


def settle(watch: Watch[str]) -> list[Change]:
    return [change for change in (watch.poll() for _ in range(4)) if change is not None]


def test_a_sound_edit_comes_into_force_after_two_equal_looks(root: Path) -> None:
    watch = Watch(root, build)
    assert (watch.value, watch.snapshot.version) == ("1", 1)
    assert settle(watch) == []
    (root / "policy.yaml").write_text("22")
    assert watch.poll() is None
    change = watch.poll()
    assert change is not None
    assert change.outcome is Outcome.ACCEPTED
    assert (watch.value, watch.snapshot.version) == ("22", 2)
    assert change.snapshot is watch.snapshot
    assert settle(watch) == []


def test_a_broken_edit_changes_nothing_and_is_reported_once(root: Path) -> None:
    watch = Watch(root, build)
    before = watch.snapshot
    (root / "policy.yaml").write_text("x")
    (change,) = settle(watch)
    assert change.outcome is Outcome.REJECTED
    assert "policy.yaml:1:1" in change.problem
    assert (watch.value, watch.snapshot) == ("1", before)
    assert settle(watch) == []
    (root / "policy.yaml").write_text("y")
    (change,) = settle(watch)
    assert "'y'" in change.problem
    (root / "policy.yaml").write_text("3")
    (change,) = settle(watch)
    assert (change.outcome, watch.value, watch.snapshot.version) == (Outcome.ACCEPTED, "3", 2)


def test_going_back_to_the_content_in_force_is_no_change_but_forgets_the_problem(root: Path) -> None:
    watch = Watch(root, build)
    for _ in range(2):
        (root / "policy.yaml").write_text("x")
        assert [change.outcome for change in settle(watch)] == [Outcome.REJECTED]
        (root / "policy.yaml").write_text("1")
        assert settle(watch) == []
    assert watch.snapshot.version == 1


def test_half_written_content_is_never_tried(root: Path) -> None:
    tried: list[bytes] = []

    def spy(files: Mapping[str, bytes]) -> str:
        tried.append(files["policy.yaml"])
        return build(files)

    watch = Watch(root, spy)
    for piece in ("x", "xy", "xyz", "4"):
        (root / "policy.yaml").write_text(piece)
        assert watch.poll() is None
    assert watch.poll() is not None
    assert tried == [b"1", b"4"]


def test_files_that_come_and_go(root: Path) -> None:
    watch = Watch(root, build)
    (root / "signatures" / "a.yaml").write_text("5")
    assert [change.outcome for change in settle(watch)] == [Outcome.ACCEPTED]
    assert watch.value == "15"
    (root / "signatures" / ".a.yaml.swp").write_text("x")
    (root / "signatures" / "notes.txt").write_text("x")
    assert settle(watch) == []
    (root / "policy.yaml").unlink()
    (change,) = settle(watch)
    assert change.problem.startswith("policy.yaml is missing")
    assert watch.value == "15"


def test_an_edit_that_keeps_size_and_times_is_still_seen(root: Path) -> None:
    """Within the clock's granularity an edit can leave mtime, ctime and size alone; a full look every tenth poll."""
    watch = Watch(root, build)
    watch.poll()
    before = (root / "policy.yaml").stat()
    (root / "policy.yaml").write_text("9")
    os.utime(root / "policy.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    watch._seen = watch._marks(watch._patterns)
    changes = [change for change in (watch.poll() for _ in range(12)) if change]
    assert [change.outcome for change in changes] == [Outcome.ACCEPTED]


def test_content_that_cannot_be_read_is_rejected_once(root: Path) -> None:
    watch = Watch(root, build)
    (root / "policy.yaml").unlink()
    (root / "policy.yaml").mkdir()
    (change,) = settle(watch)
    assert (change.outcome, change.digest) == (Outcome.REJECTED, "")
    assert "not a regular file" in change.problem
    assert settle(watch) == []


def test_the_deployment_needs_a_restart_and_says_so_once(root: Path) -> None:
    watch = Watch(root, build)
    (root / "bartizan.yaml").write_text("b")
    (change,) = settle(watch)
    assert change.outcome is Outcome.RESTART_NEEDED
    assert "bartizan.yaml" in change.problem
    (root / "bartizan.yaml").unlink()
    assert [change.outcome for change in settle(watch)] == [Outcome.RESTART_NEEDED]


def test_without_a_first_good_content_there_is_no_watch(root: Path) -> None:
    (root / "policy.yaml").write_text("x")
    with pytest.raises(DocumentError):
        Watch(root, build)


def test_an_error_that_is_a_bug_is_not_swallowed(root: Path) -> None:
    def buggy(files: Mapping[str, bytes]) -> str:
        if files["policy.yaml"] == b"2":
            raise ZeroDivisionError
        return build(files)

    watch = Watch(root, buggy)
    (root / "policy.yaml").write_text("2")
    watch.poll()
    with pytest.raises(ZeroDivisionError):
        watch.poll()
    assert watch.value == "1"


def test_snapshots_travel_and_damage_shows(root: Path) -> None:
    snapshot = take_snapshot(root, 7)
    assert Snapshot.decode(snapshot.encode()) == snapshot
    assert snapshot.version == 7
    forged = Snapshot(7, snapshot.digest, {"policy.yaml": b"2"})
    for payload in (forged.encode(), snapshot.encode()[:-1], b"", b"\xc1", b"[]"):
        with pytest.raises(ConfigurationError):
            Snapshot.decode(payload)


@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=20), max_size=4), st.data())
def test_the_digest_tells_contents_apart(files: dict[str, bytes], data: st.DataObject) -> None:
    other = data.draw(st.dictionaries(st.text(max_size=8), st.binary(max_size=20), max_size=4))
    assert (digest_of(files) == digest_of(other)) == (files == other)
    assert digest_of(files) == digest_of(dict(reversed(files.items())))


@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_any_payload_is_a_snapshot_or_an_error(payload: bytes) -> None:
    with pytest.raises(BartizanError):
        Snapshot.decode(payload)


def test_the_number_and_size_of_files_are_bounded(root: Path) -> None:
    for i in range(513):
        (root / "signatures" / f"{i}.yaml").touch()
    with pytest.raises(ConfigurationError, match="more than 512 files"):
        find_files(root)
    for i in range(513):
        (root / "signatures" / f"{i}.yaml").unlink()
    for i in range(17):
        with (root / "signatures" / f"{i}.yaml").open("wb") as file:
            file.truncate(1_000_000)
    with pytest.raises(ConfigurationError, match="more than 16000000 bytes"):
        read_files(root)
