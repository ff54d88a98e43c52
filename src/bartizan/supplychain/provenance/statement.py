"""What is signed of a training run: an in-toto statement v1 with a SLSA provenance v1 predicate.

https://in-toto.io/Statement/v1, https://slsa.dev/provenance/v1. ``externalParameters`` are what somebody chose,
``internalParameters`` the machine, ``resolvedDependencies`` what went in, by digest where bytes were read.
"""

from __future__ import annotations

import datetime
from importlib.metadata import version
from typing import Annotated, Any, Final

import msgspec

from bartizan.core.clock import rfc3339
from bartizan.core.errors import WireError
from bartizan.core.strict_json import parse
from bartizan.supplychain.signing.statement import STATEMENT
from bartizan.trust.signing import SignatureInvalid

PREDICATE: Final = "https://slsa.dev/provenance/v1"
BUILD_TYPE: Final = "https://bartizan.readthedocs.io/en/latest/supplychain/provenance#training-run-v1"
MOST_FILES: Final = 20_000
_Time = Annotated[datetime.datetime, msgspec.Meta(tz=True)]
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Material(msgspec.Struct, frozen=True, order=True):
    """A file that went in or came out."""

    name: str
    """Path relative to the working folder, with ``/``; absolute for what lies outside."""
    sha256: _Digest


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One training run."""

    builder: str
    """URI of whoever vouches that it ran as it says."""
    invocation: str
    command: tuple[str, ...]
    started: _Time
    finished: _Time
    outputs: tuple[Material, ...]
    materials: tuple[Material, ...] = ()
    executable: Material | None = None
    """The program that was run."""
    packages: tuple[str, ...] = ()
    """Package URLs of what its Python has installed; names and versions alone, no digests."""
    parameters: dict[str, str] = {}
    environment: dict[str, str] = {}
    """Of the machine, and variables that somebody asked to be recorded."""


def encode(run: Run) -> bytes:
    """The statement as JSON."""
    dependencies: list[dict[str, Any]] = [_resource(one, "material") for one in run.materials]
    if run.executable is not None:
        dependencies.append(_resource(run.executable, "executable"))
    dependencies += [{"uri": one, "annotations": {"role": "package"}} for one in run.packages]
    return msgspec.json.encode(
        {
            "_type": STATEMENT,
            "subject": [{"name": one.name, "digest": {"sha256": one.sha256}} for one in run.outputs],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": {"command": run.command, "parameters": run.parameters},
                    "internalParameters": {"environment": run.environment},
                    "resolvedDependencies": dependencies,
                },
                "runDetails": {
                    "builder": {"id": run.builder, "version": {"bartizan": version("bartizan")}},
                    "metadata": {
                        "invocationId": run.invocation,
                        "startedOn": rfc3339(run.started),
                        "finishedOn": rfc3339(run.finished),
                    },
                },
            },
        }
    )


def decode(payload: bytes) -> Run:
    """The run in a payload whose signature was verified. Raises SignatureInvalid for another kind or shape."""
    try:
        return _run(parse(payload, max_depth=16, max_nodes=40 * MOST_FILES))
    except WireError as error:
        raise SignatureInvalid(f"the signed statement cannot be read: {error.cause}") from None
    except (KeyError, TypeError, ValueError, AttributeError):  # msgspec's errors are ValueErrors
        raise SignatureInvalid("the signed statement is no record of a training run") from None


def _run(document: dict[str, Any]) -> Run:
    definition, details = document["predicate"]["buildDefinition"], document["predicate"]["runDetails"]
    if (document["_type"], document["predicateType"], definition["buildType"]) != (STATEMENT, PREDICATE, BUILD_TYPE):
        raise ValueError
    roles: dict[str, list[dict[str, Any]]] = {"material": [], "executable": [], "package": []}
    for one in definition["resolvedDependencies"]:
        roles[one["annotations"]["role"]].append(one)
    executables = [_material(one) for one in roles["executable"]]
    metadata = details["metadata"]
    content = {
        "builder": details["builder"]["id"],
        "invocation": metadata["invocationId"],
        "command": definition["externalParameters"]["command"],
        "started": metadata["startedOn"],
        "finished": metadata["finishedOn"],
        "outputs": [_material(one) for one in document["subject"]],
        "materials": [_material(one) for one in roles["material"]],
        "executable": executables[0] if executables else None,
        "packages": [one["uri"] for one in roles["package"]],
        "parameters": definition["externalParameters"]["parameters"],
        "environment": definition["internalParameters"]["environment"],
    }
    run = msgspec.convert(content, Run)
    if not run.outputs or run.finished < run.started or len(executables) > 1:
        raise ValueError
    return run


def _resource(one: Material, role: str) -> dict[str, Any]:
    return {"name": one.name, "digest": {"sha256": one.sha256}, "annotations": {"role": role}}


def _material(one: dict[str, Any]) -> Material:
    return msgspec.convert({"name": one["name"], "sha256": one["digest"]["sha256"]}, Material)
