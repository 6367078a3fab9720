"""Which values of an environment are credentials: none of them may ever be in what is sent to a model."""

from __future__ import annotations

import re
from collections.abc import Mapping

SHORTEST = 8
_NAMES = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)


def credential_values(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the values of variables that are named as credentials are; paths and short words are none."""
    return frozenset(
        value
        for name, value in environment.items()
        if _NAMES.search(name) and len(value) >= SHORTEST and "/" not in value and value.isprintable()
    )
