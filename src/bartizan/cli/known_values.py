"""``bartizan policy known-values``: a list of values as keyed digests."""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from bartizan.cli.output import WorkspaceOption, console
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable, quote
from bartizan.core.secretref import SecretRef
from bartizan.inspection.known_values import key_of, make_set
from bartizan.workspace.files import write_file
from bartizan.workspace.workspace import POLICY, STATE, Workspace

_MOST_BYTES: Final = 64_000_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def known_values(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a heading, or one value a line.")],
    name: Annotated[str, typer.Option("--name", help="Of the set; named in signals.")],
    workspace: WorkspaceOption = Path(),
    column: Annotated[list[str] | None, typer.Option("--column", help="Of the CSV; repeatable; else all.")] = None,
    key_env: Annotated[str, typer.Option("--key-env", help="Variable that holds the key; else a file is made.")] = "",
) -> None:
    """Write known/NAME.json, which holds no value, and say what policy needs. Exit 0: all; 1: some are left out."""
    if _NAME.fullmatch(name) is None:
        raise ConfigurationError(f"{quote(name)} cannot name a set", "lower-case letters, digits, - and _")
    place = Workspace(workspace)
    written = f"known/{name}.json"
    reference = SecretRef(env=key_env) if key_env else SecretRef(file=f"{STATE}/known/{name}.key")
    if not key_env:
        _make_key(place.state / "known" / f"{name}.key")
    key = key_of(place.secret(reference, POLICY, ("known_values",)))
    content, left = make_set(name, key, _values(file, column or []))
    place.path(written).parent.mkdir(exist_ok=True)
    write_file(place.path(written), written, content, 0o644)
    out = console()
    out.print(f"wrote {escape(str(workspace / written))}")
    if left:
        out.print(f"left out: {len(left)} values that could not be found again: names, words, fewer than 6 characters")
    where = f"env: {key_env}" if key_env else f"file: {reference.file}"
    out.print(f"{POLICY} needs:", highlight=False)
    out.print(f"known_values:\n  - {{name: {name}, file: {written}, key: {{{where}}}}}", markup=False, highlight=False)
    out.print("surfaces:\n  output:\n    known_value: {action: redact}", markup=False, highlight=False)
    raise typer.Exit(1 if left else 0)


def read_known(path: Path | None) -> tuple[str, ...]:
    """The values in a file; none without one. Raises ConfigurationError."""
    return tuple(_values(path, [])) if path is not None else ()


def _make_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")


def _values(path: Path, columns: list[str]) -> list[str]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {printable(str(error), 100)}") from None
    if len(content) > _MOST_BYTES:
        raise ConfigurationError(f"{path} is larger than {_MOST_BYTES} bytes")
    if path.suffix.lower() != ".csv":
        if columns:
            raise ConfigurationError("--column goes with a .csv file")
        return [line.strip() for line in text.splitlines() if line.strip()]
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise ConfigurationError(f"{path} is no CSV: {error}") from None
    names = columns or [name for name in (rows[0] if rows else {}) if name]
    for name in names:
        if rows and name not in rows[0]:
            raise ConfigurationError(f"{path} has no column {quote(name)}")
    return [str(row[name]).strip() for row in rows for name in names if str(row[name] or "").strip()]
