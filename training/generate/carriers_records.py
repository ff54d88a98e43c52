"""Material of machines: JSON results of tools, statements, invoices, tables, logs, configuration."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from training.generate.documents import BLOCK, LINE, STRING, Draft

Record = dict[str, object]


def _json(draft: Draft, make: Callable[[Draft], Record], wrap: str) -> None:
    """Records as JSON lines, as one list or as one object that holds a list."""
    lines = draft.rng.random() < 0.4
    indent = draft.rng.choice((None, None, 2))
    draft.separator = "\n" if lines else ",\n"
    if not lines:
        draft.add(
            draft.rng.choice(("[", f'{{"{wrap}": [', f'{{"status": "ok", "{wrap}": [')) + _dump(draft, make, indent),
            place="",
        )
    while not draft.full:
        draft.add(_dump(draft, make, indent), place="")


def _dump(draft: Draft, make: Callable[[Draft], Record], indent: int | None) -> str:
    return json.dumps(make(draft), indent=indent, ensure_ascii=False)


def _words(draft: Draft, most: int = 3) -> str:
    return draft.paragraph(1, most, STRING)


def mailbox(draft: Draft) -> None:
    _json(draft, lambda d: {
        "id": d.fill("{number}"), "sender": d.fill("{email}"), "recipients": [d.fill("{email}") for _ in range(d.rng.randint(1, 3))],
        "subject": d.title(), "body": _words(d, 5), "status": d.rng.choice(("received", "sent", "draft")), "read": d.rng.random() < 0.5,
        "timestamp": d.fill("{date} {time}"), "attachments": [d.fill("{file}")] if d.rng.random() < 0.3 else [],
    }, "emails")  # fmt: skip


def users(draft: Draft) -> None:
    _json(draft, lambda d: {
        "user_id": d.fill("{user}_{number}"), "name": d.fill("{name}"), "email": d.fill("{email}"), "role": d.rng.choice(("admin", "member", "guest")),
        "address": {"street": d.fill("{street}"), "city": d.fill("{city}"), "country": d.fill("{country}")}, "about": _words(d, 2), "active": True,
    }, "users")  # fmt: skip


def orders(draft: Draft) -> None:
    _json(draft, lambda d: {
        "order_id": d.fill("{code}"), "customer": d.fill("{name}"),
        "items": [{"name": d.fill("{product}"), "quantity": d.rng.randint(1, 9), "price": round(d.rng.uniform(2, 900), 2),
                   "note": _words(d, 1)} for _ in range(d.rng.randint(1, 3))],
        "status": d.fill("{state}"), "shipping_note": _words(d, 1), "total": round(d.rng.uniform(10, 4000), 2),
    }, "orders")  # fmt: skip


def files(draft: Draft) -> None:
    _json(draft, lambda d: {
        "id": str(d.rng.randint(1, 99)), "filename": d.fill("{file}"), "owner": d.fill("{email}"), "size": d.rng.randint(100, 99999),
        "last_modified": d.fill("{date}"), "shared_with": {d.fill("{email}"): d.rng.choice(("r", "rw"))}, "content": d.title() + "\n" + _words(d, 6),
    }, "files")  # fmt: skip


def search_hits(draft: Draft) -> None:
    _json(draft, lambda d: {
        "rank": d.rng.randint(1, 20), "title": d.title(), "url": d.fill("{url}"), "snippet": _words(d, 3), "score": round(d.rng.random(), 3),
    }, "results")  # fmt: skip


def issues(draft: Draft) -> None:
    _json(draft, lambda d: {
        "number": d.rng.randint(1, 9000), "title": d.title(), "state": d.rng.choice(("open", "closed")), "user": {"login": d.fill("{user}")},
        "labels": [d.fill("{word}")], "body": _words(d, 5),
        "comments": [{"author": d.fill("{user}"), "text": _words(d, 2)} for _ in range(d.rng.randint(0, 3))],
    }, "issues")  # fmt: skip


def pull_requests(draft: Draft) -> None:
    _json(draft, lambda d: {
        "number": d.rng.randint(1, 9000), "title": d.title(), "head": d.fill("{user}/{word}-{word}"), "base": "main", "body": _words(d, 4),
        "changed_files": [d.fill("src/{word}/{file}")], "reviews": [{"by": d.fill("{user}"), "state": "COMMENTED", "text": _words(d, 2)}],
    }, "pull_requests")  # fmt: skip


def transactions(draft: Draft) -> None:
    _json(draft, lambda d: {
        "id": d.rng.randint(1, 999), "sender": d.choose("{name}", "{iban}", "me"), "recipient": d.choose("{iban}", "{company}"),
        "amount": round(d.rng.uniform(1, 2500), 2), "currency": d.rng.choice(("EUR", "USD", "GBP")), "date": d.fill("{date}"), "recurring": d.rng.random() < 0.2,
        "subject": d.choose("{word}", "Invoice {number}", "Rent {date}", "{product}", "gift for {first}", "thanks for dinner", "car sharing") + STRING,
    }, "transactions")  # fmt: skip


def messages(draft: Draft) -> None:
    channel = draft.fill("{channel}")
    _json(
        draft,
        lambda d: {
            "channel": channel,
            "sender": d.fill("{first}"),
            "ts": d.fill("{date}T{time}"),
            "body": _words(d, 2),
        },
        "messages",
    )


def events(draft: Draft) -> None:
    _json(draft, lambda d: {
        "id": str(d.rng.randint(1, 99)), "title": d.title(), "start_time": d.fill("{date} {time}"), "location": d.fill("{street}"), "all_day": False,
        "participants": [d.fill("{email}") for _ in range(d.rng.randint(1, 4))], "description": _words(d, 3),
    }, "events")  # fmt: skip


def listings(draft: Draft) -> None:
    _json(draft, lambda d: {
        "name": d.fill("{company}"), "type": d.rng.choice(("hotel", "restaurant", "museum", "car rental")), "city": d.fill("{city}"),
        "rating": round(d.rng.uniform(1, 5), 1), "price": d.fill("{amount}"), "reviews": [_words(d, 2) for _ in range(d.rng.randint(1, 4))],
    }, "places")  # fmt: skip


def statement(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("{company} Bank\nAccount statement {date}\nAccount holder: {name}  {iban}"))
    balance = draft.rng.uniform(200, 9000)
    while not draft.full:
        amount = draft.rng.uniform(-300, 280)
        balance += amount
        draft.add(f"{draft.fill('{date}')}  {draft.choose('Card payment {company}', 'Transfer {name}', 'Direct debit {company}', 'Cash {city}')}"
                  f"  {amount:.2f}  {balance:.2f}", LINE if draft.rng.random() < 0.5 else BLOCK)  # fmt: skip
        if draft.rng.random() < 0.4:
            draft.add(
                "   Ref: " + draft.choose("{word} {number}", "invoice {code}", "for {product}", draft.sentence()), LINE
            )
    draft.add(f"Closing balance: {balance:.2f}")


def invoice(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("INVOICE {code}\n{company}, {street}, {city}\nBill to: {name}\nDate: {date}  Due: {date}"))
    while not draft.full:
        draft.add(draft.fill("{n} x {product}    {amount}"), LINE)
        if draft.rng.random() < 0.6:
            draft.add("    " + draft.sentence(), LINE)
    draft.add(draft.fill("Total {amount}\nPlease pay to {iban} within {n} days and quote the invoice number."))


def csv_table(draft: Draft) -> None:
    draft.separator = "\n"
    mark = draft.rng.choice((",", ",", ";", "\t"))
    draft.add(mark.join(("id", "name", "city", "amount", "date", "comment")), place="")
    while not draft.full:
        out = io.StringIO()
        csv.writer(out, delimiter=mark, lineterminator="").writerow(
            (draft.rng.randint(1, 9999), draft.fill("{name}"), draft.fill("{city}"), draft.fill("{amount}"), draft.fill("{date}"),
             draft.paragraph(1, 2, LINE) if draft.rng.random() < 0.7 else draft.fill("{word}") + LINE)
        )  # fmt: skip
        draft.add(out.getvalue(), place="")


def markdown_table(draft: Draft) -> None:
    draft.separator = "\n"
    if draft.rng.random() < 0.5:
        draft.add(f"### {draft.title()}")
    third = draft.fill("{word}")
    draft.add(f"| Name | Place | {third} | Remarks |\n|---|---|---|---|", place="")
    while not draft.full:
        cell = draft.sentence() if draft.rng.random() < 0.7 else draft.fill("{state}")
        draft.add(draft.fill("| {name} | {city} | {amount} | ") + cell + LINE + " |", place="")


def logs(draft: Draft) -> None:
    draft.separator = "\n"
    form = draft.rng.choice(("{date}T{time}:{number} %level% [{word}] ", "{date} {time} {word}[{number}]: ", "[{time}] %level% {word}.{word}: ",
                             '127.0.0.1 - {user} [{date}:{time}] "GET /{word}/{number}" 200 '))  # fmt: skip
    while not draft.full:
        level = draft.rng.choice(("INFO", "INFO", "DEBUG", "WARN", "ERROR"))
        text = draft.choose("request {code} took {number} ms", "user {user} logged in", "retry {n} of 5", "cache miss for key {word}:{number}",
                            "wrote {number} bytes to {file}", draft.sentence(), draft.sentence())  # fmt: skip
        draft.add(draft.fill(form).replace("%level%", level) + text, LINE)


def configuration(draft: Draft) -> None:
    draft.separator = "\n"
    style = draft.rng.choice(("ini", "yaml", "env"))
    while not draft.full:
        section = draft.fill("{word}")
        draft.add({"ini": f"[{section}]", "yaml": f"{section}:", "env": f"# --- {section} ---"}[style])
        for _ in range(draft.rng.randint(2, 6)):
            key = draft.fill("{word}_{word}")
            value = draft.choose(
                "{number}", "true", "false", '"{word}"', "{url}", "/var/lib/{word}", "{n}s", f'"{draft.title()}"'
            )
            if draft.rng.random() < 0.5:
                draft.add(("  " if style == "yaml" else "") + "# " + draft.sentence(), LINE)
            draft.add({"ini": f"{key} = {value}", "yaml": f"  {key}: {value}", "env": f"{key.upper()}={value}"}[style])


CARRIERS: dict[str, Callable[[Draft], None]] = {
    "mailbox": mailbox, "users": users, "orders": orders, "files": files, "search_hits": search_hits, "issues": issues,
    "pull_requests": pull_requests, "transactions": transactions, "messages": messages, "events": events, "listings": listings,
    "statement": statement, "invoice": invoice, "csv": csv_table, "markdown_table": markdown_table, "logs": logs,
    "configuration": configuration,
}  # fmt: skip
