"""The ONNX scanner on models built byte by byte, in the field numbers of onnx.proto."""

from __future__ import annotations

import pytest
from building import field, fields, rules_of, scanned, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.artefact import Admission


def node(operator: str, domain: str = "", *attributes: bytes) -> bytes:
    return field(1, "x") + field(2, "y") + field(4, operator) + field(7, domain) + fields(5, attributes)


def external(location: str, **more: str) -> bytes:
    entries = {"location": location, **more}
    pairs = (field(1, key) + field(2, value) for key, value in entries.items())
    return field(1, 2) + field(2, 1) + field(8, "w") + fields(13, pairs) + field(14, 1)


def graph(*nodes: bytes, tensors: tuple[bytes, ...] = ()) -> bytes:
    return fields(1, nodes) + field(2, "g") + fields(5, tensors)


def model(body: bytes, functions: tuple[bytes, ...] = (), more: bytes = b"") -> bytes:
    return field(1, 8) + field(2, "test") + field(7, body) + field(8, field(2, 17)) + fields(25, functions) + more


def function(domain: str, name: str, *nodes: bytes) -> bytes:
    return field(1, name) + fields(7, nodes) + field(10, domain)


GOOD = model(graph(node("Relu"), tensors=(external("weights.bin", offset="0", length="8"),)))
SUB = graph(node("Evil", "evil.ops"), tensors=(external("/etc/shadow"),))


def test_sound_models_are_allowed_under_any_name() -> None:
    assert not scanned(GOOD, "model.onnx")
    assert not scanned(GOOD, "model.bin")
    assert not scanned(model(graph(node("F", "mine")), (function("mine", "F", node("Relu")),)))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "a/../../x", "..\\x", "C:\\x", "\\\\host\\x", "~/x", "file:///x", "a\0b"]
)
def test_external_data_outside_the_folder_is_blocked(path: str) -> None:
    raw = model(graph(node("Relu"), tensors=(external(path),)))
    assert "onnx.external_path" in rules_of(raw)
    assert verdict(raw) is Admission.BLOCK


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (model(graph(node("Evil", "evil.ops"))), "onnx.custom_operator"),
        (model(graph(node("PyOp", "ai.onnx.contrib"))), "onnx.python_operator"),
        (model(graph(node("If", "", field(1, "then_branch") + field(6, SUB)))), "onnx.external_path"),
        (model(graph(node("If", "", field(1, "then_branch") + field(6, SUB)))), "onnx.custom_operator"),
        (model(graph(node("If", "", fields(11, (SUB,))))), "onnx.custom_operator"),
        (model(graph(node("Constant", "", field(5, external("../w"))))), "onnx.external_path"),
        (model(graph(node("Constant", "", field(22, field(1, external("../w")))))), "onnx.external_path"),
        (model(graph(node("F", "mine")), (function("mine", "F", node("Evil", "q")),)), "onnx.custom_operator"),
        (model(graph(node("Relu")), (function("", "Relu", node("Sigmoid")),)), "onnx.shadowed_operator"),
        (model(graph(node("Relu")), (), field(20, field(2, SUB))), "onnx.custom_operator"),
        (
            model(graph(node("EPContext", "com.microsoft", field(1, "ep_cache_context") + field(4, "../../x.bin")))),
            "onnx.external_path",
        ),
        (model(graph(node("EPContext", "com.microsoft"))), "onnx.compiled_blob"),
        (model(graph(node("Relu")) + field(5, external("/x"))), "onnx.external_path"),
    ],
)
def test_what_a_model_could_do_is_found_wherever_it_stands(raw: bytes, rule: str) -> None:
    assert rule in rules_of(raw)


def test_a_second_graph_field_is_read_as_parsers_merge_it() -> None:
    raw = GOOD + field(7, graph(node("Evil", "evil.ops")))
    assert "onnx.custom_operator" in rules_of(raw)


@pytest.mark.parametrize("raw", [b"\x08", GOOD[:-3], field(1, 8), b"\x08\x08\x3a\xff\xff\xff\xff\x0f", b"\x0b\x0b"])
def test_what_breaks_the_format_is_never_allowed(raw: bytes) -> None:
    assert verdict(raw, "x.onnx") is not Admission.ALLOW


def test_graphs_within_graphs_are_bounded() -> None:
    body = graph(node("Relu"))
    for _ in range(60):
        body = graph(node("If", "", field(6, body)))
    assert verdict(model(body)) is not Admission.ALLOW


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_mutated_files_end_in_findings_not_in_failures(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(GOOD)
    for place, value in changes:
        raw[place] = value
    assert "scan.failed" not in rules_of(bytes(raw), "x.onnx")


def test_functions_that_call_themselves_and_keys_that_no_reader_knows() -> None:
    assert "onnx.recursive_function" in rules_of(model(graph(node("F", "m")), (function("m", "F", node("F", "m")),)))
    pair = (function("m", "F", node("G", "m")), function("m", "G", node("F", "m")))
    assert "onnx.recursive_function" in rules_of(model(graph(node("F", "m")), pair))
    chain = (function("m", "F", node("G", "m")), function("m", "G", node("Relu")))
    assert not scanned(model(graph(node("F", "m")), chain))
    odd = external("w.bin") + field(13, field(1, "__class__") + field(2, "x"))
    assert "onnx.external_attribute" in rules_of(model(graph(node("Relu"), tensors=(odd,))))


def test_another_message_with_a_text_in_the_place_of_the_graph_is_no_model() -> None:
    fingerprint = field(1, 5) + field(6, field(1, 3)) + field(7, "3213723518271007")
    assert "format.malformed" not in rules_of(fingerprint)
