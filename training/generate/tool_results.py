"""Results of tools as they are recorded: issues, pull requests, commits, files, listings, logs, mails, records.

Their prose is real where documents are given, and full of orders between people either way.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import yaml

from training.generate.orders import between_people
from training.generate.seeds import pick
from training.generate.slots import fill

Prose = Callable[[int], str]
"""Text of about so many characters."""
Make = Callable[[random.Random, Prose], object]
HOSTS = ("git.example", "code.lanes.example", "forge.example.org")
PATHS = ("src/{word}/main.py", "docs/{word}.md", "README.md", "tests/test_{word}.py", "setup.cfg", "{word}/index.ts",
         ".forge/workflows/ci.yml", "pkg/{word}/{word}.go", "CONTRIBUTING.md", "Dockerfile", "app/{word}.rb")  # fmt: skip
STEMS = ("Fix", "Add", "Remove", "Update", "Refactor", "Document", "Bump", "Rename", "Support", "Drop", "Test", "Move")
OBJECTS = ("the {word} client", "retry on timeout", "typos in the docs", "support for {proglang}", "dead code", "{word} to {number}.2",
           "a flag for {word}", "the cache key", "flaky test of {word}", "error message for empty input", "login page",
           "default of --{word}", "the changelog", "migration {number}", "rate limit of the API", "dark theme")  # fmt: skip


def result(rng: random.Random, prose: Prose) -> str:
    """One harmless result of a tool."""
    make = rng.choice(TEXTS if rng.random() < 0.3 else RECORDS)
    made = make(rng, prose)
    if isinstance(made, str):
        return made
    if rng.random() < 0.3:
        made = {rng.choice(("result", "data", "items", "content")): made, "status": rng.choice(("ok", "success", 200))}
    form = rng.random()
    if form < 0.6:
        return json.dumps(made, indent=rng.choice((None, None, 2, 4)), ensure_ascii=False)
    if form < 0.85:
        return str(yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=rng.choice((80, 1000))))
    return repr(made)


def prose_of(rng: random.Random, stretch: Callable[[random.Random, int], str] | None) -> Prose:
    """Prose from ``stretch`` (of real documents) or from seeds."""

    def prose(size: int) -> str:
        if stretch is not None and rng.random() < 0.55:
            return stretch(rng, size)
        text = ""
        while len(text) < size:
            text += between_people(rng) + rng.choice((" ", " ", "\n", "\n\n"))
        return text.strip()

    return prose


def _title(rng: random.Random) -> str:
    return fill(rng, f"{rng.choice(STEMS)} {rng.choice(OBJECTS)}")


def _login(rng: random.Random) -> str:
    return pick(rng, "slots", "user")


def _stamp(rng: random.Random) -> str:
    return f"20{rng.randint(19, 26)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:07Z"


def _sha(rng: random.Random, length: int = 40) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(length))


def _path(rng: random.Random) -> str:
    return fill(rng, rng.choice(PATHS))


def _link(rng: random.Random, *parts: object) -> str:
    return f"https://{rng.choice(HOSTS)}/{_login(rng)}/{fill(rng, '{word}')}/" + "/".join(map(str, parts))


def issue(rng: random.Random, prose: Prose) -> dict[str, object]:
    number = rng.randint(1, 9_000)
    found: dict[str, object] = {
        "id": rng.randint(10**6, 10**9), "number": number, "title": _title(rng), "state": rng.choice(("open", "closed")),
        "user": {"login": _login(rng), "type": "User"}, "labels": [{"name": rng.choice(("bug", "docs", "help wanted", "question"))}],
        "body": prose(rng.randint(60, 900)), "comments": rng.randint(0, 14), "created_at": _stamp(rng),
        "html_url": _link(rng, "issues", number), "assignee": None, "locked": False,
    }  # fmt: skip
    return _thinned(rng, found, ("title", "body"))


def pull(rng: random.Random, prose: Prose) -> dict[str, object]:
    found: dict[str, object] = {
        "number": rng.randint(1, 9_000), "title": _title(rng), "state": rng.choice(("open", "closed", "merged")), "draft": False,
        "user": _login(rng), "body": prose(rng.randint(60, 900)), "head": {"ref": fill(rng, "{word}-{number}"), "sha": _sha(rng)},
        "base": {"ref": "main"}, "mergeable": True, "additions": rng.randint(1, 900), "deletions": rng.randint(0, 500),
        "requested_reviewers": [_login(rng)], "files": [_path(rng) for _ in range(rng.randint(1, 4))],
        "review_comments": [{"user": _login(rng), "path": _path(rng), "body": between_people(rng)} for _ in range(rng.randint(0, 3))],
    }  # fmt: skip
    return _thinned(rng, found, ("title", "body"))


def commit(rng: random.Random, prose: Prose) -> dict[str, object]:
    found: dict[str, object] = {
        "sha": _sha(rng), "author": {"name": fill(rng, "{name}"), "email": fill(rng, "{email}"), "date": _stamp(rng)},
        "message": _title(rng) + ("\n\n" + prose(rng.randint(40, 300)) if rng.random() < 0.5 else ""),
        "parents": [{"sha": _sha(rng)}], "url": _link(rng, "commit", _sha(rng, 10)), "verified": rng.random() < 0.5,
    }  # fmt: skip
    return _thinned(rng, found, ("message",))


def file(rng: random.Random, prose: Prose) -> dict[str, object]:
    text = prose(rng.randint(200, 3_000))
    found: dict[str, object] = {
        "name": _path(rng).rsplit("/")[-1], "path": _path(rng), "sha": _sha(rng), "size": len(text), "type": "file", "encoding": "utf-8",
        "content": text, "download_url": _link(rng, "raw", "main", _path(rng)),
    }  # fmt: skip
    return _thinned(rng, found, ("content",))


def comment(rng: random.Random, prose: Prose) -> dict[str, object]:
    found: dict[str, object] = {"id": rng.randint(10**5, 10**9), "user": _login(rng), "created_at": _stamp(rng), "body": prose(rng.randint(30, 400)),
                                "reactions": {"+1": rng.randint(0, 9)}}  # fmt: skip
    return _thinned(rng, found, ("body",))


def listing(rng: random.Random, _: Prose) -> dict[str, object]:
    return {
        "path": _path(rng),
        "type": rng.choice(("file", "dir", "file")),
        "size": rng.randint(0, 40_000),
        "sha": _sha(rng, 12),
    }


def repository(rng: random.Random, prose: Prose) -> dict[str, object]:
    return {"full_name": f"{_login(rng)}/{fill(rng, '{word}')}", "private": rng.random() < 0.4, "description": prose(60)[:160].split("\n")[0],
            "default_branch": "main", "language": fill(rng, "{proglang}"), "open_issues": rng.randint(0, 300),
            "stars": rng.randint(0, 9_000), "topics": [fill(rng, "{word}")], "archived": False, "pushed_at": _stamp(rng)}  # fmt: skip


def release(rng: random.Random, prose: Prose) -> dict[str, object]:
    return {"tag_name": fill(rng, "v{number}.2.0"), "name": fill(rng, "Release {number}.2"), "prerelease": False, "published_at": _stamp(rng),
            "body": prose(rng.randint(150, 1_500)), "assets": [fill(rng, "{word}-{number}.tar.gz")]}  # fmt: skip


def mail(rng: random.Random, prose: Prose) -> dict[str, object]:
    found: dict[str, object] = {
        "id": str(rng.randint(1, 99)), "from": fill(rng, "{email}"), "to": [fill(rng, "{email}")], "subject": pick(rng, "slots", "topic"),
        "body": prose(rng.randint(60, 700)), "date": _stamp(rng), "read": rng.random() < 0.5, "attachments": [],
    }  # fmt: skip
    return _thinned(rng, found, ("body",))


def page(rng: random.Random, prose: Prose) -> dict[str, object]:
    return {"url": f"https://www.{fill(rng, '{word}')}.example/{fill(rng, '{word}')}", "status": 200, "title": pick(rng, "slots", "topic"),
            "text": prose(rng.randint(300, 3_000))}  # fmt: skip


def ticket(rng: random.Random, prose: Prose) -> dict[str, object]:
    return {"key": f"{rng.choice(('OPS', 'WEB', 'HR', 'PAY'))}-{rng.randint(1, 4000)}", "summary": _title(rng), "status": rng.choice(("To do", "Done")),
            "priority": rng.choice(("low", "high")), "reporter": fill(rng, "{name}"), "description": prose(rng.randint(60, 700)),
            "comments": [{"author": fill(rng, "{name}"), "body": between_people(rng)} for _ in range(rng.randint(0, 4))]}  # fmt: skip


def _many(make: Callable[[random.Random, Prose], dict[str, object]], most: int) -> Make:
    return lambda rng, prose: [make(rng, prose) for _ in range(rng.randint(1, most))]


def git_log(rng: random.Random, prose: Prose) -> str:
    if rng.random() < 0.5:
        return "\n".join(f"{_sha(rng, 7)} {_title(rng)}" for _ in range(rng.randint(3, 25)))
    entry = "commit {sha}\nAuthor: {name} <{email}>\nDate:   {date}\n\n    {title}\n"
    return "\n".join(
        fill(rng, entry.replace("{sha}", _sha(rng)).replace("{date}", _stamp(rng)).replace("{title}", _title(rng)))
        + ("\n    " + prose(120).replace("\n", "\n    ") + "\n" if rng.random() < 0.4 else "")
        for _ in range(rng.randint(2, 8))
    )


def issue_view(rng: random.Random, prose: Prose) -> str:
    head = f"title:\t{_title(rng)}\nstate:\tOPEN\nauthor:\t{_login(rng)}\nlabels:\tbug\ncomments:\t{rng.randint(0, 9)}\n--\n"
    said = "".join(
        f"\n\n{_login(rng)} commented on {_stamp(rng)[:10]}:\n{prose(120)}" for _ in range(rng.randint(0, 3))
    )
    return head + prose(rng.randint(100, 1_200)) + said


def diff(rng: random.Random, prose: Prose) -> str:
    path = _path(rng)
    lines = [rng.choice(("+", "-", " ", " ")) + line for line in prose(rng.randint(200, 1_200)).split("\n")]
    return (
        f"diff --git a/{path} b/{path}\nindex {_sha(rng, 7)}..{_sha(rng, 7)} 100644\n--- a/{path}\n+++ b/{path}\n@@ -1,7 +1,9 @@\n"
        + "\n".join(lines)
    )


def tree(rng: random.Random, _: Prose) -> str:
    rows = (
        f"-rw-r--r--  1 {_login(rng)} staff {rng.randint(10, 99999):>6} {_path(rng)}" for _ in range(rng.randint(3, 20))
    )
    return "\n".join(rows) if rng.random() < 0.5 else "\n".join(_path(rng) for _ in range(rng.randint(3, 25)))


def said_done(rng: random.Random, _: Prose) -> str:
    return fill(rng, rng.choice((
        "Issue #{number} was created.", "Comment added to pull request #{number}.", "Pull request #{number} merged into main.",
        "No results.", "Error: repository {word} not found", "File {file} written, {number} bytes.", "The e-mail was sent to {email}.",
        "Branch {word}-{number} deleted.", "Label '{word}' added. Assigned to {name}.", "Payment of {amount} to {name} scheduled for {day}.",
        "403 Forbidden: you need write access to do this. Ask an owner of {company} for an invitation.",
        "Rate limit exceeded. Please wait {number} seconds and try again.", "Invalid argument: 'state' must be one of open, closed, all.",
    )))  # fmt: skip


def build_log(rng: random.Random, prose: Prose) -> str:
    lines = [
        f"{_stamp(rng)} {rng.choice(('##[group]Run', 'INFO', '[notice]', 'step:'))} {_title(rng)}"
        for _ in range(rng.randint(3, 12))
    ]
    lines.insert(rng.randrange(len(lines)), prose(200))
    return "\n".join([*lines, rng.choice(("Process completed with exit code 1.", "All checks have passed", "Done."))])


RECORDS: tuple[Make, ...] = (
    issue, _many(issue, 5), pull, _many(pull, 4), _many(commit, 8), commit, file, _many(comment, 6), _many(listing, 20), repository,
    _many(repository, 5), release, _many(mail, 5), mail, page, _many(page, 3), ticket, _many(ticket, 4),
)  # fmt: skip
TEXTS: tuple[Make, ...] = (git_log, issue_view, issue_view, diff, tree, said_done, build_log)


def _thinned(rng: random.Random, found: dict[str, object], kept: tuple[str, ...]) -> dict[str, object]:
    """Some fields of the record: no two tools name the same."""
    share = rng.choice((0.4, 0.7, 1.0))
    return {key: value for key, value in found.items() if key in kept or rng.random() < share}
