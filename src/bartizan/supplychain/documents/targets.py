"""Names of classes that configurations have instantiated: Hydra and NeMo (``_target_``), Lightning (``class_path``),
latent-diffusion style (``target`` with ``params``). ``hydra.utils.instantiate`` imports and calls whatever is named.
NeMo 2 keeps the same as module and name of a ``type`` (``io.json``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import below, dangerous
from bartizan.supplychain.interface import CODE_EXECUTION, Admission, ArtefactFinding, Context, Rule, Severity

TARGET = Rule(
    id="target.dangerous", title="Configuration has a dangerous function called", admission=Admission.BLOCK,
    severity=Severity.CRITICAL, tags=CODE_EXECUTION,
)  # fmt: skip
UNLISTED = Rule(
    id="target.unlisted", title="Configuration has an unknown class made", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=CODE_EXECUTION,
)  # fmt: skip
PARTS = (
    "torch.nn", "torch.optim", "torch.utils.data.DataLoader", "torchvision.transforms", "torchvision.models",
    "torchaudio.transforms",
    "nemo.collections", "nemo.core.optim", "nemo.core.config", "nemo.utils.exp_manager", "megatron.core.models",
    "pytorch_lightning.callbacks", "pytorch_lightning.loggers", "pytorch_lightning.Trainer",
    "pytorch_lightning.trainer",
    "lightning.pytorch.callbacks", "lightning.pytorch.loggers", "lightning.pytorch.Trainer",
    "lightning.pytorch.trainer", "lightning.pytorch.strategies", "lightning.pytorch.plugins",
    "lightning.pytorch.profilers", "lightning.pytorch.tuner",
    "transformers.models", "transformers.optimization", "diffusers.models", "diffusers.schedulers",
    "ldm.models", "ldm.modules", "sgm.models", "sgm.modules", "timm.models", "monai.networks", "monai.losses",
    "monai.transforms", "monai.data", "monai.engines", "monai.handlers", "monai.inferers", "monai.metrics",
)  # fmt: skip
"""Packages of model parts; not their functions that load files."""


class Targets:
    """See the module."""

    rules = (TARGET, UNLISTED)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a configuration."""
        yield from _made(place, context)
        name = _target(place.content)
        if not name:
            return
        if name.startswith("$") or "(" in name or dangerous(name) or name.rpartition(".")[2] in _ACTING:
            yield context.found(
                TARGET, f"Making this configuration's objects calls {name}.", evidence=name, member=place.member()
            )
        elif not below(name, PARTS):
            yield context.found(
                UNLISTED,
                f"Making this configuration's objects imports and calls {name}.",
                evidence=name,
                member=place.member(),
            )


def _made(place: Place, context: Context) -> Iterator[ArtefactFinding]:
    module, name = place.content.get("module"), place.content.get("name")
    named = place.way[-1:] == ("type",) or place.content.get("type") == "pyref"
    if named and isinstance(module, str) and isinstance(name, str):
        whole = f"{module}.{name}"
        steps = name.split(".")
        reached = [whole, *(".".join(steps[at:]) for at in range(len(steps) - 1))]
        if whole not in _HARMLESS and any(map(dangerous, reached)):
            yield context.found(
                TARGET, f"Making this configuration's objects calls {whole}.", evidence=whole, member=place.member()
            )


_HARMLESS = frozenset(
    {
        *(f"pathlib.{kind}{name}" for kind in ("", "Pure") for name in ("Path", "PosixPath", "WindowsPath")),
        "functools.partial", "types.SimpleNamespace",
    }
)  # fmt: skip
"""Classes of dangerous modules that configurations are full of; not what lies below them."""
_ACTING = frozenset(
    {
        "system",
        "popen",
        "exec",
        "eval",
        "compile",
        "load",
        "loads",
        "run",
        "call",
        "check_output",
        "Popen",
        "import_module",
    }
)


def _target(content: dict[str, Any]) -> str:
    for key in ("_target_", "class_path"):
        value = content.get(key)
        if isinstance(value, str) and (key == "_target_" or "." in value):
            return value
    value = content.get("target")
    if isinstance(value, str) and "params" in content and "." in value and "/" not in value and " " not in value:
        return value
    return ""
