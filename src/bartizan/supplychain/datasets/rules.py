"""What can be found in a dataset."""

from __future__ import annotations

from bartizan.supplychain.interface import MALFORMED, Admission, Rule, Severity
from bartizan.supplychain.text.rules import HIDDEN_TAGS, INJECTION_TAGS

POISONED = ("CWE-345", "MITRE-ATLAS-2026.09:AML.T0020", "OWASP-LLM-2026:LLM05")
LEAKING = ("CWE-200", "MITRE-ATLAS-2026.09:AML.T0057", "OWASP-LLM-2026:LLM02")
ORIGIN = ("CWE-345", "MITRE-ATLAS-2026.09:AML.T0010.002", "OWASP-LLM-2026:LLM04")
_ALLOW, _HOLD, _BLOCK = Admission.ALLOW, Admission.INCONCLUSIVE, Admission.BLOCK


def _rule(name: str, title: str, admission: Admission, severity: Severity, tags: tuple[str, ...]) -> Rule:
    return Rule(id=f"dataset.{name}", title=title, admission=admission, severity=severity, tags=tags)


INSTRUCTION = _rule("hidden_instruction", "Rows that give a model orders", _BLOCK, Severity.HIGH, INJECTION_TAGS)
INVISIBLE = _rule("invisible_characters", "Rows with characters nobody sees", _BLOCK, Severity.HIGH, HIDDEN_TAGS)
TRIGGER = _rule("trigger", "Feature bound to one label against the rest of its rows", _HOLD, Severity.HIGH, POISONED)
SECRET = _rule("secret", "Credentials in rows", _HOLD, Severity.HIGH, LEAKING)
PERSONAL = _rule("personal_data", "Personal data in rows", _ALLOW, Severity.MEDIUM, LEAKING)
CONFLICT = _rule("label_conflict", "Same text under different labels", _ALLOW, Severity.MEDIUM, POISONED)
NEAR_CONFLICT = _rule(
    "near_label_conflict", "Nearly the same text under different labels", _ALLOW, Severity.LOW, POISONED
)
LEAKAGE = _rule("split_leakage", "Same text in training and in test data", _ALLOW, Severity.MEDIUM, POISONED)
NEAR_LEAKAGE = _rule(
    "near_split_leakage", "Nearly the same text in training and in test data", _ALLOW, Severity.LOW, POISONED
)
DUPLICATE = _rule("duplicate_rows", "Rows that stand more than once", _ALLOW, Severity.LOW, POISONED)
NEAR_DUPLICATE = _rule("near_duplicate_rows", "Rows that are nearly the same", _ALLOW, Severity.INFO, POISONED)
SAMPLED = _rule("sampled", "Dataset of which only a part was looked at", _HOLD, Severity.LOW, MALFORMED)
ENCODING = _rule("encoding", "Text that is not UTF-8", _HOLD, Severity.LOW, MALFORMED)
RAGGED = _rule("ragged_rows", "Rows with more or fewer fields than the header", _HOLD, Severity.LOW, MALFORMED)

TABLE_RULES = (
    INSTRUCTION, INVISIBLE, TRIGGER, SECRET, PERSONAL, CONFLICT, NEAR_CONFLICT, LEAKAGE, NEAR_LEAKAGE, DUPLICATE,
    NEAR_DUPLICATE, SAMPLED, ENCODING, RAGGED,
)  # fmt: skip
"""Those that rows of text can raise."""
