"""A request that will not be served, with what the client is told and what the journal is told."""

from __future__ import annotations

from bartizan.core.errors import BartizanError, JournalError, KeeperError, UpstreamError, WireError
from bartizan.core.verdict import Verdict
from bartizan.firewall.watchdog import ClientGoneError
from bartizan.inspection.pseudonyms import PseudonymsExhaustedError

CLIENT_GONE = 499
"""nginx's status for a client that did not wait; only in records, nobody receives it."""

_CODES = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "permission_denied",
    404: "model_not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "rate_limit_exceeded",
    431: "request_header_fields_too_large",
    503: "service_unavailable",
    504: "upstream_timeout",
}


class DeclinedError(BartizanError):
    """Raised where a request ends without an answer of the model.

    Args:
        status: HTTP status.
        message: told to the client; never says which rule or score decided.
        reason: told to the journal; the message when empty.
        code: machine-readable; derived from the status when empty.
        retry_after: seconds; 0 for no header.
        verdict: the verdict that declined it, if one did.
        challenges: what ``WWW-Authenticate`` says.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        code: str = "",
        retry_after: float = 0.0,
        verdict: Verdict | None = None,
        challenges: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or message
        self.code = code or code_for(status)
        self.retry_after = retry_after
        self.verdict = verdict
        self.challenges = challenges

    @property
    def rule(self) -> str:
        """What a debug key is told: the rule of the verdict, which limit was reached, or else the code."""
        if self.verdict is not None:
            return self.verdict.rule
        return self.reason.replace(": ", ".") if self.status == 429 else self.code


def code_for(status: int) -> str:
    """The machine-readable code that goes with an HTTP status."""
    return _CODES.get(status, "invalid_request" if status < 500 else "upstream_error")


def declined(error: BartizanError) -> DeclinedError:
    """The way ``error`` is told to a client. Anything without a status of its own is 503: fail closed."""
    match error:
        case DeclinedError():
            return error
        case WireError() | UpstreamError():
            message = f"{error.cause}: {error.hint}" if error.hint else error.cause
            return DeclinedError(error.status, message)
        case ClientGoneError():
            return DeclinedError(CLIENT_GONE, error.cause, reason="client_gone")
        case PseudonymsExhaustedError():
            message = "The request holds more personal data than can be replaced."
            return DeclinedError(413, message, reason=f"pseudonyms: {error.cause}")
        case KeeperError():
            return DeclinedError(503, "The gateway cannot check its limits right now.", reason=f"keeper: {error.cause}")
        case JournalError():
            return DeclinedError(503, "The gateway cannot record requests right now.", reason=f"journal: {error.cause}")
    return DeclinedError(503, "The gateway cannot serve this request.", reason=error.cause)
