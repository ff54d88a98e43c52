"""What a finding says cannot break the workspace that its control goes into, and nothing unsound is signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.hardening.shop import finding

from bartizan.app.checking import check_workspace
from bartizan.app.hardening import approve_candidate, roll_back, sign_snapshot
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.book import Book
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.workspace.checker import plain
from bartizan.workspace.nodes import parse
from bartizan.workspace.snapshot import read_files
from bartizan.workspace.workspace import Workspace
from bartizan.workspace.writing import flow, quoted

TITLE = "it tells \U0001f600 the code \u2028\u202e\x7f\U0010ffff"


@pytest.mark.parametrize("text", [TITLE, "\ufeff", '"\\\n\t', "no", "é"])
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    for written in (flow({"a": [text, {text: text}]}), f"{{a: [{quoted(text)}, {{{quoted(text)}: {quoted(text)}}}]}}"):
        assert written.isascii()
        assert plain(parse(written, "x.yaml")) == {"a": [text, {text: text}]}


def test_a_title_outside_the_basic_plane_breaks_nothing(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    one = proposed(Kind.CANARY, of=finding(id="f-3", title=TITLE))
    approve_candidate(root, one.id, key, "ann", enforce=False)
    assert not check_workspace(root, files=read_files(root)).problems
    roll_back(root, one.id, key, "ann")


def test_a_control_whose_rule_fails_its_own_cases_is_not_signed(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    one = proposed(Kind.CANARY)
    book = Book(Workspace(root).state)
    proposal = book.read(one.id)
    (name,) = [name for name in one.change.files if name.startswith("rules/")]
    for broken, problem in (
        (one.sigma.replace("positive:", "x:").replace("negative:", "positive:").replace("x:", "negative:"), "case 1"),
        (one.sigma.replace("condition: selection", "condition: nothing"), "nothing"),
    ):
        assert broken != one.sigma
        change = replace(one.change, files={name: broken})
        book.keep(replace(proposal, tried=replace(proposal.tried, candidate=replace(one, change=change))))
        before = read_files(root)
        with pytest.raises(ConfigurationError, match=f"would not be sound: .*{problem}"):
            approve_candidate(root, one.id, key, "ann", enforce=False)
        assert read_files(root) == before


def test_what_refers_to_a_control_keeps_it_in_the_workspace(
    proposed: Callable[..., Candidate], root: Path, key: Path
) -> None:
    """A correlation of the operator's own counts what the control's rule sees: without it the rules do not load."""
    one = proposed(Kind.CANARY)
    approve_candidate(root, one.id, key, "ann", enforce=False)
    (root / "rules" / "mine.yml").write_text(
        "title: Many\nid: 11111111-2222-4333-8444-555555555555\n"
        f"correlation: {{type: event_count, rules: [{one.id.replace('-', '_')}], group-by: [principal],"
        " timespan: 5m, condition: {gte: 3}}\n"
    )
    sign_snapshot(root, key, "mine")
    with pytest.raises(ConfigurationError, match="would not be sound: "):
        roll_back(root, one.id, key, "ann")
