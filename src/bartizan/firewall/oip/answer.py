"""An upstream's answer in tensors, read, limited and written again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bartizan.core import strict_json
from bartizan.core.errors import UpstreamError
from bartizan.firewall.asgi import Headers
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.exchange import Document
from bartizan.firewall.guard import Guard
from bartizan.firewall.headers import is_binary, is_json
from bartizan.firewall.oip.outputs import limited
from bartizan.firewall.oip.request import TensorRequest
from bartizan.firewall.oip.tensors import Tensor
from bartizan.firewall.oip.values import ValuesError
from bartizan.firewall.oip.wire import LENGTH_HEADER, read_tensors, split, write
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.reply_guard import guard_reply
from bartizan.policy.document import Bodies
from bartizan.policy.models import ModelRules

_VERSION = re.compile(r"[\w.-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the server said."""

    tensors: list[Tensor]
    """All of it, for the guards."""
    version: str


def read_answer(body: bytes, content_type: bytes, length: bytes, bounds: Bodies) -> Answered:
    """Parse an answer.

    Args:
        body: decoded.
        content_type: of the response.
        length: of its JSON part; empty where no binary data follows.
        bounds: of policy; as many elements and texts as in a request.

    Raises:
        UpstreamError: it is not the protocol.
    """
    if not (is_json(content_type) or (length and is_binary(content_type))):
        raise UpstreamError("the upstream's answer is neither JSON nor tensors")
    try:
        head, rest = split(body, length)
        document = strict_json.parse_upstream(head)
        outputs = document.get("outputs")
        if isinstance(outputs, list):
            outputs = [_bare(row) for row in outputs]
        tensors = read_tensors(outputs, rest, bounds.max_elements, bounds.max_parts)
    except ValuesError as error:
        raise UpstreamError(f"the upstream's answer is not the protocol: {error}") from None
    version = document.get("model_version")
    return Answered(tensors, version if isinstance(version, str) and _VERSION.fullmatch(version) else "")


def release(
    answered: Answered,
    request: TensorRequest,
    rules: ModelRules,
    rows: int,
    principal: str,
    dialect: Dialect,
    guard: Guard,
    outcome: Outcome,
) -> tuple[list[Tensor], bool]:
    """What may leave for a principal, and False if a guard of texts blocks it.

    Outputs that are not declared, not asked for or suppressed stay here; texts pass the output guards. ``rows`` is how
    many queries the request has.
    """
    leaving: list[Tensor] = []
    for tensor in answered.tensors:
        rule = rules.output(tensor.name, principal)
        if rule is None or rule.mode == "suppress" or (request.wanted and tensor.name not in request.wanted):
            continue
        tensor.binary = request.as_binary(tensor.name)
        if (limit := limited(tensor, rule, rows)) is not None:
            leaving.append(limit)
    document: Document = {"outputs": [_row(one) for one in leaving]}
    if not guard_reply(dialect.reply(document, request), guard, outcome):
        return [], False
    for tensor, row in zip(leaving, document["outputs"], strict=True):
        if "data" in row:
            tensor.values = row["data"]
    return leaving, True


def written(model: str, version: str, identifier: str, tensors: list[Tensor]) -> tuple[bytes, Headers]:
    """The body and the headers that describe it. Raises UpstreamError for numbers that JSON cannot say."""
    document: Document = {"model_name": model}
    if version:
        document["model_version"] = version
    if identifier:
        document["id"] = identifier
    try:
        body, length = write(document, "outputs", tensors)
    except ValuesError as error:
        raise UpstreamError(f"the upstream's answer cannot be sent: {error}") from None
    if not length:
        return body, [(b"content-type", b"application/json")]
    return body, [
        (b"content-type", b"application/octet-stream"),
        (LENGTH_HEADER.lower().encode(), b"%d" % length),
    ]


def _bare(row: object) -> object:
    """Servers add parameters of their own; only those that say how to read the data are kept."""
    if not isinstance(row, dict):
        return row
    given = row.get("parameters")
    kept = (
        {name: given[name] for name in ("binary_data_size", "content_type") if name in given}
        if isinstance(given, dict)
        else {}
    )
    if not isinstance(kept.get("content_type", ""), str) or kept.get("content_type") not in ("np", "str", "pd"):
        kept.pop("content_type", None)
    bare = {key: value for key, value in row.items() if key in ("name", "datatype", "shape", "data")}
    return {**bare, "parameters": kept} if kept else bare


def _row(tensor: Tensor) -> Document:
    row: Document = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
    if tensor.array is None:
        row["data"] = tensor.values
    return row
