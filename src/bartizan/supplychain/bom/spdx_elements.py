"""Components in the words of SPDX 3.0.1: classes, fields, agents, identifiers, and which profiles they fill."""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType
from typing import Any

from bartizan.supplychain.bom.bill import Component, Kind
from bartizan.supplychain.bom.locators import is_purl, is_url

_PURPOSES = MappingProxyType(
    {
        Kind.SYSTEM: "application", Kind.MODEL: "model", Kind.DATASET: "data", Kind.PART: "file",
        Kind.TOKENIZER: "data", Kind.PROMPT: "configuration", Kind.MCP_SERVER: "application", Kind.TOOL: "application",
        Kind.AGENT: "application", Kind.GUARD: "application", Kind.LIBRARY: "library", Kind.SERVICE: "application",
        Kind.DATA_STORE: "platform", Kind.HARDWARE: "device", Kind.ACTOR: "other", Kind.FILE: "file",
    }
)  # fmt: skip
_AI = ("suppliedBy", "software_downloadLocation", "software_packageVersion", "software_primaryPurpose", "releaseTime")
_DATASET = ("builtTime", "originatedBy", "releaseTime", "software_downloadLocation", "software_primaryPurpose")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_CONFIDENTIALITY = MappingProxyType({"public": "clear", "internal": "green", "confidential": "amber", "secret": "red"})
_DATASET_TYPES = MappingProxyType(
    {".csv": "structured", ".tsv": "structured", ".parquet": "structured", ".arrow": "structured", ".npy": "numeric",
     ".npz": "numeric", ".jsonl": "text", ".ndjson": "text"}
)  # fmt: skip


class Identifiers:
    """Refs of the bill as identifiers of the document; digests of refs, since refs hold any character."""

    def __init__(self, base: str) -> None:
        self._base = base

    def of(self, ref: str) -> str:
        """The same for the same ref."""
        return self._base + hashlib.sha256(ref.encode()).hexdigest()[:32]


class Agents:
    """Suppliers and producers, each once."""

    def __init__(self, ids: Identifiers) -> None:
        self._ids = ids
        self.known: dict[str, tuple[str, str]] = {}
        """Name to class and identifier."""

    def of(self, name: str) -> str:
        """The identifier of a party; nobody says whether it is a person, so it is an `Agent`'s class `Organization`."""
        return self.known.setdefault(name, ("Organization", self._ids.of(f"agent {name}")))[1]


class Profiles:
    """Which profiles a document may declare: those for which every element has what the profile asks for."""

    def __init__(self) -> None:
        self._full = {"ai_AIPackage": True, "dataset_DatasetPackage": True}
        self._seen: set[str] = set()

    def saw(self, kind: str, fields: dict[str, Any]) -> None:
        """Take note of one element."""
        wanted = {"ai_AIPackage": _AI, "dataset_DatasetPackage": _DATASET}.get(kind)
        if wanted is not None:
            self._seen.add(kind)
            self._full[kind] = self._full[kind] and all(fields.get(name) for name in wanted)

    def declared(self, *, vulnerabilities: bool) -> list[str]:
        """Names of profiles."""
        out = ["core", "software", "simpleLicensing"]
        for kind, name in (("ai_AIPackage", "ai"), ("dataset_DatasetPackage", "dataset")):
            if kind in self._seen and self._full[kind]:
                out.append(name)
        return [*out, "security"] if vulnerabilities else out


def type_of(one: Component) -> str:
    """The class of a component."""
    if one.kind is Kind.MODEL:
        return "ai_AIPackage"
    if one.kind is Kind.DATASET:
        return "dataset_DatasetPackage"
    return "software_File" if one.kind in (Kind.FILE, Kind.PART, Kind.TOKENIZER, Kind.PROMPT) else "software_Package"


def element(one: Component, agents: Agents) -> dict[str, Any]:
    """The fields of a component; empty ones are left out later."""
    out: dict[str, Any] = {
        "name": one.name,
        "description": one.value("description"),
        "software_primaryPurpose": _PURPOSES[one.kind],
        "suppliedBy": agents.of(one.value("supplier")) if one.value("supplier") else "",
        "originatedBy": [agents.of(one.value("producer"))] if one.value("producer") else [],
        "releaseTime": _time(one, "released"),
        "builtTime": _time(one, "built"),
    }
    if digest := next((fact.value for fact in one.of("sha256") if is_digest(fact.value)), ""):
        out["verifiedUsing"] = [{"type": "Hash", "algorithm": "sha256", "hashValue": digest}]
    if type_of(one) != "software_File":
        out["software_packageVersion"] = one.value("version")
        out["software_downloadLocation"] = next((f.value for f in one.of("source") if is_url(f.value)), "")
        out["software_packageUrl"] = next((f.value for f in one.of("purl") if is_purl(f.value)), "")
    if one.kind is Kind.MODEL:
        out |= _model(one)
    if one.kind is Kind.DATASET:
        out |= _dataset(one)
    return out


def _model(one: Component) -> dict[str, Any]:
    metrics = [fact.value.partition("=") for fact in one.of("metric")]
    hyper = [(fact.name, fact.value) for name in ("context_length", "layers", "width") for fact in one.of(name)]
    return {
        "ai_typeOfModel": [fact.value for name in ("architecture", "architecture_family") for fact in one.of(name)],
        "ai_domain": [fact.value for fact in one.of("task")],
        "ai_limitation": "; ".join(fact.value for fact in one.of("limitation")),
        "ai_informationAboutTraining": "; ".join(fact.value for fact in one.of("training")),
        "ai_informationAboutApplication": "; ".join(fact.value for fact in one.of("use_case")),
        "ai_metric": [_entry(name, value) for name, _, value in metrics],
        "ai_hyperparameter": [_entry(name, value) for name, value in hyper],
        "ai_useSensitivePersonalInformation": "yes" if one.of("personal") else "",
    }


def _dataset(one: Component) -> dict[str, Any]:
    endings = {one.name[one.name.rfind(".") :].lower()} if "." in one.name else set()
    types = sorted({_DATASET_TYPES[ending] for ending in endings if ending in _DATASET_TYPES})
    size = one.value("size")
    return {
        "dataset_datasetType": types or ["noAssertion"],
        "dataset_datasetSize": int(size) if size.isdigit() and len(size) < 19 else None,
        "dataset_confidentialityLevel": _CONFIDENTIALITY.get(one.value("sensitivity"), ""),
        "dataset_hasSensitivePersonalInformation": "yes" if one.of("personal") else "",
        "dataset_intendedUse": "; ".join(fact.value for fact in one.of("use_case")),
        "dataset_dataCollectionProcess": "; ".join(fact.value for fact in one.of("collection")),
    }


def _entry(key: str, value: str) -> dict[str, str]:
    return {"type": "DictionaryEntry", "key": key, "value": value}


def _time(one: Component, name: str) -> str:
    value = one.value(name)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        value += "T00:00:00Z"
    return value if _TIME.fullmatch(value) else ""


def license_ref(name: str) -> str:
    """The ``LicenseRef-…`` of a licence that SPDX does not list."""
    return "LicenseRef-" + (re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[:80] or "unnamed")


def is_digest(value: str) -> bool:
    """Whether ``value`` is a SHA-256 in lower-case hexadecimal."""
    return re.fullmatch("[0-9a-f]{64}", value) is not None
