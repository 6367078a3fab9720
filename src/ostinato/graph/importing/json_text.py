"""Strict JSON for hostile files: what Python would let pass or choke on is refused with a reason."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from ostinato.base.compact_json import compact
from ostinato.base.text import clip, whole

LONGEST = 8 * 1024 * 1024
"""Characters of the longest line or text value that is read."""


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {clip(text, 20)} is too large")
    return value


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def parse_json(text: str) -> Any:
    """Return the value of a JSON text. Raises ValueError, whose words say what is wrong and where."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise ValueError(f"not JSON ({error.msg}, {place})") from error
    except RecursionError as error:
        raise ValueError("values are nested too deep") from error


def json_text(value: object) -> str:
    """Return a value that came out of JSON as compact JSON text that can be kept."""
    found = compact(value)
    return found if whole(found) == found else json.dumps(value, separators=(",", ":"))
