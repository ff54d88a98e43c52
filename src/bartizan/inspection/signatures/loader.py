"""Loads the shipped packs and those of a workspace into signatures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from itertools import chain
from pathlib import Path

import yaml

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.inspection.signatures.compiling import compile_entry
from bartizan.inspection.signatures.document import parse, place_of
from bartizan.inspection.signatures.pack import Pack, Signature

_PACKS = "packs"


def load_packs(paths: Iterable[Path] = (), contents: Mapping[str, bytes] | None = None) -> tuple[Signature, ...]:
    """Signatures of the shipped packs, then those of a workspace.

    Args:
        paths: pack files, or folders whose ``*.yaml`` are read in order.
        contents: packs by file name, for those who hold the bytes already.

    Raises:
        DocumentError: a pack breaks the schema, repeats an id or holds a pattern that RE2 refuses.
        ConfigurationError: a file cannot be read or is not UTF-8.
    """
    return tuple(signature for _, signatures in read_packs(paths, contents) for signature in signatures)


def read_packs(
    paths: Iterable[Path] = (), contents: Mapping[str, bytes] | None = None
) -> Iterator[tuple[Pack, tuple[Signature, ...]]]:
    """Like ``load_packs``, with each pack beside its signatures."""
    seen: dict[str, str] = {}
    for file, source in chain(_shipped(), _files(paths), (contents or {}).items()):
        pack, root = parse(_decoded(source, file), file, Pack)
        yield pack, tuple(_signatures(pack, seen, root, file))


def _shipped() -> Iterator[tuple[str, bytes]]:
    folder = resources.files(__package__) / _PACKS
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".yaml"):
            yield f"{_PACKS}/{item.name}", item.read_bytes()


def _files(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
            try:
                yield str(file), file.read_bytes()
            except OSError as error:
                raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None


def _decoded(source: bytes, file: str) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.reason} at byte {error.start}", "use UTF-8") from None


def _signatures(pack: Pack, seen: dict[str, str], root: yaml.Node, file: str) -> Iterator[Signature]:
    for number, entry in enumerate(pack.entries):
        place = place_of(root, file, ["entries", number])
        if entry.id in seen:
            raise DocumentError(place, f"id {entry.id!r}, also in {seen[entry.id]}", "an id unique in all packs")
        seen[entry.id] = file
        try:
            yield compile_entry(pack, entry)
        except ConfigurationError as error:
            found = f"entry {entry.id!r}: {error.cause}"
            raise DocumentError(place, found, "phrases that compile", error.hint) from None
