"""Differential fuzzing: whatever the scanner allows is loaded by CPython under an audit hook, and must do nothing.

Streams are grown from a grammar over listed and foreign names, and bent out of real ones. The loader runs in a
sandboxed process of its own (`victim`).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bartizan.bench.supplychain import assembler as asm
from bartizan.core.artefact import Admission
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.pickles.permissions import shipped
from bartizan.supplychain.scanning import ArtefactScanner

_NO_LOADER = 3
VICTIM = Path(__file__).with_name("victim.py")
FOREIGN = (
    ("os", "system"), ("builtins", "eval"), ("builtins", "exec"), ("builtins", "open"), ("subprocess", "Popen"),
    ("builtins", "getattr"), ("operator", "attrgetter"), ("importlib", "import_module"), ("webbrowser", "open"),
    ("copyreg", "add_extension"), ("types", "FunctionType"), ("functools", "reduce"), ("os", "path.os.system"),
    ("numpy", "load"), ("numpy.testing._private.utils", "runstring"), ("logging.config", "dictConfig"),
)  # fmt: skip


class LoaderMissingError(ConfigurationError):
    """A Python does not have what loads a kind of file."""

    def __init__(self, loader: str, python: str = "this Python") -> None:
        super().__init__(f"{python} has no {loader}", "install it there, or name another one first with --python")
        self.loader = loader


class Outcome(msgspec.Struct, frozen=True):
    """One fuzzing run."""

    cases: int
    allowed: int
    loaded: int
    """Allowed streams that the loader read to their end without an error."""
    violations: tuple[tuple[str, str], ...]
    """The stream in hexadecimal and what it did, for each allowed stream that did something."""


class Grammar:
    """Random streams, mostly well-formed."""

    def __init__(self, seed: int, foreign: float = 0.03, python: str = sys.executable) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.foreign = foreign
        listed = shipped()
        self.modules = _installed(listed.modules(), python)
        self.names = [(module, name) for module in self.modules for name in listed.names(module)]
        self.callable = [
            (module, name) for module, name in self.names if (one := listed.permission(module, name)) and one.call
        ]

    def stream(self) -> bytes:
        """One pickle."""
        protocol = self.random.choice((0, 1, 2, 3, 4, 4, 5))
        body = self._value(0, protocol)
        for _ in range(self.random.randrange(3)):
            body += self._value(0, protocol) + b"0"
        return asm.whole(body, protocol, framed=protocol >= 4 and self.random.random() < 0.5)

    def mutant(self, source: bytes) -> bytes:
        """``source`` with a few bytes changed, cut, doubled or exchanged."""
        data = bytearray(source)
        for _ in range(self.random.randrange(1, 5)):
            at = self.random.randrange(len(data) + 1)
            way = self.random.randrange(4)
            if way == 0 and at < len(data):
                data[at] = self.random.choice(b"()0123.acdebgijlopqrstuRNQPSVX\x80\x81\x85\x86\x87\x92\x93\x94\x95")
            elif way == 1:
                data[at:at] = data[at : at + self.random.randrange(1, 30)]
            elif way == 2:
                del data[at : at + self.random.randrange(1, 10)]
            else:
                module, name = self._name()
                data[at:at] = asm.name(module, name, self.random.choice((0, 4)))
        return bytes(data)

    def _name(self) -> tuple[str, str]:
        if self.random.random() < self.foreign:
            return self.random.choice(FOREIGN)
        return self.random.choice(self.callable if self.random.random() < 0.6 else self.names)

    def _value(self, depth: int, protocol: int) -> bytes:
        pick = self.random.random()
        if depth > 4 or pick < 0.35:
            return asm.value(self._scalar(), protocol)
        if pick < 0.55:
            items = b"".join(self._value(depth + 1, protocol) for _ in range(self.random.randrange(4)))
            return b"(" + items + self.random.choice((b"t", b"l"))
        if pick < 0.62:
            pairs = b"".join(
                asm.value(self._key(), protocol) + self._value(depth + 1, protocol)
                for _ in range(self.random.randrange(4))
            )
            return b"(" + pairs + b"d"
        module, name = self._name()
        body = asm.name(module, name, protocol)
        if pick < 0.68:
            return body
        arguments = b"(" + b"".join(self._value(depth + 1, protocol) for _ in range(self.random.randrange(4))) + b"t"
        body += arguments + (b"R" if self.random.random() < 0.6 or protocol < 2 else b"\x81")
        if self.random.random() < 0.4:
            body += self._value(depth + 1, protocol) + b"b"
        if self.random.random() < 0.1:
            body += b"(" + self._value(depth + 1, protocol) + self._value(depth + 1, protocol)
            body += self.random.choice((b"u", b"e"))
        return body

    def _scalar(self) -> object:
        return self.random.choice(
            (
                None,
                True,
                0,
                1,
                -1,
                3,
                2**20,
                "",
                "a",
                "f8",
                "O8",
                "latin1",
                "numpy",
                "log",
                b"",
                b"\x80\x04N.",
                "x" * 300,
            )
        )

    def _key(self) -> str:
        return self.random.choice(("a", "b", "__setstate__", "__class__", "append", "func", "shape", "dtype", "data"))


_SCIPY = 'compile (b"\\ndef _parse_args(self, '
"""scipy runs the source of its own template when a distribution is loaded; the scanner compares it to the letter."""


def _counted(events: object) -> list[object]:
    """All but the import of what is no name of a module: a text that breaks off there, which the scanner lets pass."""
    listed = events if isinstance(events, list) else []
    if listed and any(one[1].startswith(_SCIPY) for one in listed):
        listed = [one for one in listed if one[0] != "exec"]
    return [one for one in listed if not (one[0] == "import" and "('" in one[1] and not _is_name(one[1]))]


def _is_name(event: str) -> bool:
    return all(part.isidentifier() for part in event.split("'")[1].split("."))


_FIND = """
import importlib.util, sys
for line in sys.stdin:
    try:
        if importlib.util.find_spec(line.strip()):
            print(line.strip())
    except (ImportError, ValueError, AttributeError, OSError):
        pass
"""


def _installed(modules: Sequence[str], python: str) -> list[str]:
    ran = subprocess.run(
        [python, "-c", _FIND], input="\n".join(modules), capture_output=True, text=True, timeout=300, check=True
    )
    return ran.stdout.split()


def run(
    seed: int,
    cases: int,
    folder: Path,
    seeds: Sequence[bytes] = (),
    loader: str = "pickle",
    python: str = sys.executable,
) -> Outcome:
    """Scan ``cases`` streams and load the allowed ones with ``python``. ``folder`` takes them."""
    grammar = Grammar(seed, python=python)
    scanner = ArtefactScanner()
    bases = list(seeds)
    allowed: dict[Path, bytes] = {}
    for number in range(cases):
        fresh = not bases or grammar.random.random() < 0.6
        stream = grammar.stream() if fresh else grammar.mutant(grammar.random.choice(bases))
        if fresh and number % 10 == 0:
            bases.append(stream)
        if scanner.scan_bytes(stream, "fuzz").verdict is Admission.ALLOW:
            path = folder / f"{number}.pkl"
            path.write_bytes(stream)
            allowed[path] = stream
    seen = load(loader, list(allowed), grammar.modules, python)
    bad = [(allowed[path].hex(), str(events)) for path, found in seen.items() if (events := _counted(found["events"]))]
    fine = sum(not found["error"] for found in seen.values())
    return Outcome(cases, len(allowed), fine, tuple(bad))


def load(
    loader: str, paths: Sequence[Path], modules: Sequence[str] = (), python: str = sys.executable
) -> dict[Path, dict[str, object]]:
    """What loading each file does: ``events`` and ``error``.

    Raises:
        LoaderMissingError: this Python does not have the loader.
        ConfigurationError: it is no Python, or broke.
    """
    if not paths:
        return {}
    try:
        ran = subprocess.run(
            [python, str(VICTIM), loader, *modules],
            input="\n".join(map(str, paths)) + "\n",
            capture_output=True,
            text=True,
            timeout=60 + 12 * len(paths),
            check=False,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        )
    except OSError as problem:
        raise ConfigurationError(f"{python} cannot be run: {problem.strerror}", "name a Python with --python") from None
    if ran.returncode == _NO_LOADER:
        raise LoaderMissingError(loader, python)
    if ran.returncode:
        said = printable((ran.stderr.strip().splitlines() or ["nothing"])[-1], 300)
        raise ConfigurationError(f"{python} did not load files with {loader}: it said {said}")
    lines = [line for line in ran.stdout.splitlines() if line.startswith('{"path"')]  # libraries print as well
    return {Path(found["path"]): found for found in map(json.loads, lines)}
