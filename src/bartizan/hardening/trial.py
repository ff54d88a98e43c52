"""Tries a candidate: the finding itself, held-out live variants, harmless traffic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from bartizan.hardening.benign.corpus import Half, corpus, digest, linking_to, twins
from bartizan.hardening.benign.lengthy import lengthy_answers
from bartizan.hardening.benign.near import near
from bartizan.hardening.benign.several import several
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.distinct import answered, distinct, seen
from bartizan.hardening.exchange import Exchange
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.gates import Count, Decision, Disturbed, count, decide
from bartizan.hardening.stack import Layer, Stack
from bartizan.hardening.variants import Side, Variants

WANTED: Final = 100
"""Held-out live variants that a trial takes."""
LOOK: Final = 20
"""The same for a candidate that does not stop the finding itself."""
MOST_MADE: Final = 1_500
"""Variants that are made to find so many live ones."""
MOST_CHARACTERS: Final = 1_500_000
"""Of all variants of one side together: what bounds the time that a hostile finding can take."""
_FIRST: Final = 300
_FEW: Final = 0.03
"""With fewer live ones than this share among the first, the rest would not be enough either."""
_SHOWN: Final = 5

StackOf = Callable[[Mapping[str, bytes], Mapping[str, str]], Stack]
"""Builds the guards of a workspace from its files and from values by file below its state.

Raises BartizanError for files that cannot come into force.
"""


class Live(msgspec.Struct, frozen=True):
    """Variants that pass the guards as they were."""

    rows: tuple[Exchange, ...]
    made: int
    """Different variants that were made to find them."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a trial."""

    decision: Decision
    reason: str
    replayed: str
    """The layer and rule that now stop the finding; empty where it still passes."""
    stopped: Count
    made: int
    """Variants that were made to find the live ones."""
    disturbed: Disturbed
    by_family: dict[str, tuple[int, int]]
    """Stopped and tried, by what variants were made by."""
    passed: tuple[str, ...]
    """Some variants that still pass, in clear."""
    digest: str
    """SHA-256 over the variants and the harmless exchanges."""
    variants: tuple[Exchange, ...] = ()
    """What was tried: the regression case."""


def live(
    finding: RedTeamFinding,
    side: Side,
    stack: Stack,
    seed: str,
    wanted: int = WANTED,
    layer: Layer | None = None,
    values: tuple[str, ...] = (),
) -> Live:
    """Different variants of ``finding`` that ``stack`` lets pass; none is the finding itself.

    Args:
        finding: what is varied.
        side: whose material is used.
        stack: the guards as they are.
        seed: chooses.
        wanted: how many, if there are so many.
        layer: where the control acts that they are for: variants that it cannot tell apart count once. None: any.
        values: of the application's own customers, of which variants of a leak show one.
    """

    def sight(row: Exchange) -> object:
        return row.key if layer is None else seen(row, layer)

    made: set[object] = set()
    known = {sight(finding.exchange)}
    rows: list[Exchange] = []
    left = MOST_CHARACTERS
    for row in islice(Variants(finding, side, seed, values), MOST_MADE):
        if row.key in made or sight(row) in known:
            continue
        made.add(row.key)
        left -= sum(len(piece.text) for piece in row.pieces) + len(row.answer)
        if left < 0:
            break
        if stack.stops_attack(row) is None:
            known.add(sight(row))
            rows.append(row)
            if len(rows) == wanted:
                break
        if len(made) == _FIRST and len(rows) < _FEW * _FIRST:
            break
    return Live(tuple(rows), len(made))


class Court:
    """Tries candidates of one workspace; remembers what harmless traffic does without them.

    Args:
        before: the guards as they are.
        stack_of: builds those of a changed workspace.
        seed: chooses held-out variants; each candidate gets fresh ones.
        hosts: to which the application's answers link; they take the place of those of the corpus.
        values: see ``live``.
    """

    def __init__(
        self,
        before: Stack,
        stack_of: StackOf,
        seed: int,
        hosts: Sequence[str] = (),
        values: tuple[str, ...] = (),
    ) -> None:
        self._values = values
        self._before = before
        self._stack_of = stack_of
        self._seed = seed
        self._hosts = tuple(host.removeprefix("*.") for host in hosts)
        self._known: dict[object, bool] = {}

    def harmless(self, finding: RedTeamFinding, layer: Layer, kind: Kind = Kind.TOOL_POLICY) -> tuple[Exchange, ...]:
        """The held harmless exchanges that a candidate of ``layer`` can disturb at all, and can tell apart. One that
        counts calls meets tasks that take several, one that bounds answers long answers, too."""
        if kind is Kind.TOOL_BUDGET:
            return distinct((*(row for row in corpus(Half.HELD) if row.calls), *several(Half.HELD)), layer)
        if kind is Kind.ANSWER_LENGTH:
            return answered((*linking_to(corpus(Half.HELD), self._hosts), *lengthy_answers(Half.HELD)))
        rows = linking_to(corpus(Half.HELD), self._hosts)
        if kind in {Kind.INSTRUCTIONS, Kind.STATEMENT}:
            return answered((*rows, *near(kind, finding.exchange.harm, Half.HELD)))
        if layer is Layer.CALL:
            return distinct((row for row in rows if row.calls), layer)
        if layer is Layer.OUTPUT:
            return answered(rows)
        text = "\n".join(piece.text for piece in finding.exchange.pieces if piece.surface is finding.hostile)
        return distinct((*rows, *twins(text, Half.HELD, f"{self._seed}/{finding.id}")), layer)

    def try_out(self, finding: RedTeamFinding, candidate: Candidate, files: Mapping[str, bytes]) -> Trial:
        """The trial of one candidate. Raises BartizanError when the changed workspace could not come into force."""
        after = self._stack_of(candidate.change.apply(files), candidate.secrets)
        seed = f"{self._seed}/{candidate.id}"
        replayed = after.stops_attack(finding.exchange)
        # What does not even stop the finding is rejected in any case; a few variants show how far it is off.
        wanted = WANTED if replayed is not None else LOOK
        held = live(finding, Side.HELD, self._before, seed, wanted, layer=candidate.layer, values=self._values)
        stops = [after.stops_attack(row) is not None for row in held.rows]
        stopped = count(sum(stops), len(stops))
        harmless = self.harmless(finding, candidate.layer, candidate.kind)
        # An expensive pass over harmless traffic is not needed to reject what stops too little.
        hopeless = replayed is None or stopped.interval[1] < 0.95
        disturbed = self._disturbed(after, () if hopeless else harmless)
        decision, reason = decide(replayed is not None, stopped, disturbed)
        return Trial(
            decision=decision,
            reason=reason,
            replayed=f"{replayed.layer}: {replayed.rule}" if replayed else "",
            stopped=stopped,
            made=held.made,
            disturbed=disturbed,
            by_family=_by_family(held.rows, stops),
            passed=tuple(row.pieces[-1].text[:300] for row, stop in zip(held.rows, stops, strict=True) if not stop)[
                :_SHOWN
            ],
            digest=digest((*held.rows, *harmless)),
            variants=held.rows,
        )

    def _disturbed(self, after: Stack, rows: Sequence[Exchange]) -> Disturbed:
        """Rows that are disturbed without the candidate too can show nothing: n is what passes without it."""
        passing = [row for row in rows if not self._without(row)]
        newly = [after.stops_benign(row) is not None for row in passing]
        hit = {row.group for row, new in zip(passing, newly, strict=True) if new}
        return Disturbed(
            before=len(rows) - len(passing),
            newly=count(sum(newly), len(passing)),
            groups=count(len(hit), len({row.group for row in passing})),
            examples=tuple(row.pieces[-1].text[:200] for row, new in zip(passing, newly, strict=True) if new)[:_SHOWN],
        )

    def _without(self, row: Exchange) -> bool:
        known = self._known.get(row.key)
        if known is None:
            known = self._known[row.key] = self._before.stops_benign(row) is not None
        return known


def _by_family(rows: Sequence[Exchange], stops: Sequence[bool]) -> dict[str, tuple[int, int]]:
    out: dict[str, tuple[int, int]] = {}
    for row, stop in zip(rows, stops, strict=True):
        for family in row.made.split("+"):
            good, of = out.get(family, (0, 0))
            out[family] = (good + stop, of + 1)
    return dict(sorted(out.items()))
