"""Requirements files: what pip reads is what is read here, and nothing leaves the folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from osv_building import SHA, found, locked, report

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import Lock, Package, Source
from bartizan.supplychain.packages.readers.registry import reader_for
from bartizan.supplychain.packages.readers.requirements import Requirements

ROOT = Path(__file__).parent.parent.parent


def read(text: str | bytes) -> Lock:
    return Requirements().read(text.encode() if isinstance(text, str) else text, Budget())


def one(text: str) -> Package:
    (package,) = read(text).packages
    return package


def rules(path: Path) -> set[str]:
    return {rule for rule, _ in found(path)}


def test_a_locked_line_with_everything() -> None:
    package = one(
        'Foo.Bar[extra] == 1.0 ; python_version > "3" \\\n    --hash=sha256:AA \\\n    --hash sha512:bb  # why\n'
    )
    assert (package.name, package.version, package.hashes) == ("foo-bar", "1.0", ("sha256:aa", "sha512:bb"))
    assert package.purl == "pkg:pypi/foo-bar@1.0"


@pytest.mark.parametrize(
    ("text", "version", "wanted"),
    [
        ("a==1", "1", ""),
        ("a===1.post1", "1.post1", ""),
        ("a==1,!=2", "1", ""),
        ("a==1.*", "", "==1.*"),
        ("a>=1,<2", "", "<2,>=1"),
        ("a", "", ""),
        ("a==1,==2", "", "==1,==2"),
        ("a==2!1.0+cpu", "2!1.0+cpu", ""),
    ],
)
def test_what_counts_as_pinned(text: str, version: str, wanted: str) -> None:
    package = one(text)
    assert (package.version, package.wanted) == (version, wanted)


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "source", "name", "commit"),
    [
        (f"git+https://h.example/x.git@{COMMIT}#egg=x", Source.VCS, "x", COMMIT),
        ("-e git+ssh://git@h.example/x.git@main#egg=x", Source.VCS, "x", ""),
        ("x @ git+https://h.example/x@v1", Source.VCS, "x", ""),
        ("-e .", Source.LOCAL, "", ""),
        ("./wheels/x-1.0-py3-none-any.whl", Source.LOCAL, "x", ""),
        ("file:///srv/x-1.0.tar.gz", Source.LOCAL, "x", ""),
        ("x @ https://h.example/x-1.0-py3-none-any.whl", Source.URL, "x", ""),
        ("https://h.example/x-1.0.tar.gz#sha256=ab", Source.URL, "x", ""),
    ],
)
def test_what_does_not_come_from_an_index(text: str, source: Source, name: str, commit: str) -> None:
    package = one(text)
    assert (package.source, package.name, package.commit) == (source, name, commit)


def test_options_in_every_spelling() -> None:
    lock = read("-i https://a/\n--index-url=https://b/\n--extra-index https://c/\n-fhttps://d/\n--trusted-h e\n--pre\n")
    assert [(index.url, index.extra) for index in lock.indexes] == [
        ("https://a/", False), ("https://b/", False), ("https://c/", True), ("https://d/", True),
    ]  # fmt: skip
    assert lock.trusted_hosts == ["e"]
    assert [note.rule.id for note in lock.notes] == ["package.option"]


def test_what_pip_refuses_is_said_and_the_rest_is_read() -> None:
    lock = read("a==1\n==\n--nonsense\nb==${V}\nc==2\n")
    assert [package.name for package in lock.packages] == ["a", "c"]
    assert [note.rule.id for note in lock.notes] == ["package.unread"] * 3
    assert [note.offset for note in lock.notes] == [5, 8, 19]


@pytest.mark.parametrize("raw", [b"# coding: utf-7\na==1", "a==1".encode("utf-16"), b"\xff", b"a==1 \\\n" * 200_000])
def test_what_pip_may_read_otherwise_is_not_read(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        read(raw)


def test_what_the_environment_decides_is_unread(tmp_path: Path) -> None:
    (tmp_path / "${X}.txt").write_text(locked("a==1"), encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("-r ${X}.txt\n-e ${HOME}/x\n", encoding="utf-8")
    assert rules(tmp_path / "requirements.txt") == {"unread"}
    assert [note.rule.id for note in read("a" + ">=1," * 50_000 + ">=1").notes] == ["package.unread"]


def test_comments_and_continuations_as_pip_joins_them() -> None:
    lock = read("# a==1 \\\nb==1 \\\n  # c==1\nd==1#x\n e==1 #y \\\nf==1\x0bg==1\n")
    assert [package.name for package in lock.packages if package.version == "1"] == ["b", "e", "g"]


def test_recognised_by_name_or_by_content() -> None:
    assert reader_for("requirements-dev.txt", b"torch\n")
    assert reader_for("run.txt", b"a==1 \\\n    --hash=sha256:00\nb>=2\n")
    assert reader_for("deps", b"# words\n-r other.txt\nhttps://h.example/x-1.whl\n")
    assert reader_for("poem.txt", b"roses\nviolets\n") is None
    assert reader_for("notes.txt", b"a==1\nThis is a sentence, and more.\n") is None


def test_a_sound_file_without_advisories_is_inconclusive_and_never_clean(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(locked("a==1"), encoding="utf-8")
    assert report(path).verdict == "inconclusive"
    assert found(path) == {("no_snapshot", "")}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a==1", "no_integrity"),
        ("a==1 --hash=md5:00", "weak_integrity"),
        (f"a>1 --hash=sha256:{SHA}", "unpinned"),
        ("a @ https://h.example/a-1.tar.gz", "direct_url"),
        ("git+https://h.example/x.git@main#egg=x", "moving_commit"),
        ("-e ../x", "outside_path"),
        ("--index-url http://h.example/simple\na==1", "insecure_index"),
        ("--trusted-host h.example\na==1", "insecure_index"),
        ("--extra-index-url https://h.example/simple\na==1", "extra_index"),
        ("-r https://h.example/r.txt", "remote_include"),
        ("-r ../r.txt", "unread_include"),
        ("-r /etc/passwd", "unread_include"),
        ("-r missing.txt", "unread_include"),
        ("--no-binary :all:\na==1", "runs_code"),
    ],
)
def test_what_is_left_open_is_found(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(text, encoding="utf-8")
    assert rule in rules(path)
    path.write_text(locked("a==1"), encoding="utf-8")
    assert rule not in rules(path)


def test_pinned_bytes_make_indexes_harmless(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("--extra-index-url http://h.example/\n" + locked("a==1"), encoding="utf-8")
    assert rules(path) == {"no_snapshot"}


def test_includes_are_read_and_constraints_pin(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "requirements.txt").write_text("-r sub/base.txt\n-c pins.txt\nopen\n", encoding="utf-8")
    (tmp_path / "sub" / "base.txt").write_text("-r more.txt\ninner\n-r ../requirements.txt\n", encoding="utf-8")
    (tmp_path / "sub" / "more.txt").write_text("deepest\n", encoding="utf-8")
    (tmp_path / "pins.txt").write_text(locked("open==3", "unused==4"), encoding="utf-8")
    named = {member for rule, member in found(tmp_path / "requirements.txt") if rule == "unpinned"}
    assert named == {"pkg:pypi/inner", "pkg:pypi/deepest"}


def test_includes_follow_no_links_and_end(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    (tmp_path / "secret.txt").write_text("private\n", encoding="utf-8")
    (tmp_path / "lock" / "linked.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "lock" / "folder").symlink_to(tmp_path)
    path = tmp_path / "lock" / "requirements.txt"
    path.write_text("-r linked.txt\n-r folder/secret.txt\n-r requirements.txt\n-c requirements.txt\n", encoding="utf-8")
    assert rules(path) == {"unread_include"}
    for number in range(20):
        (tmp_path / "lock" / f"{number}.txt").write_text(f"-r {number + 1}.txt\na{number}\n", encoding="utf-8")
    path.write_text("-r 0.txt\n", encoding="utf-8")
    assert "unread_include" in rules(path)


def test_many_open_packages_are_told_a_bounded_number_of_times(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("".join(f"a{number}\n" for number in range(5_000)), encoding="utf-8")
    findings = report(path).findings
    assert len(findings) < 120
    assert any("4,975 more" in finding.explanation for finding in findings)


def test_our_own_requirements_are_read_whole() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        lock = read(path.read_bytes())
        assert lock.packages
        assert not lock.notes
        assert all(package.version and package.hashes for package in lock.packages)
    assert rules(ROOT / "requirements" / "uv.txt") == {"no_snapshot"}


@given(st.text(alphabet="ab=1.-e rc#\\\n\r'\"[]@:/;<>~!${}H,", max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert len(read(text).packages) <= text.count("\n") + text.count("\r") + 1
