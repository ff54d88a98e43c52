"""An inference request, taken apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bartizan.core.errors import WireError
from bartizan.core.strict_json import parse
from bartizan.core.verdict import Action
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.exchange import Document, Request
from bartizan.firewall.oip.outputs import available
from bartizan.firewall.oip.tensors import Tensor
from bartizan.firewall.oip.values import ValuesError
from bartizan.firewall.oip.wire import MOST_TENSORS, parameters_of, read_tensors, split, write
from bartizan.policy.document import Bodies
from bartizan.policy.models import ModelRules

_FIELDS = frozenset({"id", "parameters", "inputs", "outputs"})
_ID = re.compile(r"[\w.:-]{0,128}", re.ASCII)
_GONE = "an output does not exist or is not available here"


class TensorRequest(Request):
    """With its tensors, and the outputs it asks for."""

    tensors: list[Tensor] = []
    wanted: dict[str, bool] = {}
    """Output to whether it is wanted as binary data; empty: all outputs."""
    binary: bool = False
    """Outputs that say nothing else are wanted as binary data."""
    identifier: str = ""
    """The client's own id, repeated in the answer."""

    def as_binary(self, output: str) -> bool:
        """Whether an output is wanted as binary data."""
        return self.wanted.get(output, self.binary)

    def body(self, classes: str, *, binary: bool) -> tuple[bytes, int]:
        """What goes upstream, and the length of its JSON part where binary data follows.

        Args:
            classes: output that is asked for also if the client does not; empty for none.
            binary: the server takes binary data; otherwise all of it is sent, and asked for, as JSON.

        Raises:
            WireError: redaction left nothing that can be sent.
        """
        document: Document = {"id": self.identifier} if self.identifier else {}
        if self.binary and binary:
            document["parameters"] = {"binary_data_output": True}
        if self.wanted:
            asked = {classes: self.binary, **self.wanted} if classes else self.wanted
            document["outputs"] = [
                {"name": name, "parameters": {"binary_data": wanted}}
                if binary and (wanted or self.binary)
                else {"name": name}
                for name, wanted in asked.items()
            ]
        for tensor, row in zip(self.tensors, self.document["inputs"], strict=True):
            if "data" in row:
                tensor.values = row["data"]
        try:
            sent = self.tensors if binary else [replace(one, binary=False) for one in self.tensors]
            return write(document, "inputs", sent)
        except ValuesError as error:
            raise WireError(str(error)) from None


def read_request(
    body: bytes, length: bytes, bounds: Bodies, rules: ModelRules, principal: str, dialect: Dialect
) -> TensorRequest:
    """Parse and take apart.

    Args:
        body: decoded.
        length: of its JSON part, as the header says it; empty where the client sent none.
        bounds: of policy.
        rules: of the model.
        principal: who asks.
        dialect: finds the texts.

    Raises:
        WireError: it is not the protocol, or asks for an output that is not available.
    """
    try:
        head, rest = split(body, length)
        document = parse(head, bounds.max_depth)
        if not set(document) <= _FIELDS or "inputs" not in document:
            raise ValuesError("the request has a field that is not known, or no inputs")
        identifier = document.get("id", "")
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            raise ValuesError("the id is not a short word")
        parameters = parameters_of(document, {"binary_data_output": bool})
        tensors = read_tensors(document["inputs"], rest, bounds.max_elements, bounds.max_parts)
        wanted = _wanted(document.get("outputs", []), bool(parameters.get("binary_data_output")))
    except ValuesError as error:
        raise WireError(str(error)) from None
    if not all(available(rules, name, principal) for name in wanted):
        raise WireError(_GONE)
    found = dialect.request({"inputs": [_row(one, rules) for one in tensors]})
    return TensorRequest(
        family=found.family,
        document=found.document,
        parts=found.parts,
        max_output_tokens=0,
        tensors=tensors,
        wanted=wanted,
        binary=bool(parameters.get("binary_data_output")),
        identifier=identifier,
    )


def _row(tensor: Tensor, rules: ModelRules) -> dict[str, Any]:
    row: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
    if tensor.array is None:
        row["data"] = tensor.values
    else:
        row["read"] = rules.guards.declared.action is not Action.ALLOW
    return row


def _wanted(listed: Any, binary: bool) -> dict[str, bool]:
    if not isinstance(listed, list) or len(listed) > MOST_TENSORS:
        raise ValuesError(f"outputs must be a list of at most {MOST_TENSORS}")
    wanted: dict[str, bool] = {}
    for row in listed:
        if not isinstance(row, dict) or not set(row) <= {"name", "parameters"} or not isinstance(row.get("name"), str):
            raise ValuesError("an output that is asked for has a field that is not known, or no name")
        if row["name"] in wanted:
            raise ValuesError("an output is asked for twice")
        wanted[row["name"]] = bool(parameters_of(row, {"binary_data": bool}).get("binary_data", binary))
    return wanted
