"""What can be found in a text that steers a model or an agent."""

from __future__ import annotations

from bartizan.supplychain.interface import Admission, Rule, Severity

INJECTION_TAGS = ("CWE-1427", "MITRE-ATLAS-2026.09:AML.T0051.001", "OWASP-LLM-2026:LLM01", "OWASP-ASI-2026:ASI01")
HIDDEN_TAGS = ("CWE-451", "MITRE-ATLAS-2026.09:AML.T0068", "OWASP-LLM-2026:LLM01")


def _rule(name: str, title: str, tags: tuple[str, ...], admission: Admission = Admission.BLOCK) -> Rule:
    return Rule(id=f"text.{name}", title=title, admission=admission, severity=Severity.HIGH, tags=tags)


HIDDEN = _rule("hidden_characters", "Text that people do not see and models read", HIDDEN_TAGS)
HIDDEN_MARKUP = _rule("hidden_markup", "Orders in a part that is not shown", HIDDEN_TAGS)
DIRECTIVE = _rule("hostile_directive", "Order that works against who installs it", INJECTION_TAGS)
INJECTION = _rule("injection", "Text that overrides instructions", INJECTION_TAGS)
ENCODED = _rule("encoded_directive", "Order that is written in code", HIDDEN_TAGS)
DOUBTFUL = _rule("order_to_read", "Order that somebody has to read first", INJECTION_TAGS, Admission.INCONCLUSIVE)
QUOTED = _rule("quoted_order", "Order that the text quotes or forbids", INJECTION_TAGS, Admission.ALLOW)
UNREAD = _rule("unread", "Part of a text was not read", HIDDEN_TAGS, Admission.INCONCLUSIVE)
TEXT_RULES = (HIDDEN, HIDDEN_MARKUP, DIRECTIVE, INJECTION, ENCODED, DOUBTFUL, QUOTED, UNREAD)
