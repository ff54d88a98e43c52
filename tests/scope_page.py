"""Writes ``docs/redteam/scope.md`` from the schema: ``python tests/scope_page.py``. A test compares them."""

from __future__ import annotations

from pathlib import Path

import settings_page
from bartizan.redteam.case import SLOTS
from bartizan.redteam.scope import Scope

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "redteam" / "scope.md"
EXAMPLE = ROOT / "examples" / "redteam" / "scope.yaml"

INTRODUCTION = """\
# The scope file

The rules of engagement of a [campaign](index.md). A campaign speaks to no host that is not a target here, and none runs
without an authorisation that is in force. Unknown keys are errors; each error names file, line and column. Redirects
are not followed, and request templates cannot leave the target's own scheme, host and port. A URL with a user or a
password is refused, for URLs are written to plans and reports: credentials belong in `headers`, `key` or `values`.

Secrets need not stand in the file: wherever a text is of the kind *text or section*, `{env: NAME}` or `{file: path}`
(relative to this file) may stand in its place.

Plant a secret of your own (a canary) where the application keeps its real ones: a test should not need to leak what
matters.

```yaml
"""

SETTINGS = """\
```

A template fills `{message}` (of `ask`), `{content}` and `{title}` (of `plant` and `remove`), `{conversation}` (a fresh
id for each conversation), what `capture` took from answers, and `values`. Values are percent-encoded in URLs and stay
single texts in JSON: an attack's text cannot change the structure of a request.

A planted text shows nothing while the application has no reason to read it. The shipped cases ask for a summary, a
parcel, the weather; an application that retrieves by the words of a question, or calls one tool for one subject, then
never meets the attack, and a campaign without findings proves little. `questions` says, for each indirect entry point,
what leads there; it stands before the case's own request. Content that is [mail](mail.md) waits in a mailbox of the
campaign's own.

Cases speak of what the file tells: SLOTS. A case that needs what is missing is left out and named as not tested.

"""


def render() -> str:
    """The whole page."""
    every = dict.fromkeys(settings_page.rows(Scope))
    rows = [row for row in every if not row.startswith(("| `attacker.", "| `judge."))]  # the same as of a target
    slots = ", ".join(f"`{{{name}}}`" for name in sorted(SLOTS))
    example = EXAMPLE.read_text(encoding="utf-8")
    head = SETTINGS.replace("SLOTS", slots)
    return INTRODUCTION + example + head + "\n".join([settings_page.HEAD, *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
