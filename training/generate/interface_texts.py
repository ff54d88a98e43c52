"""Harmless texts in ninety languages: the messages that a web framework shows people.

Imperatives ("enter a valid address", "confirm that ..."), errors and labels, translated by native speakers. They come
from the catalogues in Django's wheel (BSD-3-Clause), which is fetched when a model is trained and is not committed.
"""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from training.rows import Row

REQUIREMENT = "Django==5.2.8"
CATALOGUE = re.compile(r"/locale/(\w+)/LC_MESSAGES/django(?:js)?\.po$")
SHORTEST = 12


def fetch(folder: Path) -> Path:
    """The wheel in ``folder``, downloaded unless it is there."""
    found = next(folder.glob("[dD]jango-*.whl"), None)
    if found is None:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-d",
            str(folder),
            REQUIREMENT,
        ]
        subprocess.run(command, check=True)
        found = next(folder.glob("[dD]jango-*.whl"))
    return found


def messages(wheel: Path) -> dict[str, list[str]]:
    """Translated messages by language, each once."""
    found: dict[str, dict[str, None]] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            match = CATALOGUE.search(name)
            if match:
                said = found.setdefault(match[1], {})
                said.update(dict.fromkeys(_translated(archive.read(name).decode("utf-8"))))
    return {lang: list(said) for lang, said in found.items() if len(said) > 40}


def rows(rng: random.Random, count: int, said: dict[str, list[str]]) -> Iterator[Row]:
    """One to four messages a text, all languages alike."""
    languages = tuple(said)
    for number in range(count):
        lang = languages[number % len(languages)]
        texts = rng.sample(said[lang], k=rng.choice((1, 1, 1, 2, 3, 4)))
        text = rng.choice((" ", " ", "\n", "\n\n", " – ")).join(texts)
        if rng.random() < 0.1:
            text = text.upper() if rng.random() < 0.3 else text.lower()
        yield Row(
            text=text, surface="both", attack=0, extraction=0, jailbreak=0, harmful=0, kind="benign", lang=lang,
            source="gen/interface", group=f"interface/{lang}/{number}",
        )  # fmt: skip


def pages(rng: random.Random, said: dict[str, list[str]], size: int = 3_000) -> Iterator[str]:
    """All messages of each language in one order drawn, joined to pages of about ``size`` characters."""
    for texts in said.values():
        page: list[str] = []
        for text in rng.sample(texts, k=len(texts)):
            page.append(text)
            if sum(map(len, page)) >= size:
                yield rng.choice(("\n", "\n\n", " ")).join(page)
                page = []


def _translated(catalogue: str) -> Iterator[str]:
    text = ""
    inside = False
    for line in [*catalogue.split("\n"), ""]:
        if line.startswith("msgstr"):
            if inside and text:
                yield from _clean(text)
            text, inside = ast.literal_eval(line[line.index('"') :]), True
        elif line.startswith('"') and inside:
            text += ast.literal_eval(line)
        elif inside:
            yield from _clean(text)
            text, inside = "", False


def _clean(text: str) -> Iterator[str]:
    text = re.sub(r"%\((\w+)\)[sdi]", r"\1", text).replace("%s", "…").replace("%d", "3").strip()
    text = re.sub(r"<[^>]{1,60}>", "", text)
    if len(text) >= SHORTEST and "Project-Id-Version" not in text:
        yield text
