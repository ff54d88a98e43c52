"""Records of training runs: what is signed, when nothing is, and what policy makes of them."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.supplychain.test_attestations import key
from typer.testing import CliRunner, Result

from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.errors import ArtefactError, ConfigurationError
from bartizan.supplychain.admission.gate import open_gate
from bartizan.supplychain.provenance.keeping import ENDING
from bartizan.supplychain.signing.bundle import Bundle
from bartizan.trust.dsse import EllipticSigner
from bartizan.workspace.scaffold import write_workspace

BUILDER = "https://acme.example/training"
TRAIN = """
import json, os, pathlib, sys
rows = pathlib.Path("data/rows.csv").read_text().splitlines()
pathlib.Path("out").mkdir(exist_ok=True)
pathlib.Path("out/weights.json").write_text(json.dumps({"mean": sum(map(float, rows)) / len(rows)}))
pathlib.Path("out/log.txt").write_text("done")
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["artefacts", *words])


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_workspace(tmp_path / "ws")
    key(tmp_path, "ci")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text("1\n2\n6\n")
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


def record(*more: str, code: str = "train.py", output: str = "out", builder: str = BUILDER) -> Result:
    return run(
        "record", "--output", output, "--builder", builder, "--provenance", "ws/provenance", "--key", "ci",
        "--material", "data", "--material", "train.py", *more, "--", sys.executable, code,
    )  # fmt: skip


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def statement(place: Path) -> dict[str, Any]:
    envelope = json.loads(place.read_text())["dsseEnvelope"]
    out: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return out


def test_a_run_is_recorded_in_the_words_of_slsa(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED", "7")
    monkeypatch.setenv("TOKEN", "hunter2")
    assert record("--parameter", "lr=0.1", "--env", "SEED").exit_code == 0
    weights = lab / "out" / "weights.json"
    assert json.loads(weights.read_text()) == {"mean": 3.0}
    place = lab / "ws" / "provenance" / f"{digest(weights)}{ENDING}"
    said = statement(place)
    assert (said["_type"], said["predicateType"]) == (
        "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1",
    )  # fmt: skip
    assert {one["name"] for one in said["subject"]} == {"out/log.txt", "out/weights.json"}
    definition = said["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["parameters"] == {"lr": "0.1"}
    assert definition["externalParameters"]["command"] == [sys.executable, "train.py"]
    assert definition["internalParameters"]["environment"]["env:SEED"] == "7"
    assert "hunter2" not in json.dumps(said)
    by_role: dict[str, list[dict[str, Any]]] = {}
    for one in definition["resolvedDependencies"]:
        by_role.setdefault(one["annotations"]["role"], []).append(one)
    materials = {one["name"]: one["digest"]["sha256"] for one in by_role["material"]}
    assert materials == {name: digest(lab / name) for name in ("data/rows.csv", "train.py")}
    assert by_role["executable"][0]["digest"]["sha256"] == digest(Path(sys.executable))
    assert any(one["uri"].startswith("pkg:pypi/msgspec@") for one in by_role["package"])
    assert said["predicate"]["runDetails"]["builder"]["id"] == BUILDER


def ask(lab: Path, *more: str, file: str = "out/weights.json", signer: str = "ci") -> tuple[int, str]:
    words = ("--provenance", "ws/provenance", "--key", f"{signer}.pub", "--format", "json", *more)
    done = run("recorded", file, *words)
    return done.exit_code, json.loads(done.stdout)["state"]


def test_a_record_is_found_by_the_bytes(lab: Path) -> None:
    record()
    assert ask(lab) == (0, "recorded")
    assert ask(lab, "--builder", BUILDER) == (0, "recorded")
    assert ask(lab, "--builder", "https://other.example") == (1, "invalid")
    key(lab, "mallory")
    assert ask(lab, signer="mallory") == (1, "invalid")
    moved = (lab / "out" / "weights.json").rename(lab / "other.json")
    assert ask(lab, file=str(moved)) == (0, "recorded")
    moved.write_text("{}")
    assert ask(lab, file=str(moved)) == (2, "none")
    shown = run("recorded", "out/log.txt", "--provenance", "ws/provenance", "--key", "ci.pub").stdout
    assert "data/rows.csv" in shown


FAILS = "import sys; sys.exit(3)"
CHANGES = TRAIN + "\npathlib.Path('data/rows.csv').write_text('9')"
NOTHING = "pass"
PARTLY = "import pathlib; pathlib.Path('out').mkdir(exist_ok=True)"


@pytest.mark.parametrize(("code", "cause"), [(CHANGES, "changed while"), (NOTHING, "did not write"), (PARTLY, "not")])
def test_nothing_is_signed_of_what_cannot_be_said(lab: Path, code: str, cause: str) -> None:
    (lab / "other.py").write_text(code)
    done = record(code="other.py")
    assert isinstance(done.exception, ArtefactError)
    assert cause in done.exception.cause
    assert not (lab / "ws" / "provenance").exists()


def test_a_run_that_fails_keeps_its_code_and_signs_nothing(lab: Path) -> None:
    (lab / "other.py").write_text(FAILS)
    assert record(code="other.py").exit_code == 3
    assert not (lab / "ws" / "provenance").exists()


def test_an_old_file_in_the_output_is_no_output(lab: Path) -> None:
    (lab / "out").mkdir()
    (lab / "out" / "old.bin").write_text("planted")
    done = record()
    assert isinstance(done.exception, ArtefactError)
    assert "old.bin" in done.exception.cause
    assert record(output="out/weights.json").exit_code == 0


def test_a_file_that_is_both_is_refused(lab: Path) -> None:
    (lab / "out").mkdir()
    (lab / "out" / "weights.json").write_text("{}")
    (lab / "other.py").write_text("import os; os.utime('out/weights.json')")
    done = record("--material", "out", code="other.py")
    assert isinstance(done.exception, ArtefactError)
    assert "at once" in done.exception.cause


@pytest.mark.parametrize(
    "more",
    [
        ("--material", "absent"), ("--env", "BARTIZAN_NO_SUCH_VARIABLE"), ("--parameter", "lr"), ("--parameter", "=1"),
        ("--parameter", "a=1", "--parameter", "a=2"),
    ],
)  # fmt: skip
def test_what_was_asked_wrongly_is_said_before_anything_runs(lab: Path, more: tuple[str, ...]) -> None:
    assert isinstance(record(*more).exception, ConfigurationError)
    assert not (lab / "out").exists()


def test_builders_are_uris(lab: Path) -> None:
    assert isinstance(record(builder="acme").exception, ConfigurationError)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (("predicateType",), "https://slsa.dev/provenance/v0.2"),
        (("predicate", "buildDefinition", "buildType"), "https://other.example"),
        (("predicate", "runDetails", "builder", "id"), 7),
        (("predicate", "runDetails", "metadata", "startedOn"), "2999-01-01T00:00:00Z"),
        (("predicate", "runDetails", "metadata", "startedOn"), "yesterday"),
        (("subject",), []), (("subject",), [{"name": "x", "digest": {"sha256": "00"}}]),
        (("subject",), [{"name": "x", "digest": {"sha256": "0" * 64}}]),
        (("predicate", "buildDefinition", "resolvedDependencies"), [{"uri": "x", "annotations": {"role": "other"}}]),
    ],
)  # fmt: skip
def test_statements_of_another_shape_do_not_count(lab: Path, where: tuple[str, ...], said: Any) -> None:
    record()
    place = lab / "ws" / "provenance" / f"{digest(lab / 'out' / 'weights.json')}{ENDING}"
    document = statement(place)
    inner = document
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = said
    place.unlink()
    place.write_bytes(Bundle.sign(json.dumps(document).encode(), EllipticSigner.read(lab / "ci")).encode())
    assert ask(lab) == (1, "invalid")


def decided(lab: Path, name: str) -> tuple[Admission, str, str]:
    with open_gate(lab / "ws") as gate:
        decision = gate.decide(lab / name)
    return decision.admission, decision.policy, decision.facts.builder


@pytest.mark.parametrize("pack", ["balanced", "strict"])
def test_policy_can_ask_for_records(lab: Path, pack: str) -> None:
    record()
    (lab / "ws" / "ci.pub").write_bytes((lab / "ci.pub").read_bytes())
    builders = [{"name": "training", "key": "ci.pub", "id": BUILDER}]

    def policy(**more: Any) -> None:
        section = {"pack": pack, "builders": [builders[0] | more]}
        (lab / "ws" / "policy.yaml").write_text(yaml.safe_dump({"version": 1, "artefacts": section}))

    policy()
    for name in ("out/weights.json", "train.py"):
        assert run("pin", name, "--by", "ada", "--workspace", "ws", "--write").exit_code == 0
    expected = Admission.ALLOW if pack == "balanced" else Admission.BLOCK  # strict asks for a licence and an origin too
    assert decided(lab, "out/weights.json")[0] is expected
    assert decided(lab, "out/weights.json")[2] == "training"
    if pack == "balanced":
        assert decided(lab, "train.py")[:2] == (Admission.INCONCLUSIVE, "hold_unrecorded")
        policy(id="https://other.example")
        assert decided(lab, "out/weights.json")[:2] == (Admission.INCONCLUSIVE, "hold_unrecorded")
        (lab / "ws" / "provenance" / f"{digest(lab / 'out' / 'weights.json')}{ENDING}").write_bytes(b"{}")
        policy()
        assert decided(lab, "out/weights.json")[:2] == (Admission.INCONCLUSIVE, "hold_unrecorded")
