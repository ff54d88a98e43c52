"""Compares models on texts of another kind than they were trained on.

``python -m training.elsewhere measure --development FOLDER --out ROWS.json [--model FOLDER] [--runs FILE]`` asks
``bartizan.Guard`` with the default policy; ``python -m training.elsewhere compare OLD.json NEW.json`` counts what both
flagged, with the mid-p of McNemar's test on the rows where they differ.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import msgspec

from bartizan import Guard
from bartizan.app import build_guard
from bartizan.core.passage import Surface
from bartizan.core.stats import Rate, mcnemar
from bartizan.core.threat import Guard as GuardName
from bartizan.inspection.classifier import load_classifier
from bartizan.policy.document import PolicyDocument
from training.generate.slots import corpus

SHORTEST, LONGEST = 4_000, 16_000
"""Characters of a package's description."""
BARE = 4
"""Records that each order is put into without a wrapper."""
MOST_RUNS = 120
"""Results of tools of either class."""
PLACES = {"token 50": 200, "token 4,000": -800}
"""Where in a long document an order stands: characters from the beginning or the end."""
INJECTED = re.compile("INFORMATION|important message")


class Asked(msgspec.Struct, frozen=True):
    """A text, what it is, and what a model made of it."""

    group: str
    surface: Surface
    attack: bool
    text: str
    flagged: bool = False
    score: float = 0.0


def texts(development: Path, runs: Path | None) -> Iterator[Asked]:
    """Every text, always in the same order."""
    known = corpus("elsewhere")
    for group, attack in (("attacks", True), ("requests", False)):
        for lines in known[group].values():
            yield from (Asked(group, Surface.USER, attack, line) for line in lines)
    records = _records(development)
    place = 0
    for attack, lines in ((True, known["orders"]), (False, known["harmless"])):
        for wrapper in known["wrappers"]:
            for line in lines:
                wrapped = wrapper.replace("⟦line⟧", line)
                yield Asked("wrapped", Surface.CONTENT, attack, _inside(records[place % len(records)], wrapped))
                place += 1
    for number in range(BARE):
        for line in known["orders"]:
            host = records[(place + number) % len(records)]
            yield Asked("bare", Surface.CONTENT, True, _inside(host, line))
            place += 1
    described = descriptions()
    yield from (Asked("descriptions", Surface.CONTENT, False, text) for text in described)
    long = [text for text in described if len(text) == LONGEST][: len(known["orders"])]
    for host, line, wrapper in zip(long, known["orders"], known["wrappers"] * 2, strict=False):
        for name, at in PLACES.items():
            for extra in (line, wrapper.replace("⟦line⟧", line)):
                begin = host.find("\n", at % len(host))
                begin = begin if begin >= 0 else at % len(host)
                yield Asked(name, Surface.CONTENT, True, f"{host[:begin]}\n{extra}\n{host[begin:]}")
    if runs is not None:
        yield from _results(runs)


def descriptions() -> list[str]:
    """Of the packages that are installed beside the product, each cut to ``LONGEST``."""
    found = {one.name: one.read_text("METADATA") or "" for one in metadata.distributions() if one.name}
    bodies = (found[name].partition("\n\n")[2][:LONGEST] for name in sorted(found))
    return [body for body in bodies if len(body) > SHORTEST]


def _records(development: Path) -> list[str]:
    """Harmless mails, tables and records of the development sets."""
    rows = [
        json.loads(line)
        for name in ("bipia_embed_train", "taubench_records")
        for line in (development / f"{name}.jsonl").open(encoding="utf-8")
    ]
    return [row["text"] for row in rows if not row["label"] and len(row["text"]) < 2_500]


def _inside(host: str, line: str) -> str:
    lines = host.split("\n")
    lines.insert(len(lines) // 2, line)
    return "\n".join(lines)


def _results(path: Path) -> Iterator[Asked]:
    """What tools returned in recorded runs of agents, each text once."""
    seen: set[str] = set()
    room = {True: MOST_RUNS, False: MOST_RUNS}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            run = json.loads(line)
            for message in run["messages"]:
                if message.get("role") != "tool":
                    continue
                said = message["content"] or ""
                text = said if isinstance(said, str) else "\n".join(str(part.get("content", "")) for part in said)
                if len(text) < 40 or text in seen:
                    continue
                attack = run["attack_type"] is not None and bool(INJECTED.search(text))
                if room[attack] and (attack or run["attack_type"] is None):
                    seen.add(text)
                    room[attack] -= 1
                    yield Asked("results of tools", Surface.CONTENT, attack, text[:20_000])


def measure(guard: Guard, asked: Sequence[Asked]) -> list[Asked]:
    """The same with what the guard says."""
    name = GuardName.PROMPT_INJECTION.value
    answered = []
    for one in asked:
        signals = guard.inspect(one.text, one.surface).signals
        flagged, score = guard.flagged(signals, one.surface)[name], guard.scores(signals)[name]
        answered.append(msgspec.structs.replace(one, flagged=flagged, score=round(score, 4)))
    return answered


def compare(old: Sequence[Asked], new: Sequence[Asked]) -> str:
    """A table in Markdown. Raises ValueError when they are not about the same texts."""
    groups: defaultdict[tuple[str, bool], list[tuple[bool, bool]]] = defaultdict(list)
    for first, second in zip(old, new, strict=True):
        if first.text != second.text:
            raise ValueError("the two files are about different texts")
        groups[first.group, first.attack].append((first.flagged, second.flagged))
    lines = ["| texts | | old | new | 95% interval | mid-p |", "|---|---|---|---|---|---|"]
    for (group, attack), pairs in groups.items():
        before, after = (sum(pair[which] for pair in pairs) for which in (0, 1))
        low, high = Rate(after, len(pairs)).interval
        test = mcnemar(sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs))
        what = "recall" if attack else "false positives"
        counts = f"{before} of {len(pairs)} | {after} of {len(pairs)}"
        lines.append(f"| {group} | {what} | {counts} | {100 * low:.1f}–{100 * high:.1f} | {test.mid_p:.2g} |")
    return "\n".join(lines)


def main() -> None:
    """Measure or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    jobs = parser.add_subparsers(dest="job", required=True)
    job = jobs.add_parser("measure")
    job.add_argument("--development", type=Path, required=True, help="folder with the development sets")
    job.add_argument("--out", type=Path, required=True, help="what the model said, as JSON")
    job.add_argument("--model", type=Path, help="folder of another model than the shipped one")
    job.add_argument("--runs", type=Path, help="recorded runs of agents, gzipped JSON lines")
    job = jobs.add_parser("compare")
    job.add_argument("files", type=Path, nargs=2, help="the old and the new one")
    options = parser.parse_args()
    if options.job == "compare":
        print(compare(*(msgspec.json.decode(path.read_bytes(), type=list[Asked]) for path in options.files)))
        return
    model = load_classifier(options.model) if options.model else load_classifier()
    guard = Guard(build_guard(PolicyDocument(version=1), {}, {}, classifier=model))
    options.out.write_bytes(msgspec.json.encode(measure(guard, list(texts(options.development, options.runs)))))


if __name__ == "__main__":
    main()
