"""Policy packs for artefacts: from facts to allow, inconclusive or block."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import NamedTuple

import msgspec

from bartizan.core.artefact import Admission
from bartizan.core.errors import ConfigurationError
from bartizan.policy.cedar import CedarPolicies
from bartizan.supplychain.admission.facts import Facts
from bartizan.workspace.files import read_bounded
from bartizan.workspace.workspace import Workspace

SHIPPED = ("strict", "balanced", "observe")


class Ruling(NamedTuple):
    """What policy says of an artefact."""

    admission: Admission
    policy: str
    reason: str


class AdmissionPack:
    """Parsed and validated policies. ``observe`` decides, but lets everything pass.

    Raises:
        ConfigurationError: the policies do not parse, do not fit the schema or lack an annotation.
    """

    def __init__(self, name: str, text: str, *, observe: bool = False) -> None:
        self.name = name
        self.observe = observe
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._policies = CedarPolicies(
            f"policy pack {name}",
            text,
            _read("schema.cedarschema"),
            principal="Loader",
            resource="Artefact",
            page="docs/supplychain/admission.md",
        )

    @classmethod
    def named(cls, name: str, workspace: Workspace) -> AdmissionPack:
        """A shipped pack, or the one in a file of the workspace. Raises ConfigurationError."""
        if name in SHIPPED:
            shipped = "balanced" if name == "observe" else name
            return cls(name, _read(f"{shipped}.cedar"), observe=name == "observe")
        if not name.endswith(".cedar"):
            raise ConfigurationError(
                f"artefacts.pack: no policy pack called {name}",
                f"there are {', '.join(SHIPPED)}, and files whose name ends in .cedar",
            )
        try:
            text = read_bounded(workspace.path(name), name).decode()
        except UnicodeDecodeError:
            raise ConfigurationError(f"{name} is not UTF-8 text") from None
        return cls(name, text)

    def decide(self, facts: Facts) -> Ruling:
        """What the policies say; blocked where none permits."""
        context = msgspec.to_builtins(facts)
        allowed, because = self._policies.ask("admit", context)
        if because is not None:
            return Ruling(Admission.ALLOW if allowed else Admission.BLOCK, *because)
        allowed, because = self._policies.ask("hold", context)
        if allowed and because is not None:
            return Ruling(Admission.INCONCLUSIVE, *because)
        return Ruling(Admission.BLOCK, "", "No policy permits it.")


def _read(name: str) -> str:
    return files("bartizan.supplychain.admission").joinpath("packs", name).read_text(encoding="utf-8")
