"""An exercise with the porous bureau: find its holes by a campaign, close them by few measures, and still serve."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from bartizan.core.attack import EntryPoint
from bartizan.core.errors import ArtefactError
from bartizan.core.stats import Rate
from bartizan.range.bureau.assistant import Assistant, Passage, Said
from bartizan.range.bureau.records import TOOLS, Records, records
from bartizan.range.bureau.weaknesses import WEAKNESSES, Measure, left_open
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.yaml_data import read_yaml

MEASURES = "measures.yaml"
_TEMPLATE = """\
# The measures that the bureau takes. There are: {every}.
measures: []
"""


class BureauCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One held-out case."""

    id: str
    message: str
    entry: EntryPoint = EntryPoint.CHAT
    text: str = ""
    """What waits in the context, if it does not enter by chat."""
    called: str = ""
    expect: str = ""
    """Of a benign case: what the answer, or a call's arguments, must hold."""


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``measures.yaml``."""

    measures: tuple[Measure, ...]


class BureauScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    cases: Traversable
    """Folder with ``attacks.yaml`` and ``benign.yaml``: the held-out cases."""
    measures_at_most: int
    stop_at_least: float
    keep_at_least: float

    def prepare(self, folder: Path) -> None:
        """Write a file of measures to begin with where there is none."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / MEASURES).exists():
            text = _TEMPLATE.format(every=", ".join(measure.value for measure in Measure))
            (folder / MEASURES).write_text(text, encoding="utf-8")

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` is the override code of this learner's bureau."""
        return hmac.compare_digest(submitted.strip().lower().encode(), records(seed).secret.encode())

    def chosen(self, path: Path) -> frozenset[Measure]:
        """The learner's measures. Raises ArtefactError: the file cannot be read, or names too many."""
        try:
            some = frozenset(msgspec.convert(read_yaml(path), Chosen).measures)
        except msgspec.ValidationError as error:
            hint = f"there are: {', '.join(measure.value for measure in Measure)}"
            raise ArtefactError(f"{path}: {error}", hint) from None
        if len(some) > self.measures_at_most:
            hint = f"at most {self.measures_at_most}: some close more than others"
            raise ArtefactError(f"{path}: {len(some)} measures", hint)
        return some

    def held_out(self, name: str, known: Records) -> list[BureauCase]:
        """The cases of ``attacks`` or ``benign``, with this bureau's names."""
        slots = {"{person}": known.customers[0].name, "{tool}": TOOLS[0], "{account}": known.account}
        cases = msgspec.convert(read_yaml(self.cases / f"{name}.yaml"), list[BureauCase])
        return [
            msgspec.structs.replace(case, message=_filled(case.message, slots), text=_filled(case.text, slots))
            for case in cases
        ]

    def grade_defence(self, measures: frozenset[Measure], seed: int) -> DefenceGrade:
        """Play every case against the bureau as it was and with ``measures``."""
        known = records(seed)
        before = Assistant(known, WEAKNESSES, frozenset())
        after = Assistant(known, left_open(measures), measures)
        attacks = [case for case in self.held_out("attacks", known) if _play(before, case).hole]
        benign = [case for case in self.held_out("benign", known) if _served(_play(before, case), case)]
        through = tuple(case.id for case in attacks if _play(after, case).hole)
        lost = tuple(case.id for case in benign if not _served(_play(after, case), case))
        stopped = Rate(len(attacks) - len(through), len(attacks))
        kept = Rate(len(benign) - len(lost), len(benign))
        passed: bool | None = None
        if min(stopped.n, kept.n) >= MIN_WORKING_ATTACKS:
            passed = stopped.value >= self.stop_at_least and kept.value >= self.keep_at_least
        return DefenceGrade(stopped=stopped, kept=kept, inconclusive=0, passed=passed, got_through=through, lost=lost)


def _filled(text: str, slots: Mapping[str, str]) -> str:
    for name, value in slots.items():
        text = text.replace(name, value)
    return text


def _play(assistant: Assistant, case: BureauCase) -> Said:
    context = (Passage(case.entry, case.text, case.called),) if case.text else ()
    return assistant.say(case.message, context)


def _served(said: Said, case: BureauCase) -> bool:
    arguments = " ".join(value for call in said.tool_calls for value in call.arguments.values())
    return case.expect in f"{said.answer} {arguments}"
