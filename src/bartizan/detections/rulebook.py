"""The rules that run over the journal: those that ship and the workspace's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import quote
from bartizan.detections.cases import BUILTIN
from bartizan.detections.sigma.collection import SUFFIXES, Collection, read_texts
from bartizan.detections.sigma.model import Correlation, Rule
from bartizan.workspace.nodes import decode
from bartizan.workspace.wording import did_you_mean

FOLDER: Final = "rules/"
PRODUCT: Final = "bartizan"


def rules_in_force(files: Mapping[str, bytes], *, shipped: bool = True, silent: Sequence[str] = ()) -> Collection:
    """The rules of a workspace that are about the journal.

    A rule whose log source names another product is left out, and so are correlations that refer to it.

    Args:
        files: of the workspace, by name; what is not in ``rules/`` does not matter.
        shipped: with the rules that ship, which the workspace's may refer to and filter.
        silent: ids or names of rules that report nothing.

    Raises:
        DocumentError: a rule is not sound; says file, line and column.
        ConfigurationError: ``silent`` names no rule.
    """
    texts = (
        [(path.name, path.read_text(encoding="utf-8")) for path in sorted(BUILTIN.rglob("*.yml"))] if shipped else []
    )
    own = [name for name in sorted(files) if name.startswith(FOLDER) and name.endswith(SUFFIXES)]
    texts += [(name, decode(files[name], name)) for name in own]
    return _silenced(_of_journal(read_texts(texts)), silent)


def _of_journal(collection: Collection) -> Collection:
    kept: dict[str, Rule] = {}
    for rule in collection.rules:
        if isinstance(rule, Correlation):
            if all(name in kept for name in rule.rules):
                kept[rule.header.key] = rule
        elif rule.source.product in ("", PRODUCT):
            kept[rule.header.key] = rule
    return Collection(tuple(kept.values()), collection.reported & kept.keys())


def _silenced(collection: Collection, silent: Sequence[str]) -> Collection:
    keys = {name: rule.header.key for rule in collection.rules for name in (rule.header.name, rule.header.key) if name}
    for name in silent:
        if name not in keys:
            hint = did_you_mean(name, keys)
            raise ConfigurationError(
                f"detections.silent: there is no rule {quote(name)}", hint or "bartizan rules list"
            )
    return replace(collection, reported=collection.reported - {keys[name] for name in silent})
