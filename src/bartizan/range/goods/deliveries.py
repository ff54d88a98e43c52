"""Deliveries: the supplier's files with a CycloneDX bill, as it should be and with what a forger does to the two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from bartizan.range.goods.models import LICENCES, Edition, content

BILL = "bill.cdx.json"
Build = Literal[
    "honest", "terse", "foreign", "hosted", "known_weakness", "advised",
    "exchanged", "exchanged_prices", "rewritten", "older", "two_faces", "two_faces_turned", "unlisted", "undigested",
    "boasting", "relicensed", "foreign_exchanged", "crossed",
]  # fmt: skip
_MODEL = "spoilage.safetensors"


def delivery(folder: Path, seed: int, build: Build) -> None:
    """Write one delivery. Every one has a bill that lists files of the right names and sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    honest = {name: content(name, seed) for name in LICENCES}
    sent = dict(honest)
    billed = honest
    if build in ("exchanged", "two_faces", "two_faces_turned", "undigested", "foreign_exchanged"):
        sent[_MODEL] = content(_MODEL, seed, "exchanged")
    if build == "exchanged_prices":
        sent["prices.csv"] = content("prices.csv", seed, "exchanged")
    if build in ("rewritten", "older"):
        edition: Edition = "exchanged" if build == "rewritten" else "older"
        sent[_MODEL] = content(_MODEL, seed, edition)
        billed = sent
    if build == "unlisted":
        sent["weights.bin"] = content(_MODEL, seed, "exchanged")
    document = _foreign(billed) if build.startswith("foreign") else _bill(billed, terse=build == "terse")
    if build == "crossed":  # the digests of two models change places, with the files
        sent["demand.safetensors"], sent[_MODEL] = sent[_MODEL], sent["demand.safetensors"]
        for one in document["components"]:
            _property(one, "size", str(len(sent[one["name"]])))
    _doctor(document, build, sent)
    for name, raw in sent.items():
        (folder / name).write_bytes(raw)
    (folder / BILL).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _doctor(document: dict[str, Any], build: Build, sent: Mapping[str, bytes]) -> None:
    model = next(one for one in document["components"] if one["name"] == _MODEL)
    if build == "two_faces":  # programs that read the field see the published digest, those that read ours the new one
        _property(model, "sha256", hashlib.sha256(sent[_MODEL]).hexdigest())
    elif build == "two_faces_turned":
        model["hashes"][0]["content"] = hashlib.sha256(sent[_MODEL]).hexdigest()
    elif build == "undigested":
        del model["hashes"]
        model["properties"] = [one for one in model["properties"] if not one["name"].endswith(":sha256")]
    elif build == "boasting":
        _property(model, "parameters", "7000000000")
    elif build == "relicensed":
        for one in model["properties"]:
            if one["name"].startswith("bartizan:asserted:licence:"):
                one["value"] = "MIT"
        model["licenses"] = [{"license": {"id": "MIT"}}]
    elif build == "hosted":
        document["components"].append(_hosted())
    elif build in ("known_weakness", "advised"):
        document["components"].append(_library())
        state = {"state": "exploitable"} if build == "known_weakness" else {"state": "not_affected", "detail": "unused"}
        weakness = {"id": "CVE-2026-10001", "analysis": state, "affects": [{"ref": "pkg:pypi/crumbs@1.2.0"}]}
        document["vulnerabilities"] = [weakness]


def _bill(files: Mapping[str, bytes], *, terse: bool) -> dict[str, Any]:
    components = [_component(name, raw, terse=terse) for name, raw in files.items()]
    return {"bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1, "components": components}


def _component(name: str, raw: bytes, *, terse: bool) -> dict[str, Any]:
    model, digest = name.endswith(".safetensors"), hashlib.sha256(raw).hexdigest()
    facts = {"verified:sha256": digest, "verified:size": str(len(raw))}
    if model and not terse:
        facts |= {"verified:tensors": "1", "verified:parameters": "3", "verified:dtype": "F64"}
        facts[f"asserted:licence:metadata of {name}"] = LICENCES[name]
    out: dict[str, Any] = {
        "type": "machine-learning-model" if model else "data",
        "bom-ref": f"file:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "properties": [{"name": "bartizan:kind", "value": "model" if model else "dataset"}],
    }
    out["properties"] += [{"name": f"bartizan:{key}", "value": value} for key, value in facts.items()]
    if model and not terse:
        out["licenses"] = [{"license": {"id": LICENCES[name]}}]
    return out


def _foreign(files: Mapping[str, bytes]) -> dict[str, Any]:
    """As another tool would write it: no properties, and references of its own."""
    components = [
        {
            "type": "file",
            "bom-ref": f"pkg-{number}",
            "name": name,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(raw).hexdigest()}],
        }
        for number, (name, raw) in enumerate(files.items())
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def _hosted() -> dict[str, Any]:
    """A model that stays with its vendor: described with a digest, and not delivered."""
    properties = [
        {"name": "bartizan:kind", "value": "model"},
        {"name": "bartizan:asserted:sha256:system.yaml", "value": hashlib.sha256(b"hosted").hexdigest()},
    ]
    return {"type": "machine-learning-model", "bom-ref": "system:oven", "name": "oven", "properties": properties}


def _library() -> dict[str, Any]:
    purl = "pkg:pypi/crumbs@1.2.0"
    return {"type": "library", "bom-ref": purl, "name": "crumbs", "version": "1.2.0", "purl": purl}


def _property(one: dict[str, Any], name: str, value: str) -> None:
    for entry in one.get("properties", ()):
        if entry["name"] == f"bartizan:verified:{name}":
            entry["value"] = value
