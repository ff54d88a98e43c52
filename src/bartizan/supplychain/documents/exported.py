"""``torch.export`` programs (PT2): JSON whose operator names are looked up from ``torch`` and whose symbolic shapes are
handed to ``sympy.sympify``, which evaluates Python.

Source: PyTorch, ``torch/_export/serde/serialize.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import CODE_EXECUTION, Admission, ArtefactFinding, Context, Rule, Severity

TARGET = Rule(
    id="pt2.target", title="Exported program calls what is no operator", admission=Admission.BLOCK,
    severity=Severity.CRITICAL, tags=CODE_EXECUTION,
)  # fmt: skip
CUSTOM = Rule(
    id="pt2.custom_operator", title="Exported program needs an operator from outside", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-829", *CODE_EXECUTION[1:]),
)  # fmt: skip
EXPRESSION = Rule(
    id="pt2.expression", title="Symbolic shape that is a program", admission=Admission.BLOCK,
    severity=Severity.CRITICAL,
    tags=("CWE-95", *CODE_EXECUTION[1:]),
)  # fmt: skip
_SPACES = frozenset(
    {
        "aten",
        "prims",
        "prim",
        "higher_order",
        "quantized",
        "quantized_decomposed",
        "torchvision",
        "torchaudio",
        "inductor",
        "_c10d_functional",
        "rngprims",
        "profiler",
    }
)
_PLAIN = re.compile(
    r"(?:_operator\.\w+|operator\.\w+|math\.\w+|torch\.sym_\w+|torch\._sym_\w+|torch\._higher_order_ops\.[\w.]+)"
)
_HARMLESS = re.compile(r"[\w\s+\-*/%(),.<>=&|~]{0,2000}")
_CALLED = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)\s*\(")
_FUNCTIONS = words(
    """
    Mod PythonMod FloorDiv CleanDiv CeilDiv IntTrueDiv FloatTrueDiv ModularIndexing Where Max Min Abs floor
    ceiling Piecewise ToFloat TruncToInt TruncToFloat RoundToInt RoundDecimal CeilToInt FloorToInt Integer Float
    Symbol Rational Add Mul Pow Eq Ne Lt Le Gt Ge And Or Not Identity LShift RShift
    IsNonOverlappingAndDenseIndicator PowByNatural FloatPow BitwiseFn_and BitwiseFn_or OpaqueUnaryFn_sqrt
    """
)


class Exported:
    """See the module."""

    rules = (TARGET, CUSTOM, EXPRESSION)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One node or expression."""
        content = place.content
        target = content.get("target")
        if (
            isinstance(target, str)
            and isinstance(content.get("inputs"), list)
            and isinstance(content.get("outputs"), list)
        ):
            yield from _target(target, place, context)
        expression = content.get("expr_str")
        if isinstance(expression, str):
            called = set(_CALLED.findall(expression))
            if _HARMLESS.fullmatch(expression) is None or "__" in expression or not called <= _FUNCTIONS:
                yield context.found(
                    EXPRESSION,
                    "sympy.sympify evaluates it as Python when the program is loaded.",
                    evidence=expression,
                    member=place.member(),
                )


def _target(target: str, place: Place, context: Context) -> Iterable[ArtefactFinding]:
    steps = target.split(".")
    if steps[:2] == ["torch", "ops"] and len(steps) >= 4 and "__" not in target.replace("torch.ops.aten.__", ""):
        if steps[2] not in _SPACES:
            yield context.found(
                CUSTOM, f"The library {steps[2]!r} must be loaded first.", evidence=target, member=place.member()
            )
    elif _PLAIN.fullmatch(target) is None or "__" in target:
        yield context.found(
            TARGET, "Loading looks this name up from torch and calls it.", evidence=target, member=place.member()
        )
