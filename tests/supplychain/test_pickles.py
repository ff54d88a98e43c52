"""The pickle engine: what is allowed with which permission, and what an allowed stream really does."""

# ruff: noqa: E501

from __future__ import annotations

import _compat_pickle
import collections
import datetime
import decimal
import functools
import io
import pickle
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bartizan.bench.supplychain import fuzzing
from bartizan.bench.supplychain.assembler import Raw, built, call, made, name, text, value, whole
from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.pickles.names import python3
from bartizan.supplychain.pickles.permissions import parse, shipped
from bartizan.supplychain.scanning import ArtefactScanner


def scan(content: bytes, limits: Limits | None = None) -> ArtefactReport:
    return ArtefactScanner(limits).scan_bytes(content, "model.pkl")


def rules(content: bytes) -> set[str]:
    return {finding.rule for finding in scan(content).findings}


ORDINARY: list[Any] = [
    {"a": [1, 2.5, "x", None, True, (1, 2), {3}, frozenset({4}), b"bytes", bytearray(b"b")], "n": 2**80, "l": "x" * 3000},
    collections.OrderedDict(a=1), collections.defaultdict(list, {1: [2]}), collections.deque([1, 2]), collections.Counter("ab"),
    datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), decimal.Decimal("1.5"), functools.partial(int, base=2), range(5),
    np.zeros((3, 4)), np.array(["a", None], dtype=object), np.zeros(3, dtype=[("a", "i4"), ("b", "f8", (2,))]), np.float32(1),
    np.random.RandomState(1), np.random.default_rng(1), np.ma.masked_array([1, 2], mask=[0, 1]), np.array("2026", "M8[D]"), np.log1p,
    np.arange(20_000), [complex(1, 2), slice(1, 2)],
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("number", range(len(ORDINARY)))
def test_ordinary_values_are_allowed(number: int, protocol: int) -> None:
    content = pickle.dumps(ORDINARY[number], protocol)
    report = scan(content)
    assert report.verdict is Admission.ALLOW, report.findings
    python = io.BytesIO()
    pickle._Pickler(python, protocol).dump(ORDINARY[number])  # type: ignore[attr-defined]
    assert scan(python.getvalue()).verdict is Admission.ALLOW


@pytest.mark.parametrize(
    ("stream", "rule"),
    [
        (whole(name("os", "system")), "pickle.dangerous_global"),
        (whole(name("acme.models", "Net")), "pickle.unlisted_global"),
        (whole(name("collections", "OrderedDict.fromkeys")), "pickle.dotted_name"),
        (whole(text("o") + call("builtins", "str", (b"os",)) + b"\x93"), "pickle.computed_name"),
        (whole(call("numpy", "log", (1,))), "pickle.unlisted_call"),
        (whole(call("functools", "partial", (Raw(name("os", "system")),))), "pickle.call_arguments"),
        (whole(call("_codecs", "encode", ("x", "rot13"))), "pickle.call_arguments"),
        (whole(call("builtins", "bytes", ("x", "acme"))), "pickle.call_arguments"),
        (whole(call("builtins", "getattr", ("x", "upper"))), "pickle.call_arguments"),
        (whole(built(name("argparse", "Namespace"), {"x": 1})), "pickle.unlisted_build"),
        (whole(built(made("argparse", "Namespace"), (None, {"x": 1}))), "pickle.unlisted_build"),
        (whole(built(made("argparse", "Namespace"), {"__setstate__": 1})), "pickle.special_attribute"),
        (whole(built(made("argparse", "Namespace"), [("__setstate__", 1)])), "pickle.unlisted_build"),
        (whole(built(made("scipy.stats._continuous_distns", "norm_gen"), {"_parse_arg_template": "x"})), "pickle.unlisted_build"),
        (whole(built(made("scipy.stats._continuous_distns", "norm_gen"), {str(n): n for n in range(300)})), "pickle.unlisted_build"),
        (b"ios\nsystem\n.", "pickle.dangerous_global"),
        (whole(made("numpy", "memmap", ("x", "u1", "w+", 0, (1,)))), "pickle.unlisted_call"),
        (whole(made("tokenizers.models", "BPE", ("vocab.json", "merges.txt"))), "pickle.call_arguments"),
        (whole(made("argparse", "Namespace") + b"}\x94b" + b"h\0" + text("__class__") + b"Ns0" + b"N"), "pickle.special_attribute"),
        (whole(made("argparse", "Namespace") + value("x") + b"a"), "pickle.method_call"),
        (whole(b"\x82\x01"), "pickle.extension_code"),
        (whole(text("7") + b"Q"), "pickle.persistent_id"),
        (b"\x80\x04N.garbage\0\0", "pickle.trailing_data"),
        (b"\x80\x04]", "pickle.truncated"),
        (whole(call("numpy._core", "_ufunc_reconstruct", ("os", "system"))), "pickle.call_arguments"),
    ],
)  # fmt: skip
def test_each_rule_has_a_stream_that_raises_it(stream: bytes, rule: str) -> None:
    assert rule in rules(stream)
    assert scan(stream).verdict is not Admission.ALLOW


def doubled(levels: int) -> bytes:
    """Tuples that hold the one before ten times over; ``h`` with the number of a level takes one."""
    first = text("lol") + b"\x94"
    return first + b"".join(b"(" + (b"h" + bytes([at])) * 10 + b"t\x94" for at in range(levels))


@pytest.mark.parametrize(
    "use",
    [
        b"}%sNs", b"\x8f(%s\x90", b"(%s\x91", b"(%sNd", b"cbuiltins\nset\n(]%satR", b"cbuiltins\nfrozenset\n((%sttR",
        b"ccollections\nCounter\n(]%satR", b"ccollections\nOrderedDict\n)R%sNs", b"}(%sK\x01tNs", b"cbuiltins\nfrozenset\n((%stt\x81",
    ],
)  # fmt: skip
def test_what_would_be_hashed_without_end_is_not_allowed(use: bytes) -> None:
    assert rules(whole(doubled(3) + use % b"h\x03")) == set()
    begin = time.process_time()
    assert rules(whole(doubled(60) + use % b"h\x3c")) == {"pickle.budget"}
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("key", ["__model", "__frozen", "_Private__x", "model__"])
def test_private_attributes_are_ordinary_ones(key: str) -> None:
    """Python looks up by itself only what two underscores stand before and behind."""
    assert rules(whole(built(made("argparse", "Namespace"), {key: 1}))) == set()


def test_calendar_offsets_are_made_of_listed_classes() -> None:
    assert rules(whole(built(made("dateutil.relativedelta", "relativedelta"), {"months": 1}))) == set()


def test_a_dtype_that_lies_about_objects_is_blocked() -> None:
    kind = built(call("numpy", "dtype", ("O8", False, True)), (3, "|", None, None, None, -1, -1, 0))
    assert "pickle.dtype_state" in rules(whole(kind))


def test_findings_say_where_and_what_would_run() -> None:
    stream = whole(call("os", "system", ("touch x",)))
    found = {finding.rule: finding for finding in scan(stream).findings}
    assert found["pickle.unlisted_call"].explanation == "Loading would call os.system('touch x')."
    assert stream[found["pickle.unlisted_call"].offset] == ord("R")
    assert "CWE-502" in found["pickle.unlisted_call"].tags


def test_names_of_python_2_are_resolved_as_cpython_does() -> None:
    listed = shipped()
    for (module, attribute), target in _compat_pickle.NAME_MAPPING.items():
        if listed.permission(module, attribute) is not None:
            assert python3(module, attribute, 2) == target
    for module, target in _compat_pickle.IMPORT_MAPPING.items():
        if any(listed.permission(module, one) for one in listed.names(module)):
            assert python3(module, "x", 2)[0] == target
    assert python3("__builtin__", "xrange", 2) == ("builtins", "range")
    assert python3("__builtin__", "xrange", 4) == ("__builtin__", "xrange")


def test_nothing_dangerous_is_on_the_list() -> None:
    listed = shipped()
    for module in ("os", "posix", "subprocess", "sys", "importlib", "operator", "pickle", "ctypes", "shutil"):
        assert not listed.names(module)
    for attribute in ("eval", "exec", "compile", "open", "__import__", "setattr", "map", "input", "vars"):
        assert listed.permission("builtins", attribute) is None
    for attribute in ("load", "save", "fromfile", "genfromtxt", "savetxt", "frombuffer"):
        assert listed.permission("numpy", attribute) is None
    assert not [module for module in listed.modules() if "test" in module.split(".")]
    assert len(listed) > 5_000


def test_the_list_reads_what_it_says() -> None:
    listed = parse("# remark\na.b\tC=tnb D=r:inert\n")
    permission = listed.permission("a.b", "C")
    assert permission is not None
    assert (permission.new, permission.build, permission.items, permission.call) == (True, True, False, "")
    assert listed.permission("a.b", "E") is None


@pytest.mark.parametrize("loader", ["pickle", "python"])
def test_what_is_allowed_does_nothing(tmp_path: Path, loader: str) -> None:
    seeds = [pickle.dumps(one, protocol) for one in ORDINARY[:12] for protocol in (0, 4)]
    outcome = fuzzing.run(20261127, 250, tmp_path, seeds, loader)
    assert outcome.violations == ()
    assert outcome.allowed > 40
    assert outcome.loaded > 30


def test_the_watched_loader_sees_what_hostile_files_do(tmp_path: Path) -> None:
    wanted = {"process": call("os", "system", ("true",)), "write": call("builtins", "open", (str(tmp_path / "w"), "w"))}
    wanted |= {"exec": call("builtins", "eval", ("1",)), "import": Raw(name("antigravity", "geohash"))}
    for kind, body in wanted.items():
        (tmp_path / kind).write_bytes(whole(body))
    seen = fuzzing.load("pickle", [tmp_path / kind for kind in wanted])
    for kind in wanted:
        events: Any = seen[tmp_path / kind]["events"]
        assert kind in {event[0] for event in events}


def test_mutated_streams_never_break_the_scanner() -> None:
    rng = random.Random(7)
    bases = [pickle.dumps(one, protocol) for one in ORDINARY for protocol in (0, 2, 5)]
    for _ in range(1_500):
        data = bytearray(rng.choice(bases)[:4_000])
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        report = scan(bytes(data), Limits(seconds=5))
        assert not [one for one in report.findings if one.rule == "scan.failed"], report.findings


def test_budgets_end_in_inconclusive() -> None:
    report = scan(whole(b"N0" * 300_000), Limits(steps=10_000))
    assert report.verdict is Admission.INCONCLUSIVE
    assert {"scan.limit"} == {finding.rule for finding in report.findings}
