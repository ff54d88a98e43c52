"""Options in a requirements file. Long ones may be cut short as far as they stay unambiguous, as optparse allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_VALUED = (
    "--index-url", "--pypi-url", "--extra-index-url", "--find-links", "--requirement", "--constraint", "--editable",
    "--hash", "--trusted-host", "--no-binary", "--only-binary", "--use-feature", "--global-option", "--config-settings",
    "--uploaded-prior-to", "--all-releases", "--only-final",
)  # fmt: skip
_FLAGS = ("--no-index", "--require-hashes", "--no-require-hashes", "--pre", "--prefer-binary")
_SHORT = {
    "-i": "--index-url", "-f": "--find-links", "-r": "--requirement", "-c": "--constraint", "-e": "--editable",
    "-C": "--config-settings",
}  # fmt: skip
_KNOWN = (*_VALUED, *_FLAGS)


class Option(NamedTuple):
    """One option, by its full name; empty for one that pip does not take in such a file."""

    name: str
    value: str


def options(words: list[str]) -> Iterator[Option]:
    """The options that the words are."""
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            given, equals, value = word.partition("=")
            name = _full(given)
        else:
            name, value, equals = _SHORT.get(word[:2], ""), word[2:], word[2:]
        if not name:
            yield Option("", word)
        elif name in _FLAGS:
            yield Option(name, "")
        else:
            yield Option(name, value if equals else next(rest, ""))


def _full(given: str) -> str:
    if given in _KNOWN:
        return given
    fitting = [name for name in _KNOWN if name.startswith(given)]
    return fitting[0] if len(fitting) == 1 and len(given) > 2 else ""
