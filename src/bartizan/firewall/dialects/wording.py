"""Says in a client's words what is wrong with a document: where, what was expected, what was found."""

from __future__ import annotations

import msgspec

from bartizan.core.passage import Path, render_path

_KINDS = {
    "str": "a string",
    "array": "a list",
    "object": "an object",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
}
_LONGEST = 160


def place(path: Path) -> str:
    """The path as errors name it."""
    return render_path(path) if path else "body"


def explain(error: msgspec.ValidationError, base: Path = ()) -> str:
    """``messages[0].content: expected a string or a list of parts, found int``."""
    what, _, where = str(error).partition(" - at `$")
    where = place(base) + where.rstrip("`") if base else where.rstrip("`").lstrip(".") or "body"
    expected, _, found = what.partition("`, got `")
    if found and expected.startswith("Expected `"):
        kinds = [_KINDS.get(kind, kind) for kind in expected.removeprefix("Expected `").split(" | ")]
        if where.endswith("content"):
            kinds = ["a list of parts" if kind == "a list" else kind for kind in kinds]
        what = f"expected {' or '.join(kinds)}, found {found.rstrip('`')}"
    elif what.startswith("Object missing required field `"):
        what = f"the required field {what.removeprefix('Object missing required field ')} is missing"
    elif what.startswith("Invalid "):
        what = "unknown" + what.removeprefix("Invalid")
        what = what.replace("unknown enum value", "unknown value")
    return f"{where[:_LONGEST]}: {what[:_LONGEST]}"
