"""Validators of what we emit, by other people: the schema of CycloneDX, and the model of SPDX."""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path
from typing import Any

import cyclonedx
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from spdx_python_model.bindings import v3_0_1 as spdx3

_FOLDER = Path(cyclonedx.__file__).parent / "schema" / "_res"


@functools.cache
def _validator() -> Draft7Validator:
    beside = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json", "cryptography-defs.SNAPSHOT.schema.json")
    found = [(f"http://cyclonedx.org/schema/{name}", Resource.from_contents(_read(name))) for name in beside]
    registry: Registry[Any] = Registry().with_resources(found)
    return Draft7Validator(_read("bom-1.7.SNAPSHOT.schema.json"), registry=registry, format_checker=FormatChecker())


def _read(name: str) -> Any:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def cyclonedx_faults(raw: bytes) -> list[str]:
    """What the official schema of CycloneDX 1.7 says against a document."""
    return [f"{list(one.path)}: {one.message[:300]}" for one in _validator().iter_errors(json.loads(raw))]


def spdx_faults(raw: bytes) -> list[str]:
    """What the classes generated from the SPDX 3.0.1 model say against a document: types, enumerations, patterns,
    counts, and identifiers that lead nowhere."""
    objects = spdx3.SHACLObjectSet()
    try:
        spdx3.JSONLDDeserializer().read(io.BytesIO(raw), objects)
        spdx3.JSONLDSerializer().write(objects, io.BytesIO())  # counts are looked at when it is written
    except (ValueError, TypeError, KeyError) as error:
        return [repr(error)]
    return [f"nothing is called {name}" for name in sorted(map(str, objects.link()))]
