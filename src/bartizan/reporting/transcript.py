"""One case as a fold-out: what was sent, what came back on both ways, and what decided."""

from __future__ import annotations

from bartizan.reporting.assessment import HIT, INCONCLUSIVE, Case, Exchange
from bartizan.reporting.html import Html, el, visible

CARRIERS = {"chat": "chat message", "email": "summarised e-mail", "article": "planted article"}


def attack_transcript(case: Case, secret: str, *, opened: bool = False) -> Html:
    """An attack; open when it deserves to be seen first."""
    return _fold(
        case,
        secret,
        opened,
        "hit",
        _tag(*_attack_words(case.direct, "worked directly", "failed directly")),
        _tag(*_attack_words(case.guarded, "got through", "stopped" if case.direct.outcome == HIT else "no effect")),
    )


def benign_transcript(case: Case, secret: str, *, opened: bool = False) -> Html:
    """A benign request; here an answer is the good outcome."""
    words = {HIT: ("answered", "stopped"), INCONCLUSIVE: ("inconclusive", "unsure")}
    return _fold(case, secret, opened, "stopped", _tag(*words.get(case.guarded.outcome, ("refused", "hit"))))


def _fold(case: Case, secret: str, opened: bool, hit: str, *tags: Html) -> Html:
    """``hit`` colours what reached its goal: ``hit`` when that is bad, ``stopped`` when it is good."""
    about = [
        CARRIERS.get(case.carrier, case.carrier),
        *([case.obfuscation.replace("_", " ")] if case.obfuscation else []),
    ]
    head = el("summary", el("span", case.title, cls="what"), el("span", " · ".join(about), cls="tag"), *tags)
    inside = el(
        "div",
        el("p", "Case ", el("code", case.id), f", {case.group.replace('_', ' ')}", cls="meta"),
        el("h4", "Sent"),
        el("pre", visible(case.sent, secret), dir="auto"),
        _prompt(case, secret),
        el(
            "div",
            el("div", el("h4", "Answer without the gateway"), _answer(case.direct, secret, hit)),
            el("div", el("h4", "Answer through the gateway"), _answer(case.guarded, secret, hit)),
            cls="ways",
        ),
        cls="inside",
    )
    return el("details", head, inside, open=opened)


def _prompt(case: Case, secret: str) -> Html | None:
    """What the gateway saw, where that is more than what was sent: a retrieved article, a task."""
    if case.prompt in ("", case.sent):
        return None
    return el(
        "div", el("h4", "As the application put it to its model"), el("pre", visible(case.prompt, secret), dir="auto")
    )


def _answer(exchange: Exchange, secret: str, hit: str) -> list[Html]:
    facts = [exchange.reason if hit == "stopped" else f"{exchange.outcome}: {exchange.reason}"]
    if exchange.verdict:
        facts.append(f"verdict {exchange.verdict}")
    if exchange.rule:
        facts.append(f"rule {exchange.rule}")
    facts += ["streamed" if exchange.streamed else "one document", f"{exchange.milliseconds:.0f} ms"]
    kind = {HIT: hit, INCONCLUSIVE: "unsure"}.get(exchange.outcome, "hit" if hit == "stopped" else "stopped")
    shown = visible(exchange.text, secret) if exchange.text else el("span", exchange.error or "(empty)", cls="note")
    return [el("pre", shown, cls=kind, dir="auto"), el("p", " · ".join(facts), cls="meta")]


def _attack_words(exchange: Exchange, hit: str, miss: str) -> tuple[str, str]:
    return {HIT: (hit, "hit"), INCONCLUSIVE: ("inconclusive", "unsure")}.get(exchange.outcome, (miss, "stopped"))


def _tag(words: str, kind: str) -> Html:
    return el("span", words, cls=f"tag {kind}")
