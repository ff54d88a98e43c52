"""Tables of docs/detections/pack.md, coverage.md and convert.md, from the rules. Run it to write them."""

from __future__ import annotations

import re
from pathlib import Path

from bartizan.detections.cases import BUILTIN
from bartizan.detections.convert import convert_all, make_target
from bartizan.detections.coverage import atlas_coverage
from bartizan.detections.hunts import load_hunts
from bartizan.detections.sigma import load_collection

PAGES = Path(__file__).parent.parent / "docs" / "detections"
_TABLE = re.compile(r"^\|.*\n\|---.*\n(?:\|.*\n)*", re.MULTILINE)


def pack() -> str:
    collection = load_collection([BUILTIN])
    rows = [rule.header for rule in collection.rules if rule.header.key in collection.reported]
    rows.sort(key=lambda header: (str(header.custom["threat"]), header.title))
    lines = [f"| {h.title} | {h.level} | {h.custom['threat']} | {' '.join(h.tags)} |\n" for h in rows]
    return "| rule | level | threat | technique |\n|---|---|---|---|\n" + "".join(lines)


def coverage(*, seen: bool) -> str:
    rows = [row for row in atlas_coverage(load_collection([BUILTIN])) if bool(row.rules) is seen]
    if seen:
        lines = [f"| {row.id} | {row.title} | {'; '.join(row.rules)} | {row.remark} |\n" for row in rows]
        return "| id | technique | rules | seen of it |\n|---|---|---|---|\n" + "".join(lines)
    lines = [f"| {row.id} | {row.title} | {row.remark} |\n" for row in rows]
    return "| id | technique | why not |\n|---|---|---|\n" + "".join(lines)


GIVES = {
    "splunk": "a search; counts, sums and `temporal` without order as `streamstats time_window`",
    "esql": "`FROM … \\| WHERE …`",
    "kusto": "`TABLE \\| where …`",
    "opensearch": "Query DSL",
    "sqlite": "one SELECT, correlations too",
}


def targets() -> str:
    """What each language says of the rules."""
    collection, lines = load_collection([BUILTIN]), ""
    for name, gives in GIVES.items():
        outcomes = convert_all(collection, make_target(name, {}))
        said = sum(outcome.converted is not None for outcome in outcomes)
        lines += f"| `{name}` | {gives} | {said} of {len(outcomes)} |\n"
    return "| target | gives | of the rules that ship |\n|---|---|---|\n" + lines


def hunts() -> str:
    """The hunts that ship."""
    rows = [f"| `{one.id}` | {one.title} | {one.threat} | {one.hypothesis} |\n" for one in load_hunts().values()]
    return "| hunt | title | threat | guess |\n|---|---|---|---|\n" + "".join(rows)


def counts() -> tuple[int, int]:
    """Techniques with a rule, and all."""
    rows = atlas_coverage(load_collection([BUILTIN]))
    return sum(bool(row.rules) for row in rows), len(rows)


def tables(name: str) -> list[str]:
    """The tables that a page shows."""
    return _TABLE.findall((PAGES / name).read_text(encoding="utf-8"))


def write(name: str, wanted: list[str]) -> None:
    """Put the tables in place of those that the page has, in order."""
    page, new = PAGES / name, iter(wanted)
    page.write_text(_TABLE.sub(lambda old: next(new, old[0]), page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write("pack.md", [pack()])
    write("hunts.md", [hunts()])
    write("convert.md", [targets()])
    write("coverage.md", [coverage(seen=True), coverage(seen=False)])
