"""Documents in which the text arrives: what a mail client, a crawler or an agent's tool would hand to a model."""

from __future__ import annotations

import html
import json
from email.message import EmailMessage
from random import Random

from bartizan.redteam.converters.interface import Family, Keeps, converter

_PEOPLE = (("Mara Lindqvist", "mara"), ("Tom Adeyemi", "tom"), ("Iris Novak", "iris"), ("Jonas Weber", "jonas"))


def _ical(text: str) -> str:
    for char in ("\\", ";", ","):
        text = text.replace(char, "\\" + char)
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """RFC 5545, 3.1: no line over 75 octets; the next begins with a space."""
    out, room = "", 75
    for char in line:
        size = len(char.encode())
        if size > room:
            out, room = out + "\r\n ", 74
        out, room = out + char, room - size
    return out


@converter("email", Family.CARRIER, Keeps.PARSED)
def email(text: str, rng: Random) -> str:
    """An e-mail with headers."""
    name, address = rng.choice(_PEOPLE)
    message = EmailMessage()
    message["From"] = f"{name} <{address}@partner.example>"
    message["To"] = "office@company.example"
    message["Subject"] = rng.choice(("Friday's delivery", "Question about the invoice", "Minutes of the meeting"))
    message.set_content(f"Hello,\n\n{text}\n\nKind regards\n{name}\n", cte="8bit")
    return message.as_string()


@converter("forwarded-thread", Family.CARRIER, Keeps.PARSED)
def forwarded_thread(text: str, rng: Random) -> str:
    """The innermost quotation of a forwarded thread."""
    (first, _), (second, _) = rng.sample(_PEOPLE, 2)
    quoted = "\n".join(f">> {line}" for line in text.split("\n"))
    return f"See below.\n\n{first} wrote:\n> Fine with me.\n>\n> {second} wrote:\n{quoted}"


@converter("web-page", Family.CARRIER, Keeps.PARSED)
def web_page(text: str, rng: Random) -> str:
    """A paragraph in the middle of a web page."""
    town = rng.choice(("Alderby", "Norrköping", "Castelmonte", "Brückstadt"))
    return (
        f"<!doctype html>\n<html><head><title>Museums in {town}</title></head>\n<body><h1>Museums in {town}</h1>\n"
        f"<p>The town museum is free on Sundays.</p>\n<p>{html.escape(text)}</p>\n"
        "<p>The glass museum closes in winter.</p></body></html>"
    )


@converter("wiki-article", Family.CARRIER, Keeps.VERBATIM)
def wiki_article(text: str, rng: Random) -> str:
    """A section of an article in a knowledge base."""
    topic = rng.choice(("Returns", "Expenses", "Travel bookings", "Parking"))
    return f"# {topic}\n\nLast reviewed in spring.\n\n## Details\n\nAsk your team lead first.\n\n{text}\n\n## See also\n\nForms"


@converter("calendar-event", Family.CARRIER, Keeps.PARSED)
def calendar_event(text: str, rng: Random) -> str:
    """The description of an invitation (RFC 5545)."""
    hour = rng.randint(8, 16)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"DTSTART:20270312T{hour:02d}0000Z",
        "SUMMARY:Planning",
        _folded(f"DESCRIPTION:{_ical(text)}"),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines)


@converter("log-lines", Family.CARRIER, Keeps.PARSED)
def log_lines(text: str, rng: Random) -> str:
    """The user agent of a request in a web server's log."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    minute = rng.randint(10, 50)
    return (
        f'192.0.2.14 - - [12/Mar/2027:09:{minute}:03 +0000] "GET / HTTP/1.1" 200 812 "-" "curl/8.9"\n'
        f'192.0.2.77 - - [12/Mar/2027:09:{minute}:04 +0000] "GET /health HTTP/1.1" 200 2 "-" "{quoted}"\n'
        f'192.0.2.14 - - [12/Mar/2027:09:{minute}:09 +0000] "GET /about HTTP/1.1" 200 440 "-" "curl/8.9"'
    )


@converter("support-ticket", Family.CARRIER, Keeps.VERBATIM)
def support_ticket(text: str, rng: Random) -> str:
    """The description in a ticket."""
    name, _ = rng.choice(_PEOPLE)
    return f"Ticket {rng.randint(1000, 9999)}\nFrom: {name}\nPriority: normal\nDescription: The lift stops. {text}\nStatus: new"


@converter("pull-request", Family.CARRIER, Keeps.VERBATIM)
def pull_request(text: str, rng: Random) -> str:
    """The text of a pull request."""
    return f"## Fix rounding of totals\n\nTotals were rounded twice.\n\n{text}\n\n- [x] tests\n- [ ] changelog"


@converter("commit-message", Family.CARRIER, Keeps.VERBATIM)
def commit_message(text: str, rng: Random) -> str:
    """The body of a commit message."""
    name, address = rng.choice(_PEOPLE)
    return (
        f"commit {rng.getrandbits(160):040x}\nAuthor: {name} <{address}@partner.example>\n\n"
        f"    Round totals once\n\n    {text}"
    )


@converter("svg", Family.CARRIER, Keeps.PARSED)
def svg(text: str, rng: Random) -> str:
    """The description of an SVG picture."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><title>Plan</title>'
        f'<desc>{html.escape(text, quote=False)}</desc><rect width="40" height="20"/></svg>'
    )


@converter("notebook", Family.CARRIER, Keeps.PARSED)
def notebook(text: str, rng: Random) -> str:
    """A markdown cell of a Jupyter notebook."""
    cells = [
        {"cell_type": "code", "source": ["import csv\n"], "metadata": {}, "outputs": [], "execution_count": 1},
        {"cell_type": "markdown", "source": text.splitlines(keepends=True) or [""], "metadata": {}},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False)


@converter("api-response", Family.CARRIER, Keeps.PARSED)
def api_response(text: str, rng: Random) -> str:
    """A remark in a service's JSON answer."""
    order = rng.randint(10_000, 99_999)
    return json.dumps(
        {"ok": True, "order": order, "lines": [{"sku": "LMP-2", "qty": 1}], "remarks": text},
        ensure_ascii=False,
        indent=1,
    )


@converter("product-review", Family.CARRIER, Keeps.VERBATIM)
def product_review(text: str, rng: Random) -> str:
    """One of several customers' reviews."""
    stars = rng.randint(3, 5)
    return f"Review 1 (5 stars): Bright, and easy to fit.\nReview 2 ({stars} stars): Good lamp. {text}\nReview 3 (4 stars): Fine."
