"""Reads what the operator has declared for a campaign, so that hardening need not be told again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec.structs import replace

from bartizan.core.errors import BartizanError
from bartizan.hardening.declared import Declared
from bartizan.hardening.findings import ScopeNamed
from bartizan.redteam.knowledge import Knowledge, knowledge_of
from bartizan.redteam.scope import load_scope
from bartizan.workspace.files import read_bounded


def declared_by(scope: Path, values: tuple[str, ...] = ()) -> Declared:
    """The facts of a scope file, and further values. Raises DocumentError or ConfigurationError."""
    return with_values(_declared(knowledge_of(load_scope(scope).facts, scope.parent)), values)


def declared_for(named: ScopeNamed | None, values: tuple[str, ...] = ()) -> tuple[Declared, str]:
    """The facts of the scope file that an export names, if it is still the one that the campaign ran by; and why they
    are missing otherwise, in words.

    Args:
        named: by the export; its digest decides, for the export may come from anybody.
        values: of the application's customers, given by hand.
    """
    if named is None:
        return Declared(values=values), "the export names no scope file; give one with --scope"
    path = Path(named.file)
    try:
        content = read_bounded(path, "the scope file")
    except (BartizanError, ValueError):
        return Declared(values=values), "the scope file of the campaign is not here; give one with --scope"
    if hashlib.sha256(content).hexdigest() != named.sha256:
        return Declared(values=values), "the scope file has changed since the campaign; give one with --scope"
    try:
        return declared_by(path, values), ""
    except BartizanError as error:
        return Declared(values=values), f"the scope file of the campaign cannot be used: {error.cause}"


def with_values(declared: Declared, values: tuple[str, ...]) -> Declared:
    """The same with further values of customers."""
    return replace(declared, values=tuple(dict.fromkeys((*declared.values, *values))))


def _declared(known: Knowledge) -> Declared:
    return Declared(
        values=tuple(value for values in known.people.values() for value in values),
        instructions=known.system_prompt,
        statements=known.falsehoods,
        tools=tuple((one.name, one.argument) for one in known.forbidden_tools),
    )
