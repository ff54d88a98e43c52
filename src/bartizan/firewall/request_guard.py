"""Inspects a request and edits its document as the verdict asks."""

from __future__ import annotations

from collections.abc import Sequence

from bartizan.core.errors import WireError
from bartizan.core.passage import Blob, Passage, Path, Tensor, Text, render_path
from bartizan.core.verdict import Action, Redaction, Uncovered, Verdict
from bartizan.firewall.documents import get_value, set_value
from bartizan.firewall.exchange import Document, Request
from bartizan.firewall.guard import Guard
from bartizan.firewall.joined import joined_passages
from bartizan.firewall.learned import NOTHING_LEARNED, Answers
from bartizan.inspection.redaction import Edit, redact
from bartizan.policy.document import PolicyDocument


def check_shape(request: Request, policy: PolicyDocument) -> None:
    """The bounds and shapes that policy refuses before anything is inspected.

    Raises:
        WireError: too many parts, too large a blob, unknown fields or log-probabilities where policy refuses them.
    """
    if len(request.parts) > policy.bodies.max_parts:
        raise WireError("the request has too many parts", status=413)
    largest = policy.uncovered.max_blob_bytes
    for part in request.parts:
        if isinstance(part, Blob) and part.size > largest:
            raise WireError(f"{render_path(part.path)}: the {part.media} is too large", status=413)
    if policy.unknown.field == "refuse" and request.unknown:
        raise WireError(f"{render_path(request.unknown[0])}: unknown field")
    if policy.streaming.logprobs == "refuse" and _asks_for_logprobs(request.document):
        raise WireError("log-probabilities are not available here")


def inspect_request(request: Request, guard: Guard, learned: Answers = NOTHING_LEARNED) -> Verdict:
    """The verdict on everything in the request, read or not.

    Args:
        request: parsed.
        guard: judges.
        learned: what the trained model said of its texts.
    """
    passages: list[Passage] = []
    uncovered: list[Uncovered] = []
    for part in request.parts:
        match part:
            case Text():
                passages.append(part.passage)
            case Blob():
                reason = f"{part.media} content, {part.size} bytes" if part.size else f"{part.media} by reference"
                uncovered.append(Uncovered(part.path, reason, part.media))
            case Tensor() if not part.read:
                uncovered.append(Uncovered(part.path, f"tensor {part.name}", "unread"))
    uncovered.extend(Uncovered(path, reason) for path, reason in request.uncovered)
    return guard.inspect_passages(passages, uncovered, joined_passages(request.parts), learned)


def redact_request(document: Document, redactions: Sequence[Redaction]) -> None:
    """Replace spans in place. Raises WireError for a place that holds no text."""
    by_path: dict[Path, list[Edit]] = {}
    for redaction in redactions:
        by_path.setdefault(redaction.path, []).append((redaction.span, redaction.replacement))
    for path, found in by_path.items():
        text = get_value(document, path)
        if not isinstance(text, str):
            raise WireError(f"{render_path(path)}: cannot be redacted")
        set_value(document, path, redact(text, found))


def stops(verdict: Verdict) -> bool:
    """True if the request must not go on. Nobody can be asked about a chat request, so ``ask`` stops it too."""
    return verdict.action in (Action.BLOCK, Action.ASK)


def _asks_for_logprobs(document: Document) -> bool:
    included = document.get("include")
    return bool(
        document.get("logprobs")
        or document.get("top_logprobs")
        or (isinstance(included, list) and any("logprobs" in str(item) for item in included))
    )
