"""Cuts secrets out of text before it is kept, shown or sent: values of credential variables, and known shapes.

It recognises, it does not prove: what looks like nothing known stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SECRET_NAME = re.compile(
    r"(?i)secret|token|passw|passphrase|credential|api_?key|(^|_)key(_|$)|(^|_)key_?id|(^|_)auth(_|$)|authorization"
    r"|cookie|(^|_)(pat|dsn)$"
)
"""Names of variables whose values are secrets."""

_SHAPES = re.compile(
    r"sk-[A-Za-z0-9_-]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.DOTALL,
)
_SHORTEST = 8
_GONE = "[secret]"


class Redaction:
    """Cuts out the secrets of one environment. Values of less than 8 characters stay: they would hit plain words."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        values = {v for k, v in environ.items() if SECRET_NAME.search(k) and len(v) >= _SHORTEST}
        # The longest first: one secret may begin with another.
        known = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
        self._known = re.compile(known) if known else None

    def __call__(self, text: str) -> str:
        """Return `text` with `[secret]` in the place of each secret."""
        if self._known is not None:
            text = self._known.sub(_GONE, text)
        return _SHAPES.sub(_GONE, text)
