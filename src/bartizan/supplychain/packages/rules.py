"""What can be found about the packages of a lock file."""

from __future__ import annotations

from bartizan.supplychain.interface import Admission, Rule, Severity

_ATLAS = "MITRE-ATLAS-2026.09:AML.T0010.001"
_OWASP = "OWASP-LLM-2026:LLM04"


def _rule(name: str, title: str, cwe: str, admission: Admission, severity: Severity) -> Rule:
    return Rule(id=f"package.{name}", title=title, admission=admission, severity=severity, tags=(cwe, _ATLAS, _OWASP))


BLOCK, HOLD, ALLOW = Admission.BLOCK, Admission.INCONCLUSIVE, Admission.ALLOW
INFO, LOW, MEDIUM = Severity.INFO, Severity.LOW, Severity.MEDIUM
HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL

# -- advisories
MALICIOUS = _rule("malicious", "Package that is known to be malicious", "CWE-506", BLOCK, CRITICAL)
VULNERABLE = {
    "critical": _rule("vulnerability_critical", "Critical vulnerability that is known", "CWE-1395", BLOCK, CRITICAL),
    "high": _rule("vulnerability_high", "High vulnerability that is known", "CWE-1395", BLOCK, HIGH),
    "medium": _rule("vulnerability_medium", "Medium vulnerability that is known", "CWE-1395", HOLD, MEDIUM),
    "low": _rule("vulnerability_low", "Low vulnerability that is known", "CWE-1395", ALLOW, LOW),
    "unrated": _rule("vulnerability_unrated", "Known vulnerability that nobody rated", "CWE-1395", HOLD, MEDIUM),
}
UNJUDGED = _rule("unjudged", "Advisory that cannot be held against the version", "CWE-1395", HOLD, MEDIUM)
COMPARED = _rule("compared", "Advisories that the packages were held against", "CWE-1395", ALLOW, INFO)
NO_SNAPSHOT = _rule("no_snapshot", "Packages that were held against no advisories", "CWE-1395", HOLD, MEDIUM)
OLD_SNAPSHOT = _rule("old_snapshot", "Advisories that are too old", "CWE-1395", HOLD, MEDIUM)
BROKEN_SNAPSHOT = _rule("broken_snapshot", "Advisories that cannot be read", "CWE-1395", HOLD, MEDIUM)

# -- what is pinned
UNPINNED = _rule("unpinned", "Package whose version is left open", "CWE-1357", HOLD, MEDIUM)
NO_INTEGRITY = _rule("no_integrity", "Package whose bytes are not pinned", "CWE-353", HOLD, MEDIUM)
WEAK_INTEGRITY = _rule("weak_integrity", "Package pinned by a broken digest", "CWE-328", HOLD, MEDIUM)
DIRECT_URL = _rule("direct_url", "Archive from an address, its bytes not pinned", "CWE-494", HOLD, HIGH)
MOVING_COMMIT = _rule("moving_commit", "Repository without a full commit", "CWE-494", HOLD, HIGH)
LOCAL = _rule("local", "Package from a local path", "CWE-1357", ALLOW, INFO)
OUTSIDE = _rule("outside_path", "Package from a path outside the folder", "CWE-22", HOLD, MEDIUM)
RUNS = _rule("runs_code", "Package that runs code of its own when it is installed", "CWE-829", HOLD, MEDIUM)
FOREIGN_FILE = _rule("foreign_file", "Archive of another package than the entry names", "CWE-345", BLOCK, HIGH)

# -- what the file asks of the installer
INSECURE = _rule("insecure_index", "Index over a connection that nobody checks", "CWE-319", BLOCK, HIGH)
EXTRA_INDEX = _rule("extra_index", "Several indexes that answer for one name", "CWE-427", HOLD, HIGH)
REMOTE_INCLUDE = _rule("remote_include", "Requirements fetched from an address", "CWE-494", BLOCK, HIGH)
UNREAD_INCLUDE = _rule("unread_include", "Included file that was not read", "CWE-1357", HOLD, MEDIUM)
UNREAD = _rule("unread", "Entry that cannot be read", "CWE-20", HOLD, MEDIUM)
OPTION = _rule("option", "Option that weakens the installer's checks", "CWE-1357", HOLD, MEDIUM)

PACKAGE_RULES: tuple[Rule, ...] = (
    MALICIOUS, *VULNERABLE.values(), UNJUDGED, COMPARED, NO_SNAPSHOT, OLD_SNAPSHOT, BROKEN_SNAPSHOT,
    UNPINNED, NO_INTEGRITY, WEAK_INTEGRITY, DIRECT_URL, MOVING_COMMIT, LOCAL, OUTSIDE, RUNS, FOREIGN_FILE,
    INSECURE, EXTRA_INDEX, REMOTE_INCLUDE, UNREAD_INCLUDE, UNREAD, OPTION,
)  # fmt: skip
