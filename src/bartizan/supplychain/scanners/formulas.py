"""Cells of tables that spreadsheets take for formulas: what they run or send when somebody opens the table in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import re2

from bartizan.supplychain.datasets.reading import DELIMITED
from bartizan.supplychain.interface import Admission, ArtefactFinding, ByteSource, Context, Rule, Severity, scanner

_TAGS = ("CWE-1236", "MITRE-ATLAS-2026.09:AML.T0011", "OWASP-LLM-2026:LLM04")
RUNS = Rule(
    id="table.formula_runs",
    title="Cell that runs a program",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=_TAGS,
)
SENDS = Rule(
    id="table.formula_sends", title="Cell that asks an address", admission=Admission.BLOCK, severity=Severity.HIGH,
    tags=_TAGS,
)  # fmt: skip
LINKS = Rule(
    id="table.formula_link", title="Cell with a link that carries other cells", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=_TAGS,
)  # fmt: skip
_WINDOW, _OVERLAP = 4 << 20, 8 << 10
_CELL: Final = r"(?:^|[,;|\t\n\r\"'])[ \t\x00]*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}](?:[^\n\r]{0,60}?[^a-z0-9_.])?"
"""Where a cell begins, the sign that makes a formula of it, and what may stand before the function."""
_RUNS = re2.compile(
    rf"(?im){_CELL}(?:(?:cmd|powershell|msexcel|mshta|rundll32|regsvr32|wscript|cscript|bash|sh|dde|soffice|"
    rf"excel)(?:\.exe)?\s*\|"
    r"\s*'?[^\n\r]{0,200}!|(?:dde|call|register(?:\.id)?|exec|shell|run)\s*\(\s*\"+)"
)
_SENDS = re2.compile(
    rf"(?im){_CELL}(?:webservice|importxml|importdata|importhtml|importfeed|importrange|image|filterxml|rtd|"
    rf"encodeurl)\s*\("
    r"[^\n\r]{0,200}(?:https?:|ftp:|\\\\|//)"
)
_LINKS = re2.compile(
    rf"(?im){_CELL}hyperlink\s*\([^\n\r]{{0,300}}(?:https?:|ftp:|file:|"
    rf"\\\\)[^\n\r]{{0,300}}(?:&|concat)"
)


@scanner
class Formulas:
    """See the module."""

    id = "formulas"
    rules = (RUNS, SENDS, LINKS)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """Delimited text by its name: only that opens in a spreadsheet."""
        return source.name.casefold().endswith(DELIMITED)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """The first cell of each kind."""
        found: set[str] = set()
        for start in range(0, source.size, _WINDOW):
            context.budget.step(64)
            encoding = "latin-1" if start else "utf-8"
            text = source.read(start, _WINDOW + _OVERLAP).decode(encoding, "replace").removeprefix("\ufeff")
            for rule, pattern, says in (
                (RUNS, _RUNS, "A spreadsheet that opens it starts a program, after one question."),
                (
                    SENDS,
                    _SENDS,
                    "A spreadsheet that opens it asks the address, other cells with it.",
                ),
                (LINKS, _LINKS, "One click sends other cells to the address."),
            ):
                if rule.id not in found and (cell := pattern.search(text)) is not None:
                    found.add(rule.id)
                    yield context.found(
                        rule,
                        says,
                        offset=start + len(text[: cell.start()].encode(encoding)),
                        evidence=cell.group().strip()[:100],
                    )
