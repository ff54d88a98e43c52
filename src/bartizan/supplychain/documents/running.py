"""Command lines and programs in documents: what tools that read a document run, whatever the tool.

Pipelines (DVC, MLflow projects, CI), manifests of agent bundles and servers, and flows that keep Python in a field all
name commands under a few keys. A command is reported only where it is hostile by itself, since running is its purpose.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import re2

from bartizan.supplychain.documents.agents import COMMAND
from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.formats.hosts import is_local, open_addresses
from bartizan.supplychain.formats.python_code import LARGEST, RUNS, SENDS, risks
from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    Context,
    MalformedError,
    Rule,
    Severity,
)
from bartizan.supplychain.jinja.placeholders import UNREADABLE, dangers, may_reach
from bartizan.supplychain.jinja.safety import SAFETY_RULES
from bartizan.supplychain.packages.rules import INSECURE
from bartizan.supplychain.text.reading import Kind, look

PROGRAM = Rule(
    id="document.program", title="Document carries Python that runs, loads or sends things",
    admission=Admission.INCONCLUSIVE, severity=Severity.MEDIUM, tags=("CWE-94", *CODE_EXECUTION[1:]),
)  # fmt: skip
_KEYS = words(
    """
    cmd command commands run script scripts entrypoint entry_point exec shell args arguments postinstall preinstall
    prepare setup_script build_command start_command entry
    """
)
_TAKEN = re2.compile(
    r"(?i)^(?:-i|--index-url|--extra-index-url|--find-links|-f|-r|--requirement|-c|--constraint|-e|--editable)[ =]*"
    r"[\"']?(?:\w+\+)?http:|^[\w.-]+\s*(?:\[[\w, .-]*\])?\s*@\s*(?:\w+\+)?http:|^(?:\w+\+)?http:"
)
_TRUSTED = re2.compile(r"(?i)^--trusted-host[ =]+(\S+)")
_REACHES = re2.compile(
    r"(?m)^\s*(?:import|from)\s+(?:os|sys|subprocess|socket|ctypes|pickle|marshal|importlib|builtins|pty|runpy|urllib"
    r"|requests|httpx|http|shutil|code)\b|\b(?:exec|eval|compile|__import__|getattr)\s*\("
)
"""What a program says that does more than reckon, for those that cannot be parsed."""
_CODE = frozenset({"value", "code", "source_code", "python_code", "script"})
_PACKAGES = frozenset({"pip", "packages", "dependencies", "build_dependencies"})
_ARGUMENTS = ("runtimeArguments", "packageArguments")
_LONGEST, _MOST_TEXTS = 4_000, 200


class Running:
    """See the module."""

    rules = (COMMAND, PROGRAM, INSECURE, *SAFETY_RULES, UNREADABLE)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a document."""
        content = place.content
        for key, line in _commands(place):
            context.budget.step(4)
            for seen in look(line, Kind.INSTRUCTIONS):
                yield context.found(
                    COMMAND,
                    f"Running it: {seen.explanation}",
                    evidence=line,
                    member=f"{place.member()}.{key}".strip("."),
                )
                break
        for key in _PACKAGES & content.keys():
            for line in content[key] if isinstance(content[key], list) else ():
                if isinstance(line, str) and _unchecked(line.strip()):
                    yield context.found(
                        INSECURE, "pip is handed it, and checks nothing there.", evidence=line, member=place.member()
                    )
        for code in _programs(place):
            yield from _program(code, place, context)
        for key, text in list(content.items())[:_MOST_TEXTS]:
            if isinstance(text, str) and may_reach(text):
                yield from _placeholders(text, f"{place.member()}.{key}".strip("."), context)


def _unchecked(line: str) -> bool:
    """Whether a line of requirements takes something from another machine that nobody has to prove to be."""
    if (trusted := _TRUSTED.search(line)) is not None:
        return not is_local((trusted.group(1) or "").strip("\"'"))
    return _TAKEN.search(line) is not None and bool(open_addresses(line))


def _programs(place: Place) -> Iterator[str]:
    """Texts that a flow, a tool or a node runs as Python."""
    content = place.content
    for key in _CODE & content.keys():
        runs = content.get("type") == "code" or key == "source_code" or (bool(place.way) and place.way[-1] == "inputs")
        if runs and isinstance(content[key], str):
            yield content[key]


def _commands(place: Place) -> Iterator[tuple[str, str]]:
    content = place.content
    for key in _KEYS & content.keys():
        value = content[key]
        for part in value.values() if isinstance(value, dict) else (value,):
            line = _line(part)
            if key in ("args", "arguments"):
                line = f"{_line(content.get('command', ''))} {line}"
            if len(line) > 8:
                yield key, line[:_LONGEST]
    if isinstance(content.get("value"), str) and any(step in _ARGUMENTS for step in place.way):
        yield "value", content["value"][:_LONGEST]


def _line(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else ""


def _program(code: str, place: Place, context: Context) -> Iterator[ArtefactFinding]:
    try:
        found = [one for one in risks(code.encode("utf-8", "surrogatepass")) if one.name in RUNS or one.name in SENDS]
    except MalformedError:  # another language, not finished, or of a later Python than reads it here
        if (named := _REACHES.search(code[:LARGEST])) is not None:
            said = "The flow's program cannot be read, and names what runs, loads or sends things."
            yield context.found(PROGRAM, said, evidence=named.group()[:80], member=place.member())
        return
    if found:
        yield context.found(
            PROGRAM, f"Running the flow uses {found[0].name}.", evidence=found[0].name, member=place.member()
        )


def _placeholders(text: str, member: str, context: Context) -> Iterator[ArtefactFinding]:
    """What a prompt's placeholders would do where they are Jinja's."""
    for hazard in itertools.islice(dangers(text), 1):
        yield context.found(hazard.rule, hazard.explanation, evidence=hazard.evidence, member=member)
