"""What pydantic-ai's errors mean, in our own kinds. It needs the extra `any`.

Their category and status say so; the rest is `models.failures`, as for every other provider.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    UserError,
)

from ostinato.agent.ports import ProviderError, ProviderRefused
from ostinato.models.failures import Endpoint, ErrorReport, Transient, failure_of, read_report
from ostinato.models.http_stream import raise_for_tls

# A category, the statuses that say the same, and the one that stands for it where the error has another or none.
_STATUSES: tuple[tuple[type[ModelAPIError], frozenset[int], int], ...] = (
    (ModelContextWindowExceededError, frozenset({413}), 413),
    (ModelQuotaExceededError, frozenset({402}), 402),
    (ModelRateLimitError, frozenset({429}), 429),
    (ModelUnavailableError, frozenset({503, 529}), 503),
    (ModelServerError, frozenset(range(500, 600)), 500),
    (ModelAuthenticationError, frozenset({401, 403}), 401),
    (ModelNotFoundError, frozenset({404}), 404),
    (ModelRequestRejectedError, frozenset({400, 422}), 400),
)


def failure_of_any(error: Exception, endpoint: Endpoint, now: datetime) -> Transient | ProviderError:
    """Return, not raise, what an exception out of pydantic-ai or its vendors' libraries means."""
    try:
        raise_for_tls(endpoint.address, error)
    except ProviderRefused as refused:
        return refused
    if isinstance(error, ModelConnectionError):
        return _connection(error, endpoint)
    if isinstance(error, UserError):
        return ProviderRefused(f"{endpoint.model} cannot be asked like this: {endpoint.quote(error.message)}")
    status = _status(error)
    if not isinstance(error, ModelAPIError) or status is None:
        said = endpoint.quote(str(error)) or type(error).__name__
        return Transient(f"{endpoint.address} answered with what {endpoint.model} cannot be: {said}")
    headers = (error.headers if isinstance(error, ModelHTTPError) else None) or {}
    if error.retry_after is not None:
        headers = {"retry-after": str(error.retry_after), **headers}
    return failure_of(status, headers, _report(error), endpoint, now)


def _connection(error: ModelConnectionError, endpoint: Endpoint) -> Transient:
    said = endpoint.quote(error.message)
    if error.phase == "connect":
        return Transient(f"cannot reach {endpoint.address}: {said}", outage=True)
    late = isinstance(error, ModelTimeoutError)
    return Transient(f"{endpoint.address} {'took too long' if late else 'broke the connection'}: {said}")


def _status(error: Exception) -> int | None:
    own = error.status_code if isinstance(error, ModelHTTPError) else None
    for category, same, standing in _STATUSES:
        if isinstance(error, category):
            return own if own in same else standing
    return own


def _report(error: ModelAPIError) -> ErrorReport:
    body = error.body
    if isinstance(body, (str, bytes)):
        try:
            body = json.loads(body)
        except ValueError:
            body = None
    report = read_report(body) or ErrorReport()
    return replace(
        report,
        code=error.provider_error_code or report.code,
        type=error.provider_error_type or report.type,
    )
