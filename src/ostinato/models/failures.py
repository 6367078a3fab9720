"""What a provider's failure means: known by status, header and the error's type or code, never by words.

One exception to that: the provider's own message in a 400 or 422 is searched for a context overflow, since many
servers give no code for it. This module decides; it neither waits nor retries (`models.retry`) nor speaks HTTP.

    Transient                     worth another try; never leaves this room
    ProviderRefused               key, model name, address or request are wrong
    ContextTooLong                the request is larger than the context window
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ostinato.agent.ports import ContextTooLong, ProviderError, ProviderRefused
from ostinato.base.spending import Spending
from ostinato.base.text import clip, one_line, printable
from ostinato.models.wait_hints import reset_hint, retry_hint

_MESSAGE_LIMIT = 400
_OUTAGE = frozenset({429, 503, 529})
_TRANSIENT = frozenset({408, 409, 425})
_OVERFLOW_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_OVERFLOW_PHRASES = (
    "context length",
    "context window",
    "context size",
    "context limit",
    "too many tokens",
    "prompt is too long",
)
_NO_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})

# An error inside a stream has no HTTP status: its code or type stands for one.
_STATUS_OF_KIND = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "overloaded_error": 529,
    "slow_down": 503,
    "server_is_overloaded": 529,
    "service_unavailable": 503,
    "service_unavailable_error": 503,
    "billing_error": 402,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "notfounderror": 404,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "request_too_large": 413,
    "badrequesterror": 400,
}


class Transient(Exception):
    """A failure that another try may cure.

    `outage`: the provider is overloaded or out of reach, so that it is waited for rather than counted. `hint` is the
    server's own wait in seconds; `again` is False when the server asked not to be tried again.
    """

    def __init__(
        self,
        reason: str,
        *,
        outage: bool = False,
        status: int | None = None,
        hint: float | None = None,
        again: bool = True,
        spending: Spending | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.outage = outage
        self.status = status
        self.hint = hint
        self.again = again
        self.spending = spending or Spending()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom we talk to, as messages name it. `secret` is cut out of whatever the provider says."""

    model: str
    address: str
    key_variable: str = "OPENAI_API_KEY"
    address_variable: str = "OPENAI_BASE_URL"
    secret: str = field(default="", repr=False)

    def quote(self, words: str) -> str:
        """Return the provider's words as one printable, clipped line without the key."""
        if self.secret:
            words = words.replace(self.secret, "[key]")
        return clip(printable(one_line(words.strip())), _MESSAGE_LIMIT)


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What the provider says of its failure; each may be empty. `status` is the one named inside, if any.

    `param` names the part of the request that was refused.
    """

    message: str = ""
    type: str = ""
    code: str = ""
    status: int | None = None
    param: str = ""

    def kinds(self) -> frozenset[str]:
        """Return type and code in lower case."""
        return frozenset(kind.lower() for kind in (self.type, self.code) if kind)


def read_report(document: Any) -> ErrorReport | None:
    """Return the error that a JSON document carries, or None. Understands the shapes of all vendors, vLLM and FastAPI.

    A document with choices or with a whole message in it is an answer: its other keys are no error's.
    """
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    response = document.get("response")
    if document.get("type") == "response.failed" and isinstance(response, dict):
        error = response.get("error") or "the response failed"
    elif error is None and "error" in (document.get("object"), document.get("type")):
        error = document
    elif error is None and "choices" not in document and not isinstance(document.get("message"), dict):
        error = document.get("detail") or document.get("message")
    if not error:
        return None
    if not isinstance(error, dict):
        return ErrorReport(message=str(error))
    code = error.get("code")
    return ErrorReport(
        message=str(error.get("message") or ""),
        type=str(error.get("type") or ""),
        code="" if code is None else str(code),
        status=_as_status(code),
        param=str(error.get("param") or ""),
    )


def failure_of(
    status: int, headers: Mapping[str, str], report: ErrorReport, endpoint: Endpoint, now: datetime
) -> Transient | ProviderError:
    """Return, not raise, what an answer other than 200 means. `headers` have lower-case names."""
    kinds = report.kinds()
    if status == 413 or kinds & _OVERFLOW_CODES or (status in {400, 422} and _speaks_of_overflow(report.message)):
        said = endpoint.quote(report.message) or "the request does not fit"
        advice = "set models.context_window to what this model takes, or give it smaller tasks"
        return ContextTooLong(f"{endpoint.model}: context too long ({status}): {said}; {advice}", status=status)
    if status == 402 or (status == 429 and kinds & _NO_QUOTA):
        return ProviderRefused(
            f"{endpoint.address} says that the account's quota or credit is used up ({status}): add credit, or choose "
            f"another model than {endpoint.model}{_said(report, endpoint)}",
            status=status,
        )
    if status in _OUTAGE or status in _TRANSIENT or status >= 500 or 200 <= status < 300:
        reason = f"{endpoint.address} answered {status}{_said(report, endpoint)}"
        again = headers.get("x-should-retry", "").strip().lower() != "false"
        hint = retry_hint(headers, now)
        if hint is None and status == 429:
            hint = reset_hint(headers, now)
        return Transient(reason, outage=status in _OUTAGE, status=status, hint=hint, again=again)
    return ProviderRefused(_refusal(status, report, endpoint), status=status)


def failure_in_stream(report: ErrorReport, endpoint: Endpoint, now: datetime) -> Transient | ProviderError:
    """Return what an error object inside a 200 answer means; without a known code or type it is a 500."""
    named = (_STATUS_OF_KIND[kind] for kind in sorted(report.kinds()) if kind in _STATUS_OF_KIND)
    status = report.status or next(named, 500)
    return failure_of(status, {}, report, endpoint, now)


def _refusal(status: int, report: ErrorReport, endpoint: Endpoint) -> str:
    said = _said(report, endpoint)
    if status == 401:
        # Vendors echo parts of the key in this message, so it is left out.
        return f"{endpoint.address} does not accept the key (401): check {endpoint.key_variable}"
    if status == 403:
        return (
            f"{endpoint.address} does not allow this (403): check {endpoint.key_variable} and whether its account may "
            f"use {endpoint.model}{said}"
        )
    if status == 404:
        return (
            f"{endpoint.address} does not know {endpoint.model} (404): the model's name is wrong, or the address in "
            f"{endpoint.address_variable}{said}"
        )
    if 300 <= status < 400:
        return f"{endpoint.address} redirects ({status}): set {endpoint.address_variable} to where it leads"
    return f"{endpoint.address} refused the request for {endpoint.model} ({status}){said}"


def _said(report: ErrorReport, endpoint: Endpoint) -> str:
    words = endpoint.quote(report.message) or endpoint.quote(report.code or report.type)
    return f": {words}" if words else ""


def _speaks_of_overflow(message: str) -> bool:
    lowered = message.lower()
    return any(phrase in lowered for phrase in _OVERFLOW_PHRASES)


def _as_status(code: Any) -> int | None:
    if isinstance(code, str) and code.isdecimal() and len(code) == 3:
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600 else None
