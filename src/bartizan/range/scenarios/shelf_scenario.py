"""An exercise with a registry: slip a file onto a shelf, then let only what the publisher signed through."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from bartizan.core.stats import Rate
from bartizan.range.intake.hostile import HOSTILE
from bartizan.range.intake.models import content, shop_code
from bartizan.range.scenarios.artefact_scenario import loaded
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.shelf.hub import HUB, PUBLISHER
from bartizan.range.yaml_data import read_yaml

MODULE = "bartizan.range.shelf"
MODELS = ("forecast.pkl", "stock.npz", "ranker.safetensors")
"""What the publisher publishes, each in a repository of its own."""
Signing = Literal["publisher", "stranger", "stale", "none"]
"""By whom its repository is signed; ``stale``: by the publisher, but other bytes than these."""


class ShelfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One held-out case."""

    id: str
    repository: str
    file: str
    """Path in the repository."""
    build: Literal["honest", "exchanged", "hostile"]
    of: str
    """Name of the model, or of the hostile file."""
    signed: Signing
    commit: bool = False
    """Asked for at a commit, and not at a branch."""


class Published(NamedTuple):
    """A file as somebody publishes it."""

    case: ShelfCase
    raw: bytes
    honest: bytes
    """What the publisher would have published there."""


HandsOut = Callable[[Sequence[Published], int], Sequence[bool]]
"""Whether a registry hands each of them out, byte for byte; takes the learner's seed as well."""


class ShelfScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    cases: Traversable
    """Folder with ``attacks.yaml`` and ``benign.yaml``: the held-out cases."""
    stop_at_least: float
    keep_at_least: float

    def plant(self, folder: Path, seed: int, public_key: bytes) -> None:
        """Write what the publisher publishes, its public key, and the shop's notes."""
        for name in MODELS:
            place = folder / "hub" / PUBLISHER / name.partition(".")[0]
            place.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content(name, seed))
        (folder / "publisher.pub").write_bytes(public_key)
        (folder / "NOTES.txt").write_text(_NOTES, encoding="utf-8")

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` is the code of this learner's shop."""
        return hmac.compare_digest(submitted.strip().upper().encode(), shop_code(seed).encode())

    def held_out(self, name: str) -> list[ShelfCase]:
        """The cases of ``attacks`` or ``benign``."""
        return msgspec.convert(read_yaml(self.cases / f"{name}.yaml"), list[ShelfCase])

    def grade_defence(self, hands_out: HandsOut, seed: int) -> DefenceGrade:
        """Load every case without the defence, and ask the defence for it. One that hands out nothing keeps nothing."""
        attacks, benign = self.held_out("attacks"), self.held_out("benign")
        published = [_published(case, seed) for case in (*attacks, *benign)]
        works = dict(zip((one.case.id for one in published), _effects(published, seed), strict=True))
        through = dict(zip((one.case.id for one in published), hands_out(published, seed), strict=True))
        working = [case.id for case in attacks if works[case.id] == "attacks"]
        serving = [case.id for case in benign if works[case.id] == "serves"]
        got, lost = [one for one in working if through[one]], [one for one in serving if not through[one]]
        stop, keep = Rate(len(working) - len(got), len(working)), Rate(len(serving) - len(lost), len(serving))
        passed: bool | None = None
        if min(stop.n, keep.n) >= MIN_WORKING_ATTACKS:
            passed = stop.value >= self.stop_at_least and keep.value >= self.keep_at_least
        return DefenceGrade(
            stopped=stop,
            kept=keep,
            inconclusive=len(published) - stop.n - keep.n,
            passed=passed,
            got_through=tuple(got),
            lost=tuple(lost),
        )


def _published(case: ShelfCase, seed: int) -> Published:
    model = case.of if case.of in MODELS else MODELS[0]
    honest = content(model, seed)
    raw = HOSTILE[case.of]() if case.build == "hostile" else content(case.of, seed, case.build)
    return Published(case, raw, honest)


def _effects(published: Sequence[Published], seed: int) -> list[str]:
    """What loading each does: it gives the code away or forecasts something else, or it serves, or nothing."""
    out = []
    with tempfile.TemporaryDirectory(prefix="bartizan-range-") as name:
        places = [(Path(name) / f"{number}-a", Path(name) / f"{number}-b") for number in range(len(published))]
        for one, (mine, honest) in zip(published, places, strict=True):
            mine.write_bytes(one.raw)
            honest.write_bytes(one.honest)
        told = loaded([path for pair in places for path in pair], seed)
        for mine, honest in places:
            forecasts = told[mine]["loaded"] and told[mine]["forecast"] is not None
            same = forecasts and told[mine]["forecast"] == told[honest]["forecast"]
            gives_away = shop_code(seed) in told[mine]["printed"]
            out.append("attacks" if gives_away or (forecasts and not same) else "serves" if same else "nothing")
    return out


_NOTES = f"""What our programs take from the shelf, and from whom.

Publisher  {PUBLISHER}, at {HUB}
Models     {", ".join(f"{PUBLISHER}/{name.partition('.')[0]}/{name}" for name in MODELS)}
Signature  model.sig in each repository, with the key of publisher.pub

Anybody may publish at {HUB} under a name of their own. What somebody else publishes goes into
hub/OWNER/REPOSITORY/FILE beside these notes.
"""
