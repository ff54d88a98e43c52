"""The tokenizer: the base encoder's unigram pieces, pruned to those that earn their place in the artefact.

Pieces are stored in order of frequency over 100 languages, so the head of the list covers every script; pieces further
down stay when the training texts use them often. A removed piece falls apart into shorter ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from training.base_encoder import BaseEncoder

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
UNKNOWN = 3
SPACES = normalizers.Replace(Regex(r"\s+"), " ")


def build(pieces: list[str], scores: list[float]) -> Tokenizer:
    """A tokenizer over these pieces; the first four are the special ones."""
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), SPACES])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def prune(base: BaseEncoder, texts: Iterable[str], size: int, head: int) -> list[int]:
    """Which pieces to keep, in their order.

    Args:
        base: the full vocabulary.
        texts: what training reads.
        size: pieces to keep.
        head: how many of them are kept for their overall frequency; the rest for their frequency in ``texts``.
    """
    full = build(base.pieces, base.scores)
    seen: Counter[int] = Counter()
    for encoding in full.encode_batch(list(texts)):
        seen.update(encoding.ids)
    kept = set(range(min(head, len(base.pieces))))
    kept.update(index for index, piece in enumerate(base.pieces) if len(piece) == 1 and piece.isascii())
    for index, count in seen.most_common():
        if len(kept) >= size or count < 2:
            break
        kept.add(index)
    return sorted(kept)


def to_json(tokenizer: Tokenizer) -> str:
    """Compact; scores rounded, which changes no segmentation that matters and halves the file."""
    document = json.loads(tokenizer.to_str())
    document["model"]["vocab"] = [[piece, round(score, 2)] for piece, score in document["model"]["vocab"]]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
