"""JUnit XML, as CI systems read it: one suite, a case for each test."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

import msgspec


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One test case."""

    group: str
    name: str
    failure: str = ""
    """Why it failed; empty: it passed, unless ``skipped``."""
    skipped: str = ""
    details: str = ""


def junit_xml(name: str, tests: Iterable[Test]) -> bytes:
    """The document; texts lose what XML 1.0 cannot say (section 2.2)."""
    rows: list[str] = []
    failures = skipped = 0
    for test in tests:
        head = f"<testcase classname={_attribute(test.group)} name={_attribute(test.name)}"
        if test.failure:
            failures += 1
            text = escape(_legal(test.details))
            rows.append(f"{head}><failure message={_attribute(test.failure)}>{text}</failure></testcase>")
        elif test.skipped:
            skipped += 1
            rows.append(f"{head}><skipped message={_attribute(test.skipped)}/></testcase>")
        else:
            rows.append(f"{head}/>")
    counts = f'tests="{len(rows)}" failures="{failures}" skipped="{skipped}" errors="0"'
    suite = "\n".join((f"<testsuite name={_attribute(name)} {counts}>", *rows, "</testsuite>\n"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{suite}'.encode()


def _attribute(text: str) -> str:
    return quoteattr(" ".join(_legal(text).split()))


def _legal(text: str) -> str:
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in text
    )
