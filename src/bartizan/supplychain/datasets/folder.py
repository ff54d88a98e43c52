"""The files of a folder that is one dataset, and what only all of them together show: metadata, licence, origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.datasets.agreeing import check
from bartizan.supplychain.datasets.card import about
from bartizan.supplychain.datasets.columns import split_of
from bartizan.supplychain.datasets.croissant import NAMES, Metadata, is_croissant, parse
from bartizan.supplychain.datasets.interface import Observation
from bartizan.supplychain.datasets.reading import is_table
from bartizan.supplychain.files import Opened, Problem, open_file, walk
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import Budget, MalformedError

MOST_FILES = 5_000
"""Of a folder that is one dataset."""
_LARGEST_METADATA = 32 << 20


class Files(Mapping[str, Opened]):
    """Files by path. One is open at a time: who asks for the next closes the one before."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths
        self._last: tuple[str, Opened] | None = None

    def __getitem__(self, name: str) -> Opened:
        if self._last is not None and self._last[0] == name:
            return self._last[1]
        path = self._paths[name]
        self.close()
        opened = open_file(path)
        if isinstance(opened, Problem):
            raise ConfigurationError(f"{printable(str(path), 300)}: {opened.explanation}", opened.evidence)
        self._last = (name, opened)
        return opened

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def under(self, top: str) -> Files:
        """Those below a folder, by path relative to it."""
        start = f"{top}/" if top else ""
        return Files({name.removeprefix(start): path for name, path in self._paths.items() if name.startswith(start)})

    def only(self, names: list[str]) -> Files:
        """Some of them."""
        return Files({name: self._paths[name] for name in names})

    def close(self) -> None:
        """Close the one that is open."""
        if self._last is not None:
            self._last[1].close()
            self._last = None


class Folder:
    """What lies in a folder, hidden files aside.

    Raises:
        ConfigurationError: it holds more than `MOST_FILES`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        paths: dict[str, Path] = {}
        for number, path in enumerate(walk([root])):
            if number >= MOST_FILES:
                raise ConfigurationError(f"{printable(str(root), 300)} holds more than {MOST_FILES:,} files")
            inside = path.relative_to(root)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                paths[inside.as_posix()] = path
        self.files = Files(paths)
        self._documents = {name: said for name in paths if (said := self._document(name)) is not None}

    def close(self) -> None:
        """Close what is open."""
        self.files.close()

    def tables(self) -> Files:
        """Those that hold rows."""
        names = [name for name in self.files if name not in self._documents and _holds_rows(self.files, name)]
        return self.files.only(names)

    @property
    def is_dataset(self) -> bool:
        """Whether it says that it is one: by Croissant metadata at its top, or by tables for training and for test."""
        if any(name in NAMES for name in self._documents):
            return True
        named = [name for name in self.files if split_of(name.rpartition("/")[2])]
        splits = {split_of(name.rpartition("/")[2]) for name in named if _holds_rows(self.files, name)}
        return "train" in splits and bool(splits & {"test", "validation"})

    def look(self, budget: Budget) -> Iterator[Observation]:
        """Metadata against bytes, licence and origin."""
        licences = {name: said.licence for name, said in self._documents.items()}
        for name, said in self._documents.items():
            top, _, own = name.rpartition("/")
            yield from check(said, self.files.under(top), own, budget)
        yield from about(self.files, licences, any(said.origin for said in self._documents.values()), budget)

    def _document(self, name: str) -> Metadata | None:
        if name.rpartition("/")[2] not in NAMES:
            return None
        opened = self.files[name]
        if opened.size > _LARGEST_METADATA:
            return None
        try:
            root: Any = decode(opened.source.read(0, opened.size)).root
        except MalformedError:
            return None
        return parse(root) if is_croissant(root) else None


def _holds_rows(files: Files, name: str) -> bool:
    try:
        opened = files[name]
    except ConfigurationError:
        return False
    return opened.size > 0 and is_table(opened.source)
