"""Holds a pack against its own examples and counter-examples."""

from __future__ import annotations

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.signatures.boundaries import stands_alone
from bartizan.inspection.signatures.compiling import compile_entry, compile_pattern
from bartizan.inspection.signatures.folding import fold_literal
from bartizan.inspection.signatures.pack import Pack, Signature


def check_pack(pack: Pack) -> list[str]:
    """What is wrong with the pack's claims, one line per problem; empty when every claim holds.

    An entry must match each of its examples and none of its counter-examples, whatever it ``requires``.
    """
    problems: list[str] = []
    for entry in pack.entries:
        try:
            signature = compile_entry(pack, entry)
        except ConfigurationError as error:
            problems.append(f"{pack.pack}: {entry.id}: {error}")
            continue
        problems.extend(
            f"{pack.pack}: {entry.id}: does not match its example {text!r}"
            for text in entry.examples
            if not matches(signature, text)
        )
        problems.extend(
            f"{pack.pack}: {entry.id}: matches its counter-example {text!r}"
            for text in entry.counter_examples
            if matches(signature, text)
        )
    return problems


def matches(signature: Signature, text: str) -> bool:
    """Whether any phrase of the signature stands in the text, by itself and without weighing."""
    folded = fold_literal(text)
    return any(_stands_in(literal, folded) for literal in signature.literals) or any(
        compile_pattern(pattern).search(folded) is not None for pattern in signature.patterns
    )


def _stands_in(literal: str, text: str) -> bool:
    start = text.find(literal)
    while start >= 0:
        if stands_alone(text, start, start + len(literal)):
            return True
        start = text.find(literal, start + 1)
    return False
