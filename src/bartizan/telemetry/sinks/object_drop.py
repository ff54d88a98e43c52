"""A bucket of an S3-compatible object store: each batch one object of gzipped lines, or of Parquet."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC
from typing import Final
from urllib.parse import quote

from bartizan.core.clock import utc_now
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, SinkError
from bartizan.telemetry.sinks.sigv4 import Credentials, signed
from bartizan.workspace.sinks import ObjectSink

_CODE: Final = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_HINTS: Final = {
    "SignatureDoesNotMatch": "check the secret key and the region",
    "InvalidAccessKeyId": "check the access key",
    "AccessDenied": "the key needs s3:PutObject",
    "NoSuchBucket": "check the URL",
    "RequestTimeTooSkewed": "this machine's clock is off",
    "ExpiredToken": "start again with new credentials",
}


class ObjectDrop:
    """Puts objects. What the store answers with 200 and an ETag is delivered.

    The name of an object follows from the records in it, so that a batch that is sent twice is one object.

    Args:
        settings: where, and how objects are called.
        credentials: that may put objects.
        poster: to the bucket.
    """

    def __init__(self, settings: ObjectSink, credentials: Credentials, poster: Poster) -> None:
        self._settings = settings
        self._credentials = credentials
        self._poster = poster
        lines = ".log.gz" if settings.format in ("cef", "leef") else ".jsonl.gz"
        self._ending = ".parquet" if settings.objects == "parquet" else lines

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        if not any(item.texts for item in items):
            return Outcome()
        url = f"{self._settings.url.rstrip('/')}/{quote(self._name(items), safe='/-_.~')}"
        body, headers = await asyncio.to_thread(self._packed, items, url)
        answer = await self._poster.post(body, url, headers, "PUT")
        if answer.status == 200 and answer.headers.get("ETag", "").strip('" '):
            return Outcome()
        found = _CODE.search(answer.body[:4_096])
        code = found[1].decode() if found else ""
        text = f"{self._poster.place}: answered {answer.status}" + (f" {code}" if code else "")
        if answer.status == 200:
            raise SinkError(f"{text} without an ETag", "is this an S3-compatible store?")
        raise SinkError(text, _HINTS.get(code, ""))

    def _packed(self, items: Sequence[Item], url: str) -> tuple[bytes, dict[str, str]]:
        if self._settings.objects == "parquet":
            from bartizan.telemetry.sinks.parquet import to_parquet  # with duckdb

            body, kind = to_parquet(items, native=self._settings.format == "native"), "application/vnd.apache.parquet"
        else:
            body = gzip.compress(b"".join(text + b"\n" for item in items for text in item.texts), 6, mtime=0)
            kind = "application/gzip"
        headers = {"Content-Type": kind, "X-Amz-Content-Sha256": hashlib.sha256(body).hexdigest()}
        region = self._settings.region
        return body, signed(self._credentials, "PUT", url, headers, body, region=region, service="s3", at=utc_now())

    def _name(self, items: Sequence[Item]) -> str:
        first = items[0]
        digest = hashlib.sha256("\n".join(item.id for item in items).encode()).hexdigest()
        at = first.at.astimezone(UTC)
        known = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in first.id[:64])
        settings = self._settings
        return f"{settings.prefix}dt={at:%Y-%m-%d}/hour={at:%H}/{settings.name}-{known}-{digest[:16]}{self._ending}"

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._poster.close()
