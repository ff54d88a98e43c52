"""Bounded decompression."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import WireError
from bartizan.firewall.compression import Inflater


def inflate(pieces: list[bytes]) -> bytes:
    inflater = Inflater(b"gzip", 1_000)
    return b"".join([inflater.feed(piece) for piece in pieces]) + inflater.finish()


@given(st.binary(max_size=2_000), st.integers(1, 50), st.sampled_from([b"gzip", b"deflate", b" GZIP "]))
def test_any_split_decodes_alike(data: bytes, step: int, encoding: bytes) -> None:
    packed = zlib.compress(data) if encoding == b"deflate" else gzip.compress(data)
    inflater = Inflater(encoding, len(data))
    out = b"".join(inflater.feed(packed[at : at + step]) for at in range(0, len(packed), step))
    assert out + inflater.finish() == data


@pytest.mark.parametrize("encoding", [b"br", b"gzip, gzip", b"zstd", b"aws-chunked"])
def test_unknown_codings_are_refused(encoding: bytes) -> None:
    with pytest.raises(WireError) as error:
        Inflater(encoding, 10)
    assert error.value.status == 415


def test_a_bomb_is_cut_short() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    inflater = Inflater(b"gzip", 1_000)
    with pytest.raises(WireError) as error:
        inflater.feed(bomb)
    assert error.value.status == 413


@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_an_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(WireError):
        inflate([data])


@pytest.mark.parametrize("tail", [b"x", gzip.compress(b"more")], ids=["byte", "member"])
def test_nothing_may_follow(tail: bytes) -> None:
    for pieces in ([gzip.compress(b"a") + tail], [gzip.compress(b"a"), tail]):
        with pytest.raises(WireError, match="follow"):
            inflate(pieces)
