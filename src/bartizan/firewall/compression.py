"""Decompression with a bound on what comes out, so that a few kilobytes cannot fill the memory."""

from __future__ import annotations

import zlib

from bartizan.core.errors import WireError

_WINDOWS = {b"gzip": 16 + zlib.MAX_WBITS, b"x-gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}
ENCODINGS = b"gzip, deflate"
"""What is understood, as an ``Accept-Encoding`` value."""


class Inflater:
    """Decodes one ``Content-Encoding`` piece by piece (RFC 9110, section 8.4.1).

    Args:
        encoding: the header's value; one coding only.
        limit: most bytes that may come out.

    Raises:
        WireError: 415 for an unknown or stacked coding, 413 past ``limit``, 400 for bytes that are not of the coding.
    """

    def __init__(self, encoding: bytes, limit: int) -> None:
        window = _WINDOWS.get(encoding.strip().lower())
        if window is None:
            raise WireError("content-encoding is not supported", "use identity, gzip or deflate", status=415)
        self._stream = zlib.decompressobj(window)
        self._left = limit

    def feed(self, data: bytes) -> bytes:
        """What ``data`` decodes to."""
        if self._stream.eof and data:
            raise WireError("bytes follow the end of the compressed body")
        try:
            out = self._stream.decompress(data, self._left + 1)
        except zlib.error:
            raise WireError("the compressed body is damaged") from None
        self._left -= len(out)
        if self._left < 0:
            raise WireError("the body is too large once decompressed", status=413)
        if self._stream.unused_data:
            raise WireError("bytes follow the end of the compressed body")
        return out

    def finish(self) -> bytes:
        """The last bytes; raises WireError when the body ends too early."""
        if not self._stream.eof:
            raise WireError("the compressed body ends too early")
        return b""
