"""What a lock file leaves open: versions, bytes, places, and who answers for a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from bartizan.supplychain.interface import ArtefactFinding, Context, Rule
from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.interface import ZIPPED, Lock, Package, Source, counted
from bartizan.supplychain.packages.readers.addresses import outside

_STRONG = ("sha256", "sha384", "sha512", ZIPPED)


def pinning(lock: Lock, may_run: Callable[[Package], bool], context: Context) -> Iterator[ArtefactFinding]:
    """Everything that is left open.

    Args:
        may_run: whether a package may run code of its own at installation.
    """
    for package in lock.packages:
        for rule, text, evidence in _open(package):
            if rule is rules.RUNS and may_run(package):
                continue
            yield context.found(rule, text, offset=package.offset, member=package.purl, evidence=evidence)
    yield from _indexes(lock, context)


def _open(package: Package) -> Iterator[tuple[Rule, str, str]]:
    what = package.name or package.url
    if package.source is Source.LOCAL:
        if outside(package.url):
            yield rules.OUTSIDE, f"{what} is taken from outside this folder, where nothing was looked at.", package.url
        else:
            yield rules.LOCAL, "What lies there is scanned if it is named, and never through this file.", package.url
        return
    if package.source is Source.VCS:
        if not package.commit:
            yield rules.MOVING_COMMIT, f"Whoever can move the branch or tag decides what {what} is.", package.url
        return
    strong, weak = digests(package)
    if package.source is Source.URL:
        if not strong:
            yield rules.DIRECT_URL, f"Whoever answers there decides what {what} is.", package.url
        return
    if not package.version:
        yield rules.UNPINNED, f"The installer takes whatever is newest of {what}.", package.wanted or "any version"
    if not strong:
        rule = rules.WEAK_INTEGRITY if weak else rules.NO_INTEGRITY
        yield rule, f"The index decides which bytes {what} is.", ", ".join(sorted(weak))
    if package.runs:
        yield rules.RUNS, f"Installing {what} runs a program that came with it.", ""


def digests(package: Package) -> tuple[set[str], set[str]]:
    """The kinds of digests that pin its bytes, and of those that do not."""
    kinds = {one.partition(":")[0].lower() for one in package.hashes}
    return {kind for kind in kinds if kind in _STRONG}, {kind for kind in kinds if kind not in _STRONG}


def _indexes(lock: Lock, context: Context) -> Iterable[ArtefactFinding]:
    loose = [one for one in lock.packages if one.source is Source.INDEX and not digests(one)[0]]
    if not loose:
        return  # the bytes are pinned: an index can only refuse to serve
    example = f"such as {loose[0].name}"
    for index in lock.indexes:
        if urlsplit(index.url).scheme.lower() == "http":
            yield context.found(
                rules.INSECURE,
                f"Whoever stands between decides what {counted(len(loose))} are, {example}.",
                offset=index.offset,
                evidence=index.url,
            )
        if index.extra:
            yield context.found(
                rules.EXTRA_INDEX,
                f"For {counted(len(loose))} the highest version of any index wins, whoever uploaded it, {example}.",
                offset=index.offset,
                evidence=index.url,
            )
    for host in dict.fromkeys(lock.trusted_hosts):
        yield context.found(
            rules.INSECURE, f"Its certificate is not checked, for {counted(len(loose))}, {example}.", evidence=host
        )
