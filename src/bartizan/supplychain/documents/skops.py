"""skops: ``schema.json`` says which classes are made and which functions called when a model is loaded.

Source: skops 0.16, ``io/_general.py`` and ``io/_sklearn.py``. A loader that follows ``__loader__`` and the checks that
read ``__class__`` can be made to disagree (CVE-2025-54412, CVE-2025-54413), so every name in a node is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.documents.names import below, dangerous
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import CODE_EXECUTION, Admission, ArtefactFinding, Context, Rule, Severity

TYPE = Rule(
    id="skops.untrusted_type", title="Type outside the trusted libraries", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=CODE_EXECUTION,
)  # fmt: skip
LOADER = Rule(
    id="skops.loader", title="Node whose loader and type disagree", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=CODE_EXECUTION,
)  # fmt: skip
TRUSTED = (
    "sklearn",
    "numpy",
    "scipy",
    "skops",
    "xgboost",
    "lightgbm",
    "catboost",
    "quantile_forest",
    "pandas.core",
    "imblearn",
)
_DANGEROUS = (
    "sklearn.externals", "sklearn.datasets", "sklearn.utils._joblib", "sklearn.utils.parallel",
    "sklearn.utils._testing", "numpy.f2py",
    "numpy.testing", "numpy.distutils", "numpy.lib", "numpy.load", "numpy.fromfile", "numpy.memmap",
    "numpy.ctypeslib", "numpy.save", "scipy.io",
    "scipy.datasets",
    "scipy._lib", "skops.io", "skops.hub_utils", "pandas.core.computation",
)  # fmt: skip
_PLAIN = words(
    """
    dict list tuple set frozenset str int float bool complex bytes bytearray slice range type NoneType ellipsis
    object function builtin_function_or_method method
    """
)
_COLLECTIONS = frozenset({"defaultdict", "OrderedDict", "Counter", "deque"})
_FOR_TYPES = {
    "MethodNode": ("builtins", "method"), "FunctionNode": None, "PartialNode": ("functools",
    "partial"), "OperatorFuncNode": None,
}  # fmt: skip
_CALLERS = frozenset({"attrgetter", "itemgetter", "methodcaller"})


class Skops:
    """See the module."""

    rules = (TYPE, LOADER)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One node of a schema."""
        node = place.content
        if "__loader__" not in node or "__class__" not in node:
            return
        yield from _node(node, place, context)


def _node(node: dict[str, Any], place: Place, context: Context) -> Iterator[ArtefactFinding]:
    loader, module, kind = (str(node.get(key, "")) for key in ("__loader__", "__module__", "__class__"))
    member = place.member()
    full = f"{module}.{kind}" if module else kind
    if not _trusted(module, kind, loader):
        yield context.found(TYPE, f"Loading imports {full} and makes one.", evidence=full, member=member)
    if loader == "MethodNode" or (loader == "OperatorFuncNode" and kind in _CALLERS):
        yield context.found(
            LOADER,
            f"{loader} gives a bound method or attribute of any object ({full}).",
            evidence=loader,
            member=member,
        )
    elif loader == "PartialNode":
        yield context.found(
            LOADER, "It calls a function later with arguments from the file.", evidence=loader, member=member
        )
    elif loader == "JsonNode" and module not in ("builtins", ""):
        yield context.found(LOADER, "A plain value names a type of its own.", evidence=full, member=member)
    file = node.get("file")
    if isinstance(file, str) and (why := escapes(file)):
        yield context.found(
            LOADER, f"It reads another file than one of the archive: {why}.", evidence=file, member=member
        )
    content = node.get("content")
    if isinstance(content, dict):
        target = [content.get(key) for key in ("module_path", "module", "__module__")]
        name = next(
            (content.get(key) for key in ("function", "class", "func") if isinstance(content.get(key), str)), ""
        )
        path = next((one for one in target if isinstance(one, str)), "")
        if path and "__loader__" not in content and not _trusted(path, str(name), "FunctionNode"):
            yield context.found(TYPE, f"Loading imports {path}.{name}.", evidence=f"{path}.{name}", member=member)


def _trusted(module: str, kind: str, loader: str) -> bool:
    full = f"{module}.{kind}"
    if module == "builtins" or not module:
        return kind in _PLAIN and not (loader in ("FunctionNode", "TypeNode") and kind not in _PLAIN)
    if module == "collections":
        return kind in _COLLECTIONS
    if module in ("functools", "operator"):
        return (loader, kind) in (("PartialNode", "partial"), *(("OperatorFuncNode", one) for one in _CALLERS))
    if below(full, _DANGEROUS):
        return False
    if module == "_loss":  # how compiled losses of scikit-learn name their module
        return kind.startswith("Cy")
    if below(module, TRUSTED):
        return not any(
            step in ("os", "sys", "subprocess", "importlib", "builtins", "pickle", "joblib") for step in full.split(".")
        )
    return module in ("datetime", "decimal", "fractions", "uuid", "random") and not dangerous(full)
