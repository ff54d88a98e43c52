"""The learner's check of deliveries, for the range's grader."""

from __future__ import annotations

from pathlib import Path

from bartizan.range.goods.deliveries import BILL
from bartizan.supplychain.bom.bill import BillError
from bartizan.supplychain.bom.checking import RULES, against, problems
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.document import LARGEST, from_document
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.make import files_part, with_register
from bartizan.workspace.files import read_bounded
from bartizan.workspace.workspace import Workspace

BILL_RULES = RULES
"""Rules that a learner can name."""


class LabReceiving:
    """`bartizan bom check --against` with the register of a workspace, for deliveries that lie in another folder.

    Args:
        root: of the workspace.

    Raises:
        ConfigurationError: the workspace, or its register, is not what it should be.
    """

    def __init__(self, root: Path) -> None:
        self._workspace = Workspace(root)

    def __call__(self, root: Path, folder: Path) -> frozenset[str]:
        """The rules that speak against a delivery, with registered paths relative to ``root``."""
        try:
            bill = from_document(read_bounded(folder / BILL, BILL, LARGEST), BILL)
        except BillError:
            return frozenset(RULES)
        place = Place([folder])
        described = describe_all([folder], Describer(), 1)
        files = files_part((one for one in described if Path(one.report.path).name != BILL), place)
        files = with_register(files, self._workspace, place, root)
        return frozenset(one.rule for one in (*problems(bill), *against(bill, files)))
