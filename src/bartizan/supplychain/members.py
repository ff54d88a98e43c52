"""Names of archive members, and what is wrong with them: rules that hold for zip and tar alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from bartizan.supplychain.interface import MALFORMED, Admission, ArtefactFinding, Context, Rule, Severity


def archive_rule(name: str, title: str, admission: Admission = Admission.BLOCK, cwe: str = "CWE-20") -> Rule:
    """A rule on the form of an archive."""
    severity = Severity.HIGH if admission is Admission.BLOCK else Severity.MEDIUM
    return Rule(id=f"archive.{name}", title=title, admission=admission, severity=severity, tags=(cwe, *MALFORMED[1:]))


DUPLICATE = archive_rule("duplicate_member", "Two members of one name", cwe="CWE-694")
FOLDED = archive_rule("case_folding", "Members whose names differ only in case or form", cwe="CWE-178")
ESCAPE = archive_rule("path_escape", "Member that would leave the folder", cwe="CWE-22")
NAME = archive_rule("member_name", "Member name that readers take apart differently")
LINK = archive_rule("link", "Member that is a link or a device", cwe="CWE-59")
MEMBER_RULES = (DUPLICATE, FOLDED, ESCAPE, NAME, LINK)


def plain(name: str) -> str:
    """The path that readers make of a name."""
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in {"", "."})


def check_names(names: Iterable[str], context: Context) -> Iterator[ArtefactFinding]:
    """Duplicates, names that fold together, escapes and names with control characters."""
    exact: set[str] = set()
    folded: dict[str, str] = {}
    for name in names:
        context.budget.step()
        path = plain(name)
        if name.startswith(("/", "\\")) or ".." in path.split("/") or name[1:3] in {":\\", ":/"}:
            yield context.found(ESCAPE, "Unpacking it would write outside of the folder.", evidence=name, member=name)
        if any(ord(character) < 32 or ord(character) == 127 for character in name) or "\\" in name:
            yield context.found(
                NAME, "Readers cut or split this name differently, so they see different members.", evidence=name
            )
        if path in exact:
            yield context.found(
                DUPLICATE, "Some loaders read the first of them, others the last.", evidence=name, member=name
            )
        exact.add(path)
        fold = unicodedata.normalize("NFKC", path).casefold()
        if folded.setdefault(fold, path) != path:
            yield context.found(
                FOLDED, f"On some file systems it overwrites {folded[fold]!r}.", evidence=name, member=name
            )
