"""How long a server wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, ProviderRefused
from ostinato.models.failures import Endpoint, ErrorReport, Transient, failure_of
from ostinato.models.wait_hints import reset_hint

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
ENDPOINT = Endpoint("anthropic:m", "https://a", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
ANTHROPIC = {
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:02Z",
    "anthropic-ratelimit-input-tokens-remaining": "0",
    "anthropic-ratelimit-input-tokens-reset": "2026-01-01T12:00:35Z",
    "anthropic-ratelimit-output-tokens-remaining": "8000",
    "anthropic-ratelimit-output-tokens-reset": "2026-01-01T12:01:00Z",
}
OPENAI = {
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-remaining-tokens": "10",
    "x-ratelimit-reset-tokens": "6m0.5s",
}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (ANTHROPIC, 35.0),
        (ANTHROPIC | {"anthropic-ratelimit-input-tokens-remaining": "1000"}, 60.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-01-01T11:59:00+00:00"}, 0.0),
        (OPENAI, 360.5),
        (OPENAI | {"x-ratelimit-remaining-requests": "0"}, 1.0),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-requests": "1h2m"}, 3720.0),
        ({"x-ratelimit-reset-tokens": "17"}, 17.0),
        ({"ratelimit-reset": "30"}, 30.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 45)}, 45.0),
        ({"x-ratelimit-reset": str((int(NOW.timestamp()) + 45) * 1000), "x-ratelimit-remaining": "0"}, 45.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) - 45)}, 0.0),
        ({"x-ratelimit-reset-tokens": "soon", "anthropic-ratelimit-tokens-reset": "-"}, None),
        ({"x-ratelimit-reset-tokens": "-5", "x-ratelimit-reset-requests": "nan"}, None),
        ({"x-ratelimit-limit-tokens": "5", "retry-after": "9"}, None),
        ({}, None),
    ],
)
def test_wait_follows_from_the_windows_that_are_used_up(headers: dict[str, str], seconds: float | None) -> None:
    assert reset_hint(headers, NOW) == (seconds if seconds is None else pytest.approx(seconds))


def failure(status: int, headers: dict[str, str], **report: Any) -> Any:
    return failure_of(status, headers, ErrorReport(**report), ENDPOINT, NOW)


def test_reset_of_the_limits_is_the_hint_where_a_429_has_no_other() -> None:
    limited = failure(429, ANTHROPIC)
    assert isinstance(limited, Transient)
    assert (limited.hint, limited.outage) == (35.0, True)
    assert failure(429, ANTHROPIC | {"retry-after": "7"}).hint == 7.0
    assert failure(529, ANTHROPIC).hint is None


@pytest.mark.parametrize(
    ("status", "kind", "error", "words"),
    [
        (401, "authentication_error", ProviderRefused, "check ANTHROPIC_API_KEY"),
        (402, "billing_error", ProviderRefused, "quota or credit"),
        (403, "permission_error", ProviderRefused, "ANTHROPIC_API_KEY"),
        (404, "not_found_error", ProviderRefused, "ANTHROPIC_BASE_URL"),
        (413, "request_too_large", ContextTooLong, "too long"),
        (400, "invalid_request_error", ProviderRefused, "refused the request"),
        (500, "api_error", Transient, "answered 500"),
        (504, "timeout_error", Transient, "answered 504"),
        (529, "overloaded_error", Transient, "answered 529"),
    ],
)
def test_anthropics_errors_are_known_by_status_and_type(
    status: int, kind: str, error: type[Exception], words: str
) -> None:
    found = failure(status, {}, type=kind)
    assert isinstance(found, error)
    assert words in str(found)


def test_room_for_the_answer_counts_where_the_vendor_says_so() -> None:
    said = "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"
    assert isinstance(failure(400, {}, message=said), ContextTooLong)
