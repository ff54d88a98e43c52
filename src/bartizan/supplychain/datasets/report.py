"""One report on one dataset: a file, or the tables of a folder taken together."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path

import msgspec

from bartizan.core.artefact import Admission, ArtefactFinding
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.threat import Severity
from bartizan.supplychain.budget import Budget, BudgetError, Limits
from bartizan.supplychain.datasets.audit import Audit, Effort, Reader
from bartizan.supplychain.datasets.columns import split_of
from bartizan.supplychain.datasets.findings import noted
from bartizan.supplychain.datasets.folder import Files, Folder
from bartizan.supplychain.datasets.interface import Columns, Observation, Record, Table
from bartizan.supplychain.datasets.picture_files import Picture, pictures_of
from bartizan.supplychain.datasets.pictures import PictureAudit
from bartizan.supplychain.datasets.reading import named_columns, open_table, records
from bartizan.supplychain.engine import BROKEN, LIMIT
from bartizan.supplychain.files import Opened


class DatasetFinding(ArtefactFinding, frozen=True, kw_only=True):
    """A finding, with the rows for which it holds."""

    rows: tuple[str, ...] = ()
    """At most a thousand of them: ``number``, or ``file:number`` where there are several files."""
    count: int = 0
    """How many rows there are, shown or not."""
    of: int = 0
    """Of how many that were looked at; 0 where no rows are counted."""


class DatasetFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a dataset."""

    path: str
    format: str
    size: int
    sha256: str
    split: str = ""


class DatasetReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found about one dataset."""

    path: str
    verdict: Admission
    findings: tuple[DatasetFinding, ...]
    """The worst first."""
    files: tuple[DatasetFile, ...] = ()
    digest: str = ""
    """Of the dataset: SHA-256 over the sorted digests of its files. What links it to a model that was trained on it."""
    rows: int = 0
    columns: Columns = Columns()
    labels: dict[str, int] = {}
    """Rows of each label, the most frequent first; at most 50."""
    splits: dict[str, int] = {}
    seed: int = 0
    """Repeats every choice if it is given again."""
    tested: int = 0
    """Features that were tested as triggers."""
    untested: str = ""
    """Why none was; empty if some were."""
    accuracy: float = 0.0
    """How often the words of a row tell its label: near chance, no trigger can be told from a topic."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says about the columns, beside what is guessed."""

    text: tuple[str, ...] = ()
    label: str = ""
    split: str = ""


def audit_dataset(
    path: Path, asked: Asked, effort: Effort, seed: int | None = None, reader: Reader | None = None
) -> DatasetReport:
    """Look at one file, or at all the tables in a folder as one dataset; ``reader`` also reads its rows.

    Raises:
        ConfigurationError: there is no table, or no such column.
    """
    if path.is_dir():
        folder = Folder(path)
        with contextlib.closing(folder), contextlib.closing(folder.tables()) as tables:
            chosen_seed = secrets.randbits(32) if seed is None else seed
            about = list(folder.look(Budget(Limits(seconds=effort.seconds))))
            pictures = pictures_of(folder.files)
            if pictures:
                audit = PictureAudit(pictures, folder.files, effort.seconds, chosen_seed)
                about += audit.run()
                if not tables:
                    return _of_pictures(path, pictures, about, audit, chosen_seed)
            seed = chosen_seed
            return _report(path, tables, about, asked, effort, seed, reader)
    with contextlib.closing(Files({path.name: path})) as tables:
        return _report(path, tables, [], asked, effort, seed, reader)


def _report(
    path: Path,
    tables: Files,
    observed: list[Observation],
    asked: Asked,
    effort: Effort,
    seed: int | None,
    reader: Reader | None,
) -> DatasetReport:
    if not tables:
        raise ConfigurationError(
            f"{printable(str(path), 300)} holds no table", "CSV, TSV, JSON lines and Parquet are read"
        )
    audit = Audit(list(tables), effort, seed, reader)
    files: list[DatasetFile] = []
    chosen: list[Columns] = []
    rows = rows_of(tables, effort.seconds + 60, observed, asked, files, chosen)  # the audit stops reading before
    found = list(audit.run(rows))
    observed = [*found, *observed]
    read = {one.path for one in files}
    files += [_file(name, tables[name], "") for name in tables if name not in read]
    findings = sorted(map(finding_of, observed), key=_worst)
    seen, searched = audit.seen, audit.searched
    return DatasetReport(
        path=str(path),
        verdict=Admission.strictest(one.admission for one in findings),
        findings=tuple(findings),
        files=tuple(files),
        digest=digest_of(files),
        rows=seen.rows,
        columns=Counter(chosen).most_common(1)[0][0] if chosen else Columns(),
        labels=dict(seen.labels.most_common(50)),
        splits=dict(seen.splits),
        seed=audit.seed,
        tested=searched.tested,
        untested=searched.unseen,
        accuracy=round(searched.accuracy, 4),
    )


def rows_of(
    tables: Files,
    seconds: float,
    observed: list[Observation],
    asked: Asked = Asked(),
    files: list[DatasetFile] | None = None,
    chosen: list[Columns] | None = None,
) -> Generator[tuple[Record, str], None, None]:
    """The rows of all tables as one dataset; what breaks one of them goes to ``observed``, and the next one is read.

    Args:
        files: gets an entry for each table once its rows are read.
        chosen: gets the columns of each.
    """
    budget = Budget(Limits(seconds=seconds, steps=1 << 62))
    for number, name in enumerate(tables):
        split = split_of(name.rpartition("/")[2])
        table: Table | None = None
        opened = tables[name]
        try:
            table, columns = named_columns(open_table(opened.source, budget), asked.text, asked.label, asked.split)
            if chosen is not None:
                chosen.append(columns)
            yield from records(table, columns, number, split)
        except ConfigurationError:
            raise
        except BudgetError as stop:
            observed.append(_stopped(name, stop))
        except BartizanError as problem:
            observed.append(Observation(rule=BROKEN, explanation=f"{printable(name)}: {problem.cause}."))
        if table is not None:
            observed.extend(noted(table))
        if files is not None:
            files.append(_file(name, opened, table.format if table else ""))


def _file(name: str, opened: Opened, form: str) -> DatasetFile:
    split = split_of(name.rpartition("/")[2])
    return DatasetFile(path=name, format=form, size=opened.size, sha256=opened.digest(), split=split)


def _of_pictures(
    path: Path, pictures: Sequence[Picture], observed: Sequence[Observation], audit: PictureAudit, seed: int
) -> DatasetReport:
    findings = sorted(map(finding_of, observed), key=_worst)
    return DatasetReport(
        path=str(path),
        verdict=Admission.strictest(one.admission for one in findings),
        findings=tuple(findings),
        digest=audit.digest(),
        rows=len(pictures),
        labels=dict(Counter(one.label for one in pictures).most_common(50)),
        splits=dict(Counter(one.split for one in pictures if one.split)),
        seed=seed,
        tested=audit.searched.tested,
        untested=audit.searched.unseen,
        accuracy=round(audit.searched.accuracy, 4),
    )


def digest_of(files: Sequence[DatasetFile]) -> str:
    """SHA-256 over the sorted digests of the files, one a line: names do not matter, content does."""
    return hashlib.sha256("".join(sorted(f"{one.sha256}\n" for one in files)).encode()).hexdigest()


def finding_of(one: Observation) -> DatasetFinding:
    """An observation as a finding."""
    rule = one.rule
    return DatasetFinding(
        rule=rule.id,
        title=rule.title,
        admission=rule.admission,
        severity=rule.severity,
        explanation=printable(one.explanation, 1_000),
        evidence=printable(one.evidence, 200),
        tags=rule.tags,
        rows=one.rows,
        count=one.count,
        of=one.of,
    )


def _stopped(name: str, stop: BudgetError) -> Observation:
    return Observation(rule=LIMIT, explanation=f"{printable(name)}: {stop.cause}; what comes after was not looked at.")


def _worst(finding: DatasetFinding) -> tuple[int, int, int]:
    return -finding.admission.rank, -list(Severity).index(finding.severity), -finding.count
