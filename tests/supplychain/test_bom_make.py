"""Bills made of files: what is measured, what is asserted, and what hostile files do to them."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from pathlib import Path

import pytest
from bom_schemas import cyclonedx_faults
from building import gguf, gguf_text, safetensors
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.bom.bill import BYTES, Bill, BillError, Component, Fact, Kind, settled
from bartizan.supplychain.bom.cyclonedx import cyclonedx
from bartizan.supplychain.bom.cyclonedx_read import from_cyclonedx
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.kinds import readers_of
from bartizan.supplychain.bom.make import Heading, assemble, files_part, moment
from bartizan.supplychain.budget import Budget, BudgetError
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.source import ByteSource

AT = "2026-11-27T12:00:00Z"


def weights(shape: tuple[int, ...] = (2, 3), **metadata: str) -> bytes:
    size = 4
    for one in shape:
        size *= one
    header: dict[str, object] = {"w": {"dtype": "F32", "shape": list(shape), "data_offsets": [0, size]}}
    return safetensors(header | ({"__metadata__": metadata} if metadata else {}), b"\0" * size)


def chat(licence: str = "mit") -> bytes:
    pairs = [("general.architecture", 8, gguf_text("llama")), ("general.license", 8, gguf_text(licence))]
    return gguf(pairs, [("w", [256, 2], 12, 0)], b"\0" * 288)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    (root / "tiny").mkdir(parents=True)
    (root / "tiny" / "model.safetensors").write_bytes(weights(format="pt"))
    (root / "tiny" / "config.json").write_text(json.dumps({"architectures": ["BertModel"], "model_type": "bert"}))
    (root / "tiny" / "README.md").write_text("---\nlicense: apache-2.0\ndatasets:\n- squad\n---\n# Tiny\n")
    tokenizer = {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}}, "added_tokens": [{"content": "<s>"}]}
    (root / "tiny" / "tokenizer.json").write_text(json.dumps(tokenizer))
    (root / "chat.gguf").write_bytes(chat())
    (root / "train.csv").write_text("a,b\n1,2\n")
    server = {"command": "npx", "args": ["-y", "@acme/files@1.2.3", "--key=hunter2"], "env": {"TOKEN": "hunter2"}}
    (root / "mcp.json").write_text(json.dumps({"mcpServers": {"files": server}}))
    (root / "weights.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    return root


def bill_of(*paths: Path, jobs: int = 1) -> Bill:
    place = Place(paths)
    return assemble(Heading(at=AT), [files_part(describe_all(paths, Describer(), jobs), place)], place.name)


def test_each_fact_says_on_whose_word_it_stands(folder: Path) -> None:
    found = bill_of(folder).by_ref()
    model = found["file:chat.gguf"]
    assert model.kind is Kind.MODEL
    assert Fact("sha256", hashlib.sha256((folder / "chat.gguf").read_bytes()).hexdigest(), BYTES) in model.facts
    assert {Fact("quantisation", "Q4_K"), Fact("parameters", "512"), Fact("tensors", "1")} <= set(model.facts)
    assert Fact("licence", "MIT", "metadata of chat.gguf") in model.facts
    assert not any(fact.verified for fact in model.facts if fact.name in ("licence", "architecture"))


def test_a_folder_with_a_card_is_one_model_whose_files_are_its_parts(folder: Path) -> None:
    bill = bill_of(folder)
    model = bill.by_ref()["model:tiny"]
    assert {Fact("parameters", "6"), Fact("size", str(len(weights(format="pt"))))} <= set(model.facts)
    assert {Fact("licence", "Apache-2.0", "text of README.md"), Fact("dataset", "squad", "text of README.md")} <= set(
        model.facts
    )
    assert bill.by_ref()["file:tiny/model.safetensors"].kind is Kind.PART
    assert "file:tiny/tokenizer.json" in {one.target for one in bill.relations if one.source == "model:tiny"}


def test_no_secret_of_a_server_configuration_enters_the_bill(folder: Path) -> None:
    raw = cyclonedx(bill_of(folder))
    assert b"hunter2" not in raw
    assert b"pkg:npm/%40acme/files@1.2.3" in raw


def test_the_document_fits_the_official_schema(folder: Path) -> None:
    assert cyclonedx_faults(cyclonedx(bill_of(folder))) == []


def test_the_schema_would_object(folder: Path) -> None:
    document = json.loads(cyclonedx(bill_of(folder)))
    document["components"][0]["hashes"] = [{"alg": "SHA-256", "content": "short"}]
    assert cyclonedx_faults(json.dumps(document).encode())


def test_same_input_same_bytes(folder: Path) -> None:
    assert cyclonedx(bill_of(folder)) == cyclonedx(bill_of(folder, jobs=2))


def test_our_document_read_back_is_the_same_bill(folder: Path) -> None:
    bill = bill_of(folder)
    assert from_cyclonedx(cyclonedx(bill)) == bill


def test_a_changed_byte_changes_digest_and_serial(folder: Path) -> None:
    before = bill_of(folder)
    (folder / "train.csv").write_text("a,b\n1,3\n")
    after = bill_of(folder)
    assert before.serial != after.serial
    assert before.by_ref()["file:train.csv"].value("sha256") != after.by_ref()["file:train.csv"].value("sha256")


def test_names_that_are_no_text_stay_apart(tmp_path: Path) -> None:
    for name in (b"a\xff.bin", rb"a\xff.bin", b"line\nbreak.csv", "rtl\u202ex.csv".encode()):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_bytes(name)
    bill = bill_of(tmp_path)
    assert len(bill.components) == 4
    raw = cyclonedx(bill)
    assert cyclonedx_faults(raw) == []
    assert from_cyclonedx(raw) == bill


def test_a_broken_header_is_said_and_asserts_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(chat()[:60])
    one = bill_of(tmp_path).by_ref()["file:x.gguf"]
    assert one.value("unread").startswith("gguf: ")
    assert not one.of("licence")
    assert one.value("verdict") == "inconclusive"


def test_links_to_folders_and_pipes_are_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    bill = bill_of(tmp_path)
    assert {one.ref for one in bill.components} == {"file:loop", "file:pipe"}
    assert all(one.value("verdict") == "inconclusive" and not one.of("sha256") for one in bill.components)


def test_a_sparse_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.gguf").open("wb") as file:
        file.truncate(100 << 30)
    one = bill_of(tmp_path).by_ref()["file:huge.gguf"]
    assert one.value("verdict") == "inconclusive"
    assert not one.of("sha256")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["gguf", "safetensors", "onnx", "npy"]), st.data())
def test_readers_raise_nothing_else(kind: str, data: st.DataObject) -> None:
    seeds = {
        "gguf": chat(),
        "safetensors": weights(),
        "onnx": b"\x08\x07\x12\x01x:\x02\x12\x00",
        "npy": b"\x93NUMPY\x01\x00v\0{'descr': '<f4', 'shape': (2,)}",
    }
    raw = bytearray(seeds[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    for _, reader in readers_of("x", [kind]):
        try:
            facts = list(reader(ByteSource(bytes(raw), "x"), Budget()))
        except (MalformedError, BudgetError):
            continue
        assert all(len(fact.value) <= 1_001 and fact.value.isprintable() for fact in facts)


def test_a_large_bill_is_written_and_read_and_a_larger_one_refused() -> None:
    many = tuple(
        Component(ref=f"file:{number}", kind=Kind.FILE, name=str(number), facts=(Fact("size", "1"),))
        for number in range(20_000)
    )
    bill = settled(Bill(name="many", at=AT, components=many))
    assert len(from_cyclonedx(cyclonedx(bill)).components) == 20_000
    with pytest.raises(BillError, match="components"):
        settled(Bill(name="many", components=many * 11))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"bomFormat":"CycloneDX","specVersion":"9.9"}',
        b'{"bomFormat":"CycloneDX","specVersion":"1.7","specVersion":"1.6"}',
        b'{"bomFormat":"CycloneDX","specVersion":"1.7","components":[{"type":"file","name":"\\ud800"}]}',
        b'{"bomFormat":"CycloneDX","specVersion":"1.7","components":[{"name":"a","bom-ref":"x"},{"name":"b","bom-ref":"x"}]}',
        b'{"a":' * 100_000,
    ],
)
def test_documents_that_are_none_are_refused(raw: bytes) -> None:
    with pytest.raises(BillError):
        from_cyclonedx(raw)


def test_components_that_nest_too_deep_are_refused() -> None:
    inner: dict[str, object] = {"type": "file", "name": "x"}
    for _ in range(45):
        inner = {"type": "file", "name": "x", "components": [inner]}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.7", "components": [inner]}
    with pytest.raises(BillError, match="nests"):
        from_cyclonedx(json.dumps(document).encode())


def test_a_field_that_differs_from_its_property_is_an_assertion_of_the_document(folder: Path) -> None:
    document = json.loads(cyclonedx(bill_of(folder)))
    one = next(one for one in document["components"] if one["name"] == "chat.gguf")
    one["hashes"][0]["content"] = "0" * 64
    read = from_cyclonedx(json.dumps(document).encode(), "theirs.json").by_ref()["file:chat.gguf"]
    assert Fact("sha256", "0" * 64, "theirs.json") in read.facts


def test_times(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment("2026-11-27T13:00:00+01:00", {}) == AT
    assert moment("", {"SOURCE_DATE_EPOCH": "1795780800"}) == AT
    for wrong in ("yesterday", "99999-01-01"):
        with pytest.raises(ConfigurationError):
            moment(wrong, {})
    with pytest.raises(ConfigurationError):
        moment("", {"SOURCE_DATE_EPOCH": "1e400"})


def test_the_command(folder: Path, tmp_path: Path) -> None:
    run = CliRunner()
    made = run.invoke(app, ["bom", "make", str(folder), "--at", AT, "--output", str(tmp_path / "bom.json")])
    assert made.exit_code == 0, made.output
    assert cyclonedx_faults((tmp_path / "bom.json").read_bytes()) == []
    shown = run.invoke(app, ["bom", "make", str(folder), "--format", "text"])
    assert "from bytes: dtype Q4_K" in shown.output
    assert "says metadata of chat.gguf: architecture llama, licence MIT" in shown.output
    (tmp_path / "nothing").mkdir()
    with pytest.raises(BillError):
        run.invoke(app, ["bom", "make", str(tmp_path / "nothing")], catch_exceptions=False)
