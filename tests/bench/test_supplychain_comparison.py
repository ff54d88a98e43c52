"""``bartizan bench supplychain``: who is asked, what answers mean, and what the rows say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bartizan.bench.supplychain import comparison, scanners
from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.bench.supplychain.malicious import corpus
from bartizan.bench.supplychain.scanners import Answer
from bartizan.core.errors import ConfigurationError


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    content = {
        "good": whole(value([1])),
        "bad": whole(call("os", "system", ("true",))),
        "unknown": bytes(range(1, 255)),
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in content}


def program(folder: Path, name: str, code: str) -> None:
    (folder / name).write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    (folder / name).chmod(0o755)


def test_ours_answers_with_its_verdict(files: dict[str, Path]) -> None:
    ours = scanners.contestants()[0]
    assert ours.name == "bartizan"
    assert [ours.ask(files[name]) for name in ("good", "bad", "unknown")] == [
        Answer.PASSED,
        Answer.FLAGGED,
        Answer.ERROR,
    ]


def test_a_peers_exit_code_is_its_answer(tmp_path: Path, files: dict[str, Path]) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    program(place, "modelscan", 'sys.exit({"bad": 1, "good": 0}.get(sys.argv[2].rpartition("/")[2], 3))')
    program(place, "weightguard", "raise ValueError(sys.argv)")
    found = {one.name: one for one in scanners.contestants([place])}
    peer = found["modelscan"]
    assert [peer.ask(files[name]) for name in ("good", "bad", "unknown")] == [
        Answer.PASSED,
        Answer.FLAGGED,
        Answer.ERROR,
    ]
    assert found["weightguard"].ask(files["bad"]) is Answer.ERROR


def test_rows_carry_n_and_targets(files: dict[str, Path]) -> None:
    rows = comparison._scored(
        scanners.contestants()[0], [files["bad"]], [files["unknown"]], [files["good"]], lambda what: None
    )
    by_name = {row.what: row for row in rows}
    assert by_name["malicious that fired, flagged"].value == 100.0
    assert by_name["cases judged by form, not passed"].value == 100.0
    assert by_name["ordinary models, flagged"].value == 0.0
    assert not any(row.missed for row in rows)
    assert {row.n for row in rows} == {1}


def python_without(folder: Path, *modules: str) -> str:
    """A Python that finds none of these modules."""
    place = folder / "python"
    blocked = ", ".join(f"{module!r}: None" for module in modules)
    code = (
        f"import runpy, sys; sys.modules.update({{{blocked}}}); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], "
        "run_name='__main__')"
    )
    place.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    place.chmod(0o755)
    return str(place)


def test_files_for_a_loader_that_is_not_there_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [one for one in corpus() if one.id in {"framing.pandas.gzip", "framing.extension.jpg"}]
    some = [one for one in corpus() if not one.loader][:1]
    assert len(few) == 2
    monkeypatch.setattr(comparison, "corpus", lambda: [*few, *some])
    made = comparison.malicious(tmp_path / "one", python_without(tmp_path, "pandas"))
    assert [path.name for path in made.fired] == ["model.jpg"]
    assert made.lacking == [("pandas", 1)]
    assert made.still == []
    assert len(made.form) == 1


def test_what_is_no_python_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be run"):
        comparison.malicious(tmp_path, str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="cannot be run"):
        comparison.ordinary(tmp_path, [str(tmp_path / "nowhere")])
    with pytest.raises(ConfigurationError, match="did not load"):
        comparison.malicious(tmp_path, "/bin/false")
    with pytest.raises(ConfigurationError, match="did not write"):
        comparison.ordinary(tmp_path, ["/bin/false"])
