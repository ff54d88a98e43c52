"""Packages for serving: TorchServe archives (MAR) and MLflow model folders name the code that a server imports.

Sources: model-archiver's ``MAR-INF/MANIFEST.json``; MLflow's ``MLmodel`` file and ``mlflow.pyfunc``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import below
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import CODE_EXECUTION, Admission, ArtefactFinding, Context, Rule, Severity

HANDLER = Rule(
    id="mar.handler", title="Archive brings its own handler", admission=Admission.BLOCK, severity=Severity.HIGH,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
REQUIREMENTS = Rule(
    id="mar.requirements", title="Archive has packages installed", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
ARCHIVE_PATH = Rule(
    id="mar.path", title="Archive names a file outside itself", admission=Admission.BLOCK, severity=Severity.HIGH,
    tags=("CWE-22", *CODE_EXECUTION[1:]),
)  # fmt: skip
LOADER = Rule(
    id="mlflow.loader_module", title="Model is loaded by a module from outside MLflow", admission=Admission.BLOCK,
    severity=Severity.CRITICAL, tags=CODE_EXECUTION,
)  # fmt: skip
CODE = Rule(
    id="mlflow.code", title="Model folder brings code", admission=Admission.BLOCK, severity=Severity.HIGH,
    tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
PATH = Rule(
    id="mlflow.path", title="Model folder names a file outside itself", admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=("CWE-22", *CODE_EXECUTION[1:]),
)  # fmt: skip
_HANDLERS = frozenset({"image_classifier", "text_classifier", "object_detector", "image_segmenter"})


class Serving:
    """See the module."""

    rules = (HANDLER, REQUIREMENTS, ARCHIVE_PATH, LOADER, CODE, PATH)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """A manifest or an MLmodel file."""
        if not place.root:
            return
        content = place.content
        model = content.get("model")
        if (
            isinstance(model, dict)
            and isinstance(model.get("handler"), str)
            and ("modelName" in model or "serializedFile" in model or context.name == "MANIFEST.json")
        ):
            yield from _archive(model, context)
        flavours = content.get("flavors")
        if isinstance(flavours, dict):
            for name, flavour in flavours.items():
                if isinstance(flavour, dict):
                    yield from _flavour(str(name), flavour, context)


def _archive(model: dict[str, Any], context: Context) -> Iterator[ArtefactFinding]:
    handler = model["handler"]
    if handler not in _HANDLERS:
        yield context.found(
            HANDLER,
            "The server imports this Python file of the archive and runs it.",
            evidence=handler,
            member="model.handler",
        )
    for key in ("handler", "serializedFile", "modelFile", "requirementsFile"):
        value = model.get(key)
        if not isinstance(value, str) or not value or value in _HANDLERS:
            continue
        if key == "modelFile":
            yield context.found(
                HANDLER, "The server imports the model's class from it.", evidence=value, member=f"model.{key}"
            )
        elif key == "requirementsFile":
            yield context.found(
                REQUIREMENTS, "The server installs what it lists.", evidence=value, member=f"model.{key}"
            )
        if why := escapes(value):
            yield context.found(ARCHIVE_PATH, f"It lies elsewhere: {why}.", evidence=value, member=f"model.{key}")


def _flavour(name: str, flavour: dict[str, Any], context: Context) -> Iterator[ArtefactFinding]:
    member = f"flavors.{name}"
    module = flavour.get("loader_module")
    if isinstance(module, str) and not below(module, ("mlflow",)):
        yield context.found(
            LOADER, f"mlflow.pyfunc imports {module} and calls its _load_pyfunc.", evidence=module, member=member
        )
    for key in ("code", "model_code_path", "model_code", "code_paths"):
        value = flavour.get(key)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one not in ("", "null", "~"):  # words of YAML are not resolved
                yield context.found(
                    CODE, "Loading puts it on the import path or runs it.", evidence=one, member=f"{member}.{key}"
                )
    for key, value in flavour.items():
        if isinstance(value, str) and _is_path(key) and (why := escapes(value)):
            yield context.found(PATH, f"Loading reads it: {why}.", evidence=value, member=f"{member}.{key}")


def _is_path(key: str) -> bool:
    return key in ("data", "env", "python_model", "model_path", "pickled_model", "model_data", "uri", "path", "binary")
