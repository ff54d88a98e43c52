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
PASSED_OVER = _rule("passed_over", "Lock file that nobody asked about", "CWE-1395", ALLOW, INFO)
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

# -- who vouches for it
CONFUSION = _rule("confusion", "Internal name that another index may answer for", "CWE-427", BLOCK, HIGH)
UNKNOWN_ORIGIN = _rule("unknown_origin", "Internal name whose digest nobody can place", "CWE-427", HOLD, MEDIUM)
FOREIGN_INDEX = _rule("foreign_index", "Index that policy does not name", "CWE-829", BLOCK, HIGH)
OUTSIDE_INDEX = _rule("outside_index", "Package from an address that nobody vouches for", "CWE-829", HOLD, HIGH)
UNLISTED = _rule("unlisted", "Package that nobody vouches for", "CWE-1357", BLOCK, HIGH)
OTHER_BYTES = _rule("other_bytes", "Other files than somebody vouches for", "CWE-345", BLOCK, HIGH)
UNKNOWN_NAME = _rule("unknown_name", "Name that the index does not have", "CWE-1357", BLOCK, HIGH)
UNKNOWN_VERSION = _rule("unknown_version", "Version that the index does not have", "CWE-1357", HOLD, MEDIUM)
UNKNOWN_BYTES = _rule("unknown_bytes", "Files that the index does not have", "CWE-345", BLOCK, HIGH)
WITHDRAWN = _rule("withdrawn", "Release that its makers took back", "CWE-1357", HOLD, MEDIUM)
UNESTABLISHED = _rule("unestablished", "Young package that nobody vouches for", "CWE-1357", HOLD, HIGH)
YOUNG_RELEASE = _rule("young_release", "Release of the last days", "CWE-1357", HOLD, MEDIUM)
LOST_PROVENANCE = _rule("lost_provenance", "Release that lost the attestation of the one before", "CWE-345", HOLD, HIGH)
NO_PROVENANCE = _rule("no_provenance", "Release without an attestation of where it was built", "CWE-345", HOLD, MEDIUM)
NO_METADATA = _rule("no_metadata", "Package of which the index metadata say nothing", "CWE-1357", HOLD, MEDIUM)
LOOKALIKE = _rule("lookalike", "Name that reads like another one", "CWE-1007", ALLOW, INFO)

PACKAGE_RULES: tuple[Rule, ...] = (
    MALICIOUS, *VULNERABLE.values(), UNJUDGED, COMPARED, PASSED_OVER, NO_SNAPSHOT, OLD_SNAPSHOT, BROKEN_SNAPSHOT,
    UNPINNED, NO_INTEGRITY, WEAK_INTEGRITY, DIRECT_URL, MOVING_COMMIT, LOCAL, OUTSIDE, RUNS, FOREIGN_FILE,
    INSECURE, EXTRA_INDEX, REMOTE_INCLUDE, UNREAD_INCLUDE, UNREAD, OPTION,
    CONFUSION, UNKNOWN_ORIGIN, FOREIGN_INDEX, OUTSIDE_INDEX, UNLISTED, OTHER_BYTES, UNKNOWN_NAME,
    UNKNOWN_VERSION, UNKNOWN_BYTES, WITHDRAWN, UNESTABLISHED, YOUNG_RELEASE, LOST_PROVENANCE, NO_PROVENANCE,
    NO_METADATA, LOOKALIKE,
)  # fmt: skip
