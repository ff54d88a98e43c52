"""Croissant 1.0 out: what the bytes say about themselves, and what somebody asserts.

Source: MLCommons Croissant Format Specification, version 1.0.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.datasets.agreeing import fits
from bartizan.supplychain.datasets.columns import split_of
from bartizan.supplychain.datasets.folder import Files, Folder
from bartizan.supplychain.datasets.objects import OTHER
from bartizan.supplychain.datasets.reading import named_columns, open_table
from bartizan.supplychain.files import Opened
from bartizan.supplychain.interface import Budget, Limits

_SECONDS = 600.0
_LOOKED = 5_000
"""Rows by which types are told."""
_FORMATS = {
    "csv": "text/csv", "tsv": "text/tab-separated-values", "jsonl": "application/jsonlines", "json": "application/json",
    "parquet": "application/x-parquet",
}  # fmt: skip
_TERMS = (
    "citeAs column conformsTo:dct data:json dataType:vocab examples:json extract field fileProperty fileObject fileSet "
    "format includes isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "separator source subField transform"
)


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """What no byte says."""

    name: str
    licence: str = ""
    url: str = ""
    creator: str = ""
    description: str = ""
    version: str = ""


def described(path: Path, said: Asserted) -> dict[str, Any]:
    """`describe` for a file, or for all the tables of a folder. Raises ConfigurationError."""
    budget = Budget(Limits(seconds=_SECONDS, steps=1 << 62))
    if path.is_dir():
        with contextlib.closing(Folder(path)) as folder, contextlib.closing(folder.tables()) as tables:
            return describe(tables, said, budget)
    with contextlib.closing(Files({path.name: path})) as files:
        return describe(files, said, budget)


def describe(tables: Mapping[str, Opened], said: Asserted, budget: Budget) -> dict[str, Any]:
    """The metadata of a dataset, with digest, size and columns of each table read from its bytes.

    Raises:
        ConfigurationError: there is no table, or one cannot be read.
    """
    if not tables:
        raise ConfigurationError("there is no table to describe", "CSV, TSV, JSON lines and Parquet are read")
    distribution, record_sets = [], []
    for name in sorted(tables):
        opened = tables[name]
        try:
            table, columns = named_columns(open_table(opened.source, budget))
            rows = list(itertools.islice(table.rows, _LOOKED))
        except BartizanError as problem:
            raise ConfigurationError(f"{printable(name)} cannot be read: {problem.cause}") from None
        distribution.append(
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name.rpartition("/")[2],
                "contentUrl": name,
                "contentSize": f"{opened.size} B",
                "encodingFormat": _FORMATS[table.format],
                "sha256": opened.digest(),
            }
        )
        ident = re.sub(r"[^\w.-]", "_", name.rpartition(".")[0] or name)
        fields = [
            _field(ident, name, column, [row[at] for row in rows], label=column == columns.label)
            for at, column in enumerate(table.columns)
            if column != OTHER
        ]
        split = split_of(name.rpartition("/")[2])
        about = f"Rows of {name}" + (f", for {split}" if split else "")
        record_sets.append(
            {"@type": "cr:RecordSet", "@id": ident, "name": ident, "description": f"{about}.", "field": fields}
        )
    stated = {
        "description": said.description or f"{len(tables)} tables.",
        "license": said.licence, "url": said.url, "version": said.version,
        "creator": {"@type": "sc:Organization", "name": said.creator} if said.creator else "",
    }  # fmt: skip
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": said.name,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **{key: value for key, value in stated.items() if value},
        "distribution": distribution,
        "recordSet": record_sets,
    }


def _field(record_set: str, file: str, column: str, values: Sequence[str], *, label: bool) -> dict[str, Any]:
    kind = next((one for one in ("Integer", "Float", "Boolean", "Date") if fits(values, one)), "Text")
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column}",
        "name": column,
        "dataType": [f"sc:{kind}", "cr:Label"] if label else f"sc:{kind}",
        "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
    }


def _context() -> dict[str, Any]:
    context: dict[str, Any] = {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "sc": "https://schema.org/",
    }
    for term in _TERMS.split():
        name, _, kind = term.partition(":")
        context[name] = {
            "dct": f"dct:{name}", "json": {"@id": f"cr:{name}", "@type": "@json"},
            "vocab": {"@id": f"cr:{name}", "@type": "@vocab"},
        }.get(kind, f"cr:{name}")  # fmt: skip
    return dict(sorted(context.items()))
