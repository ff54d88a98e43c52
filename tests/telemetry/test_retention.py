"""What is too old goes under a signed tombstone, and what is left still verifies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from journal_events import accepted
from vaulted import TEXTS, command, seal, workspace, write

from bartizan.app.places import journal_of, lake_of
from bartizan.app.retaining import check_retention, expire
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake.compactor import compact
from bartizan.telemetry.lake.query import Lake
from bartizan.telemetry.verification import read_anchors
from bartizan.workspace.deployment import Journal as Settings
from bartizan.workspace.workspace import Workspace

DAYS = "  retention: {journal_days: 40, lake_days: 60}\ndetections: {enabled: false}\n"
LATER = timedelta(days=45)


def grown(folder: Path) -> Workspace:
    """Two writers over many segments and three seals, with texts, all in the lake."""
    place = workspace(folder, DAYS)
    write(place, TEXTS)
    for writer in ("w2", "w3"):
        journal = Journal(journal_of(place), writer, Settings(segment_bytes=3_000))
        for number in range(9):
            journal.append(accepted(f"{writer}.{number}"))
        journal.close()
        seal(place)
    compact(journal_of(place), lake_of(place))
    return place


def verified(place: Workspace, *words: str) -> tuple[int, Any]:
    code, report = command(place, "verify", *words)
    return code, report


def test_old_segments_go_and_the_rest_verifies(tmp_path: Path) -> None:
    place = grown(tmp_path)
    anchors = tmp_path / "anchors.jsonl"
    anchors.write_bytes(b"".join(path.read_bytes() for path in journal_of(place).iterdir()))
    assert len(read_anchors(anchors)) == 3
    before = verified(place)[1]
    done = expire(place, utc_now() + LATER)
    assert done.texts == 1
    assert done.segments >= 6
    seal(place)
    code, report = verified(place, "--anchors", str(anchors))
    assert (code, report["problems"], report["erased"]) == (0, [], 0)
    assert report["expired"] + report["records"] == before["records"] + 3  # two tombstones and a seal
    assert Lake(journal_of(place), lake_of(place)).ask("SELECT count(*) FROM requests").rows == [(21,)]
    write(place, {"dave": "life goes on"}, "w2")
    assert verified(place)[0] == 0
    assert expire(place, utc_now() + LATER).files == 0


def test_the_lake_expires_after_the_journal(tmp_path: Path) -> None:
    place = grown(tmp_path)
    assert expire(place, utc_now() + timedelta(days=100)).files == 0  # the newest seal's segment is in the same file
    seal(place)
    write(place, {"dave": "later"}, "w4")
    compact(journal_of(place), lake_of(place))
    assert expire(place, utc_now() + timedelta(days=100)).segments >= 1
    files = list(lake_of(place).rglob("*.parquet"))
    assert expire(place, utc_now() + timedelta(days=100)).files <= len(files)
    seal(place)
    assert verified(place)[1]["problems"] == []


def test_a_segment_that_goes_without_a_tombstone_is_missing(tmp_path: Path) -> None:
    place = grown(tmp_path)
    expire(place, utc_now() + LATER)
    write(place, {"dave": "x"}, "w5")
    next(journal_of(place).glob("w5-*")).unlink()
    code, report = verified(place)
    assert code == 1
    assert "missing" in {problem["what"] for problem in report["problems"]}


def test_an_altered_tombstone_explains_nothing(tmp_path: Path) -> None:
    place = grown(tmp_path)
    expire(place, utc_now() + LATER)
    for path in journal_of(place).glob("custody-*"):
        path.write_bytes(path.read_bytes().replace(b'"by":"retention"', b'"by":"retentiom"'))
    code, report = verified(place)
    assert code == 1
    assert {"forged", "altered", "missing"} <= {problem["what"] for problem in report["problems"]}


def test_a_hold_and_a_cut_off_removal(tmp_path: Path) -> None:
    place = grown(tmp_path)
    kept = {path.name: path.read_bytes() for path in journal_of(place).iterdir()}
    command(place, "hold", "--request", "w2.4", "--owner", "counsel", "--reason", "case 9")
    expire(place, utc_now() + LATER)
    left = b"".join(path.read_bytes() for path in journal_of(place).glob("w2-*"))
    assert b'"request":"w2.4"' in left
    assert b'"request":"w2.0"' not in left
    seal(place)
    assert verified(place)[0] == 0
    gone = next(name for name in sorted(kept) if name.startswith("w3-") and not (journal_of(place) / name).exists())
    (journal_of(place) / gone).write_bytes(kept[gone])  # as if the process had died before it was removed
    code, report = verified(place)
    assert (code, report["unfinished"], report["problems"]) == (2, 1, [])
    assert command(place, "erase", "--finish")[1]["destroyed"] == 1
    assert verified(place)[0] == 0


def test_what_somebody_has_not_read_yet_stays(tmp_path: Path) -> None:
    place = workspace(tmp_path, DAYS.replace("false", "true"))
    write(place, TEXTS)
    compact(journal_of(place), lake_of(place))
    assert expire(place, utc_now() + LATER).segments == 0


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ("journal_days: 10", "less than journal.vault.days"),
        ("lake_days: 10", "less than journal_days"),
        ("lake_days: -1", "from 0 on"),
    ],
)
def test_ages_that_contradict_each_other_are_refused(tmp_path: Path, days: str, says: str) -> None:
    place = workspace(tmp_path, f"  retention: {{{days}}}\n")
    with pytest.raises(ConfigurationError) as raised:
        check_retention(place)
    assert says in str(raised.value)
