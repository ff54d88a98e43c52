"""Keras model configurations (`config.json` of ``.keras`` files, ``model_config`` of H5 files, ``keras_metadata``).

``keras.saving.deserialize_keras_object`` imports the module an object names and calls what it finds there, so each name
is held against the parts of Keras. Source: keras 3, ``saving/serialization_lib.py``; keras 2, ``generic_utils.py``.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import below, dangerous
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import CODE_EXECUTION, Admission, ArtefactFinding, Context, Rule, Severity


def _rule(name: str, title: str, admission: Admission, severity: Severity) -> Rule:
    return Rule(id=f"keras.{name}", title=title, admission=admission, severity=severity, tags=CODE_EXECUTION)


LAMBDA = _rule("lambda", "Layer that carries Python bytecode", Admission.BLOCK, Severity.CRITICAL)
MODULE = _rule("module", "Object from outside Keras", Admission.BLOCK, Severity.CRITICAL)
LOADS = _rule("loads_file", "Layer that loads another file or code", Admission.BLOCK, Severity.HIGH)
CUSTOM = _rule(
    "custom_object", "Object that only the user's own code supplies", Admission.INCONCLUSIVE, Severity.MEDIUM
)

PARTS = tuple(
    f"{root}.{part}"
    for root in ("keras", "keras.src", "tf_keras", "tf_keras.src", "tensorflow.keras", "tensorflow.python.keras",
    "keras.api")
    for part in (
        "layers", "models", "engine", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics",
        "activations", "dtype_policies", "mixed_precision", "quantizers", "distribution", "backend.common.keras_tensor",
        "applications", "random", "trainers", "ops.numpy", "ops.nn", "ops.math", "ops.core", "ops.operation",
        "legacy.layers", "legacy.losses", "legacy.metrics", "optimizers.legacy", "optimizers.schedules",
    )
)  # fmt: skip
"""Packages of Keras that hold parts of models and nothing else."""
RELATED = (
    "keras_hub",
    "keras_nlp",
    "keras_cv",
    "keras_tuner",
    "tensorflow_text",
    "tensorflow_hub",
    "tensorflow_addons",
)
_WORKING = frozenset({"Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"})
_LOADING = frozenset({"TFSMLayer", "KerasLayer", "TFOpLambda"})
_PLAIN = frozenset({"__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__tuple__", "__typespec__"})
_PATHS = ("vocabulary", "filepath", "file", "path", "weights", "handle")


class Keras:
    """See the module."""

    rules = (LAMBDA, MODULE, LOADS, CUSTOM)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One serialised object."""
        content = place.content
        name = content.get("class_name")
        if not isinstance(name, str) or ("config" not in content and "module" not in content):
            return
        yield from _object(name, content, place, context)


def _object(name: str, content: dict[str, Any], place: Place, context: Context) -> Iterator[ArtefactFinding]:
    member = place.member()
    module = content.get("module")
    config = content.get("config")
    registered = content.get("registered_name")
    short = name.rpartition(">")[2].rpartition(".")[2]
    if short in _WORKING or name == "__lambda__":
        yield context.found(
            LAMBDA, f"{short} runs Python that the file carries when the model is loaded.", evidence=name, member=member
        )
        return
    if short in _LOADING and short != "TFOpLambda":
        yield context.found(
            LOADS, f"{short} loads a model from a path or address it names.", evidence=name, member=member
        )
    if isinstance(module, str) and module:
        full = f"{module}.{config}" if name == "function" and isinstance(config, str) else f"{module}.{name}"
        if module == "builtins" and name in (
            "function",
            "slice",
            "dict",
            "tuple",
            "str",
            "int",
            "float",
            "list",
            "type",
        ):
            if name == "function" and isinstance(config, str) and hasattr(builtins, config):
                yield context.found(MODULE, "It looks up a function of Python itself.", evidence=full, member=member)
            elif name == "function":
                yield context.found(
                    CUSTOM, "It names a function that the file does not hold.", evidence=full, member=member
                )
        elif "__" not in full and (module == "keras" or below(module, PARTS)):
            if module == "keras" and short not in ("Sequential", "Functional", "Model", "Variable", "DTypePolicy"):
                yield context.found(CUSTOM, "It names something at the top of Keras.", evidence=full, member=member)
        elif below(module, RELATED):
            yield context.found(CUSTOM, "It needs a further package.", evidence=full, member=member)
        else:
            why = "a module that runs, loads or sends things" if dangerous(full) else "a module outside Keras"
            yield context.found(MODULE, f"Loading imports {why} and calls what it names.", evidence=full, member=member)
    elif name in _PLAIN:
        return
    if isinstance(registered, str) and ">" in registered and not registered.startswith("keras"):
        yield context.found(CUSTOM, "It is registered by code outside the file.", evidence=registered, member=member)
    if isinstance(config, dict):
        for key in _PATHS:
            value = config.get(key)
            if isinstance(value, str) and (why := escapes(value)):
                yield context.found(LOADS, f"{short} reads a file that it names: {why}.", evidence=value, member=member)
