"""A small model server: onnxruntime behind the Open Inference Protocol, written apart from the gateway's reading."""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from aiohttp import web

FLOAT = 1
NUMPY = {"FP32": np.float32, "INT64": np.int64, "FP64": np.float64, "UINT8": np.uint8}


def _field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _constant(name: str, values: np.ndarray[Any, Any]) -> bytes:
    dims = b"".join(_field(1, size) for size in values.shape)
    return dims + _field(2, FLOAT) + _field(8, name) + _field(9, values.astype("<f4").tobytes())


def _node(kind: str, inputs: list[str], output: str) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)


def _value(name: str, width: int) -> bytes:
    shape = _field(1, _field(2, "rows")) + _field(1, _field(1, width))
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, shape)))


def softmax_regression(weights: np.ndarray[Any, Any], bias: np.ndarray[Any, Any]) -> bytes:
    """An ONNX model: ``scores = softmax(x @ weights + bias)``. Source: onnx.proto3, opset 13."""
    nodes = [_node("MatMul", ["x", "w"], "h"), _node("Add", ["h", "b"], "z"), _node("Softmax", ["z"], "scores")]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "g")
    graph += _field(5, _constant("w", weights)) + _field(5, _constant("b", bias))
    graph += _field(11, _value("x", weights.shape[0])) + _field(12, _value("scores", weights.shape[1]))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


@dataclass
class OnnxServer:
    """One model under ``name``; ``seen`` are the requests' bodies."""

    name: str
    session: onnxruntime.InferenceSession
    port: int = 0
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: web.Response | None = None
    """Instead of its own, once."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def infer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append((dict(request.headers), body))
        if self.answer is not None:
            answer, self.answer = self.answer, None
            return answer
        length = request.headers.get("Inference-Header-Content-Length")
        head, rest = (body[: int(length)], body[int(length) :]) if length else (body, b"")
        document = json.loads(head)
        arrays: dict[str, Any] = {}
        texts: list[str] = []
        for row in document["inputs"]:
            size = row.get("parameters", {}).get("binary_data_size")
            raw, rest = (rest[:size], rest[size:]) if size is not None else (b"", rest)
            if row["datatype"] == "BYTES":
                texts += row["data"] if size is None else unpacked(raw)
                continue
            kind = NUMPY[row["datatype"]]
            flat = np.frombuffer(raw, kind) if size is not None else np.array(row["data"], kind)
            arrays[row["name"]] = flat.reshape(row["shape"])
        scores = self.session.run(["scores"], {"x": arrays["x"]})[0]
        outputs = {"scores": ("FP32", scores), "label": ("INT64", scores.argmax(axis=1)), "hidden": ("FP32", scores)}
        wanted = {one["name"]: one.get("parameters", {}) for one in document.get("outputs", [])}
        rows, tail = [], b""
        for name, (datatype, values) in outputs.items():
            if wanted and name not in wanted:
                continue
            row = {"name": name, "datatype": datatype, "shape": list(values.shape)}
            binary = document.get("parameters", {}).get("binary_data_output", False)
            if wanted.get(name, {}).get("binary_data", binary):
                raw = values.tobytes()
                row["parameters"] = {"binary_data_size": len(raw)}
                tail += raw
            else:
                row["data"] = values.ravel().tolist()
            rows.append(row)
        if texts:
            rows.append({"name": "echo", "datatype": "BYTES", "shape": [len(texts)], "data": texts})
        said = {"model_name": self.name, "model_version": "1", "parameters": {"secret": "s"}, "outputs": rows}
        encoded = json.dumps(said).encode()
        if not tail:
            return web.Response(body=encoded, content_type="application/json")
        headers = {"Inference-Header-Content-Length": str(len(encoded)), "Content-Type": "application/octet-stream"}
        return web.Response(body=encoded + tail, headers=headers)

    async def metadata(self, _: web.Request) -> web.Response:
        inputs = [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]
        outputs = [{"name": name, "datatype": "FP32", "shape": [-1, 3]} for name in ("scores", "hidden")]
        return web.json_response({"name": self.name, "platform": "onnx", "inputs": inputs, "outputs": outputs})

    async def ready(self, _: web.Request) -> web.Response:
        return web.Response()


def unpacked(raw: bytes) -> list[str]:
    """The elements of binary BYTES data."""
    found = []
    while raw:
        (size,) = struct.unpack_from("<I", raw)
        found.append(raw[4 : 4 + size].decode())
        raw = raw[4 + size :]
    return found


@asynccontextmanager
async def onnx_server(model: bytes, name: str = "upstream-digits") -> AsyncIterator[OnnxServer]:
    """The model behind a real HTTP server on loopback."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    server = OnnxServer(name, onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))
    app = web.Application(client_max_size=2**26)
    app.router.add_post(f"/v2/models/{name}/infer", server.infer)
    app.router.add_get(f"/v2/models/{name}", server.metadata)
    app.router.add_get(f"/v2/models/{name}/ready", server.ready)
    app.router.add_get("/v2/health/ready", server.ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    server.port = site._server.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        await runner.cleanup()
