"""Marks text that others wrote as data, so that it cannot pose as the harness's rules."""

from __future__ import annotations

import re

_TAG = re.compile(r"<(?=\s*/?\s*data\b)", re.IGNORECASE)


def fenced(text: str) -> str:
    """Return `text` between `<data>` and `</data>`; anything in it that looks like such a tag is escaped."""
    return f"<data>\n{escaped(text.strip())}\n</data>"


def escaped(text: str) -> str:
    """Return `text` with the `<` of each data tag, open or closing, in any case, written as `&lt;`."""
    return _TAG.sub("&lt;", text)
