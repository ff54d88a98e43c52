"""Material of programmers: source files with comments, stack traces, questions about errors, review diffs."""

from __future__ import annotations

from collections.abc import Callable

from training.generate.documents import FLOW, LINE, Draft
from training.generate.seeds import pick

MARKS = {"python": "#", "javascript": "//", "sql": "--", "docker": "#", "shell": "#"}


def _source(draft: Draft, language: str) -> None:
    """Functions between comments; a comment is the file's own matter or a remark to fellow programmers."""
    mark = MARKS[language]
    if draft.rng.random() < 0.5:
        draft.add(_comment(draft, mark), LINE)
    while not draft.full:
        block = pick(draft.rng, "code", language)
        if draft.rng.random() < 0.5:
            head, _, rest = block.partition("\n")
            indent = rest[: len(rest) - len(rest.lstrip())]
            block = f"{head}\n{indent}{_comment(draft, mark)}{LINE}" + (f"\n{rest}" if rest else "")
        draft.add(block)
        if draft.rng.random() < 0.5:
            draft.add(_comment(draft, mark), LINE)


def _comment(draft: Draft, mark: str) -> str:
    text = pick(draft.rng, "code", "comments") if draft.rng.random() < 0.6 else draft.sentence()
    return f"{mark} {text}"


def python(draft: Draft) -> None:
    _source(draft, "python")


def javascript(draft: Draft) -> None:
    _source(draft, "javascript")


def sql(draft: Draft) -> None:
    draft.separator = "\n"
    _source(draft, "sql")


def docker(draft: Draft) -> None:
    draft.separator = "\n"
    _source(draft, "docker")


def shell(draft: Draft) -> None:
    draft.separator = "\n"
    _source(draft, "shell")


def _trace(draft: Draft) -> str:
    lines = ["Traceback (most recent call last):"]
    for _ in range(draft.rng.randint(1, 3)):
        lines += [
            draft.fill('  File "/srv/{word}/{word}.py", line {number}, in {word}_{word}'),
            draft.fill("    {word} = {word}.{word}({n})"),
        ]
    return "\n".join(lines) + "\n" + pick(draft.rng, "code", "errors")


def question(draft: Draft) -> None:
    """A question about an error, with answers below."""
    draft.add(draft.choose("{word}: ", "Help with {word}: ") + pick(draft.rng, "code", "errors"))
    draft.add(pick(draft.rng, "code", "questions"), FLOW)
    while not draft.full:
        kind = draft.rng.random()
        if kind < 0.3:
            draft.add(_trace(draft))
        elif kind < 0.6:
            draft.add(
                "```\n" + pick(draft.rng, "code", draft.rng.choice(("python", "javascript", "sql", "shell"))) + "\n```"
            )
        else:
            draft.add(
                draft.choose("", "Answer:\n", "{user} commented: ", "Edit: ") + pick(draft.rng, "code", "questions"),
                FLOW,
            )


def trace(draft: Draft) -> None:
    draft.separator = "\n"
    while not draft.full:
        draft.add(_trace(draft))
        if draft.rng.random() < 0.5:
            draft.add(pick(draft.rng, "code", "questions"), FLOW)


def diff(draft: Draft) -> None:
    draft.separator = "\n"
    while not draft.full:
        draft.add(draft.fill("diff --git a/{word}/{word}.py b/{word}/{word}.py\n@@ -{n},{n} +{n},{n} @@"))
        for line in pick(draft.rng, "code", "python").split("\n"):
            draft.add(draft.rng.choice("+- ") + line, "")
        draft.add(f"+{_comment(draft, '#')}", LINE)
        if draft.rng.random() < 0.4:
            draft.add(draft.fill("{user}: ") + pick(draft.rng, "code", "comments"), FLOW)


CARRIERS: dict[str, Callable[[Draft], None]] = {
    "python": python, "javascript": javascript, "sql": sql, "docker": docker, "shell": shell, "question": question, "trace": trace, "diff": diff,
}  # fmt: skip
