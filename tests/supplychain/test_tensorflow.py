"""The TensorFlow scanner on graphs built byte by byte."""

from __future__ import annotations

import pytest
from building import field, fields, json_bytes, rules_of, scanned, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.core.artefact import Admission


def node(name: str, operator: str, inputs: tuple[str, ...] = (), *attributes: tuple[str, bytes]) -> bytes:
    pairs = (field(1, key) + field(2, value) for key, value in attributes)
    return field(1, name) + field(2, operator) + fields(3, inputs) + fields(5, pairs)


def constant(name: str, text: str) -> bytes:
    return node(name, "Const", (), ("value", field(8, field(1, 7) + field(8, text))))


def graph(*nodes: bytes, library: tuple[bytes, ...] = ()) -> bytes:
    return fields(1, nodes) + (field(2, fields(1, library)) if library else b"") + field(4, field(1, 1))


def function(name: str, *nodes: bytes) -> bytes:
    return field(1, field(1, name)) + fields(3, nodes)


def saved(body: bytes, assets: tuple[str, ...] = (), objects: bytes = b"") -> bytes:
    files = fields(6, (field(2, asset) for asset in assets))
    return field(1, 1) + field(2, field(1, field(4, "serve")) + field(2, body) + files + objects)


GOOD = saved(
    graph(
        node("x", "Placeholder"),
        node("call", "g", ("x",)),
        constant("p", "model"),
        node("d", "PlaceholderWithDefault", ("p",)),
        node("s", "SaveV2", ("d",)),
        node("print", "PrintV2", ("x",), ("output_stream", field(2, "stderr"))),
        library=(function("g", node("r", "Relu", ("x",))),),
    ),
    assets=("vocab.txt",),
)


def test_sound_graphs_are_allowed() -> None:
    assert not scanned(GOOD, "saved_model.pb")
    assert not scanned(GOOD)
    assert not scanned(graph(node("a", "Relu")), "frozen.pb")


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (saved(graph(node("a", "PyFunc"))), "tensorflow.python"),
        (saved(graph(node("a", "Relu"), library=(function("g", node("w", "WriteFile")),))), "tensorflow.writes_file"),
        (graph(node("a", "ReadFile")), "tensorflow.reads_file"),
        (saved(graph(node("a", "RpcCall"))), "tensorflow.network"),
        (saved(graph(node("a", "TRTEngineOp"))), "tensorflow.compiled"),
        (saved(graph(node("a", "EvilOp"))), "tensorflow.custom_operator"),
        (saved(graph(constant("p", "/etc/cron.d/x"), node("s", "SaveV2", ("p",)))), "tensorflow.path"),
        (
            saved(graph(constant("p", "../x"), node("i", "Identity", ("p",)), node("s", "RestoreV2", ("i:0",)))),
            "tensorflow.path",
        ),
        (saved(graph(node("a", "Relu")), ("../../vocab",)), "tensorflow.path"),
        (
            saved(graph(node("a", "PrintV2", (), ("output_stream", field(2, "file:///etc/x"))))),
            "tensorflow.writes_file",
        ),
        (
            saved(graph(node("a", "DebugIdentityV2", (), ("debug_urls", field(1, field(2, "grpc://1.2.3.4:9")))))),
            "tensorflow.writes_file",
        ),
        (saved(graph(node("a", "Relu"))) + field(2, field(2, graph(node("a", "PyFunc")))), "tensorflow.python"),
    ],
)
def test_what_a_graph_could_do_is_found(raw: bytes, rule: str) -> None:
    assert rule in rules_of(raw)


def test_keras_metadata_in_a_saved_model_is_read() -> None:
    layer = json_bytes({"class_name": "Lambda", "config": {"function": "x"}})
    objects = field(7, field(1, field(4, field(1, "_tf_keras_layer") + field(3, layer))))
    assert "keras.lambda" in rules_of(saved(graph(node("a", "Relu")), objects=objects))
    assert "keras.lambda" in rules_of(field(1, field(1, 0) + field(4, layer)), "keras_metadata.pb")


@given(st.integers(1, len(GOOD) - 1))
def test_every_truncation_is_noticed(length: int) -> None:
    assert verdict(GOOD[:length], "saved_model.pb") is not Admission.ALLOW


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_mutated_files_end_in_findings_not_in_failures(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(GOOD)
    for place, value in changes:
        raw[place] = value
    assert "scan.failed" not in rules_of(bytes(raw), "saved_model.pb")
