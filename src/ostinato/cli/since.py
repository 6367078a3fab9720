"""A moment in the past as it is typed: a length of time (`12h`, `2d`), a day, or a day with a time. UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Since(click.ParamType[datetime | timedelta]):
    """Gives a timedelta for a length and a datetime in UTC for a day or moment; one without an offset is in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        """Return the length or the moment."""
        if isinstance(value, datetime | timedelta):
            return value
        text = str(value).strip()
        try:
            if text[-1:] in _SECONDS and float(text[:-1]) >= 0:
                return timedelta(seconds=float(text[:-1]) * _SECONDS[text[-1:]])
            moment = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 12h, 2d, 2026-05-01 or 2026-05-01T22:00", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
