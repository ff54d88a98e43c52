"""The last act in words: what was tried against what got through."""

from __future__ import annotations

from bartizan.reporting.assessment import HARDENED, Assessment, LastAct, Remedy
from bartizan.reporting.html import Html, el


def described(remedy: Remedy) -> str:
    """One line: what is in force now, or why nothing is."""
    if remedy.state == "already_stopped":
        return "the guards stop it when it is tried again"
    if not remedy.control:
        return f"no control could be tried ({remedy.state})"
    measured = f"stops {remedy.stopped} of {remedy.variants} held-out variants"
    if remedy.harmless:
        measured += f" and newly disturbs {remedy.disturbed} of {remedy.harmless} harmless exchanges"
    if remedy.state == HARDENED:
        return f"hardened by '{remedy.control}', which {measured}"
    nearest = f"'{remedy.control}' {measured}: {remedy.reason}"
    return f"{remedy.state}: none of {remedy.tried} controls passes its trial; {nearest}"


def last_act(assessment: Assessment) -> list[Html]:
    """The section of the report; nothing where nothing got through."""
    act = assessment.last_act
    if act is None:
        return []
    rows = [el("li", el("b", remedy.title), ": ", described(remedy), ".") for remedy in act.remedies]
    return [
        el(
            "section",
            el("h2", "The last act: hardening"),
            el("p", summary(assessment, act), cls="note"),
            el("div", el("ul", rows), cls="card"),
        )
    ]


def summary(assessment: Assessment, act: LastAct) -> str:
    """What was done about what got through, and what came of it."""
    tried = (
        "For each attack that got through, controls were made and tried on variants that their making had not seen and "
        "on harmless traffic; a control comes into force only if its trial accepts it. "
    )
    if not act.attacks:
        return tried + "None was accepted, so the gateway stays as it was."
    return (
        tried + f"Sent once more through the hardened gateway, {assessment.hardened} attacks reached their goal "
        f"(before: {assessment.after}), and {assessment.kept_hardened} legitimate requests were kept."
    )
