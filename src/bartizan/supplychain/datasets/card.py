"""Licence and origin of a dataset: its card, its licence file, its metadata, and whether they agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bartizan.core.problem import printable
from bartizan.supplychain.datasets import rules
from bartizan.supplychain.datasets.interface import Observation
from bartizan.supplychain.files import Opened
from bartizan.supplychain.formats.yaml_text import decode
from bartizan.supplychain.interface import Budget, MalformedError

_CARDS = ("readme.md", "datasheet.md", "dataset_card.md", "data_card.md", "datacard.md")
_LICENCES = ("license", "licence", "license.txt", "licence.txt", "license.md", "licence.md", "copying")
_HEAD = 1 << 20
_TEXTS = (
    ("apache-2.0", ("Apache License", "Version 2.0")), ("mit", ("Permission is hereby granted, free of charge",)),
    ("cc0-1.0", ("CC0 1.0",)), ("cc-by-nc", ("Attribution-NonCommercial",)), ("cc-by-sa", ("Attribution-ShareAlike",)),
    ("cc-by", ("Creative Commons Attribution",)), ("gpl-3.0", ("GNU GENERAL PUBLIC LICENSE", "Version 3")),
    ("odbl-1.0", ("Open Database License",)),
    ("bsd-3-clause", ("Redistribution and use in source", "Neither the name")),
)  # fmt: skip
_UNSAID = frozenset({"", "unknown", "other", "unlicensed", "none", "tbd", "todo", "n/a", "[more information needed]"})
_ORIGIN = re.compile(r"(?im)^#{1,4} .*\b(source|origin|provenance|collect|annotation|curation|creation)")


class Licence(NamedTuple):
    """One statement."""

    where: str
    said: str
    family: str
    """As far as statements can be compared: ``cc-by`` for every version of it."""


def about(
    files: Mapping[str, Opened], said: Mapping[str, tuple[str, ...]], origin: bool, budget: Budget
) -> Iterator[Observation]:
    """What is missing or contradictory.

    Args:
        files: of the folder.
        said: licences by the name of the metadata that name them.
        origin: whether metadata say where the dataset comes from.
    """
    found = [Licence(where, one, family(one)) for where, every in said.items() for one in every]
    for name in files:
        base = name.casefold()
        if base in _CARDS:
            text = files[name].source.read(0, _HEAD).decode("utf-8", "replace")
            card = _front_matter(text, budget)
            found += [Licence(name, one, family(one)) for one in _listed(card.get("license"))]
            origin = origin or bool(card.get("source_datasets") or _ORIGIN.search(text))
        elif base in _LICENCES:
            text = files[name].source.read(0, 4_000).decode("utf-8", "replace")
            kind = next((one for one, signs in _TEXTS if all(sign in text for sign in signs)), "")
            found.append(Licence(name, kind or "a text of its own", kind))
    stated = [one for one in found if one.said.casefold().strip() not in _UNSAID]
    if not stated:
        yield Observation(
            rule=rules.NO_LICENCE, explanation="Neither card, licence file nor metadata say what may be done with it."
        )
    families = {one.family for one in stated if one.family}
    if len(families) > 1:
        shown = "; ".join(f"{one.where} says {printable(one.said, 80)}" for one in stated[:6])
        yield Observation(rule=rules.LICENCES, explanation=f"{shown}.", evidence=", ".join(sorted(families)))
    if not origin:
        yield Observation(
            rule=rules.NO_ORIGIN, explanation="Neither card nor metadata say who made it, or of what.",
        )  # fmt: skip


def family(licence: str) -> str:
    """What statements are compared by: no version of Creative Commons, no spelling, no address."""
    plain = licence.casefold().strip().rstrip("/").removesuffix("/legalcode").removesuffix("/deed.en")
    address = re.search(r"creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero))", plain)
    if address:
        return "cc0" if address[2] else f"cc-{address[1]}"
    plain = plain.rpartition("/")[2].removesuffix(".html").removesuffix(".txt")
    plain = re.sub(r"[\s_]+", "-", plain).replace("license-", "apache-") if "apache.org" in licence else plain
    plain = re.sub(r"-only$|-or-later$|-license$", "", plain.replace(" ", "-"))
    creative = re.fullmatch(r"(cc0|cc-by(?:-nc)?(?:-sa|-nd)?)(?:-\d\.\d)?", plain)
    return creative[1] if creative else plain


def _front_matter(text: str, budget: Budget) -> dict[str, Any]:
    if not text.startswith("---\n"):
        return {}
    head, found, _ = text[4:].partition("\n---")
    if not found:
        return {}
    try:
        documents = decode(head.encode(), budget).documents
    except MalformedError:
        return {}
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def _listed(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]
