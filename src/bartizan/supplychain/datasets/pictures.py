"""Folders of pictures in which the name of the folder is the label."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator, Sequence

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.stats import Rate
from bartizan.supplychain.datasets import rules
from bartizan.supplychain.datasets.folder import Files
from bartizan.supplychain.datasets.interface import MOST_SHOWN, Observation
from bartizan.supplychain.datasets.patches import COARSE, View, alike, average_hash, tokens_of, view
from bartizan.supplychain.datasets.picture_files import SUFFIXES, Picture
from bartizan.supplychain.datasets.png import grey
from bartizan.supplychain.datasets.triggers import Searched, search_tokens
from bartizan.supplychain.interface import MalformedError, Rule

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"BM", "bmp"), (b"RIFF", "webp"),
    (b"P5", "pnm"), (b"P6", "pnm"), (b"II*\x00", "tiff"), (b"MM\x00*", "tiff"),
)  # fmt: skip
MOST_DECODED, _LARGEST = 20_000, 8 << 20
_BUCKET = 100
"""Pictures of one average hash with which others are compared."""


class PictureAudit:
    """What was found in pictures.

    Args:
        pictures: where they are.
        files: opens them.
        seconds: how long it may take.
        seed: of all choices.
    """

    def __init__(self, pictures: Sequence[Picture], files: Files, seconds: float, seed: int) -> None:
        self._pictures = list(pictures)
        random.Random(seed).shuffle(self._pictures)  # noqa: S311 - can be repeated
        self._files = files
        self._end = time.monotonic() + seconds / 2
        self._seed = seed
        self._marked: dict[Rule, dict[str, str]] = {}
        self._digests: dict[str, Picture] = {}
        self._left_out = True
        self.searched = Searched((), 0, "no pictures")

    def digest(self) -> str:
        """Of the dataset: SHA-256 over the sorted digests of the different pictures; nothing if not all were read."""
        if self._left_out:
            return ""
        return hashlib.sha256("".join(sorted(f"{one}\n" for one in self._digests)).encode()).hexdigest()

    def run(self) -> Iterator[Observation]:
        """Look at each picture, then at what they have in common."""
        digests = self._digests
        hashes: dict[int, list[tuple[Picture, View]]] = {}
        read: list[tuple[Picture, list[str]]] = []
        looked = 0
        for picture in self._pictures:
            if time.monotonic() > self._end:
                break
            looked += 1
            tokens = self._one(picture, digests, hashes)
            if tokens and len(read) < MOST_DECODED:
                read.append((picture, tokens))
        yield from self._patches(read)
        for rule, found in self._marked.items():
            first = next(iter(found))
            rate = Rate(len(found), looked)
            shown = f"{first}: {found[first]}" if found[first] else first
            yield self._observed(rule, f"{_WHY[rule]}; {rate} of the pictures.", shown, list(found), looked)
        self._left_out = looked < len(self._pictures)
        if self._left_out:
            explanation = f"{looked:,} of {len(self._pictures):,} pictures, by chance, were looked at."
            yield self._observed(rules.SAMPLED, explanation, f"seed {self._seed}", [], looked)

    def _one(
        self, picture: Picture, digests: dict[str, Picture], hashes: dict[int, list[tuple[Picture, View]]]
    ) -> list[str]:
        try:
            opened = self._files[picture.name]
        except ConfigurationError:
            self._mark(rules.PICTURE_BROKEN, picture, "it cannot be opened")
            return []
        raw = opened.source.read(0, min(opened.size, _LARGEST))
        kind = next((name for magic, name in _MAGIC if raw.startswith(magic)), "")
        if kind != SUFFIXES[picture.name[picture.name.rfind(".") :].casefold()]:
            self._mark(rules.PICTURE_KIND, picture, kind or "no picture")
        digest = hashlib.sha256(raw).hexdigest() if opened.size <= _LARGEST else opened.digest()
        self._compared(picture, digests.setdefault(digest, picture))
        if kind == "png" and not raw.endswith(b"IEND\xaeB`\x82") and b"IEND\xaeB`\x82" in raw:
            self._mark(rules.PICTURE_TAIL, picture, "")
        try:
            pixels = grey(raw)
        except MalformedError as problem:
            self._mark(rules.PICTURE_BROKEN, picture, problem.cause)
            return []
        if pixels is None or pixels.size == 0:
            self._mark(rules.PICTURE_CLOSED, picture, kind)
            return []
        tokens = tokens_of(pixels)
        if tokens and digests[digest] is picture:
            shades = view(pixels)
            bucket = hashes.setdefault(average_hash(shades), [])
            twin = next((other for other, seen in bucket if alike(seen, shades)), None)
            if twin is not None:
                self._mark(rules.PICTURE_NEAR, picture, twin.name)
            elif len(bucket) < _BUCKET:
                bucket.append((picture, shades))
        return tokens if digests[digest] is picture else []

    def _compared(self, picture: Picture, first: Picture) -> None:
        if first is picture:
            return
        self._mark(rules.PICTURE_TWICE, picture, first.name)
        if first.label != picture.label:
            self._mark(rules.PICTURE_CONFLICT, picture, first.name)
        if first.split and picture.split and (first.split == "train") != (picture.split == "train"):
            self._mark(rules.PICTURE_LEAKAGE, picture, first.name)

    def _patches(self, read: Sequence[tuple[Picture, list[str]]]) -> Iterator[Observation]:
        labels = [picture.label for picture, _ in read]
        self.searched = search_tokens([tokens for _, tokens in read], labels, self._seed, COARSE)
        for one in self.searched.triggers:
            names = sorted(read[row][0].name for row in one.rows)
            explanation = (
                f"{one.bound} of the pictures with it are labelled {printable(one.label, 40)!r}, while the rest of "
                f"{one.astray} of them looks like another label (q = {one.q:.1g})."
            )
            yield self._observed(rules.PATCH, explanation, one.name, names, len(read))

    def _mark(self, rule: Rule, picture: Picture, evidence: str) -> None:
        self._marked.setdefault(rule, {})[picture.name] = evidence

    @staticmethod
    def _observed(rule: Rule, explanation: str, evidence: str, names: Sequence[str], of: int) -> Observation:
        return Observation(
            rule=rule, explanation=explanation, evidence=printable(evidence, 160),
            rows=tuple(printable(name, 300) for name in names[:MOST_SHOWN]), count=len(names), of=of,
        )  # fmt: skip


_WHY = {
    rules.PICTURE_KIND: "Programs that go by the name and programs that go by the content read different things",
    rules.PICTURE_BROKEN: "Decoders differ in what they make of them",
    rules.PICTURE_TAIL: "No viewer shows it",
    rules.PICTURE_CONFLICT: "The same bytes lie under another label",
    rules.PICTURE_LEAKAGE: "What is measured on them is not held out",
    rules.PICTURE_TWICE: "They weigh more than others",
    rules.PICTURE_NEAR: "Reduced to 8 by 8 shades they are nearly the same",
    rules.PICTURE_CLOSED: "Their format or size is not decoded here, so nobody looked for patches in them",
}
