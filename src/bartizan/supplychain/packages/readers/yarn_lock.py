"""``yarn.lock`` of Yarn 1 (a format of its own) and of Yarn 2 and later (YAML)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.yaml_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import MOST, NPM, ZIPPED, Lock, Package, Source
from bartizan.supplychain.packages.readers.npm_addresses import resolved
from bartizan.supplychain.packages.readers.values import integrity, text, unread

_PATTERN = re.compile(r"(?P<name>(?:@[^/@]+/)?[^@/]+)@(?P<range>.*)\Z")
_FIELD = re.compile(r' {2}"?(version|resolved|integrity)"?:? +"?([^"\n]*)"?\Z')


class YarnLock:
    """See the module."""

    id = "yarn"

    def recognises(self, name: str, head: bytes) -> bool:
        """The name, or the marks of both formats."""
        return name.casefold() == "yarn.lock" or b"# yarn lockfile v1" in head[:200] or b"\n__metadata:\n" in head

    def read(self, raw: bytes, budget: Budget) -> Lock:
        """Every entry."""
        lock = Lock()
        if b"\n__metadata:" in raw or raw.startswith(b"__metadata:"):
            for root in decode(raw, budget).documents:
                if not isinstance(root, dict):
                    raise MalformedError("a yarn lock file that is no mapping", 0)
                for key, one in root.items():
                    if key != "__metadata":
                        _modern(key, one, lock)
            return lock
        for block in _blocks(raw, budget):
            _classic(block, lock)
        return lock


class _Block(NamedTuple):
    patterns: list[str]
    fields: dict[str, str]
    offset: int


def _blocks(raw: bytes, budget: Budget) -> Iterator[_Block]:
    at, block, count = 0, _Block([], {}, 0), 0
    for physical in raw.split(b"\n"):
        budget.step()
        line = physical.decode("utf-8", "replace").rstrip("\r")
        if line and not line.startswith((" ", "#")):
            if block.patterns:
                yield block
            count += 1
            if not line.endswith(":") or count > MOST:
                raise MalformedError("a line that begins no entry", at)
            block = _Block([one.strip().strip('"') for one in line[:-1].split(",")], {}, at)
        elif found := _FIELD.match(line):
            block.fields[found[1]] = found[2] if found[1] not in block.fields else ""  # said twice: nobody knows
        at += len(physical) + 1
    if block.patterns:
        yield block


def _classic(block: _Block, lock: Lock) -> None:
    found = _PATTERN.match(block.patterns[0])
    version = block.fields.get("version", "")
    if found is None or not version:
        unread(lock, block.patterns[0])
        return
    name, wanted = found["name"], found["range"]
    if wanted.startswith("npm:"):
        name = wanted.removeprefix("npm:").rpartition("@")[0] or name
    address = block.fields.get("resolved", "")
    if not address and ":" in wanted and not wanted.startswith("npm:"):
        address = wanted
    at = resolved(address, name, version, lock)
    digests = (*integrity(block.fields.get("integrity", "")), *at.hashes)
    lock.packages.append(
        Package(
            ecosystem=NPM, name=name, version=version if at.source is not Source.VCS else "", source=at.source,
            url=at.url, commit=at.commit, index=at.registry, hashes=digests, runs=at.source is Source.VCS,
            offset=block.offset,
        )
    )  # fmt: skip


def _modern(key: str, one: Any, lock: Lock) -> None:
    found = _PATTERN.match(text(one, "resolution"))
    if found is None:
        unread(lock, key)
        return
    name, kind = found["name"], found["range"]
    checksum = text(one, "checksum").rpartition("/")[2].lower()
    hashes = (f"{ZIPPED}:{checksum}",) if re.fullmatch("[0-9a-f]{128}", checksum) else ()
    if kind.startswith(("npm:", "patch:")):
        package = Package(ecosystem=NPM, name=name, version=text(one, "version"), hashes=hashes)
    elif kind.startswith(("workspace:", "portal:", "link:", "file:")):
        package = Package(ecosystem=NPM, name=name, source=Source.LOCAL, url=kind.partition(":")[2] or ".")
    else:
        at = resolved(kind, name, "", lock)
        package = Package(ecosystem=NPM, name=name, source=at.source, url=at.url, commit=at.commit, hashes=hashes,
                          runs=at.source is Source.VCS)  # fmt: skip
    lock.packages.append(package)
