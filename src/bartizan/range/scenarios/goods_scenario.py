"""An exercise with deliveries: fool a desk that believes bills, then say which problems of a bill refuse a delivery."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError
from bartizan.core.stats import Rate
from bartizan.range.goods.deliveries import Build, delivery
from bartizan.range.goods.desk import receive
from bartizan.range.goods.models import LICENCES, content, goods_code
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.yaml_data import read_yaml

MODULE = "bartizan.range.goods"
REFUSE = "refuse.yaml"
DELIVERY = "delivery"
_TEMPLATE = """\
# A delivery is refused when 'bartizan bom check' finds one of these in its bill, or between the bill, the files and
# artefacts.yaml. Rules are those of the page on bills of materials, such as bom.blocked.
refuse: []
"""

Finds = Callable[[Path, Path], frozenset[str]]
"""The rules that speak against a delivery. Takes the folder that stands for the workspace, and the delivery in it."""


class GoodsCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One held-out case."""

    id: str
    build: Build


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``refuse.yaml``."""

    refuse: tuple[str, ...]


class GoodsScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    cases: Traversable
    """Folder with ``attacks.yaml`` and ``benign.yaml``: the held-out cases."""
    stop_at_least: float
    keep_at_least: float

    def plant(self, folder: Path, seed: int) -> None:
        """Write today's delivery, what the supplier published, and a file of rules where there is none."""
        delivery(folder / DELIVERY, seed, "exchanged_prices")
        (folder / "published").mkdir(parents=True, exist_ok=True)
        for name in LICENCES:
            (folder / "published" / name).write_bytes(content(name, seed))
        if not (folder / REFUSE).exists():
            (folder / REFUSE).write_text(_TEMPLATE, encoding="utf-8")

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` is the code of this learner's bakery."""
        return hmac.compare_digest(submitted.strip().upper().encode(), goods_code(seed).encode())

    def chosen(self, path: Path, rules: Sequence[str]) -> frozenset[str]:
        """The learner's rules. Raises ArtefactError: the file cannot be read, or names something else."""
        try:
            some = frozenset(msgspec.convert(read_yaml(path), Chosen).refuse)
        except msgspec.ValidationError as error:
            raise ArtefactError(f"{path}: {error}", "it says 'refuse:' and a list of rules") from None
        if unknown := sorted(some.difference(rules)):
            raise ArtefactError(f"{path}: there is no rule {unknown[0][:60]!r}", f"there are {', '.join(rules)}")
        return some

    def held_out(self, name: str) -> list[GoodsCase]:
        """The cases of ``attacks`` or ``benign``."""
        return msgspec.convert(read_yaml(self.cases / f"{name}.yaml"), list[GoodsCase])

    def grade_defence(self, finds: Finds, refuse: frozenset[str], seed: int, place: str) -> DefenceGrade:
        """Hand every case to the desk, and then look what the defence finds in it. Refusing everything keeps nothing.

        Args:
            finds: the defence.
            refuse: rules that refuse a delivery.
            seed: of the learner.
            place: of the delivery, relative to the workspace: where the learner registered digests.
        """
        attacks, benign = self.held_out("attacks"), self.held_out("benign")
        with tempfile.TemporaryDirectory(prefix="bartizan-range-") as name:
            refused = {one.id: self._refused(one, Path(name) / one.id, finds, refuse, seed, place) for one in attacks}
            lost = {one.id: self._refused(one, Path(name) / one.id, finds, refuse, seed, place) for one in benign}
        working = [one.id for one in attacks if refused[one.id] is not None]
        served = [one.id for one in benign if lost[one.id] is not None]
        stop = Rate(sum(refused[one] is True for one in working), len(working))
        keep = Rate(sum(lost[one] is False for one in served), len(served))
        passed: bool | None = None
        if min(stop.n, keep.n) >= MIN_WORKING_ATTACKS:
            passed = stop.value >= self.stop_at_least and keep.value >= self.keep_at_least
        return DefenceGrade(
            stopped=stop,
            kept=keep,
            inconclusive=len(attacks) + len(benign) - stop.n - keep.n,
            passed=passed,
            got_through=tuple(one for one in working if not refused[one]),
            lost=tuple(one for one in served if lost[one]),
        )

    def _refused(
        self, case: GoodsCase, root: Path, finds: Finds, refuse: frozenset[str], seed: int, place: str
    ) -> bool | None:
        """None where the desk itself does not accept the delivery."""
        folder = root / place
        delivery(folder, seed, case.build)
        if not receive(folder, seed).accepted:
            return None
        return bool(finds(root, folder) & refuse)
