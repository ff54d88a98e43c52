"""Exercises on the range, graded on the attack and on the defence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bartizan.range.scenarios.artefact_scenario import ArtefactScenario
from bartizan.range.scenarios.borrowed_key import BORROWED_KEY
from bartizan.range.scenarios.borrowed_model import BORROWED_MODEL
from bartizan.range.scenarios.brittle_meter import BRITTLE_METER
from bartizan.range.scenarios.bureau_scenario import BureauScenario
from bartizan.range.scenarios.dataset_scenario import DatasetScenario
from bartizan.range.scenarios.ghost_packages import GHOST_PACKAGES
from bartizan.range.scenarios.goods_scenario import GoodsScenario
from bartizan.range.scenarios.interface import Scenario
from bartizan.range.scenarios.journal_scenario import JournalScenario
from bartizan.range.scenarios.leaky_help_desk import LEAKY_HELP_DESK
from bartizan.range.scenarios.learned_scenario import LearnedScenario
from bartizan.range.scenarios.lock_scenario import LockScenario
from bartizan.range.scenarios.model_scenario import ModelScenario
from bartizan.range.scenarios.office_scenario import OfficeScenario
from bartizan.range.scenarios.planted_stamp import PLANTED_STAMP
from bartizan.range.scenarios.porous_bureau import POROUS_BUREAU
from bartizan.range.scenarios.quiet_tools import QUIET_TOOLS
from bartizan.range.scenarios.rug_pull import RUG_PULL
from bartizan.range.scenarios.shared_shelf import SHARED_SHELF
from bartizan.range.scenarios.shelf_scenario import ShelfScenario
from bartizan.range.scenarios.smooth_bill import SMOOTH_BILL
from bartizan.range.scenarios.tainted_tickets import TAINTED_TICKETS
from bartizan.range.scenarios.talkative_grader import TALKATIVE_GRADER
from bartizan.range.scenarios.telling_ward import TELLING_WARD
from bartizan.range.scenarios.tool_scenario import ToolScenario
from bartizan.range.scenarios.unwritten_rule import UNWRITTEN_RULE

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (LEAKY_HELP_DESK, UNWRITTEN_RULE)}
)
"""Those with the help desk, by id."""

TOOL_SCENARIOS: Mapping[str, ToolScenario] = MappingProxyType({scenario.id: scenario for scenario in (RUG_PULL,)})
"""Those with a tool server, by id."""

ARTEFACT_SCENARIOS: Mapping[str, ArtefactScenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (BORROWED_MODEL,)}
)
"""Those with model files, by id."""

OFFICE_SCENARIOS: Mapping[str, OfficeScenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (QUIET_TOOLS,)}
)
"""Those with an assistant that has tools, by id."""

JOURNAL_SCENARIOS: Mapping[str, JournalScenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (BORROWED_KEY,)}
)
"""Those with a journal to hunt in, by id."""

BUREAU_SCENARIOS: Mapping[str, BureauScenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (POROUS_BUREAU,)}
)
"""Those with an application for campaigns, by id."""

GOODS_SCENARIOS: Mapping[str, GoodsScenario] = MappingProxyType({scenario.id: scenario for scenario in (SMOOTH_BILL,)})
"""Those with deliveries and their bills of materials, by id."""

LOCK_SCENARIOS: Mapping[str, LockScenario] = MappingProxyType({scenario.id: scenario for scenario in (GHOST_PACKAGES,)})
"""Those with lock files, by id."""
SHELF_SCENARIOS: Mapping[str, ShelfScenario] = MappingProxyType({SHARED_SHELF.id: SHARED_SHELF})
"""Those with a registry, by id."""

DATASET_SCENARIOS: Mapping[str, DatasetScenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (TAINTED_TICKETS,)}
)
"""Those with a training set, by id."""

MODEL_SCENARIOS: Mapping[str, ModelScenario] = MappingProxyType({BRITTLE_METER.id: BRITTLE_METER})
"""Those with a classifier, by id."""

LEARNED_SCENARIOS: Mapping[str, LearnedScenario] = MappingProxyType(
    {scenario.id: scenario for scenario in (PLANTED_STAMP, TELLING_WARD)}
)
"""Those with a learned model whose training, patients or answers are at stake, by id."""

SERVED_SCENARIOS: Mapping[str, LearnedScenario] = MappingProxyType({TALKATIVE_GRADER.id: TALKATIVE_GRADER})
"""Those with a learned model that is served, by id."""

__all__ = [
    "ARTEFACT_SCENARIOS",
    "BUREAU_SCENARIOS",
    "DATASET_SCENARIOS",
    "GOODS_SCENARIOS",
    "JOURNAL_SCENARIOS",
    "LEARNED_SCENARIOS",
    "LOCK_SCENARIOS",
    "MODEL_SCENARIOS",
    "OFFICE_SCENARIOS",
    "SCENARIOS",
    "SERVED_SCENARIOS",
    "SHELF_SCENARIOS",
    "TOOL_SCENARIOS",
    "ArtefactScenario",
    "BureauScenario",
    "DatasetScenario",
    "GoodsScenario",
    "JournalScenario",
    "LearnedScenario",
    "LockScenario",
    "ModelScenario",
    "OfficeScenario",
    "Scenario",
    "ShelfScenario",
    "ToolScenario",
]
