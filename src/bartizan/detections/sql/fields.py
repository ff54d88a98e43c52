"""Fields of JSON events in SQL, as :mod:`bartizan.detections.fields` reads them.

Where the stream looks through any number of lists, SQL looks through one on the way to a field and two at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bartizan.core.errors import ConfigurationError
from bartizan.detections.sigma.modifiers import LONGEST_NUMBER, NUMERIC

MAX_STEPS = 5

MACROS = f"""
CREATE OR REPLACE MACRO bz_flat(items) AS flatten(list_transform(items,
  lambda x: CASE WHEN json_type(x) = 'ARRAY' THEN json_extract(x, '$[*]') ELSE [x] END));
CREATE OR REPLACE MACRO bz_empty(items) AS len(items) > 0
  AND len(list_filter(items, lambda x: NOT (json_type(x) = 'ARRAY' AND json_array_length(x) = 0))) = 0;
CREATE OR REPLACE MACRO bz_values(items) AS
  list_filter(bz_flat(bz_flat(items)), lambda x: json_type(x) NOT IN ('OBJECT', 'ARRAY'));
CREATE OR REPLACE MACRO bz_text(x) AS
  CASE WHEN json_type(x) = 'DOUBLE' THEN CAST(CAST(x AS DOUBLE) AS VARCHAR) ELSE x ->> '$' END;
CREATE OR REPLACE MACRO bz_number(t) AS
  CASE WHEN length(t) <= {LONGEST_NUMBER} AND regexp_full_match(t, '{NUMERIC.pattern}')
  THEN TRY_CAST(t AS DOUBLE) END;
CREATE OR REPLACE MACRO bz_as_number(x) AS CASE json_type(x) WHEN 'VARCHAR' THEN bz_number(x ->> '$')
  WHEN 'BOOLEAN' THEN NULL WHEN 'NULL' THEN NULL ELSE TRY_CAST(x ->> '$' AS DOUBLE) END;
"""


def literal(text: str) -> str:
    """A text as an SQL literal; NUL, which SQL text cannot hold, by its code."""
    if "\0" in text:
        return "(" + " || chr(0) || ".join(literal(piece) for piece in text.split("\0")) + ")"
    return "'" + text.replace("'", "''") + "'"


class Columns:
    """The columns that rules need, one set a field.

    Args:
        mapping: Sigma field name to names in the events.
    """

    def __init__(self, mapping: Mapping[str, tuple[str, ...]]) -> None:
        self._mapping = mapping
        self._numbers: dict[str, int] = {}

    def found(self, field: str) -> str:
        """JSON[]: what stands under the name, structures and all; empty when absent."""
        return f"f{self._number(field)}"

    def values(self, field: str) -> str:
        """JSON[]: the values, null among them."""
        return f"v{self._number(field)}"

    def texts(self, field: str) -> str:
        """VARCHAR[]: the values as text, null left out."""
        return f"t{self._number(field)}"

    def folded(self, field: str) -> str:
        """VARCHAR[]: the same without case."""
        return f"l{self._number(field)}"

    def _number(self, field: str) -> int:
        return self._numbers.setdefault(field, len(self._numbers))

    def query(self, table: str) -> str:
        """All columns over a table with the columns ``line``, ``ts`` and ``e``."""
        inner, middle, outer = ["line", "ts", "e"], ["*"], ["*"]
        last = ["*"]
        for field, number in self._numbers.items():
            inner.append(f"{self._found(field)} AS f{number}")
            middle.append(f"bz_values(f{number}) AS v{number}")
            outer.append(
                f"list_transform(list_filter(v{number}, lambda x: json_type(x) <> 'NULL'),"
                f" lambda x: bz_text(x)) AS t{number}"
            )
            last.append(f"list_transform(t{number}, lambda t: lower(t)) AS l{number}")
        source = f"SELECT {', '.join(inner)} FROM {table}"
        for columns in (middle, outer, last):
            source = f"SELECT {', '.join(columns)} FROM ({source})"
        return source

    def _found(self, field: str) -> str:
        parts = []
        for name in self._mapping.get(field, (field,)):
            for path, wild in _paths(name):
                extract = f"json_extract(e, {literal(path)})"
                parts.append(f"coalesce({extract}, [])" if wild else f"[{extract}]")
        return f"list_filter({' || '.join(parts)}, lambda x: x IS NOT NULL)"


def _paths(name: str) -> Iterator[tuple[str, bool]]:
    """Every reading of the dots in a name, with and without a list on the way."""
    steps = name.split(".")
    if len(steps) > MAX_STEPS:
        raise ConfigurationError(f"the field {name!r} has more than {MAX_STEPS} steps", "run the rule on the stream")
    if '"' in name or "\\" in name or "\0" in name:
        raise ConfigurationError(f"the field {name!r} cannot be written as a path", "run the rule on the stream")
    yield from ((path, "[*]" in path) for path in _read("$", steps))


def _read(before: str, steps: list[str]) -> Iterator[str]:
    for length in range(len(steps), 0, -1):
        path = f'{before}."{".".join(steps[:length])}"'
        if length == len(steps):
            yield path
        else:
            yield from _read(path, steps[length:])
            yield from _read(path + "[*]", steps[length:])
