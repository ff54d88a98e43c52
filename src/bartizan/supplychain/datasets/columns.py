"""Which columns are text, label and split: by their names, and where these say nothing, by what is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.datasets.interface import Columns

_LABELS = ("label", "labels", "class", "target", "category", "intent", "sentiment", "topic", "queue", "y", "tag",
           "label_text", "class_name", "gold", "gold_label", "is_spam", "rating", "output_label")  # fmt: skip
_TEXTS = ("text", "sentence", "content", "body", "message", "messages", "review", "comment", "question", "prompt",
          "input", "instruction", "utterance", "title", "subject", "headline", "tweet", "document", "description",
          "sentence1", "sentence2", "premise", "hypothesis", "conversations", "context")  # fmt: skip
_SPLITS = ("split", "fold", "subset", "partition", "set")
_TRAIN, _TEST, _VALIDATION = ("train", "training"), ("test", "testing", "eval"), ("validation", "valid", "val", "dev")
_MOST_LABELS = 50


def guess(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """What the columns are for, judged by the first rows."""
    by_name = {name.casefold(): name for name in reversed(names)}
    split = next((by_name[one] for one in _SPLITS if one in by_name and _splits(names, by_name[one], rows)), "")
    label = next((by_name[one] for one in _LABELS if one in by_name), "")
    if not label:
        label = next((name for name in reversed(names) if name != split and _like_labels(names, name, rows)), "")
    text = tuple(name for name in names if name.casefold() in _TEXTS and name not in (label, split))
    if not text:
        rest = [name for name in names if name not in (label, split)]
        longest = max(rest, key=lambda name: sum(map(len, _cells(names, name, rows))), default="")
        text = (longest,) if longest else ()
    return Columns(text=text, label=label, split=split)


def chosen(guessed: Columns, names: Sequence[str], text: Sequence[str], label: str, split: str) -> Columns:
    """``guessed`` with what somebody said instead. Raises ConfigurationError for a column that is not there."""
    for name in (*text, *filter(None, (label, split))):
        if name not in names:
            raise ConfigurationError(f"there is no column {name!r}", f"columns: {', '.join(names)[:300]}")
    label = label or guessed.label
    split = split or guessed.split
    kept = tuple(text) or tuple(name for name in guessed.text if name not in (label, split))
    return Columns(text=kept, label=label, split=split)


def split_of(word: str) -> str:
    """``train``, ``test`` or ``validation`` if a value or the name of a file says so; otherwise nothing."""
    parts = re.split(r"[^a-z]+", word.casefold())
    for name, words in (("train", _TRAIN), ("test", _TEST), ("validation", _VALIDATION)):
        if any(part in words for part in parts):
            return name
    return ""


def _cells(names: Sequence[str], name: str, rows: Sequence[Sequence[str]]) -> list[str]:
    at = list(names).index(name)
    return [row[at] for row in rows]


def _splits(names: Sequence[str], name: str, rows: Sequence[Sequence[str]]) -> bool:
    cells = _cells(names, name, rows)
    return bool(cells) and all(split_of(cell) for cell in cells)


def _like_labels(names: Sequence[str], name: str, rows: Sequence[Sequence[str]]) -> bool:
    cells = _cells(names, name, rows)
    different = set(cells)
    return (
        2 <= len(different) <= min(_MOST_LABELS, len(cells) // 10)
        and max(map(len, different)) <= 40
        and "" not in different
    )
