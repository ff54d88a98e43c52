"""How much of an answer a request may ask for (``answers`` in policy).

The limits are written into the document that goes upstream, where the model stops and nothing more is paid for.
Servers read more names for the same than the two APIs have (llama.cpp ``n_predict``, TGI and Transformers
``max_new_tokens``, vLLM ``min_tokens``), and some let theirs win, so those are held to the limit too.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from bartizan.core.errors import WireError
from bartizan.core.verdict import Mode
from bartizan.firewall.exchange import ApiFamily, Document, Request
from bartizan.policy.answers import Answers
from bartizan.policy.document import PolicyDocument


class _Asks(NamedTuple):
    """Where requests of one family say how much they want."""

    tokens: tuple[str, ...]
    choices: tuple[str, ...] = ()


_FAMILIES: Final = {
    ApiFamily.CHAT_COMPLETIONS: _Asks(("max_completion_tokens", "max_tokens"), ("n",)),
    ApiFamily.COMPLETIONS: _Asks(("max_tokens",), ("n", "best_of")),
    ApiFamily.RESPONSES: _Asks(("max_output_tokens",)),
    ApiFamily.MESSAGES: _Asks(("max_tokens",)),
}
_ALIASES: Final = (
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_new_tokens",
    "max_gen_len",
    "max_gen_tokens",
    "max_length",
    "min_tokens",
    "min_new_tokens",
    "n_predict",
    "num_predict",
)
LEAST_THINKING: Final = 1_024
"""Tokens that Messages take as a budget for thinking, at least; it must be below ``max_tokens``."""


def bound_request(request: Request, policy: PolicyDocument) -> None:
    """Hold ``request`` to what policy allows, in place. Nothing in monitor mode.

    Raises:
        WireError: it names more, and policy refuses that.
    """
    asks, answers = _FAMILIES.get(request.family), policy.answers
    if asks is None or policy.mode is Mode.MONITOR:
        return
    document = request.document
    if answers.max_choices:
        for field in asks.choices:
            if _over(document.get(field), answers.max_choices):
                _lower(document, field, answers.max_choices, answers)
    if not answers.max_tokens:
        return
    for field in dict.fromkeys((*asks.tokens, *_ALIASES)):
        if _over(document.get(field), answers.max_tokens):
            _lower(document, field, answers.max_tokens, answers)
    if all(document.get(field) is None for field in asks.tokens):
        document[_written(request.family, asks, answers)] = answers.max_tokens
    if request.family is ApiFamily.MESSAGES:
        _think_less(document)
    named = (document.get(field) for field in asks.tokens)
    request.max_output_tokens = next((value for value in named if isinstance(value, int)), answers.max_tokens)


def _over(value: Any, most: int) -> bool:
    """Whether a field asks for more than ``most``. A negative number means no limit to some servers, and what is no
    number may mean anything."""
    if value is None:
        return False
    return isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most


def _lower(document: Document, field: str, most: int, answers: Answers) -> None:
    if answers.larger == "refuse":
        raise WireError(f"{field}: at most {most} is served here")
    document[field] = most


def _written(family: ApiFamily, asks: _Asks, answers: Answers) -> str:
    return answers.chat_field if family is ApiFamily.CHAT_COMPLETIONS else asks.tokens[0]


def _think_less(document: Document) -> None:
    """A budget for thinking that is no longer below ``max_tokens`` would be refused upstream."""
    thinking, most = document.get("thinking"), document["max_tokens"]
    if not isinstance(thinking, dict) or not isinstance(thinking.get("budget_tokens"), int):
        return
    if thinking["budget_tokens"] < most:
        return
    enough = most > LEAST_THINKING
    document["thinking"] = {**thinking, "budget_tokens": most - 1} if enough else {"type": "disabled"}
