"""The engine on its own: unknown, empty and malformed content, limits, scanners that fail."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from bartizan.core.artefact import Admission, ArtefactFinding
from bartizan.core.threat import Severity
from bartizan.supplychain.budget import Budget, BudgetError, Limits
from bartizan.supplychain.engine import Scan
from bartizan.supplychain.interface import Context, MalformedError, Rule, Scanner
from bartizan.supplychain.source import ByteSource

BAD = Rule(id="test.bad", title="Bad", admission=Admission.BLOCK, severity=Severity.HIGH, tags=())


class Boxes:
    """``[...]`` holds another artefact; ``!`` is bad, ``?`` malformed, ``*`` a bug of the scanner."""

    id = "boxes"
    rules = (BAD,)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        return source.read(0, 1) in {b"[", b"!", b"?", b"*"}

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        first = source.read(0, 1)
        if first == b"[":
            yield from context.nested(source.sub(1), "box")
        elif first == b"!":
            yield context.found(BAD, "it is bad", offset=0)
        elif first == b"?":
            raise MalformedError("a question", 0)
        else:
            raise KeyError("surprise")


def scan(content: bytes, limits: Limits | None = None) -> list[ArtefactFinding]:
    scanners: list[Scanner] = [Boxes()]
    return Scan(scanners, Budget(limits)).run(ByteSource(content, "file"))


@pytest.mark.parametrize(
    ("content", "rules", "member"),
    [
        (b"", ["format.empty"], ""),
        (b"text", ["format.unknown"], ""),
        (b"!", ["test.bad"], ""),
        (b"[[!", ["test.bad"], "box!box"),
        (b"[?", ["format.malformed"], "box"),
        (b"*", ["scan.failed"], ""),
        (b"[" * 20, ["scan.limit"], "!".join(["box"] * 13)),
    ],
)
def test_every_outcome_has_its_finding(content: bytes, rules: list[str], member: str) -> None:
    found = scan(content)
    assert [one.rule for one in found] == rules
    assert found[0].member == member


def test_time_runs_out_with_a_finding() -> None:
    budget = Budget(Limits(seconds=0.0), clock=iter([0.0, 1.0, 2.0, 3.0]).__next__)
    with pytest.raises(BudgetError):
        budget.check()


def test_sources_do_not_read_past_their_end() -> None:
    source = ByteSource(b"0123456789", "x").sub(2, 5)
    assert (source.read(0, 100), source.read(5, 1), source.read(-1, 1)) == (b"23456", b"", b"")
    assert (source.find(b"5"), source.find(b"7"), source.rfind(b"2"), source.find(b"0")) == (3, -1, 0, -1)
    assert source.sub(3, 100).read(0, 9) == b"56"
