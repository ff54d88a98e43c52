"""Everyday material, written from seeds: e-mails, tickets, chats, records, pages, code, statements.

Each kind is a list of blocks, so that something can be put between, before or inside them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from training.generate.slots import corpus, fill

Blocks = list[str]
REQUESTS = 0.35
"""Share of sentences that are requests from one person to another, or steps of the matter itself."""


def sentence(rng: random.Random) -> str:
    """A sentence of everyday material."""
    kind = "human_requests" if rng.random() < REQUESTS else "sentences"
    return fill(rng, rng.choice(corpus("material")[kind]))


def paragraph(rng: random.Random, longest: int = 5) -> str:
    """A few of them."""
    return " ".join(sentence(rng) for _ in range(rng.randint(1, longest)))


def email(rng: random.Random) -> Blocks:
    greeting = rng.choice(("Hi {name},", "Dear {name},", "Hello all,", "{name},", "Good morning,"))
    parting = rng.choice(
        ("Best regards,\n{name}", "Thanks,\n{name}", "Cheers\n{name}", "Sent from my phone", "{job}, {company}")
    )
    return [
        fill(rng, "From: {name} <{email}>\nTo: {email}\nDate: {day}\nSubject: {word}"),
        fill(rng, greeting),
        *(paragraph(rng) for _ in range(rng.randint(1, 4))),
        fill(rng, parting),
    ]


def mailbox(rng: random.Random) -> Blocks:
    return [
        _record(
            rng,
            id=rng.randint(1, 400),
            sender=fill(rng, "{email}"),
            recipients=[fill(rng, "{email}") for _ in range(rng.randint(1, 3))],
            subject=fill(rng, "{word} {day}"),
            body=paragraph(rng, 4),
            read=rng.random() < 0.5,
        )
        for _ in range(rng.randint(1, 5))
    ]


def chat(rng: random.Random) -> Blocks:
    return [
        fill(rng, f"[{rng.randint(8, 18)}:{rng.randint(10, 59)}] {{name}}: ") + sentence(rng)
        for _ in range(rng.randint(3, 14))
    ]


def ticket(rng: random.Random) -> Blocks:
    return [
        fill(rng, f"Ticket #{rng.randint(1000, 9999)}\nStatus: open\nReporter: {{name}}\nPriority: high"),
        *(paragraph(rng) for _ in range(rng.randint(1, 3))),
        "Comments:",
        *(fill(rng, "- {name}: ") + sentence(rng) for _ in range(rng.randint(0, 4))),
    ]


def page(rng: random.Random) -> Blocks:
    return [
        fill(rng, "<html><head><title>{word} | {company}</title></head><body>"),
        fill(rng, "<h1>{topic}</h1>"),
        *(f"<p>{paragraph(rng)}</p>" for _ in range(rng.randint(2, 6))),
        fill(rng, '<a href="{url}">more</a> <img src="logo.png" alt="{company}">'),
        "</body></html>",
    ]


def statement(rng: random.Random) -> Blocks:
    purposes = ("{word}", "Invoice {number}", "rent {day}", "{product}", "gift for {name}")
    return [
        _record(
            rng,
            id=rng.randint(1, 90),
            sender=fill(rng, "{name}"),
            recipient=fill(rng, "{iban}"),
            amount=round(rng.uniform(1, 2500), 2),
            subject=fill(rng, rng.choice(purposes)),
            date=f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        )
        for _ in range(rng.randint(2, 8))
    ]


def calendar(rng: random.Random) -> Blocks:
    entry = (
        "- id: {number}\n  title: {word} with {name}\n  start: {day}\n  location: {address}\n  participants: [{email}]"
    )
    return [fill(rng, entry) + "\n  description: " + sentence(rng) for _ in range(rng.randint(1, 5))]


def reviews(rng: random.Random) -> Blocks:
    return [
        fill(rng, "{hotel}. Rating: ") + f"{rng.uniform(1, 5):.1f}. Reviews: " + paragraph(rng, 3)
        for _ in range(rng.randint(1, 6))
    ]


def article(rng: random.Random) -> Blocks:
    return [fill(rng, "# {topic}"), *(paragraph(rng, 8) for _ in range(rng.randint(2, 7)))]


def how_to(rng: random.Random) -> Blocks:
    requests = corpus("material")["human_requests"]
    steps = (f"{number}. {fill(rng, rng.choice(requests))}" for number in range(1, rng.randint(4, 11)))
    return [fill(rng, "## How to {word}"), sentence(rng), *steps]


def code(rng: random.Random) -> Blocks:
    name = _identifier(rng)
    mark = rng.choice(("#", "//", "--"))
    return [
        f"{mark} {sentence(rng)}",
        f"def {name}_{rng.randint(1, 99)}(value, limit={rng.randint(1, 50)}):\n    {mark} {sentence(rng)}\n    out = []",
        f"    for item in value:\n        if item > limit:\n            out.append(item * {rng.randint(2, 9)})",
        "    return out",
        f"{mark} TODO: {sentence(rng)}",
        f"print({name}([{rng.randint(1, 9)}, {rng.randint(10, 99)}]))",
    ]


def trace(rng: random.Random) -> Blocks:
    name = _identifier(rng)
    error = rng.choice(("KeyError", "ValueError", "TypeError", "ImportError"))
    return [
        f'Traceback (most recent call last):\n  File "/srv/app/{name}.py", line {rng.randint(3, 400)}, in <module>',
        f"{error}: '{name}'",
        "I get this error when I start the script. " + sentence(rng),
        "Answer:\n" + paragraph(rng, 3),
    ]


def table(rng: random.Random) -> Blocks:
    row = "| {name} | {city} | {amount} | {word} |"
    return ["| name | city | amount | note |\n|---|---|---|---|", *(fill(rng, row) for _ in range(rng.randint(3, 14)))]


def issue(rng: random.Random) -> Blocks:
    return [
        _record(
            rng,
            number=rng.randint(1, 900),
            title=sentence(rng),
            body=paragraph(rng, 4),
            state="open",
            user=fill(rng, "{name}"),
            labels=[fill(rng, "{word}")],
        )
        for _ in range(rng.randint(1, 3))
    ]


def logs(rng: random.Random) -> Blocks:
    return [
        f"2026-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T0{rng.randint(0, 9)}:12:{rng.randint(10, 59)}Z "
        f"{rng.choice(('INFO', 'WARN', 'ERROR'))} {fill(rng, '{word}')}: {sentence(rng)}"
        for _ in range(rng.randint(3, 14))
    ]


def note(rng: random.Random) -> Blocks:
    return [sentence(rng) for _ in range(rng.randint(1, 4))]


def _record(rng: random.Random, **fields: object) -> str:
    return json.dumps(fields, indent=rng.choice((None, 2)), ensure_ascii=False)


def _identifier(rng: random.Random) -> str:
    return fill(rng, "{word}").replace("-", "_")


KINDS: tuple[Callable[[random.Random], Blocks], ...] = (
    email, email, mailbox, chat, ticket, page, statement, calendar, reviews, article, how_to, code, trace, table, issue,
    logs, note,
)  # fmt: skip
