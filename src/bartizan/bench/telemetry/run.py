"""Everything in one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from bartizan.bench.table import Row
from bartizan.bench.telemetry import journaling
from bartizan.bench.telemetry.ingest import Folders, fill
from bartizan.bench.telemetry.judging import FEW, Judged
from bartizan.bench.telemetry.questions import ask
from bartizan.bench.telemetry.waiting import wait
from bartizan.core.errors import BartizanError

Progress = Callable[[str], None]


class Sizes(NamedTuple):
    """How much."""

    events: int = 300_000
    judged: int = 200_000
    """Of them, by rules."""
    seconds: float = 20.0
    """Of live records."""
    seed: int = 1


def run(sizes: Sizes, folder: Path | None, progress: Progress) -> tuple[list[Row], list[str]]:
    """Measure.

    Args:
        sizes: how much.
        folder: where the data goes and stays; a temporary folder without it.
        progress: told what goes on.

    Raises:
        BartizanError: a part does not run.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="bartizan-bench-") as made:
            return run(sizes, Path(made), progress)
    folders = Folders(folder / "journal", folder / "lake")
    if folders.journal.exists():
        raise BartizanError(f"{folders.journal} is there already", "name another folder")
    rows = fill(folders, sizes.events, sizes.seed, progress)
    rows += _judge(folders.journal, min(sizes.judged, sizes.events), progress)
    progress("records to findings")
    rows += wait(folder / "workspace", sizes.seconds)
    rows += journaling.measure(folder / "gateways", journaling.Load(), progress)
    answers, notes = ask(folders, sizes.events, progress)
    notes.append(f"{sizes.events:,} synthetic records over 30 days, one text in ten kept")
    notes.append(
        "peers: chDB reads our Parquet, SQLite holds five columns in a table with two indexes; answers are compared"
    )
    return [msgspec.structs.replace(row, subject=row.subject or "bartizan") for row in (*rows, *answers)], notes


def _judge(journal: Path, most: int, progress: Progress) -> list[Row]:
    progress("rules")
    command = [sys.executable, "-P", "-m", "bartizan.bench.telemetry.judging", str(journal), str(most)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    try:
        judged = msgspec.json.decode(done.stdout, type=Judged)
    except msgspec.DecodeError:
        raise BartizanError(f"the rules stopped with exit status {done.returncode}") from None
    growth = (judged.late_bytes - judged.early_bytes) / judged.early_bytes * 100
    return [
        Row(f"{judged.rules} rules", judged.records / judged.cpu, "events/CPU-s", judged.records, target=30_000,
            at_least=True, note=f"{judged.findings} findings"),
        Row(f"{FEW} of the rules, and what they refer to", judged.records / judged.few_cpu, "events/CPU-s",
            judged.records, target=30_000, at_least=True),
        Row("the same records, only read and decoded", judged.records / judged.reading, "events/CPU-s", judged.records),
        Row("memory of the rules", judged.late_bytes / 1e6, "MB", judged.records),
        Row("its growth over the last four fifths", growth, "%", judged.records, target=5),
    ]  # fmt: skip
