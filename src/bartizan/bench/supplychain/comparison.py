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
from typing import NamedTuple

from bartizan.bench.supplychain.attack import Malicious
from bartizan.bench.supplychain.fuzzing import LoaderMissingError, load
from bartizan.bench.supplychain.malicious import corpus, write
from bartizan.bench.supplychain.scanners import Answer, Contestant
from bartizan.bench.table import Row
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.stats import Rate

BUILDER = Path(__file__).with_name("build_benign.py")
_ATTEMPTS = 2
"""Files that made no marker are loaded once more: on a busy machine a loader runs out of time now and then."""
_TARGETS = {"fired": 100.0, "form": 95.0, "benign": 1.0}


def run(
    found: Sequence[Contestant], pythons: Sequence[str], benign: int, progress: Callable[[str], None], seed: int = 0
) -> tuple[list[Row], list[str]]:
    """Rows and notes. ``pythons`` load and write the files; ``benign`` ordinary files are drawn for each peer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        progress("making and firing malicious files")
        fired, still, form, lacking = malicious(folder, pythons[0])
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
        *(f"{count} malicious files need {loader}, which {pythons[0]} does not have" for loader, count in lacking),
        f"{len(form)} cases are judged by their form",
        f"peers get {len(chosen)} of {len(models)} ordinary files (seed {seed})",
        "flagged: the scanner says so; passed silently: it says clean; the rest are errors or no judgement",
        "the malicious files were written by the people who wrote Bartizan's scanner",
    ]
    return rows, notes


class Made(NamedTuple):
    """The malicious files."""

    fired: list[Path]
    still: list[str]
    """Ids of those that did not."""
    form: list[Path]
    """Judged by their form."""
    lacking: list[tuple[str, int]]
    """Loaders that the Python lacks, with how many files they were for."""


def malicious(folder: Path, python: str) -> Made:
    """Write all and see which fire. Raises ConfigurationError: ``python`` cannot be used."""
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
    lacking: list[tuple[str, int]] = []
    for loader, group in groups.items():
        left = group
        try:
            for _ in range(_ATTEMPTS):
                load(loader, [path for _, path in left], python=python)
                left = [one for one in left if not _marked(folder, one[0].id)]
        except LoaderMissingError:
            lacking.append((loader, len(group)))
            continue
        fired += [one[1] for one in group if one not in left]
        still += [attack.id for attack, _ in left]
    return Made(fired, still, form, lacking)


def _marked(folder: Path, identifier: str) -> bool:
    made = [one.name for one in folder.glob(f"marker-{identifier}*")]
    return any(one.removeprefix(f"marker-{identifier}") in {"", ".npy", ".npz", ".dat", ".dir"} for one in made)


def ordinary(folder: Path, pythons: Sequence[str]) -> list[Path]:
    """Every file that the builder writes under each Python. Raises ConfigurationError: one cannot."""
    out: list[Path] = []
    for number, python in enumerate(pythons):
        try:
            ran = subprocess.run(
                [python, str(BUILDER), str(folder / f"benign-{number}")],
                capture_output=True, text=True, timeout=1_800, check=True,
            )  # fmt: skip
        except OSError as problem:
            raise ConfigurationError(f"{python} cannot be run: {problem.strerror}", "see --python") from None
        except subprocess.CalledProcessError as problem:
            said = printable((problem.stderr.strip().splitlines() or ["nothing"])[-1], 300)
            raise ConfigurationError(f"{python} did not write the ordinary models: it said {said}") from None
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
