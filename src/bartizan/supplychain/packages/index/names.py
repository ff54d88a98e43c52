"""Names beside names: lists with stars, and how far two names are apart."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64


def covered(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is one of the patterns; a star at the end stands for any rest."""
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)


def below(address: str, places: Iterable[str]) -> bool:
    """Whether an address is one of the places or below one, part by part."""
    return any(_parts(address)[: len(parts)] == parts for one in places if (parts := _parts(one)))


def _parts(address: str) -> list[str]:
    scheme, mark, rest = address.partition("://")
    host, *way = (rest if mark else scheme).rstrip("/").split("/")
    host = host.rpartition("@")[2].lower()  # credentials name nobody
    if ".." in way or "." in way or not host or "\\" in address or "%2e" in address.lower():
        return []
    return [scheme.lower() if mark else "https", host, *way]


def near(name: str, other: str, most: int) -> bool:
    """Whether at most ``most`` insertions, deletions, exchanges or swaps of neighbours make one of the other."""
    if name == other or abs(len(name) - len(other)) > most or max(len(name), len(other)) > _LONGEST:
        return name == other
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(name, start=1):
        after = [at]
        for to, wanted in enumerate(other, start=1):
            cost = min(row[to] + 1, after[to - 1] + 1, row[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and name[at - 2] == wanted:
                cost = min(cost, before[to - 2] + 1)
            after.append(cost)
        before, row = row, after
        if min(row) > most:
            return False
    return row[-1] <= most
