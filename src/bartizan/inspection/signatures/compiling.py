"""Entries to signatures: vocabulary expanded, phrases folded, patterns tried."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec
import re2

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.signatures.document import parse
from bartizan.inspection.signatures.folding import fold_literal, fold_pattern
from bartizan.inspection.signatures.pack import OWN_SCRIPT, Entry, Kind, Pack, Signature
from bartizan.inspection.signatures.vocabulary import expand

_VOCABULARY = "vocabulary.yaml"
_PATTERN_MEMORY = 8 << 20
_MAX_PROGRAM = 6_000


class _Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: dict[str, str]


@cache
def shared_words() -> Mapping[str, str]:
    """The vocabulary that every pack may use."""
    source = (resources.files(__package__) / _VOCABULARY).read_text("utf-8")
    return parse(source, _VOCABULARY, _Vocabulary)[0].words


def compile_entry(pack: Pack, entry: Entry) -> Signature:
    """The signature of an entry.

    Raises:
        ConfigurationError: a word is unknown, RE2 refuses a pattern, or a phrase would match everything.
    """
    literals: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    if entry.kind is Kind.LITERAL:
        literals = tuple(dict.fromkeys(fold_literal(phrase) for phrase in entry.any))
        if min(map(len, literals)) < 2:
            raise ConfigurationError("a literal folds to fewer than two characters")
    else:
        words = {**shared_words(), **pack.words}
        patterns = tuple(fold_pattern(expand(phrase, words)) for phrase in entry.any)
        for pattern in patterns:
            compile_pattern(pattern)
    return Signature(
        id=entry.id,
        pack=pack.pack,
        title=entry.title,
        threat=entry.threat,
        technique=entry.technique,
        group=entry.group or entry.technique,
        severity=entry.severity,
        score=entry.score,
        surfaces=entry.surfaces,
        requires=frozenset(entry.requires),
        supporting=entry.supporting,
        frame=entry.frame,
        foreign=OWN_SCRIPT.issuperset(entry.languages),
        literals=literals,
        patterns=patterns,
    )


def compile_pattern(pattern: str) -> re2._Regexp[str]:
    """A compiled pattern of at most 6,000 RE2 instructions.

    Raises:
        ConfigurationError: RE2 refuses it, it is too large, or it matches the empty text.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ConfigurationError(f"RE2 refuses a pattern: {reason}") from None
    if compiled.programsize > _MAX_PROGRAM:
        size = f"a pattern of {compiled.programsize} instructions"
        raise ConfigurationError(size, f"at most {_MAX_PROGRAM}: lower its counted repetitions")
    if compiled.search("") is not None:
        raise ConfigurationError("a pattern matches the empty text", "let it name something")
    return compiled
