"""Cases out of other tools' files: garak's report, PyRIT's memory export, promptfoo's configuration."""

from bartizan.redteam.cases.importing.read import Imported, read_report
from bartizan.redteam.cases.importing.write import write_cases

__all__ = ["Imported", "read_report", "write_cases"]
