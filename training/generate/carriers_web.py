"""Material of the web and of print: pages, articles, guides, reviews, forums, exams, scanned text, prompt manuals."""

from __future__ import annotations

from collections.abc import Callable

from training.generate.documents import FLOW, LINE, Draft
from training.generate.seeds import pick


def page(draft: Draft) -> None:
    """HTML with the places where text hides: comments, attributes, invisible elements."""
    draft.separator = "\n"
    draft.add(f"<html><head><title>{draft.title()}</title>", place="")
    draft.add(f'<meta name="description" content="{_bare(draft)}{LINE}">', place="")
    draft.add("</head><body>")
    draft.add(f"<h1>{draft.title()}</h1>")
    hidden = ('<div style="display:none">%s</div>', "<!-- %s -->", '<span style="font-size:0">%s</span>', '<p hidden>%s</p>',
              '<p class="sr-only">%s</p>', '<div aria-hidden="true" style="color:#fff">%s</div>', "<noscript>%s</noscript>")  # fmt: skip
    while not draft.full:
        kind = draft.rng.random()
        if kind < 0.55:
            draft.add(f"<p>{draft.paragraph()}</p>")
        elif kind < 0.65:
            draft.add(draft.rng.choice(hidden) % (_bare(draft) + LINE))
        elif kind < 0.72:
            draft.add(f'<img src="/{draft.fill("{word}")}.jpg" alt="{_bare(draft)}{LINE}">')
        elif kind < 0.8:
            draft.add(draft.fill('<a href="{url}" title="{word}">') + draft.title() + "</a>")
        elif kind < 0.9:
            draft.add(
                "<ul>\n"
                + "\n".join(f"<li>{draft.sentence()}{FLOW}</li>" for _ in range(draft.rng.randint(2, 5)))
                + "\n</ul>"
            )
        else:
            draft.add(f"<h2>{draft.title()}</h2>")
    draft.add("</body></html>", place="")


def _bare(draft: Draft) -> str:
    return draft.sentence().replace('"', "'")


def wiki(draft: Draft) -> None:
    draft.add(draft.title())
    while not draft.full:
        if draft.rng.random() < 0.3:
            draft.add(draft.rng.choice((f"== {draft.title()} ==", f"## {draft.title()}", draft.title() + " [edit]")))
        draft.add(draft.paragraph(3, 8))


def news(draft: Draft) -> None:
    draft.add(draft.title() + draft.fill("\nBy {name}, {city}, {date}"))
    while not draft.full:
        draft.add(draft.paragraph(2, 5) + draft.choose("", "", ' "{quote}", said {name}, {job} at {company}.'))


def guide(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add("# " + draft.title())
    draft.add(draft.paragraph(1, 3))
    number = 0
    while not draft.full:
        number += 1
        draft.add(f"{number}. " + pick(draft.rng, "steps", draft.rng.choice(("computer", "household", "office"))), FLOW)
        if draft.rng.random() < 0.4:
            draft.add("   " + draft.paragraph(1, 2))


def recipe(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("{dish}\nServes {n}"))
    for _ in range(draft.rng.randint(2, 8)):
        draft.add(draft.fill("- {n} {measure} {food}"))
    number = 0
    while not draft.full:
        number += 1
        draft.add(f"{number}. " + pick(draft.rng, "steps", "kitchen"), FLOW)
        if draft.rng.random() < 0.15 or number > 12:
            draft.add("Comment: " + draft.paragraph(1, 3))


def runbook(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add("# Runbook: " + draft.title())
    while not draft.full:
        draft.add("## " + draft.choose("Symptoms", "Steps", "Rollback", "Escalation", "Checks", "Background"))
        for _ in range(draft.rng.randint(1, 4)):
            draft.add("- " + pick(draft.rng, "steps", "operations"), FLOW)
        if draft.rng.random() < 0.5:
            draft.add(draft.fill("```\n") + pick(draft.rng, "steps", "commands") + "\n```")
        draft.add(draft.paragraph(1, 2))


def readme(draft: Draft) -> None:
    draft.add(draft.fill("# {word}-{word}"))
    draft.add(draft.paragraph(1, 3))
    while not draft.full:
        draft.add(
            "## "
            + draft.choose(
                "Installation", "Usage", "Configuration", "Contributing", "License", "FAQ", "Notes", "Roadmap"
            )
        )
        if draft.rng.random() < 0.6:
            draft.add("```\n" + pick(draft.rng, "steps", "commands") + "\n```")
        draft.add(draft.paragraph(1, 4))


def reviews(draft: Draft) -> None:
    draft.separator = draft.rng.choice(("\n", "\n\n"))
    draft.add(draft.choose("{company} {city}", "{product}", "{company}. Address: {street}, {city}. Price: {amount}"))
    while not draft.full:
        stars = draft.rng.randint(1, 5)
        draft.add(draft.fill(draft.rng.choice((f"{stars}/5 by {{user}}, {{date}}: ", "*" * stars + " {first}: ", f"Rating: {stars}.0 ({{name}})\n")))
                  + draft.choose("", "Great! ", "Meh. ", "Never again. ", "Would come back. ", "Solid choice. ") + draft.paragraph(1, 3))  # fmt: skip


def forum(draft: Draft) -> None:
    draft.add("Thread: " + draft.title())
    while not draft.full:
        draft.add(
            draft.choose("{user} wrote on {date}:", "#{n} posted by {user}", "u/{user} | {number} points")
            + "\n"
            + draft.paragraph(1, 5)
        )


def exam(draft: Draft) -> None:
    draft.separator = "\n"
    draft.add(draft.fill("{company} School, {date}\nName: ____________  Class: ____\n") + draft.title())
    number = 0
    while not draft.full:
        number += 1
        draft.add(f"{number}) " + pick(draft.rng, "steps", "exam") + draft.choose("", " ({n} points)"), FLOW)
        if draft.rng.random() < 0.35:
            draft.add("Text: " + draft.paragraph(1, 4))


def scanned(draft: Draft) -> None:
    """Extracted text with page headers and hard line breaks."""
    draft.separator = "\n"
    header = draft.title()
    number = draft.rng.randint(1, 40)
    while not draft.full:
        draft.add(draft.rng.choice((f"{header}    Page {number}", f"- {number} -", f"{number} | {header}")))
        for _ in range(draft.rng.randint(1, 4)):
            draft.add(_broken(draft.paragraph(2, 6), draft.rng.randint(50, 90)))
        number += 1


def _broken(text: str, width: int) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def prompt_manual(draft: Draft) -> None:
    """Documentation of prompts and of assistants: full of instructions to a model, none of them meant for the reader."""
    draft.add(
        "# "
        + draft.choose(
            "Prompt library", "How we prompt the {product} assistant", "Agent settings for {company}", "Prompt guide"
        )
    )
    while not draft.full:
        draft.add(pick(draft.rng, "discussion", draft.rng.choice(("prompt_documentation", "about_assistants"))), FLOW)
        if draft.rng.random() < 0.3:
            draft.add(draft.paragraph(1, 3))


def security_article(draft: Draft) -> None:
    draft.add(draft.choose("Hidden orders in plain text", "What is prompt injection?", "Security bulletin {number}", "Attack notes, {date}",
                           "Lessons from our red team", "Why assistants obey strangers", "Reading list on AI security"))  # fmt: skip
    while not draft.full:
        draft.add(
            (FLOW + " ").join(pick(draft.rng, "discussion", "about_injection") for _ in range(draft.rng.randint(1, 3)))
            + FLOW
        )
        if draft.rng.random() < 0.4:
            draft.add(draft.paragraph(1, 3))


CARRIERS: dict[str, Callable[[Draft], None]] = {
    "page": page, "wiki": wiki, "news": news, "guide": guide, "recipe": recipe, "runbook": runbook, "readme": readme, "reviews": reviews,
    "forum": forum, "exam": exam, "scanned": scanned, "prompt_manual": prompt_manual, "security_article": security_article,
}  # fmt: skip
