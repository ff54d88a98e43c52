"""Folders that are datasets: Croissant in and out, licence and origin, leakage, and what ``bartizan scan`` says."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.range.tickets.writing import write
from bartizan.supplychain.datasets.audit import Effort
from bartizan.supplychain.datasets.card import family
from bartizan.supplychain.datasets.report import Asked, audit_dataset

CARD = "---\nlicense: cc-by-4.0\n---\n# Tickets\n## Source data\nWritten by a program.\n"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tickets"
    (root / "data").mkdir(parents=True)
    for name, seed in (("train", 1), ("test", 2)):
        lines = [
            json.dumps(
                {"id": number, "text": one.text, "label": one.queue, "score": number / 7, "seen": number % 2 == 0}
            )
            for number, one in enumerate(dict.fromkeys(write(45, seed)))
        ]
        (root / "data" / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (root / "README.md").write_text(CARD)
    code, out = run(
        "dataset", "describe", str(root), "--licence", "https://creativecommons.org/licenses/by/4.0/",
        "--url", "https://example.org/tickets", "--creator", "Acme", "--name", "tickets",
    )  # fmt: skip
    assert code == 0
    (root / "croissant.json").write_text(out)
    return root


def findings(root: Path) -> dict[str, Any]:
    return {one.rule: one for one in audit_dataset(root, Asked(), Effort(), 0).findings}


def edited(root: Path, change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    document = json.loads((root / "croissant.json").read_text())
    change(document)
    (root / "croissant.json").write_text(json.dumps(document))
    return findings(root)


def test_what_is_described_is_borne_out(folder: Path) -> None:
    document = json.loads((folder / "croissant.json").read_text())
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert {one["contentUrl"] for one in document["distribution"]} == {"data/train.jsonl", "data/test.jsonl"}
    fields = {one["name"]: one["dataType"] for one in document["recordSet"][0]["field"]}
    assert fields == {
        "id": "sc:Integer", "text": "sc:Text", "label": ["sc:Text", "cr:Label"], "score": "sc:Float",
        "seen": "sc:Boolean",
    }  # fmt: skip
    assert not {rule for rule in findings(folder) if "near" not in rule}
    code, out = run("scan", str(folder), "--format", "json")
    results = json.loads(out)["results"]
    assert code == 0, out
    assert results[-1]["path"] == str(folder)


def _first(document: dict[str, Any], key: str, value: Any) -> None:
    document["distribution"][0][key] = value


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda d: _first(d, "sha256", "0" * 64), "croissant.mismatch"),
        (lambda d: _first(d, "contentSize", "12 B"), "croissant.mismatch"),
        (lambda d: _first(d, "contentUrl", "../../etc/passwd"), "croissant.path"),
        (lambda d: _first(d, "contentUrl", "/etc/passwd"), "croissant.path"),
        (lambda d: _first(d, "contentUrl", "data/gone.jsonl"), "croissant.missing_file"),
        (lambda d: _first(d, "sha256", ""), "croissant.no_digest"),
        (lambda d: d["distribution"].pop(), "croissant.undescribed_file"),
        (lambda d: d["recordSet"][0]["field"][1]["source"]["extract"].update(column="body"), "croissant.missing_field"),
        (lambda d: d["recordSet"][0]["field"][1].update(dataType="sc:Integer"), "croissant.type"),
        (lambda d: d["recordSet"][0]["field"][1]["source"].update(fileObject={"@id": "other"}), "croissant.invalid"),
        (lambda d: d.update(conformsTo="http://mlcommons.org/croissant/9.0"), "croissant.invalid"),
        (lambda d: d["distribution"].append(copy.deepcopy(d["distribution"][0])), "croissant.invalid"),
        (lambda d: d.update(license="https://www.apache.org/licenses/LICENSE-2.0"), "dataset.licence_conflict"),
    ],
)
def test_what_is_not_borne_out_is_found(change: Callable[[dict[str, Any]], Any], rule: str, folder: Path) -> None:
    assert rule in edited(folder, change)


def test_bytes_that_changed_since_are_blocked_by_a_scan(folder: Path) -> None:
    with (folder / "data" / "train.jsonl").open("a") as out:
        out.write('{"text": "one more", "label": "billing"}\n')
    code, out_text = run("scan", str(folder), "--format", "json")
    last = json.loads(out_text)["results"][-1]
    assert (code, last["verdict"]) == (1, "block")
    assert "croissant.mismatch" in {one["rule"] for one in last["findings"]}


def test_a_file_from_the_net_is_held_against_its_copy(folder: Path) -> None:
    def moved(document: dict[str, Any]) -> None:
        for one in document["distribution"]:
            one["contentUrl"] = f"https://example.org/{one['name']}"

    (folder / "train.jsonl").write_text('{"text": "x", "label": "y"}\n')
    assert edited(folder, moved)["croissant.mismatch"].evidence


def test_hostile_metadata_are_survived(folder: Path) -> None:
    for content in (
        {"conformsTo": "http://mlcommons.org/croissant/1.0", "distribution": "x", "recordSet": [[]], "name": {}},
        {
            "conformsTo": ["http://mlcommons.org/croissant/1.0"],
            "distribution": [{"@type": "cr:FileSet", "includes": ["*" * 200]}],
        },
        {
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "recordSet": {"field": {"subField": {"source": 3, "dataType": 1}}},
        },
        {
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "distribution": [{"@type": "cr:FileObject", "contentUrl": "a\0b", "sha256": 5}],
        },
    ):
        (folder / "croissant.json").write_text(json.dumps(content))
        findings(folder)
    (folder / "croissant.json").write_text(
        '{"conformsTo": "mlcommons.org/croissant/1.0", "a": ' + "[" * 5_000 + "]" * 5_000 + "}"
    )
    findings(folder)


def test_licence_and_origin(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("text,label\n" + f"some words of {name},a\nother words of {name},b\n")
    assert {"dataset.no_licence", "dataset.no_origin"} <= set(findings(tmp_path))
    (tmp_path / "README.md").write_text(CARD)
    assert not {rule for rule in findings(tmp_path) if rule.startswith("dataset.no_")}
    (tmp_path / "LICENSE").write_text("Permission is hereby granted, free of charge, to any person")
    found = findings(tmp_path)["dataset.licence_conflict"]
    assert "README.md says cc-by-4.0; LICENSE says mit" in found.explanation or "LICENSE says mit" in found.explanation


def test_licences_that_are_spelled_differently_are_the_same() -> None:
    assert family("CC-BY-4.0") == family("https://creativecommons.org/licenses/by/4.0/") == "cc-by"
    assert family("CC0-1.0") == family("https://creativecommons.org/publicdomain/zero/1.0/legalcode") == "cc0"
    assert family("https://www.apache.org/licenses/LICENSE-2.0") == family("Apache-2.0")
    assert family("https://spdx.org/licenses/MIT.html") == family("mit")
    assert family("GPL-3.0-or-later") == family("gpl-3.0")
    assert family("cc-by-nc-4.0") != family("cc-by-4.0")


def test_a_scan_sees_leakage_between_files(tmp_path: Path) -> None:
    rows = [f"{one.text.replace(chr(34), '')}\t{one.queue}\n" for one in write(60, 3)]
    (tmp_path / "train.tsv").write_text("text\tlabel\n" + "".join(rows))
    (tmp_path / "test.tsv").write_text("text\tlabel\n" + "".join(rows[:9]))
    _, out = run("scan", str(tmp_path), "--format", "json")
    last = json.loads(out)["results"][-1]
    (leak,) = [one for one in last["findings"] if one["rule"] == "dataset.split_leakage"]
    assert "9/69" in leak["explanation"]


def test_an_ordinary_folder_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    (tmp_path / "metadata.json").write_text("{}")
    _, out = run("scan", str(tmp_path), "--format", "json")
    assert len(json.loads(out)["results"]) == 2
