"""What SPDX 3.0 itself says of an element, as kinds, names of facts and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bartizan.supplychain.bom.bill import Kind

COMPONENTS = frozenset({"software_Package", "software_File", "ai_AIPackage", "dataset_DatasetPackage"})
_PURPOSES = MappingProxyType(
    {"model": Kind.MODEL, "data": Kind.DATASET, "library": Kind.LIBRARY, "framework": Kind.LIBRARY,
     "device": Kind.HARDWARE, "platform": Kind.DATA_STORE, "application": Kind.SERVICE, "container": Kind.SERVICE,
     "operatingSystem": Kind.LIBRARY, "configuration": Kind.FILE}
)  # fmt: skip
_TEXTS = (
    ("software_packageVersion", "version"), ("description", "description"), ("software_packageUrl", "purl"),
    ("software_downloadLocation", "source"),
)  # fmt: skip
_MORE = (
    ("releaseTime", "released"), ("builtTime", "built"), ("ai_limitation", "limitation"),
    ("ai_informationAboutTraining", "training"), ("ai_informationAboutApplication", "use_case"),
    ("dataset_intendedUse", "use_case"), ("dataset_dataCollectionProcess", "collection"),
)  # fmt: skip
_LISTS = (("ai_typeOfModel", "architecture"), ("ai_domain", "task"))
_LEVELS = MappingProxyType({"clear": "public", "green": "internal", "amber": "confidential", "red": "secret"})


def kind_of(value: Mapping[str, Any]) -> Kind:
    """The kind of an element that nobody marked."""
    kind = value.get("type")
    if kind == "ai_AIPackage":
        return Kind.MODEL
    if kind == "dataset_DatasetPackage":
        return Kind.DATASET
    default = Kind.FILE if kind == "software_File" else Kind.LIBRARY
    return _PURPOSES.get(text(value, "software_primaryPurpose"), default)


def identifying(value: Mapping[str, Any], agents: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What says which thing it is and from whom."""
    for field, name in _TEXTS:
        if text(value, field):
            yield name, text(value, field)
    for one in maps(value, "verifiedUsing"):
        if text(one, "algorithm") == "sha256":
            yield "sha256", text(one, "hashValue").lower()
    for one in maps(value, "externalIdentifier"):
        if text(one, "externalIdentifierType") in ("packageUrl", "purl"):
            yield "purl", text(one, "identifier")
    supplier = text(value, "suppliedBy")
    if supplier:
        yield "supplier", agents.get(supplier, supplier)
    for party in texts(value, "originatedBy"):
        yield "producer", agents.get(party, party)


def describing(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What else it says."""
    for field, name in _MORE:
        if text(value, field):
            yield name, text(value, field)
    for field, name in _LISTS:
        yield from ((name, one) for one in texts(value, field))
    for one in maps(value, "ai_metric"):
        yield "metric", f"{text(one, 'key')}={text(one, 'value')}"
    for one in maps(value, "ai_hyperparameter"):
        yield text(one, "key") or "hyperparameter", text(one, "value")
    personal = ("ai_useSensitivePersonalInformation", "dataset_hasSensitivePersonalInformation")
    if any(text(value, field) == "yes" for field in personal):
        yield "personal", "yes"
    level = text(value, "dataset_confidentialityLevel")
    if level:
        yield "sensitivity", _LEVELS.get(level, level)


def text(value: Mapping[str, Any], key: str) -> str:
    """The text of a field; empty where it is none."""
    inner = value.get(key)
    return inner if isinstance(inner, str) else ""


def texts(value: Mapping[str, Any], key: str) -> list[str]:
    """The texts of a field that holds one or several."""
    inner = value.get(key)
    return [one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, str) and one]


def maps(value: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of a field that holds one or several."""
    inner = value.get(key)
    return [one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, dict)]
