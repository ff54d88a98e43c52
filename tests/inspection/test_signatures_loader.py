"""Reading packs: what is accepted, and how precisely it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.inspection.signatures import Pack, check_pack, load_packs, read_packs
from bartizan.inspection.signatures.document import parse
from bartizan.inspection.signatures.vocabulary import expand


def entry(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "local.open_sesame",
        "title": "The door's password",
        "technique": "secret_extraction",
        "score": 0.9,
        "kind": "literal",
        "any": ["open sesame"],
        "languages": ["en"],
        "examples": ["Please say OPEN SESAME now"],
        "counter_examples": ["sesame oil"],
    }
    return {key: value for key, value in (row | changes).items() if value is not None}


def pack(*entries: dict[str, Any], **changes: Any) -> str:
    head = {"schema": "bartizan/signature-pack/v1", "pack": "local", "version": 1, "licence": "MIT", "title": "Ours"}
    return yaml.safe_dump(head | changes | {"entries": list(entries) or [entry()]}, sort_keys=False)


def write(folder: Path, source: str, name: str = "local.yaml") -> Path:
    file = folder / name
    file.write_text(source, "utf-8")
    return file


def test_workspace_packs_follow_the_shipped_ones(tmp_path: Path) -> None:
    write(tmp_path, pack())
    write(tmp_path, pack(entry(id="other.one"), pack="other"), "other.yaml")
    (tmp_path / "notes.txt").write_text("not a pack")
    shipped = load_packs()
    assert [row.id for row in load_packs([tmp_path])[len(shipped) :]] == ["local.open_sesame", "other.one"]
    assert load_packs([tmp_path / "local.yaml"])[-1].literals == ("open sesame",)


def test_packs_may_come_as_bytes() -> None:
    assert load_packs(contents={"signatures/ours.yaml": pack().encode()})[-1].id == "local.open_sesame"
    with pytest.raises(DocumentError, match=r"signatures/ours\.yaml:1:1"):
        load_packs(contents={"signatures/ours.yaml": b""})


def test_the_pack_in_the_documentation_keeps_its_word(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "inspection" / "signatures.md").read_text("utf-8")
    source = page.split("```yaml\n")[1].split("```")[0]
    assert load_packs([write(tmp_path, source)])[-1].id == "acme.refund_order"
    assert check_pack(parse(source, "page.yaml", Pack)[0]) == []


def test_group_defaults_to_the_technique(tmp_path: Path) -> None:
    assert load_packs([write(tmp_path, pack())])[-1].group == "secret_extraction"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "empty"),
        ("a: [", "YAML"),
        ("\x00", "YAML"),
        ("a: &x 1\nb: *x\n", "used again"),
        ("a: 1\na: 2\n", "repeated"),
        ("? [a]\n: 1\n", "compound"),
        ("a: " + "[" * 20 + "]" * 20, "twelve levels"),
        ("- 1\n", "Expected"),
        ("x" * 2_000_001, "at most"),
        (pack(surprise=1), "surprise"),
        (pack(entry(score=1.5)), "'local.open_sesame'"),
        (pack(entry(scoer=0.5)), "scoer"),
        (pack(entry(id="Bad Id")), "Bad Id"),
        (pack(entry(any=[])), "local.open_sesame"),
        (pack(entry(examples=None)), "examples"),
        (pack(entry(kind="glob")), "glob"),
        (pack(entry(any=["\u200b\u200b"])), "fewer than two"),
        (pack(entry(kind="regex", any=["(open"])), "RE2 refuses"),
        (pack(entry(kind="regex", any=["(?=look)ahead"])), "RE2 refuses"),
        (pack(entry(kind="regex", any=["(?:open)*"])), "empty text"),
        (pack(entry(kind="regex", any=["{{nobody}} x"])), "nobody"),
        (pack(entry(kind="regex", any=["(?:[^a]{0,100}b){0,9}"])), "instructions"),
        (pack(entry(), entry()), "unique"),
        (pack(entry(id="override.prior_instructions")), "override.yaml"),
    ],
)
def test_bad_packs_are_refused_with_their_place(tmp_path: Path, source: str, says: str) -> None:
    file = write(tmp_path, source)
    with pytest.raises(DocumentError) as caught:
        load_packs([file])
    assert str(caught.value).startswith(f"{file}:")
    assert says in str(caught.value)


def test_the_place_is_the_line_of_the_fault(tmp_path: Path) -> None:
    source = pack(entry(), entry(id="local.second", score=7))
    with pytest.raises(DocumentError) as caught:
        load_packs([write(tmp_path, source)])
    line = 1 + source.splitlines().index("  score: 7")
    assert caught.value.place.line == line


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_packs([tmp_path / "absent.yaml"])
    bad = tmp_path / "latin.yaml"
    bad.write_bytes(b"a: \xff")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_packs([bad])


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(source: str) -> None:
    try:
        parse(source, "fuzz.yaml", Pack)
    except DocumentError:
        return


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=9))
def test_any_value_in_an_entry_is_read_or_refused(value: Any) -> None:
    for key in ("any", "examples", "score", "requires", "surfaces"):
        source = yaml.safe_dump(yaml.safe_load(pack(entry(**{key: value or [value]}))))
        try:
            parse(source, "fuzz.yaml", Pack)
        except DocumentError:
            continue


def test_check_names_each_broken_claim() -> None:
    rows = (
        entry(id="a.silent", examples=["nothing here"]),
        entry(id="b.loud", counter_examples=["open sesame street", "reopen sesame"]),
        entry(id="c.broken", kind="regex", any=["(open"]),
        entry(id="d.regex", kind="regex", any=["open{{sp}}sesame"]),
    )
    problems = check_pack(parse(pack(*rows), "x.yaml", Pack)[0])
    assert [problem.split(": ")[1] for problem in problems] == ["a.silent", "b.loud", "c.broken"]
    assert "open sesame street" in problems[1]


def test_reading_twice_gives_the_same() -> None:
    assert [rows for _, rows in read_packs()] == [rows for _, rows in read_packs()]


def test_vocabulary_expands_names_within_names() -> None:
    assert expand("{{a}}!{1,2}", {"a": "x{{b}}", "b": "y|z"}) == "(?:x(?:y|z))!{1,2}"


@pytest.mark.parametrize("words", [{"a": "{{a}}"}, {"a": "{{b}}", "b": "{{a}}"}, {"a": "x" * 20_000}, {}])
def test_vocabulary_refuses_circles_and_giants(words: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        expand("{{a}}", words)
