"""Documents that make any object, or hold code: jsonpickle, and cells of notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import dangerous
from bartizan.supplychain.formats.python_code import RUNS, SENDS, risks
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    Context,
    MalformedError,
    Rule,
    Severity,
)

JSON_PICKLE = Rule(
    id="json.pickled_call", title="JSON that has functions called when jsonpickle decodes it",
    admission=Admission.BLOCK, severity=Severity.CRITICAL, tags=CODE_EXECUTION,
)  # fmt: skip
JSON_OBJECT = Rule(
    id="json.pickled_object", title="JSON that has objects made when jsonpickle decodes it",
    admission=Admission.INCONCLUSIVE, severity=Severity.MEDIUM, tags=CODE_EXECUTION,
)  # fmt: skip
CELL = Rule(
    id="notebook.risky_cell", title="Notebook with a cell that runs, loads or sends things",
    admission=Admission.INCONCLUSIVE, severity=Severity.MEDIUM, tags=("CWE-94", *CODE_EXECUTION[1:]),
)  # fmt: skip
_CALLS = ("py/reduce", "py/function", "py/repr", "py/method", "py/mod", "py/newargs", "py/newargsex", "py/initargs")
_OBJECTS = ("py/object", "py/type", "py/state", "py/newobj", "py/property")
_SHELLS = ("%%bash", "%%sh", "%%script", "%%cmd", "%%perl", "%%ruby", "%system", "%sx", "%run ")
_MAGIC = re.compile(r"\bget_ipython\(\)\s*\.\s*(?:system|getoutput|run_cell_magic|run_line_magic|run_cell)\b")


class Objects:
    """See the module."""

    rules = (JSON_PICKLE, JSON_OBJECT, CELL)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a document."""
        content = place.content
        if calls := [key for key in _CALLS if key in content]:
            yield context.found(
                JSON_PICKLE,
                f"jsonpickle calls what stands there: {calls[0]}.",
                evidence=calls[0],
                member=place.member(),
            )
        for key in (one for one in _OBJECTS if one in content):
            name = str(content[key])
            rule = JSON_PICKLE if dangerous(name) else JSON_OBJECT
            yield context.found(rule, f"jsonpickle imports and makes a {name}.", evidence=name, member=place.member())
        if content.get("cell_type") == "code":
            yield from _cell(content, place, context)


def _cell(content: dict[str, Any], place: Place, context: Context) -> Iterator[ArtefactFinding]:
    """What running one cell would do; its lines for the shell among that."""
    source = content.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    lines = text.splitlines()
    shell = [line for line in lines if line.lstrip().startswith(("!", *_SHELLS))]
    shell += [line for line in lines if _MAGIC.search(line)]
    if shell:
        yield context.found(CELL, "Running the cell runs a shell.", evidence=shell[0].strip(), member=place.member())
    python = "\n".join(line for line in lines if not line.lstrip().startswith(("!", "%", "?")))
    try:
        for risk in risks(python.encode("utf-8", "surrogatepass")):
            if risk.name in RUNS or risk.name in SENDS:
                yield context.found(
                    CELL, f"Running the cell uses {risk.name}.", evidence=risk.name, member=place.member()
                )
                return
    except MalformedError:
        return  # another language, or not finished: nothing that Python runs
