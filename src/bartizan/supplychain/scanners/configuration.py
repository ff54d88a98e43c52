"""Configurations that are neither JSON nor YAML: graphs as text, and files that tools read for what they run.

Text-format protobufs (SavedModel, Caffe, Triton), Git's own files, settings of package installers, Ollama's Modelfile,
spaCy's config.cfg, OpenVINO's XML. Each names operators, commands, paths or functions; what those are is held against
what the tools do with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import re2

from bartizan.supplychain.formats import tensorflow_ops as ops
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    MalformedError,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.packages.installer_settings import INSTALLERS, unchecked
from bartizan.supplychain.packages.rules import INSECURE
from bartizan.supplychain.text.reading import Kind, look
from bartizan.supplychain.text.rules import TEXT_RULES


def _rule(name: str, title: str, admission: Admission, severity: Severity, cwe: str) -> Rule:
    return Rule(
        id=f"config.{name}", title=title, admission=admission, severity=severity, tags=(cwe, *CODE_EXECUTION[1:])
    )


OPERATOR = _rule("operator", "Graph as text with an operator that runs or reaches things", Admission.BLOCK,
                 Severity.CRITICAL, "CWE-94")  # fmt: skip
COMMAND = _rule("command", "Git is told to run a program", Admission.BLOCK, Severity.CRITICAL, "CWE-78")
PATH = _rule("path", "Configuration names a place outside its folder", Admission.BLOCK, Severity.HIGH, "CWE-22")
FUNCTION = _rule("function", "Configuration has a function of no known library called", Admission.INCONCLUSIVE,
                 Severity.MEDIUM, "CWE-829")  # fmt: skip
LARGEST = 8 << 20
_GRAPHS = (".pbtxt", ".prototxt", ".textproto")
_OPERATOR = re2.compile(r"\bop\s*:\s*[\"']([\w>]+)[\"']")
_PYTHON_LAYER = re2.compile(r"\bpython_param\s*:?\s*\{|\btype\s*:\s*[\"']Python[\"']")
_ENVIRONMENT = re2.compile(r"EXECUTION_ENV_PATH[\"']?[^}]{0,80}?string_value\s*:\s*[\"']([^\"']+)")
_LIBRARY = re2.compile(r"\b(?:default_model_filename|model_filename|library)\s*:\s*[\"']([^\"']+)")
_GIT = re2.compile(
    r"(?im)^\s*(smudge|clean|process|textconv|fsmonitor|sshcommand|hookspath|pager|editor|askpass|credential\.helper|"
    r"helper|gpgprogram|program|external|command|update)\s*=\s*(.+)$"
)
_HARMLESS_GIT = re2.compile(r"git-lfs (?:smudge|clean|filter-process)\b.*|(?:cache|store|manager|osxkeychain)\b.*|"
                           r"(?:true|false|none|checkout|rebase|merge|less|vim|nano)")  # fmt: skip
_MODULE = re2.compile(r"(?im)^\s*(?:url|path)\s*=\s*(-.*|ext::.*|.*--upload-pack.*)$")
_MODELFILE = re2.compile(r"(?im)^(FROM|ADAPTER)[ \t]+(\S+)")
_SYSTEM = re2.compile(r'(?ims)^(?:SYSTEM|TEMPLATE|MESSAGE[ \t]+\w+)[ \t]+("""(.*?)"""|.+?$)')
_CALLBACK = re2.compile(r"@(?:callbacks|misc|readers|architectures|layers|factories|tokenizers|loggers|batchers|"
                       r"schedules|optimizers|scorers|augmenters|initializers)\"?\s*[=:]\s*\"([\w.-]+)\"")  # fmt: skip
_REGISTERED = (
    "spacy.", "spacy-legacy.", "spacy-transformers.", "spacy-curated-transformers.", "spacy_llm.", "spacy-llm.",
    "compounding.", "constant.", "Adam.", "RAdam.", "SGD.", "warmup_linear.", "linear.", "chain.", "reduce_mean.",
    "reduce_sum.", "Linear.", "Softmax.", "Maxout.", "HashEmbed.", "glorot_uniform_init.", "zero_init.",
)  # fmt: skip
"""Beginnings of names that spaCy, thinc and their own extensions register."""
_GIT_SECTION = re2.compile(rb"(?m)^\[(?:core|filter|remote|submodule|alias)\b")


@scanner
class Configuration:
    """See the module."""

    id = "configuration"
    rules = (OPERATOR, COMMAND, PATH, FUNCTION, INSECURE, *TEXT_RULES)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """By the name, or the first words that only one of them has."""
        return _kind(source, context) != ""

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What the tool that reads it would run, open or import."""
        if source.size > LARGEST:
            raise MalformedError(f"a configuration of {source.size} bytes is larger than {LARGEST}", 0)
        try:
            text = source.read(0, source.size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError("a configuration that is not UTF-8", error.start) from None
        context.budget.step(len(text) >> 6)
        yield from _READERS[_kind(source, context)](text, context)


def _kind(source: ByteSource, context: Context) -> str:
    name = context.name.casefold()
    if name.endswith(_GRAPHS):
        return "graph"
    head = source.read(0, 4_096)
    if name == ".gitmodules" or (name == "config" and _GIT_SECTION.search(head)):
        return "git"
    if name == "modelfile" or name.startswith("modelfile."):
        return "modelfile"
    if name == "pyproject.toml" and b"backend-path" in head:
        return "build"
    if name.endswith(".cfg") and (b"[nlp]" in head or b"[components" in head):
        return "spacy"
    if name in INSTALLERS:
        return "index"
    return "openvino" if b"<net " in head and b"<layers>" in head else ""


def _at(text: str, place: int) -> int:
    return len(text[:place].encode())


def _part(found: re2._Match[str], group: int) -> str:
    """A group of a match; empty where it stands for nothing."""
    return found.group(group) or ""


def _graph(text: str, context: Context) -> Iterator[ArtefactFinding]:
    dangerous = ops.PYTHON | ops.WRITES | ops.READS | ops.NETWORK | ops.NATIVE
    for found in _OPERATOR.finditer(text):
        if _part(found, 1) in dangerous:
            yield context.found(
                OPERATOR, "Running the graph runs Python, or reaches files or the network.",
                offset=_at(text, found.start()), evidence=_part(found, 1),
            )  # fmt: skip
    for found in _PYTHON_LAYER.finditer(text):
        yield context.found(
            OPERATOR, "Caffe imports the module that the layer names.", offset=_at(text, found.start()),
            evidence=found.group(),
        )  # fmt: skip
        break
    for pattern in (_ENVIRONMENT, _LIBRARY):
        for found in pattern.finditer(text):
            if why := escapes(_part(found, 1).removeprefix("$$TRITON_MODEL_DIRECTORY/")):
                yield context.found(
                    PATH, f"The server loads it: {why}.", offset=_at(text, found.start(1)), evidence=_part(found, 1)
                )


def _git(text: str, context: Context) -> Iterator[ArtefactFinding]:
    for found in _GIT.finditer(text):
        if not _HARMLESS_GIT.fullmatch(_part(found, 2).strip().strip('"')):
            yield context.found(
                COMMAND,
                f"Git runs it by itself ({_part(found, 1)}).",
                offset=_at(text, found.start()),
                evidence=found.group().strip(),
            )
    for found in _MODULE.finditer(text):
        yield context.found(
            COMMAND,
            "Git takes it for an option or a command.",
            offset=_at(text, found.start(1)),
            evidence=_part(found, 1),
        )


def _index(text: str, context: Context) -> Iterator[ArtefactFinding]:
    for at, setting in unchecked(text):
        yield context.found(
            INSECURE, "Installing beside it takes packages from there, and checks nothing.",
            offset=_at(text, at), evidence=setting,
        )  # fmt: skip


def _modelfile(text: str, context: Context) -> Iterator[ArtefactFinding]:
    for found in _MODELFILE.finditer(text):
        value = _part(found, 2)
        outside = (
            escapes(value.removeprefix("./")) if value.startswith((".", "/", "~", "http:", "https:", "file:")) else ""
        )
        if outside:
            yield context.found(PATH, f"Ollama reads it: {outside}.", offset=_at(text, found.start(2)), evidence=value)
    for found in _SYSTEM.finditer(text):
        written = _part(found, 2) or _part(found, 1)
        for seen in look(written, Kind.TOOL):
            yield context.found(
                seen.rule, f"It stands before every conversation: {seen.explanation}",
                offset=_at(text, found.start()), evidence=seen.evidence,
            )  # fmt: skip


def _spacy(text: str, context: Context) -> Iterator[ArtefactFinding]:
    for found in _CALLBACK.finditer(text):
        if not _part(found, 1).startswith(_REGISTERED):
            yield context.found(
                FUNCTION, "spaCy calls what another package has registered under that name.",
                offset=_at(text, found.start(1)), evidence=_part(found, 1),
            )  # fmt: skip


_LAYER = re2.compile(r"<layer\b[^>]*\bversion\s*=\s*[\"']([\w.-]+)[\"']")


def _openvino(text: str, context: Context) -> Iterator[ArtefactFinding]:
    for found in _LAYER.finditer(text):
        if _part(found, 1).startswith("opset"):
            continue
        yield context.found(
            FUNCTION, "Only a library that is loaded beside the model has such a layer.",
            offset=_at(text, found.start()), evidence=found.group(),
        )  # fmt: skip
        return


def _build(text: str, context: Context) -> Iterator[ArtefactFinding]:
    yield context.found(
        FUNCTION, "Installing or building the folder imports and runs a module of it.",
        offset=_at(text, text.find("backend-path")), evidence="backend-path",
    )  # fmt: skip


_READERS = {
    "build": _build,
    "graph": _graph,
    "index": _index,
    "git": _git,
    "modelfile": _modelfile,
    "spacy": _spacy,
    "openvino": _openvino,
}
