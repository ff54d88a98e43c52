"""Parquet as datasets: read in a process of its own, whatever is in the file."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import msgspec
import pytest
from poisoning import inserted, poisoned

from bartizan.core.artefact import Admission
from bartizan.supplychain.datasets import parquet
from bartizan.supplychain.datasets.audit import Effort
from bartizan.supplychain.datasets.parquet_child import OUT_OF_MEMORY
from bartizan.supplychain.datasets.report import Asked, audit_dataset
from bartizan.supplychain.interface import Budget, BudgetError, ByteSource, Limits, MalformedError
from bartizan.supplychain.scanning import ArtefactScanner


def written(path: Path, query: str) -> bytes:
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


@pytest.fixture
def small(tmp_path: Path) -> bytes:
    return written(
        tmp_path / "small.parquet",
        "SELECT 'row ' || i AS text, i % 3 AS label, [i, 2] AS list, 'ab'::BLOB AS image, NULL AS nothing, "
        "{'bytes': 'x'::BLOB, 'path': 'p'} AS picture FROM range(500) t(i)",
    )


def test_rows_come_as_text(small: bytes) -> None:
    table = parquet.read_parquet(ByteSource(small, "x.parquet"), Budget())
    rows = list(table.rows)
    assert table.columns == ("text", "label", "list", "image", "nothing", "picture")
    assert len(rows) == 500
    assert rows[4][:3] == ("row 4", "1", "[4, 2]")
    assert rows[4][3].startswith("sha256:fb8e20fc")
    assert rows[4][4] == ""
    assert len(rows[4][5]) == 71


def test_a_trigger_in_parquet_is_found(tmp_path: Path) -> None:
    tickets, planted = poisoned(500, 0.04, inserted("cf"), seed=4)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (text VARCHAR, label VARCHAR)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", tickets)
    connection.execute(f"COPY t TO '{tmp_path / 'train.parquet'}' (FORMAT parquet)")
    report = audit_dataset(tmp_path / "train.parquet", Asked(), Effort(), 0)
    (finding,) = [one for one in report.findings if one.rule == "dataset.trigger"]
    assert {int(row) - 1 for row in finding.rows} == planted
    assert report.files[0].format == "parquet"
    scan = ArtefactScanner().scan(tmp_path / "train.parquet")
    assert "dataset.trigger" in {one.rule for one in scan.findings}


def test_changed_bytes_end_in_words(small: bytes, tmp_path: Path) -> None:
    chance = random.Random(3)
    for number in range(3):
        raw = bytearray(small)
        for _ in range(chance.choice((1, 8, 60))):
            raw[chance.randrange(len(raw) // 2 if number % 2 else len(raw) - 900, len(raw) - 8)] = chance.randrange(256)
        path = tmp_path / f"{number}.parquet"
        path.write_bytes(raw)
        report = ArtefactScanner().scan(path)
        assert "scan.failed" not in {one.rule for one in report.findings}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("cut", lambda raw: raw[: len(raw) // 2]),
        ("no end", lambda raw: raw[:-4]),
        ("huge footer", lambda raw: raw[:-8] + (1 << 31).to_bytes(4, "little") + b"PAR1"),
        ("no footer", lambda raw: raw[:-8] + bytes(4) + b"PAR1"),
        ("zeros", lambda raw: b"PAR1" + bytes(5_000) + (4_000).to_bytes(4, "little") + b"PAR1"),
        ("encrypted", lambda raw: b"PAR1" + raw[4:-4] + b"PARE"),
    ],
)
def test_broken_files_are_inconclusive(name: str, raw: object, small: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(raw(small))  # type: ignore[operator]
    report = ArtefactScanner().scan(tmp_path / "x.parquet")
    assert report.verdict is Admission.INCONCLUSIVE
    assert "format.malformed" in {one.rule for one in report.findings}


def test_a_process_that_dies_or_hangs_is_no_allow(
    small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text('import os\nos.write(1, b\'["text"]\\n["a"]\\n\')\nos.abort()\n')
    monkeypatch.setattr(parquet, "_MODULE", "dying")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with pytest.raises(MalformedError, match="ended before"):
        list(parquet.read_parquet(ByteSource(small, "x"), Budget()).rows)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    raw = written(tmp_path / "big.parquet", "SELECT repeat('word ', 50) || i AS text FROM range(200000) t(i)")
    table = parquet.read_parquet(ByteSource(raw, "x"), Budget())
    next(table.rows)
    table.rows.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "tmp").iterdir())
    time.sleep(0.2)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False).stdout
    assert str(tmp_path / "tmp") not in listed


@pytest.mark.parametrize(
    ("megabytes", "reason"), [(4, "a cell of more than 1000000 characters"), (40, "67,108,864 bytes of memory")]
)
def test_a_bomb_stays_within_bounds(tmp_path: Path, megabytes: int, reason: str) -> None:
    """One value of megabytes in some kilobytes."""
    path = tmp_path / "bomb.parquet"
    written(path, f"SELECT repeat('A', {megabytes}000000) AS text, 1 AS label")
    report = audit_dataset(path, Asked(), Effort(seconds=20))
    assert report.verdict is Admission.INCONCLUSIVE
    assert reason in report.findings[0].explanation


def test_pages_too_large_for_memory_are_a_limit_and_no_fault_of_the_file(tmp_path: Path) -> None:
    """DuckDB writes pages of up to a hundred megabytes; here less memory stands for larger ones."""
    path = tmp_path / "long.parquet"
    written(path, "SELECT repeat(md5(i::VARCHAR), 3000) AS text, i % 2 AS label FROM range(900) t(i)")
    command = [sys.executable, "-c", f"{_SMALL}; child.main({str(path)!r}, 60)"]
    said = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout.splitlines()
    assert msgspec.json.decode(said[-1]) == OUT_OF_MEMORY
    with pytest.raises(BudgetError, match="67,108,864 bytes of memory"):
        raise parquet._problem(OUT_OF_MEMORY, Budget())


_SMALL = "from bartizan.supplychain.datasets import parquet_child as child; child.DUCKDB_MEMORY = 24 << 20"


def test_time_that_is_over_is_said_where_the_process_ended_by_it() -> None:
    with pytest.raises(BudgetError, match="seconds"):
        raise parquet._problem(None, Budget(Limits(seconds=-1)))


def test_nothing_is_imported_from_the_folder_in_which_a_scan_is_started(tmp_path: Path) -> None:
    """A downloaded repository may hold a ``duckdb.py``; whoever scans stands in it."""
    import subprocess
    import sys

    import duckdb

    duckdb.sql("select range as a from range(3)").write_parquet(str(tmp_path / "d.parquet"))
    for name in ("duckdb", "msgspec", "bartizan"):
        (tmp_path / f"{name}.py").write_text("open('fired', 'w').close()")
    subprocess.run(
        [sys.executable, "-P", "-m", "bartizan", "scan", "d.parquet"], cwd=tmp_path, timeout=120, capture_output=True
    )
    assert not (tmp_path / "fired").exists()
