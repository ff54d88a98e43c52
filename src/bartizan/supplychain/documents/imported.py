"""Objects that frameworks import by the name a document gives: LangChain, AutoGen, Haystack, NeMo, fiddle, Ray Serve.

Sources: ``langchain_core.load`` (``lc``, ``id``), AutoGen's component configurations (``provider``), Haystack pipelines
(``init_parameters``), NeMo's ``model_config.yaml`` (``target``) and ``io.json`` (fiddle's ``pyref``),
sentence-transformers (``activation_function``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import below, dangerous
from bartizan.supplychain.documents.targets import PARTS, TARGET, UNLISTED
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    Context,
    Rule,
    Severity,
)

SECRET = Rule(
    id="document.secret", title="Document asks for a secret of whoever loads it", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-526", *CODE_EXECUTION[1:]),
)  # fmt: skip
_OWN = {
    "lc": ("langchain", "langchain_core", "langchain_community", "langchain_openai", "langchain_text_splitters"),
    "provider": ("autogen_agentchat", "autogen_core", "autogen_ext.models", "autogen_ext.agents"),
    "init_parameters": ("haystack", "haystack_integrations"),
    "activation_function": ("torch.nn",),
    "pyref": (*PARTS, "nemo.lightning", "nemo.collections", "fiddle", "megatron.core", "torch"),
    "target": ("nemo", "nemo_asr", "nemo_nlp"),
    "import_path": ("ray.serve",),
}
"""Packages whose objects a kind of document is there to make."""


class Imported:
    """See the module."""

    rules = (TARGET, UNLISTED, SECRET)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a document."""
        member = place.member()
        for kind, name in _named(place, context.name):
            if dangerous(name):
                yield context.found(TARGET, f"Loading the document imports {name}.", evidence=name, member=member)
            elif not below(name, _OWN[kind]):
                yield context.found(
                    UNLISTED, f"Loading the document imports and makes {name}.", evidence=name, member=member
                )
        if place.content.get("lc") is not None and place.content.get("type") == "secret":
            name = ", ".join(map(str, place.content.get("id") or ()))
            yield context.found(
                SECRET, "Loading the document puts this variable of the environment into it.", evidence=name,
                member=member,
            )  # fmt: skip
        yield from _resolved(place, context)


def _named(place: Place, file: str) -> Iterator[tuple[str, str]]:
    """What kind of document an object is of, and the dotted name that it has imported."""
    content = place.content
    parts = content.get("id")
    if "lc" in content and content.get("type") == "constructor" and isinstance(parts, list):
        yield "lc", ".".join(map(str, parts))
    if isinstance(content.get("provider"), str) and "component_type" in content:
        yield "provider", content["provider"]
    kind = content.get("type")
    if isinstance(kind, str) and "." in kind and isinstance(content.get("init_parameters"), dict):
        yield "init_parameters", kind
    if kind == "pyref" and isinstance(content.get("module"), str):
        yield "pyref", f"{content['module']}.{content.get('name', '')}"
    function = content.get("activation_function")
    if isinstance(function, str) and "in_features" in content and "." in function:
        yield "activation_function", function
    path = content.get("import_path")
    if isinstance(path, str) and ":" in path and any(step == "applications" for step in place.way):
        yield "import_path", path.replace(":", ".")
    target = content.get("target")
    if place.root and file.startswith("model_config.") and isinstance(target, str) and "." in target:
        yield "target", target


_SECRETS = ("SECRET", "TOKEN", "PASSWORD", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL")


def _resolved(place: Place, context: Context) -> Iterator[ArtefactFinding]:
    """Secrets of the environment that OmegaConf puts in the place of an interpolation."""
    for key, value in place.content.items():
        for text in value if isinstance(value, list) else (value,):
            if not isinstance(text, str) or "${" not in text:
                continue
            asked = _asked(text)
            if asked and any(word in asked.upper() for word in _SECRETS):
                yield context.found(
                    SECRET, "Reading the value puts this variable of the environment into it.", evidence=asked,
                    member=f"{place.member()}.{key}".lstrip("."),
                )  # fmt: skip


def _asked(text: Any) -> str:
    for mark in ("${oc.env:", "${env:"):
        at = text.find(mark)
        if at >= 0:
            return str(text[at + len(mark) :].partition("}")[0].partition(",")[0])
    return ""
