"""Datasets among the paths of a scan: what the scan of single files cannot see.

What looks at rows and pictures is imported where there are any; numpy alone would double the start of most scans.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.budget import Budget, Limits
from bartizan.supplychain.datasets import rules
from bartizan.supplychain.datasets.findings import as_artefact
from bartizan.supplychain.datasets.folder import Files, Folder
from bartizan.supplychain.datasets.interface import Observation
from bartizan.supplychain.datasets.picture_files import pictures_of

_BETWEEN = frozenset({rules.LEAKAGE, rules.NEAR_LEAKAGE})


def whole_datasets(paths: Sequence[Path], seconds: float) -> Iterator[ArtefactReport]:
    """A report for each folder among ``paths`` that is a dataset: metadata, licence, leakage, pictures by class.

    A folder with more files than `folder.MOST_FILES` is none.
    """
    for path in paths:
        if not path.is_dir():
            continue
        try:
            folder = Folder(path)
        except ConfigurationError:
            continue
        with contextlib.closing(folder):
            observed = list(_observed(folder, seconds))
        if observed or folder.is_dataset:
            found = tuple(as_artefact(one) for one in observed)
            verdict = Admission.strictest(one.admission for one in found)
            yield ArtefactReport(path=str(path), verdict=verdict, findings=found, formats=("dataset",))


def _observed(folder: Folder, seconds: float) -> Iterator[Observation]:
    pictures = pictures_of(folder.files)
    if pictures:
        from bartizan.supplychain.datasets.pictures import PictureAudit

        audit = PictureAudit(pictures, folder.files, seconds, 0)
        yield from audit.run()
    if folder.is_dataset:
        yield from folder.look(Budget(Limits(seconds=seconds)))
        with contextlib.closing(folder.tables()) as tables:
            yield from _between(tables, seconds)


def _between(tables: Files, seconds: float) -> Iterator[Observation]:
    from bartizan.supplychain.datasets.audit import Audit, Effort
    from bartizan.supplychain.datasets.report import rows_of

    audit = Audit(list(tables), Effort(seconds=seconds, read=0, tested=0))
    unread: list[Observation] = []  # what is wrong with single files is said about them
    for one in audit.run(rows_of(tables, seconds, unread)):
        if one.rule in _BETWEEN:
            yield one
