"""A tensor with its data, and what the journal may know of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from bartizan.core.event import Commitment, TensorRecord
from bartizan.firewall.oip.datatypes import Array
from bartizan.firewall.oip.values import to_bytes

MOST_RECORDED = 32
LONGEST_NAME = 128


@dataclass(slots=True)
class Tensor:
    """One input or output."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Array | list[str | bytes]
    """An array of the datatype, or BYTES elements in row-major order."""
    binary: bool = False
    """It travels as binary data."""
    content_type: str = ""
    """MLServer's hint how to decode it; one of a few harmless ones."""

    @property
    def array(self) -> Array | None:
        """The numbers; None for BYTES."""
        return self.values if isinstance(self.values, np.ndarray) else None


def recorded(tensors: Sequence[Tensor], commit: Callable[[str], Commitment]) -> tuple[TensorRecord, ...]:
    """Name, datatype and shape, and a keyed commitment to the content. Never content, whatever policy keeps of texts.

    What is committed to is the line ``DATATYPE [SHAPE] SHA256`` over the tensor's binary form.
    """
    return tuple(
        TensorRecord(one.name[:LONGEST_NAME], one.datatype, one.shape, replace(commit(_line(one)), text=""))
        for one in tensors[:MOST_RECORDED]
    )


def _line(tensor: Tensor) -> str:
    digest = hashlib.sha256(to_bytes(tensor.values, tensor.datatype)).hexdigest()
    return f"{tensor.datatype} {list(tensor.shape)} {digest}"
