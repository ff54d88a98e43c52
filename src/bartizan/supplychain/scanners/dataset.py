"""Tables of text for training, tests and retrieval: CSV, TSV, JSON lines."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.datasets.columns import split_of
from bartizan.supplychain.datasets.findings import found_in, noted
from bartizan.supplychain.datasets.reading import is_table, named_columns, open_table, records
from bartizan.supplychain.datasets.rules import TABLE_RULES
from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, scanner


@scanner
class Dataset:
    """See the module."""

    id = "dataset"
    rules = TABLE_RULES

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The name, or two JSON objects on two lines."""
        return is_table(source)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What is wrong with its rows."""
        from bartizan.supplychain.datasets.audit import Audit, Effort  # with numpy, which most scans do without

        table, columns = named_columns(open_table(source, context.budget))
        effort = Effort(seconds=context.budget.limits.seconds * 0.8, read=1_000_000)
        audit = Audit([source.name], effort)
        for one in audit.run(records(table, columns, split=split_of(source.name))):
            yield found_in(one, context)
        for one in noted(table):
            yield found_in(one, context)
