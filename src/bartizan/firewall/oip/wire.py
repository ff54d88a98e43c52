"""Bodies to tensors and back: JSON alone, or a JSON header followed by binary tensor data.

Source: Triton, "Binary Tensor Data Extension"; KServe, "Open Inference Protocol". Every byte of a body belongs to
something that was read; what is sent on is the encoding of what was read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bartizan.core.strict_json import encode
from bartizan.firewall.exchange import Document
from bartizan.firewall.oip.datatypes import BYTES, known
from bartizan.firewall.oip.tensors import LONGEST_NAME, Tensor
from bartizan.firewall.oip.values import ValuesError, from_bytes, from_json, shape_of, to_bytes, to_json

LENGTH_HEADER = "Inference-Header-Content-Length"
CONTENT_TYPES = frozenset({"np", "str", "pd"})
"""MLServer's codecs that decode to what was inspected; others (``base64``, ``datetime``) read it as something else."""
MOST_TENSORS = 64
_FIELDS = frozenset({"name", "datatype", "shape", "data", "parameters"})


def split(body: bytes, header: bytes) -> tuple[bytes, memoryview]:
    """The JSON part and the binary part. Raises ValuesError for a length that is none, or beyond the body."""
    if not header:
        return body, memoryview(b"")
    if not header.isdigit() or len(header) > 12:
        raise ValuesError(f"{LENGTH_HEADER} is not a length")
    length = int(header)
    if not 0 < length <= len(body):
        raise ValuesError(f"{LENGTH_HEADER} lies beyond the body")
    return body[:length], memoryview(body)[length:]


def read_tensors(listed: Any, rest: memoryview, most: int, most_texts: int) -> list[Tensor]:
    """The tensors of ``inputs`` or ``outputs``.

    Args:
        listed: the list in the document.
        rest: binary data, in the order of the tensors that have such; all of it must be used.
        most: elements in all tensors together.
        most_texts: elements in all tensors of BYTES together; each costs as much as many numbers.

    Raises:
        ValuesError: anything is missing, unknown, given twice or of the wrong size.
    """
    if not isinstance(listed, list) or len(listed) > MOST_TENSORS:
        raise ValuesError(f"tensors must be a list of at most {MOST_TENSORS}")
    found: list[Tensor] = []
    place = 0
    for number, row in enumerate(listed):
        try:
            tensor, used = _read(row, rest[place:], most, most_texts)
        except ValuesError as error:
            raise ValuesError(f"tensor {number}: {error}") from None
        if any(one.name == tensor.name for one in found):
            raise ValuesError(f"tensor {number}: its name is given twice")
        place += used
        most -= math.prod(tensor.shape)
        most_texts -= len(tensor.values) if tensor.array is None else 0
        found.append(tensor)
    if place != len(rest):
        raise ValuesError("bytes follow the last tensor")
    return found


def parameters_of(row: Document, allowed: dict[str, type]) -> Document:
    """The parameters of a request or tensor. Unknown ones (shared memory, sequences, classification) change what the
    server computes or reads, so they are refused. Raises ValuesError."""
    given = row.get("parameters", {})
    if not isinstance(given, dict):
        raise ValuesError("parameters must be an object")
    for name, value in given.items():
        if name not in allowed:
            raise ValuesError("a parameter is not known here")
        if type(value) is not allowed[name]:
            raise ValuesError(f"the parameter {name} has a value of another kind")
    return given


def write(document: Document, key: str, tensors: Sequence[Tensor]) -> tuple[bytes, int]:
    """The body, and the length of its JSON part where binary data follows (0 where none does).

    Args:
        document: everything but the tensors.
        key: ``inputs`` or ``outputs``.
        tensors: to be written, each in its own form.

    Raises:
        ValuesError: a tensor that is to travel as JSON holds what JSON cannot say.
    """
    rows: list[Document] = []
    pieces: list[bytes] = []
    for one in tensors:
        row: Document = {"name": one.name, "datatype": one.datatype, "shape": list(one.shape)}
        parameters: Document = {"content_type": one.content_type} if one.content_type else {}
        if one.binary:
            pieces.append(to_bytes(one.values, one.datatype))
            parameters["binary_data_size"] = len(pieces[-1])
        else:
            row["data"] = to_json(one.values)
        if parameters:
            row["parameters"] = parameters
        rows.append(row)
    head = encode({**document, key: rows})
    return (head + b"".join(pieces), len(head)) if pieces else (head, 0)


def _read(row: Any, rest: memoryview, most: int, most_texts: int) -> tuple[Tensor, int]:
    if not isinstance(row, dict) or not set(row) <= _FIELDS:
        raise ValuesError("a tensor has a field that is not known")
    name, datatype = row.get("name"), row.get("datatype")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValuesError("a tensor has no usable name")
    if not isinstance(datatype, str) or not known(datatype):
        raise ValuesError("the datatype is not known")
    shape = shape_of(row.get("shape"), min(most, most_texts) if datatype == BYTES else most)
    parameters = parameters_of(row, {"binary_data_size": int, "content_type": str})
    content_type = parameters.get("content_type", "")
    if (content_type and content_type not in CONTENT_TYPES) or (content_type == "str" and datatype != BYTES):
        raise ValuesError("the content type is not known")
    size = parameters.get("binary_data_size")
    if size is None:
        if "data" not in row:
            raise ValuesError("there is no data")
        return Tensor(name, datatype, shape, from_json(row["data"], datatype, shape), False, content_type), 0
    if "data" in row:
        raise ValuesError("data is given twice")
    if not 0 <= size <= len(rest):
        raise ValuesError("binary_data_size lies beyond the body")
    return Tensor(name, datatype, shape, from_bytes(rest[:size], datatype, shape), True, content_type), size
