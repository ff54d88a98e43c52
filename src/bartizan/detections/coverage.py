"""Which techniques of MITRE ATLAS the shipped rules look for, and why nothing looks for the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import yaml

from bartizan.core.errors import ArtefactError
from bartizan.detections.sigma.collection import Collection

PREFIX = "atlas.aml."


class Row(NamedTuple):
    """One technique."""

    id: str
    title: str
    rules: tuple[str, ...]
    """Titles of the rules that are tagged with it."""
    remark: str
    """What they do not see, or why there are none."""


class _Technique(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    blind: str = ""
    limit: str = ""


class _Atlas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    blind: dict[str, str]
    techniques: tuple[_Technique, ...]


def atlas_coverage(collection: Collection, document: Mapping[str, Any] | None = None) -> list[Row]:
    """A row for each technique of ATLAS, in order of id.

    Args:
        collection: rules; only those whose findings are shown count.
        document: in place of the shipped ``atlas.yaml``.

    Raises:
        ArtefactError: a rule is tagged with a technique that is not there, a technique has both rules and a reason for
            none, or neither.
    """
    if document is None:
        text = files("bartizan.detections").joinpath("atlas.yaml").read_text("utf-8")
        document = yaml.safe_load(text)
    atlas = msgspec.convert(document, _Atlas)
    by_technique: dict[str, list[str]] = {}
    for rule in collection.rules:
        if rule.header.key in collection.reported:
            for tag in rule.header.tags:
                if tag.startswith(PREFIX):
                    technique = f"AML.{tag.removeprefix(PREFIX).upper()}".split(".")
                    by_technique.setdefault(".".join(technique[:2]), []).append(rule.header.title)
    known = {one.id for one in atlas.techniques}
    if unknown := sorted(set(by_technique) - known):
        raise ArtefactError(f"rules are tagged with {', '.join(unknown)}, which ATLAS does not have")
    rows = []
    for one in sorted(atlas.techniques, key=lambda technique: technique.id):
        rules = tuple(dict.fromkeys(by_technique.get(one.id, ())))
        if bool(rules) != bool(one.limit) or bool(rules) == bool(one.blind):
            raise ArtefactError(f"{one.id}: a limit where there are rules, a reason to be blind where there are none")
        rows.append(Row(one.id, one.title, rules, one.limit or atlas.blind[one.blind]))
    return rows
