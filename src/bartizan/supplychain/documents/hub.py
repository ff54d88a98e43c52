"""Repositories as Hugging Face libraries read them: code they are told to import, files they are told to open.

Sources: transformers ``dynamic_module_utils`` (``auto_map``, ``custom_pipelines``), sentence-transformers
``modules.json``,
diffusers ``model_index.json``, PEFT ``auto_mapping``, the index of sharded weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import re2

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import below
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
)
from bartizan.supplychain.text.reading import Kind, look
from bartizan.supplychain.text.rules import TEXT_RULES

REMOTE_CODE = Rule(
    id="hub.remote_code", title="Repository asks for its own code to be run", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
FOREIGN_CODE = Rule(
    id="hub.foreign_code", title="Repository asks for another repository's code to be run", admission=Admission.BLOCK,
    severity=Severity.CRITICAL, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
PATH = Rule(
    id="hub.path", title="Index names a file outside the repository", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=("CWE-22", *CODE_EXECUTION[1:]),
)  # fmt: skip
FOREIGN_IMPORT = Rule(
    id="hub.foreign_import", title="Configuration has a module of no known library imported",
    admission=Admission.INCONCLUSIVE, severity=Severity.MEDIUM, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
SLOW_PATTERN = Rule(
    id="hub.slow_pattern", title="Pattern of a tokenizer that some texts make run for ever",
    admission=Admission.INCONCLUSIVE, severity=Severity.MEDIUM, tags=("CWE-1333", *CODE_EXECUTION[1:]),
)  # fmt: skip
_REPEATED_TWICE = re2.compile(r"\((?:\?:)?[^()|]*[^()|\\][+*]\)(?:[+*]|\{[0-9]+,\})|"
                            r"\((?:\?:)?\([^()]*\)[+*][^()|]{0,3}\)(?:[+*]|\{[0-9]+,\})")  # fmt: skip
_SHORT_TOKEN, _MOST_TOKENS = 24, 100_000
_LIBRARIES = (
    "diffusers",
    "transformers",
    "sentence_transformers",
    "onnxruntime",
    "optimum",
    "peft",
    "torch.nn",
    "controlnet_aux",
)


class Hub:
    """See the module."""

    rules = (REMOTE_CODE, FOREIGN_CODE, FOREIGN_IMPORT, PATH, SLOW_PATTERN, *TEXT_RULES)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a configuration."""
        content = place.content
        for key in ("auto_map", "custom_pipelines"):
            if isinstance(content.get(key), dict):
                yield from _code(content[key], key, context)
        if content.get("trust_remote_code") is True:
            yield context.found(
                REMOTE_CODE, "It switches the question off whether its code may run.", evidence="trust_remote_code"
            )
        yield from _unasked(place, context)
        yield from _templates(content, context)
        yield from _tokenizer(place, context)
        if place.root and isinstance(content.get("weight_map"), dict):
            for name in dict.fromkeys(str(value) for value in content["weight_map"].values()):
                if why := escapes(name):
                    yield context.found(
                        PATH, f"Weights are read from there: {why}.", evidence=name, member="weight_map"
                    )
        index = "_diffusers_version" in content or context.name == "model_index.json"
        if place.root and index and isinstance(content.get("_class_name"), str | list):
            yield from _pipeline(content, context)
        mapping = content.get("auto_mapping")
        if place.root and isinstance(mapping, dict) and not below(str(mapping.get("parent_library")), _LIBRARIES):
            name = f"{mapping.get('parent_library')}.{mapping.get('base_model_class')}"
            yield context.found(FOREIGN_IMPORT, f"PEFT imports {name}.", evidence=name, member="auto_mapping")
        pretrained = content.get("pretrained_cfg")
        file = pretrained.get("file") if isinstance(pretrained, dict) else None
        if place.root and isinstance(file, str) and (why := escapes(file)):
            yield context.found(
                PATH, f"timm reads the weights from there: {why}.", evidence=file, member="pretrained_cfg"
            )
        kind = content.get("type")
        if isinstance(kind, str) and "path" in content and "idx" in content and not below(kind, _LIBRARIES):
            yield context.found(
                REMOTE_CODE, f"sentence-transformers imports {kind}.", evidence=kind, member=place.member()
            )
        if isinstance(content.get("path"), str) and "idx" in content and (why := escapes(content["path"])):
            yield context.found(
                PATH, f"A module is read from there: {why}.", evidence=content["path"], member=place.member()
            )


def _unasked(place: Place, context: Context) -> Iterator[ArtefactFinding]:
    """Code that libraries have run without trust_remote_code: kernels, decoding loops, a model's own file."""
    for key in ("_attn_implementation_internal", "_attn_implementation", "attn_implementation", "custom_generate"):
        value = place.content.get(key)
        if isinstance(value, str) and "/" in value:
            yield context.found(
                FOREIGN_CODE, f"transformers fetches code from that repository and runs it ({key}, CVE-2026-4372).",
                evidence=value, member=place.member(),
            )  # fmt: skip
    file = place.content.get("model_file")
    if place.root and isinstance(file, str) and file.endswith(".py"):
        yield context.found(
            REMOTE_CODE, "mlx-lm imports this file of the repository and runs it (CVE-2026-5843).", evidence=file
        )


def _code(mapping: dict[str, Any], key: str, context: Context) -> Iterator[ArtefactFinding]:
    for use, target in mapping.items():
        if isinstance(target, dict):
            target = target.get("impl")
        for name in target if isinstance(target, list) else [target]:
            if not isinstance(name, str):
                continue
            repository, _, inner = name.rpartition("--")
            rule = FOREIGN_CODE if repository else REMOTE_CODE
            where = f"the repository {repository}" if repository else "a Python file of this repository"
            yield context.found(
                rule,
                f"With trust_remote_code, {use} imports {inner} from {where} and runs it.",
                evidence=name,
                member=f"{key}.{use}",
            )


def _pipeline(content: dict[str, Any], context: Context) -> Iterator[ArtefactFinding]:
    if isinstance(content["_class_name"], list):
        name = ".".join(str(part) for part in content["_class_name"])
        yield context.found(
            REMOTE_CODE, f"The pipeline's class comes from a file of the repository: {name}.", evidence=name
        )
    for key, value in content.items():
        match value:
            case [str(library), str(name)] if not key.startswith("_") and not below(library, _LIBRARIES):
                yield context.found(
                    REMOTE_CODE,
                    f"{key} is imported from {library}, which is a file of the repository or an installed module.",
                    evidence=f"{library}.{name}",
                    member=key,
                )


def _tokenizer(place: Place, context: Context) -> Iterator[ArtefactFinding]:
    """What tokens say to a model, and patterns that take time without end."""
    tokens = place.content.get("added_tokens")
    listed = list(tokens[:_MOST_TOKENS]) if place.root and isinstance(tokens, list) else []
    special = [value for key, value in place.content.items() if place.root and str(key).endswith("_token")]
    prompts = place.content.get("prompts")
    if place.root and isinstance(prompts, dict) and "__version__" in place.content:
        special += prompts.values()  # sentence-transformers puts them before every text
    for token in (*listed, *special):
        text = token.get("content") if isinstance(token, dict) else token if token in special else None
        if isinstance(text, str) and len(text) >= _SHORT_TOKEN:
            context.budget.step()
            for seen in look(text, Kind.TOOL):
                yield context.found(
                    seen.rule, f"A token or prompt says this: {seen.explanation}", evidence=seen.evidence,
                    member="added_tokens" if token in listed else "special_tokens",
                )  # fmt: skip
    pattern = place.content.get("Regex")
    if isinstance(pattern, str) and (found := _REPEATED_TWICE.search(pattern[:10_000])):
        yield context.found(
            SLOW_PATTERN,
            "What is repeated in it is repeated again: a text that nearly fits takes time without end.",
            evidence=found.group(),
            member=place.member(),
        )


def _templates(content: dict[str, Any], context: Context) -> Iterator[ArtefactFinding]:
    """Chat templates of a tokenizer, a processor or any other configuration."""
    template = content.get("chat_template")
    named: list[tuple[str, str]] = []
    if isinstance(template, str):
        named.append(("chat_template", template))
    elif isinstance(template, list):
        named.extend(
            (f"chat_template[{one.get('name', number)}]", str(one["template"]))
            for number, one in enumerate(template)
            if isinstance(one, dict) and isinstance(one.get("template"), str)
        )
    elif isinstance(template, dict):
        named.extend((f"chat_template[{key}]", value) for key, value in template.items() if isinstance(value, str))
    for member, text in named:
        raw = text.encode("utf-8", "surrogatepass")
        yield from context.nested(ByteSource(raw, "chat_template.jinja"), member)
