"""The scorecard: malicious files that were seen to fire, cases judged by their form, and ordinary models."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from bartizan.bench.supplychain.attack import Malicious
from bartizan.bench.supplychain.fuzzing import load
from bartizan.bench.supplychain.malicious import corpus, write
from bartizan.bench.supplychain.scanners import Answer, Contestant
from bartizan.bench.table import Row
from bartizan.core.stats import Rate

BUILDER = Path(__file__).with_name("build_benign.py")
_TARGETS = {"fired": 100.0, "form": 95.0, "benign": 1.0}


def run(
    found: Sequence[Contestant], pythons: Sequence[str], benign: int, progress: Callable[[str], None], seed: int = 0
) -> tuple[list[Row], list[str]]:
    """Rows and notes. ``pythons`` load and write the files; ``benign`` ordinary files are drawn for each peer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        progress("making and firing malicious files")
        fired, still, form = malicious(folder, pythons[0])
        progress("making ordinary models")
        models = ordinary(folder, pythons)
        drawn = random.Random(seed)  # noqa: S311 - repeatable on purpose
        chosen = sorted(drawn.sample(models, min(benign, len(models))))
        rows: list[Row] = []
        for one in found:
            rows += _scored(one, fired, form, models if one.name == "bartizan" else chosen, progress)
    notes = [
        f"{len(fired)} malicious files made their marker when loaded; {len(still)} did not and are left out: "
        + (", ".join(sorted(still)) or "none"),
        f"{len(form)} cases are judged by their form",
        f"peers get {len(chosen)} of {len(models)} ordinary files (seed {seed})",
        "flagged: the scanner says so; passed silently: it says clean; the rest are errors or no judgement",
        "the malicious files were written by the people who wrote Bartizan's scanner",
    ]
    return rows, notes


def malicious(folder: Path, python: str) -> tuple[list[Path], list[str], list[Path]]:
    """Files that fired, ids of those that did not, and files judged by their form."""
    fired: list[Path] = []
    still: list[str] = []
    form: list[Path] = []
    groups: dict[str, list[tuple[Malicious, Path]]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicates that are meant
        for attack in corpus():
            path = write(folder / "malicious", str(folder / f"marker-{attack.id}"), attack)
            if attack.loader:
                groups.setdefault(attack.loader, []).append((attack, path))
            else:
                form.append(path)
    for loader, group in groups.items():
        load(loader, [path for _, path in group], python=python)
        for attack, path in group:
            made = [one.name for one in folder.glob(f"marker-{attack.id}*")]
            if any(one.removeprefix(f"marker-{attack.id}") in {"", ".npy", ".npz", ".dat", ".dir"} for one in made):
                fired.append(path)
            else:
                still.append(attack.id)
    return fired, still, form


def ordinary(folder: Path, pythons: Sequence[str]) -> list[Path]:
    """Every file that the builder writes under each Python."""
    out: list[Path] = []
    for number, python in enumerate(pythons):
        ran = subprocess.run(
            [python, str(BUILDER), str(folder / f"benign-{number}")],
            capture_output=True, text=True, timeout=1_800, check=True,
        )  # fmt: skip
        lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith('{"path"')]
        out += [Path(line["path"]) for line in lines]
    return out


def _scored(
    one: Contestant,
    fired: Sequence[Path],
    form: Sequence[Path],
    benign: Sequence[Path],
    progress: Callable[[str], None],
) -> list[Row]:
    ours = one.name == "bartizan"
    rows: list[Row] = []
    for what, files in (("fired", fired), ("form", form), ("benign", benign)):
        progress(f"{one.name}: {len(files)} files")
        begin = time.monotonic()
        answers = [one.ask(path) for path in files]
        seconds = time.monotonic() - begin
        flagged, passed = answers.count(Answer.FLAGGED), answers.count(Answer.PASSED)
        target = _TARGETS[what] if ours else None
        counts = [("flagged", flagged, target if what != "form" else None)]
        counts.append(("passed silently", passed, None))
        if what == "form":
            counts = [("not passed", len(files) - passed, target)]
        for label, count, aim in counts:
            rate = Rate(count, len(files))
            low, high = rate.interval
            rows.append(
                Row(
                    f"{_NAMES[what]}, {label}",
                    100 * count / max(1, len(files)),
                    "%",
                    len(files),
                    target=aim,
                    at_least=what != "benign",
                    low=100 * low,
                    high=100 * high,
                    subject=one.name,
                )
            )
        rows.append(
            Row(f"{_NAMES[what]}, time a file", seconds / max(1, len(files)), "s", len(files), subject=one.name)
        )
    return rows


_NAMES = {"fired": "malicious that fired", "form": "cases judged by form", "benign": "ordinary models"}
