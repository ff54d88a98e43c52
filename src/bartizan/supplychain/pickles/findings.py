"""The rules of the pickle engine."""

from __future__ import annotations

from bartizan.core.artefact import Admission
from bartizan.core.threat import Severity
from bartizan.supplychain.interface import CODE_EXECUTION, MALFORMED, Rule


def _rule(
    name: str,
    title: str,
    admission: Admission = Admission.BLOCK,
    severity: Severity = Severity.HIGH,
    tags: tuple[str, ...] = CODE_EXECUTION,
) -> Rule:
    return Rule(id=f"pickle.{name}", title=title, admission=admission, severity=severity, tags=tags)


GLOBAL = _rule("unlisted_global", "Imports something that is not on the allow-list")
DANGEROUS = _rule("dangerous_global", "Imports something that runs code", severity=Severity.CRITICAL)
DOTTED = _rule("dotted_name", "Reaches through a module by a dotted name")
COMPUTED = _rule("computed_name", "Imports a name that is only computed while loading")
CALL = _rule("unlisted_call", "Calls something that may only be referred to")
ARGUMENTS = _rule("call_arguments", "Calls a listed constructor with arguments it must not have")
BUILD = _rule("unlisted_build", "Sets state on something that must not be changed")
DUNDER = _rule("special_attribute", "Sets a special attribute of an object")
METHOD = _rule("method_call", "Makes an opcode call a method of a foreign object")
EXTENSION = _rule("extension_code", "Uses an extension code")
PERSISTENT = _rule("persistent_id", "Uses a persistent id of an unknown kind", Admission.INCONCLUSIVE, Severity.MEDIUM)
DTYPE = _rule("dtype_state", "numpy dtype with a state that contradicts itself", tags=("CWE-843", *CODE_EXECUTION[1:]))
LAYOUT = _rule(
    "array_layout", "Array whose place in the stream is not certain", Admission.INCONCLUSIVE, Severity.MEDIUM, MALFORMED
)
STORAGE = _rule("storage", "Tensor's storage is not in the archive as promised", tags=("CWE-125", *CODE_EXECUTION[1:]))
FRAME = _rule("frame", "Frames that loaders read differently", tags=MALFORMED)
CUT = _rule("truncated", "Pickle that ends early or breaks off", Admission.INCONCLUSIVE, Severity.MEDIUM, MALFORMED)
BUDGET = _rule("budget", "Pickle too large to follow", Admission.INCONCLUSIVE, Severity.MEDIUM, MALFORMED)
TRAILING = _rule("trailing_data", "Unknown data after the pickle", Admission.INCONCLUSIVE, Severity.LOW, MALFORMED)
PICKLE_RULES = (
    GLOBAL, DANGEROUS, DOTTED, COMPUTED, CALL, ARGUMENTS, BUILD, DUNDER, METHOD, EXTENSION,
    PERSISTENT, DTYPE, LAYOUT, STORAGE, FRAME, CUT, BUDGET, TRAILING,
)  # fmt: skip
