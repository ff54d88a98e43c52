"""Material with and without planted orders; both classes share carriers, lengths and places."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from training.generate.carriers import CARRIERS
from training.generate.documents import Draft, excerpt
from training.generate.documents import planted as planted_in_draft
from training.generate.material import KINDS, Blocks
from training.generate.slots import corpus, fill, merged
from training.rows import Row

WRITTEN = 0.3
"""Share of material that was written as a whole and not put together from parts."""


def rows(rng: random.Random, count: int, documents: Sequence[str] = (), longest: int = 24_000) -> Iterator[Row]:
    """Half of them attacks.

    Args:
        rng: of everything.
        count: rows.
        documents: clean texts that serve as further carriers, for half of the rows.
        longest: characters of a document.
    """
    for number in range(count):
        kind = ("attack", "plain", "attack", "wrapper" if number % 8 == 3 else "plain")[number % 4]
        if kind == "plain" and rng.random() < WRITTEN:
            family = rng.choice(tuple(merged("content_benign")))
            text = rng.choice(merged("content_benign")[family])
            yield _row(_question(rng, text)[0], 0, "benign_doc", "written", f"{family}/{text[:30]}")
        elif kind == "plain":
            extra = fill(rng, rng.choice(corpus("material")["human_requests"])) if rng.random() < 0.4 else ""
            text, _ = _document(rng, documents, longest, extra)
            yield _row(_question(rng, text)[0], 0, "benign_doc", "plain", f"carrier/{number}")
        elif kind == "wrapper":
            order = rng.choice(merged("injection_frames")["harmless_orders"])
            text, _ = _document(rng, documents, longest, _framed(rng, order))
            yield _row(_question(rng, text)[0], 0, "wrapped_benign", "wrapper", f"harmless/{order[:30]}")
        else:
            order, group = _order(rng)
            text, span = _document(rng, documents, longest, _framed(rng, order))
            text, moved = _question(rng, text)
            span = (span[0] + moved, span[1] + moved)
            yield _row(text, 1, "indirect", group.split("/")[0], group, (span,))


def _document(rng: random.Random, documents: Sequence[str], longest: int, extra: str) -> tuple[str, tuple[int, int]]:
    """A document with ``extra`` somewhere in it (nowhere when empty), and where it stands."""
    if rng.random() < 0.5:
        draft = Draft(rng, min(longest, int(10 ** rng.uniform(1.8, 4.1))))
        rng.choice(tuple(CARRIERS.values()))(draft)
        text, spans = planted_in_draft(
            rng, excerpt(rng, draft.text(), draft.size), draft.separator, [extra] if extra else []
        )
        return text, spans[0] if spans else (0, 0)
    blocks = _blocks(rng, documents, longest)
    return _planted(rng, blocks, extra) if extra else (_joined(rng, blocks), (0, 0))


def _blocks(rng: random.Random, documents: Sequence[str], longest: int) -> Blocks:
    wanted = min(longest, int(10 ** rng.uniform(1.8, 4.2)))
    if documents and rng.random() < 0.5:
        blocks = [block for block in rng.choice(documents).split("\n") if block.strip()]
        if len(blocks) == 1 and len(blocks[0]) > 300:
            blocks = [part + "." for part in blocks[0].split(". ")]
        start = rng.randrange(len(blocks)) if rng.random() < 0.3 else 0
        blocks = blocks[start:]
    elif rng.random() < WRITTEN:
        families = merged("content_benign")
        blocks = [line for line in rng.choice(families[rng.choice(tuple(families))]).split("\n") if line.strip()]
    else:
        blocks = rng.choice(KINDS)(rng)
    while sum(map(len, blocks)) < wanted / 2 and rng.random() < 0.7:
        blocks += rng.choice(KINDS)(rng)
    while len(blocks) > 1 and sum(map(len, blocks)) > wanted * 1.5:
        blocks.pop(rng.randrange(len(blocks)))
    return blocks


def _order(rng: random.Random) -> tuple[str, str]:
    tasks = merged("injected_tasks")
    family = rng.choice(
        ("answer_style", "answer_content", "answer_content", "tasks", "tasks", "actions", "actions", "overrides")
    )
    seed = rng.choice(tasks[family])
    order = fill(rng, seed)
    if rng.random() < 0.15:
        order += " " + fill(rng, rng.choice(tasks[rng.choice(tuple(tasks))]))
    return order, f"{family}/{seed[:30]}"


def _framed(rng: random.Random, order: str) -> str:
    frame = rng.choice(merged("injection_frames")["frames"]).replace("⟦order⟧", "{order}")
    lower = order[:1].lower() + order[1:]
    frame = fill(rng, frame.replace("{{{{", "[[").replace("}}}}", "]]"))
    return (
        frame.replace("{order_lower}", lower)
        .replace("{order_upper}", order.upper())
        .replace("{order_json}", json.dumps(order)[1:-1])
        .replace("{order}", order)
    )


def _planted(rng: random.Random, blocks: Blocks, extra: str) -> tuple[str, tuple[int, int]]:
    """``extra`` as a block of its own, or inside one."""
    blocks = list(blocks)
    at = rng.choice((0, len(blocks), rng.randint(0, len(blocks)), rng.randint(0, len(blocks))))
    where = rng.random()
    if where < 0.55 or at >= len(blocks):
        blocks.insert(at, extra)
    else:
        block = blocks[at]
        places = [number for number, char in enumerate(block) if char in ".!?\n" and number + 1 < len(block)] or [
            len(block) - 1
        ]
        cut = rng.choice(places) + 1
        inner = json.dumps(extra, ensure_ascii=False)[1:-1] if block.lstrip().startswith("{") else extra
        blocks[at] = f"{block[:cut]} {inner} {block[cut:].lstrip()}".rstrip()
        extra = inner
    text = _joined(rng, blocks)
    start = text.find(extra)
    return text, (max(start, 0), max(start, 0) + len(extra))


def _joined(rng: random.Random, blocks: Blocks) -> str:
    return rng.choice(("\n", "\n", "\n\n", " ")).join(blocks)


def _question(rng: random.Random, text: str) -> tuple[str, int]:
    if rng.random() < 0.85:
        return text, 0
    question = fill(rng, rng.choice(corpus("material")["questions"])) + rng.choice(("\n\n", "\n", " "))
    return question + text, len(question)


def _row(text: str, attack: int, kind: str, family: str, group: str, spans: tuple[tuple[int, int], ...] = ()) -> Row:
    return Row(
        text=text, surface="content", attack=attack, kind=kind, source=f"gen/content/{family}", group=group, spans=spans
    )
