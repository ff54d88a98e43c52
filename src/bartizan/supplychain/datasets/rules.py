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
SUSPECTED = _rule(
    "suspected_instruction", "Rows that a trained model takes for orders", _HOLD, Severity.HIGH, INJECTION_TAGS
)
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
    INSTRUCTION, SUSPECTED, INVISIBLE, TRIGGER, SECRET, PERSONAL, CONFLICT, NEAR_CONFLICT, LEAKAGE, NEAR_LEAKAGE,
    DUPLICATE, NEAR_DUPLICATE, SAMPLED, ENCODING, RAGGED,
)  # fmt: skip
"""Those that rows of text can raise."""

PATCH = _rule("patch", "Block of pixels bound to one label against the rest", _HOLD, Severity.HIGH, POISONED)
PICTURE_KIND = _rule("picture_kind", "Picture that is not what its name says", _HOLD, Severity.MEDIUM, MALFORMED)
PICTURE_BROKEN = _rule("picture_broken", "Picture that breaks its format", _HOLD, Severity.LOW, MALFORMED)
PICTURE_TAIL = _rule("picture_tail", "Data after the end of a picture", _HOLD, Severity.MEDIUM, MALFORMED)
PICTURE_CONFLICT = _rule("picture_conflict", "Same picture under different labels", _ALLOW, Severity.MEDIUM, POISONED)
PICTURE_LEAKAGE = _rule(
    "picture_leakage", "Same picture in training and in test data", _ALLOW, Severity.MEDIUM, POISONED
)
PICTURE_TWICE = _rule("duplicate_pictures", "Pictures that stand more than once", _ALLOW, Severity.LOW, POISONED)
PICTURE_NEAR = _rule("near_duplicate_pictures", "Pictures that look the same", _ALLOW, Severity.INFO, POISONED)
PICTURE_CLOSED = _rule("picture_unread", "Pictures whose pixels were not read", _ALLOW, Severity.INFO, MALFORMED)
PICTURE_RULES = (
    PATCH, PICTURE_KIND, PICTURE_BROKEN, PICTURE_TAIL, PICTURE_CONFLICT, PICTURE_LEAKAGE, PICTURE_TWICE, PICTURE_NEAR,
    PICTURE_CLOSED, SAMPLED,
)  # fmt: skip
"""Those that folders of pictures can raise."""


def _said(name: str, title: str, admission: Admission, severity: Severity) -> Rule:
    return Rule(id=f"croissant.{name}", title=title, admission=admission, severity=severity, tags=ORIGIN)


MISMATCH = _said("mismatch", "Metadata contradict the bytes of a file", _BLOCK, Severity.HIGH)
PATH = _said("path", "Metadata name a file outside of the dataset", _BLOCK, Severity.HIGH)
INVALID = _said("invalid", "Metadata that are not valid Croissant", _HOLD, Severity.MEDIUM)
MISSING = _said("missing_file", "File that metadata name and nobody finds", _HOLD, Severity.MEDIUM)
NO_FIELD = _said("missing_field", "Field that metadata name and the file does not have", _HOLD, Severity.MEDIUM)
TYPE = _said("type", "Field whose values are not of the type that metadata name", _HOLD, Severity.LOW)
UNDESCRIBED = _said("undescribed_file", "Table or picture that metadata do not name", _HOLD, Severity.LOW)
NO_DIGEST = _said("no_digest", "File that metadata name without a SHA-256", _ALLOW, Severity.LOW)
NO_LICENCE = _rule("no_licence", "Dataset without a licence", _ALLOW, Severity.LOW, ORIGIN)
LICENCES = _rule("licence_conflict", "Dataset under licences that contradict each other", _HOLD, Severity.LOW, ORIGIN)
NO_ORIGIN = _rule("no_origin", "Dataset that does not say where it comes from", _ALLOW, Severity.LOW, ORIGIN)

FOLDER_RULES = (
    MISMATCH, PATH, INVALID, MISSING, NO_FIELD, TYPE, UNDESCRIBED, NO_DIGEST, NO_LICENCE, LICENCES, NO_ORIGIN,
)  # fmt: skip
"""Those that a folder can raise as a whole."""
