"""The key by which OpenAI finds the cache of a prompt's beginning, and who must not be sent it. Pure.

All conversations whose rules and tools are the same share a key: those of one role in one project, whichever process
or worker holds them. Servers other than OpenAI's may know no such field and refuse it; one that says so is not sent it
again.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from ostinato.models.failures import ErrorReport

FIELD = "prompt_cache_key"


def cache_key(model: str, rules: str, tools: Any) -> str:
    """Return the key; `tools` as they are sent."""
    alike = json.dumps([model, rules, tools])
    return "ostinato-" + sha256(alike.encode(errors="replace")).hexdigest()[:16]


def refuses_key(report: ErrorReport) -> bool:
    """Tell whether a refusal names the field: as what is wrong, or, where there is no such place, in its words."""
    return FIELD in report.param or FIELD in report.message
