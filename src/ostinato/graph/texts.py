"""The form that texts must have before they are kept. Pure checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ostinato.base.errors import RuleError
from ostinato.base.text import whole


def require_title(title: str) -> None:
    """Raise RuleError for a title that says nothing or cannot be kept. Line breaks are allowed."""
    require_text("the title", title)
    if not title.strip():
        raise RuleError("a title must not be empty or blank")


def require_text(what: str, text: str) -> None:
    """Raise RuleError for characters that no database and no file keeps: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        raise RuleError(f"{what} must not contain NUL characters")
    if whole(text) != text:
        raise RuleError(f"{what} is not valid Unicode text")


def are_fit(texts: Iterable[str]) -> bool:
    """Tell whether all these can be kept, in one look; which one cannot, and why, `require_text` says."""
    together = "".join(texts)
    if "\0" in together:
        return False
    try:
        together.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_labels(labels: Iterable[str]) -> None:
    """Raise RuleError for blank labels and labels that cannot be kept."""
    for label in labels:
        require_text("a label", label)
        if not label.strip():
            raise RuleError("a label must not be blank")


def require_metadata(metadata: Mapping[str, str | None]) -> None:
    """Raise RuleError unless metadata maps names to texts (or None, where that removes)."""
    for name, value in metadata.items():
        for text in (name, "" if value is None else value):
            if not isinstance(text, str):
                raise RuleError(f"metadata maps text to text: {name!r} does not")
            require_text("metadata", text)
