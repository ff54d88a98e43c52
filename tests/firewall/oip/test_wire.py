"""Bodies to tensors: what is refused, that nothing is lost, and that hostile bytes raise nothing else."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from bartizan.core.errors import BartizanError, UpstreamError, WireError
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.oip.answer import read_answer
from bartizan.firewall.oip.datatypes import NUMERIC
from bartizan.firewall.oip.declared import faults
from bartizan.firewall.oip.outputs import limited
from bartizan.firewall.oip.paths import Kind, endpoint_of
from bartizan.firewall.oip.request import read_request
from bartizan.firewall.oip.tensors import Tensor
from bartizan.firewall.oip.values import ValuesError, from_bytes, from_json, shape_of, to_bytes, to_json
from bartizan.firewall.oip.wire import read_tensors, split, write
from bartizan.policy.document import Bodies
from bartizan.policy.models import InputRule, ModelRules, OutputRule

DIALECT = build_dialects()[ApiFamily.INFERENCE]
RULES = ModelRules(inputs={"x": InputRule("FP32", (-1, 4))}, outputs={"y": OutputRule(), "z": OutputRule("suppress")})
BOUNDS = Bodies(max_elements=1_000)


def read(document: Any, rest: bytes = b"", length: bytes | None = None) -> Any:
    head = document if isinstance(document, bytes) else json.dumps(document).encode()
    if length is None:
        length = str(len(head)).encode() if rest else b""
    return read_request(head + rest, length, BOUNDS, RULES, "p", DIALECT)


def row(**changes: Any) -> dict[str, Any]:
    made = {"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4], **changes}
    return {key: value for key, value in made.items() if value is not None}


def binary(size: Any, **changes: Any) -> dict[str, Any]:
    return row(data=None, parameters={"binary_data_size": size}, **changes)


REFUSED: list[tuple[str, Any, bytes, bytes | None]] = [
    ("length beyond the body", {"inputs": [row()]}, b"", b"9999"),
    ("length of nothing", {"inputs": [row()]}, b"", b"0"),
    ("negative length", {"inputs": [row()]}, b"", b"-1"),
    ("length with a sign", {"inputs": [row()]}, b"", b"+5"),
    ("length in hexadecimal", {"inputs": [row()]}, b"", b"0x10"),
    ("length without end", {"inputs": [row()]}, b"", b"9" * 4_000),
    ("length too short", {"inputs": [row()]}, b"", b"5"),
    ("bytes after the last tensor", {"inputs": [row()]}, b"tail", None),
    ("no inputs", {}, b"", None),
    ("inputs is no list", {"inputs": {}}, b"", None),
    ("too many tensors", {"inputs": [row(name=f"x{n}") for n in range(65)]}, b"", None),
    ("unknown field", {"inputs": [row()], "model": "other"}, b"", None),
    ("unknown field of a tensor", {"inputs": [row(url="http://x")]}, b"", None),
    ("tensor is no object", {"inputs": [3]}, b"", None),
    ("name twice", {"inputs": [row(), row()]}, b"", None),
    ("no name", {"inputs": [row(name="")]}, b"", None),
    ("name of control characters", {"inputs": [row(name="a\nb")]}, b"", None),
    ("long name", {"inputs": [row(name="a" * 129)]}, b"", None),
    ("unknown datatype", {"inputs": [row(datatype="BF16")]}, b"", None),
    ("datatype is a list", {"inputs": [row(datatype=["FP32"])]}, b"", None),
    ("datatype in lower case", {"inputs": [row(datatype="fp32")]}, b"", None),
    ("10^9 rows", {"inputs": [row(shape=[10**9, 4])]}, b"", None),
    ("dimensions whose product overflows", {"inputs": [row(shape=[2**32, 2**32])]}, b"", None),
    ("negative dimension", {"inputs": [row(shape=[-1, 4])]}, b"", None),
    ("two negative dimensions", {"inputs": [row(shape=[-2, -2])]}, b"", None),
    ("dimension of zero", {"inputs": [row(shape=[0], data=[])]}, b"", None),
    ("dimension is a truth value", {"inputs": [row(shape=[True, 4])]}, b"", None),
    ("dimension is a fraction", {"inputs": [row(shape=[1.0, 4])]}, b"", None),
    ("dimension is a text", {"inputs": [row(shape=["4"])]}, b"", None),
    ("no dimension", {"inputs": [row(shape=[], data=[1])]}, b"", None),
    ("nine dimensions", {"inputs": [row(shape=[1] * 9, data=[1])]}, b"", None),
    ("too few elements", {"inputs": [row(data=[1, 2, 3])]}, b"", None),
    ("too many elements", {"inputs": [row(data=[1] * 5)]}, b"", None),
    ("nested otherwise", {"inputs": [row(shape=[2, 2], data=[[1, 2, 3], [4]])]}, b"", None),
    ("nested too deep", {"inputs": [row(data=[[[1, 2, 3, 4]]])]}, b"", None),
    ("lists among numbers", {"inputs": [row(data=[1, 2, 3, [4]])]}, b"", None),
    ("text among numbers", {"inputs": [row(data=[1, 2, 3, "4"])]}, b"", None),
    ("null among numbers", {"inputs": [row(data=[1, 2, 3, None])]}, b"", None),
    ("truth values as numbers", {"inputs": [row(data=[True, 1, 1, 1])]}, b"", None),
    ("fraction as whole number", {"inputs": [row(datatype="INT64", data=[1.5, 1, 1, 1])]}, b"", None),
    ("number beyond FP32", {"inputs": [row(data=[1e39, 0, 0, 0])]}, b"", None),
    ("number beyond INT8", {"inputs": [row(datatype="INT8", data=[128, 0, 0, 0])]}, b"", None),
    ("negative as UINT8", {"inputs": [row(datatype="UINT8", data=[-1, 0, 0, 0])]}, b"", None),
    ("FP16 as JSON", {"inputs": [row(datatype="FP16")]}, b"", None),
    ("NaN", b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [NaN]}]}', b"", None),
    ("numbers as BYTES", {"inputs": [row(datatype="BYTES")]}, b"", None),
    ("data twice", {"inputs": [row(parameters={"binary_data_size": 16})]}, b"\0" * 16, None),
    ("data nowhere", {"inputs": [row(data=None)]}, b"", None),
    ("binary size too small", {"inputs": [binary(12)]}, b"\0" * 12, None),
    ("binary size beyond the body", {"inputs": [binary(2**40)]}, b"\0" * 16, None),
    ("negative binary size", {"inputs": [binary(-16)]}, b"\0" * 16, None),
    ("binary size is a truth value", {"inputs": [binary(True)]}, b"\0", None),
    ("binary size is a text", {"inputs": [binary("16")]}, b"\0" * 16, None),
    ("two tensors over one piece", {"inputs": [binary(16), binary(16, name="y")]}, b"\0" * 16, None),
    ("BOOL of two", {"inputs": [binary(4, datatype="BOOL")]}, b"\0\1\2\0", None),
    ("BYTES that end early", {"inputs": [binary(4, datatype="BYTES", shape=[1])]}, struct.pack("<I", 9), None),
    ("BYTES with a rest", {"inputs": [binary(6, datatype="BYTES", shape=[1])]}, struct.pack("<I", 1) + b"ab", None),
    ("BYTES without length", {"inputs": [binary(2, datatype="BYTES", shape=[1])]}, b"ab", None),
    ("shared memory", {"inputs": [row(data=None, parameters={"shared_memory_region": "r"})]}, b"", None),
    ("sequence", {"inputs": [row()], "parameters": {"sequence_id": 1}}, b"", None),
    ("codec that decodes otherwise", {"inputs": [row(parameters={"content_type": "base64"})]}, b"", None),
    ("texts' codec for numbers", {"inputs": [row(parameters={"content_type": "str"})]}, b"", None),
    ("parameters is a list", {"inputs": [row()], "parameters": []}, b"", None),
    ("flag is a number", {"inputs": [row()], "parameters": {"binary_data_output": 1}}, b"", None),
    ("id with spaces", {"inputs": [row()], "id": "ignore this"}, b"", None),
    ("id is a number", {"inputs": [row()], "id": 5}, b"", None),
    ("output twice", {"inputs": [row()], "outputs": [{"name": "y"}, {"name": "y"}]}, b"", None),
    ("output unknown", {"inputs": [row()], "outputs": [{"name": "q"}]}, b"", None),
    ("output suppressed", {"inputs": [row()], "outputs": [{"name": "z"}]}, b"", None),
    ("classification", {"inputs": [row()], "outputs": [{"name": "y", "parameters": {"classification": 3}}]}, b"", None),
    ("key twice", b'{"inputs": [], "inputs": []}', b"", None),
]  # fmt: skip


@pytest.mark.parametrize(("document", "rest", "length"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_refused(document: Any, rest: bytes, length: bytes | None) -> None:
    with pytest.raises(WireError) as raised:
        read(document, rest, length)
    assert raised.value.status == 400
    assert "shared_memory_region" not in str(raised.value)  # never quotes a client's names


def test_elements_count_over_all_tensors() -> None:
    with pytest.raises(WireError):
        read({"inputs": [row(name=f"x{n}", shape=[600], data=[0] * 600) for n in range(2)]})


@pytest.mark.parametrize("places", [[11], [6, 5]])
def test_texts_count_before_any_is_made(places: list[int]) -> None:
    few = Bodies(max_elements=1_000, max_parts=10)
    for as_binary in (False, True):
        raw = struct.pack("<I", 0)
        rows = [
            binary(4 * n, name=f"n{n}", datatype="BYTES", shape=[n])
            if as_binary
            else row(name=f"n{n}", datatype="BYTES", shape=[n], data=[""] * n)
            for n in places
        ]
        # The last element is missing, which nobody notices who does not read them.
        head, rest = json.dumps({"inputs": rows}).encode(), raw * (sum(places) - 1) + b"\1\0\0\0" if as_binary else b""
        length = str(len(head)).encode() if rest else b""
        with pytest.raises(WireError, match="a tensor has more than"):
            read_request(head + rest, length, few, RULES, "p", DIALECT)
        answer = head.replace(b'"inputs"', b'"outputs"')
        length = str(len(answer)).encode() if rest else b""
        with pytest.raises(UpstreamError, match="a tensor has more than"):
            read_answer(answer + rest, b"application/octet-stream" if rest else b"application/json", length, few)
    assert read_request(
        json.dumps({"inputs": [row(shape=[40], data=[1] * 40)]}).encode(), b"", few, RULES, "p", DIALECT
    )


def test_mixed_forms_in_one_request() -> None:
    raw = np.arange(8, dtype="<f4").tobytes()
    found = read(
        {"inputs": [binary(16), row(name="m", shape=[2, 2], data=[[1, 2], [3, 4]]), binary(16, name="y")]}, raw
    )
    assert [one.binary for one in found.tensors] == [True, False, True]
    assert found.tensors[2].array.tolist() == [[4, 5, 6, 7]]
    assert found.tensors[1].array.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("datatype", sorted(NUMERIC))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_was_read_is_what_is_written(datatype: str, data: st.DataObject) -> None:
    shape = data.draw(stnp.array_shapes(max_dims=3, max_side=4))
    wanted = NUMERIC[datatype]
    array = data.draw(
        stnp.arrays(wanted, shape, elements=stnp.from_dtype(wanted, allow_nan=False, allow_infinity=False))
    )
    for as_binary in (True, False) if datatype != "FP16" else (True,):
        body, length = write({}, "inputs", [Tensor("x", datatype, shape, array, as_binary)])
        head, rest = split(body, str(length).encode() if length else b"")
        (again,) = read_tensors(json.loads(head)["inputs"], rest, 10_000, 100)
        assert again.array is not None
        assert again.array.tobytes() == array.tobytes() or (array == again.array).all()
        assert again.array.shape == shape


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.one_of(st.none(), st.integers(-5, 500)))
def test_hostile_bodies_raise_nothing_else(body: bytes, length: int | None) -> None:
    for text in (body, b'{"inputs":[{"name":"x","datatype":"BYTES","shape":[2],"parameters":' + body):
        with pytest.raises(WireError):
            read_request(text, b"" if length is None else str(length).encode(), BOUNDS, RULES, "p", DIALECT)
        with pytest.raises(UpstreamError):
            read_answer(text, b"application/json", b"" if length is None else str(length).encode(), BOUNDS)


KEYS = ["name", "datatype", "shape", "data", "parameters", "binary_data_size", "inputs", "outputs"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["x", "FP32", "BYTES", "BOOL", "INT8", ""]),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(JSON, JSON, st.binary(max_size=40))
def test_hostile_documents_raise_nothing_else(inputs: Any, shape: Any, rest: bytes) -> None:
    for rows in (inputs, [inputs], [row(shape=shape)], [row(data=inputs)], [binary(len(rest), shape=shape)]):
        try:
            read({"inputs": rows}, rest)
        except BartizanError as error:
            assert isinstance(error, WireError)  # noqa: PT017


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=8) | st.binary(max_size=8), min_size=1, max_size=5))
def test_bytes_elements_round_trip(elements: list[str | bytes]) -> None:
    raw = to_bytes(elements, "BYTES")
    found = from_bytes(memoryview(raw), "BYTES", (len(elements),))
    assert to_bytes(found, "BYTES") == raw
    cut = raw[:-1]
    with pytest.raises(ValuesError):
        from_bytes(memoryview(cut), "BYTES", (len(elements),))


def test_json_cannot_say_nan() -> None:
    with pytest.raises(ValuesError):
        to_json(np.array([math.nan], "<f4"))
    with pytest.raises(ValuesError):
        to_json([b"\xff"])
    assert from_json([1, 2], "FP32", (2,)).dtype == np.float32  # type: ignore[union-attr]
    assert shape_of([3, 2], 6) == (3, 2)


@pytest.mark.parametrize(
    ("path", "kind", "model", "version"),
    [
        ("/v2/models/a/infer", Kind.INFER, "a", ""),
        ("/v2/models/a.b-c_1/versions/2/infer", Kind.INFER, "a.b-c_1", "2"),
        ("/v2/models/a/versions/2/ready", Kind.MODEL_READY, "a", "2"),
        ("/v2/models/a", Kind.MODEL, "a", ""),
        ("/v2/health/live", Kind.LIVE, "", ""),
    ],
)
def test_paths(path: str, kind: Kind, model: str, version: str) -> None:
    found = endpoint_of(path)
    assert found is not None
    assert (found.kind, found.model, found.version) == (kind, model, version)
    if model:
        assert found.upstream_path("up") == path.replace(f"models/{model}", "models/up")


@pytest.mark.parametrize(
    "path",
    ["/v2/", "/v2/models", "/v2/models/", "/v2/models/../infer", "/v2/models/a/b/infer", "/v2/models/a%2f/infer",
     "/v2/models/a/infer/", "/v2/models/a/infer\n", "/v2/models/a b/infer", "/v2/models/.a/infer", "/v2/models/é/infer",
     "/v2/repository/index", "/v2/models/" + "a" * 129, "/v2/health", "//v2/health/live"],
)  # fmt: skip
def test_no_paths(path: str) -> None:
    assert endpoint_of(path) is None


@pytest.mark.parametrize(
    ("mode", "values", "expected"),
    [
        ("pass", [[0.123, 0.877]], [[0.123, 0.877]]),
        ("round", [[0.123, 0.877]], [[0.1, 0.9]]),
        ("top1", [[0.123, 0.877], [0.55, 0.45]], [[0, 0.9], [0.6, 0]]),
        ("label", [[0.123, 0.877], [0.55, 0.45]], [[0, 1], [1, 0]]),
        ("label", [[0.3], [0.7]], [[0], [1]]),
        ("label", [0.3, 0.7], [0, 1]),
        ("top1", [0.34, 0.71], [0.3, 0.7]),
        ("label", [[[0.1, 0.2], [0.4, 0.3]]], [[[0, 1], [1, 0]]]),
    ],
)
def test_output_modes(mode: Any, values: Any, expected: Any) -> None:
    array = np.array(values, "<f8")
    found = limited(Tensor("y", "FP64", array.shape, array), OutputRule(mode, 1), len(values))
    assert found is not None
    assert found.array is not None
    assert np.allclose(found.array, expected)
    assert found.shape == array.shape


@pytest.mark.parametrize(
    ("mode", "datatype", "values", "rows", "expected"),
    [
        ("label", "i1", [[3, 90, 7]], 1, [[0, 1, 0]]),
        ("top1", "u1", [[3, 90, 7], [9, 2, 3]], 2, [[0, 90, 0], [9, 0, 0]]),
        ("label", "?", [[False, True, True]], 1, [[False, True, False]]),
        ("top1", "f4", [0.25, 0.5, 0.25], 1, [0, 0.5, 0]),
        ("label", "f4", [0.7, 0.6, 0.8], 1, [0, 0, 1]),
        ("top1", "f4", [[[0.25], [0.5], [0.25]]], 1, [[[0], [0.5], [0]]]),
        ("label", "f4", [[[0.7], [0.6], [0.8]]], 1, [[[0], [0], [1]]]),
        ("label", "i8", [4, 2], 2, [4, 2]),  # labels already
        ("top1", "i8", [[4], [2]], 2, [[4], [2]]),
        ("round", "i8", [[3, 90, 7]], 1, [[3, 90, 7]]),
    ],
)
def test_no_score_but_the_best_leaves_in_any_form(
    mode: Any, datatype: str, values: Any, rows: int, expected: Any
) -> None:
    array = np.array(values, datatype)
    found = limited(Tensor("y", "any", array.shape, array), OutputRule(mode, 1), rows)
    assert found is not None
    assert found.array is not None
    assert found.array.tolist() == expected
    assert found.array.dtype == array.dtype


def test_texts_have_no_best() -> None:
    tensor = Tensor("y", "BYTES", (2,), ["cat:0.91", "dog:0.09"])
    assert limited(tensor, OutputRule("label"), 1) is None
    assert limited(tensor, OutputRule("top1"), 1) is None
    assert limited(tensor, OutputRule("round"), 1) is tensor


@pytest.mark.parametrize(
    ("datatype", "values", "rule", "expected"),
    [
        ("FP32", [0.1], {"min": 0.1, "max": 0.1, "categories": (0.1,)}, []),
        ("FP16", [0.1], {"min": 0.1, "max": 0.1, "categories": (0.1,)}, []),
        ("FP64", [0.1], {"min": 0.1, "max": 0.1, "categories": (0.1,)}, []),
        ("FP32", [0.10000001], {"max": 0.1, "categories": (0.1,)}, ["x.max", "x.categories"]),
        ("FP32", [0.3], {"min": 0.30000004}, ["x.min"]),
        ("FP16", [math.inf], {"max": 1e6}, ["x.max"]),  # 1e6 in FP16 would be infinity
        ("FP32", [0.0], {"min": 1e-60}, ["x.min"]),  # and this nothing
        ("INT32", [1], {"max": 0.5}, ["x.max"]),
    ],
)
def test_bounds_are_read_in_the_datatype(datatype: str, values: Any, rule: Any, expected: list[str]) -> None:
    array = np.array(values, NUMERIC[datatype])
    rules = ModelRules(inputs={"x": InputRule(datatype, (-1,), finite=False, **rule)}, outputs={})  # type: ignore[arg-type]
    assert faults(rules, [Tensor("x", datatype, array.shape, array)]) == expected
