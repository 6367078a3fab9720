"""Small rules about text that every room shares: one line, clipped, fit to be kept, harmless in a terminal."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return `text` with each line break replaced by one space; all other characters are kept."""
    # The full stop keeps a break at the end, which splitlines would drop.
    return " ".join(f"{text}.".splitlines())[:-1]


def whole(text: str) -> str:
    """Return text that UTF-8 can say: two halves of a surrogate pair become their character, a lone one U+FFFD."""
    if text.isascii() or not any("\ud800" <= ch <= "\udfff" for ch in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def sendable(text: str) -> str:
    """Return text that can be stored and sent: bytes of a file that were no UTF-8 become U+FFFD, and so does NUL."""
    return whole(text).replace("\0", "\ufffd")


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, the last being `…` where something was left out."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def many(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s in the plural."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def head_and_tail(text: str, limit: int) -> str:
    """Return `text`, or its first and last `limit // 2` characters around a line that says how much is missing."""
    if len(text) <= limit:
        return text
    half = limit // 2
    missing = len(text) - 2 * half
    return f"{text[:half]}\n… {missing} characters left out …\n{text[-half:]}"


def display_width(text: str) -> int:
    """Return how many columns `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    # Late: most text is ASCII.
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else not unicodedata.combining(ch) for ch in text)


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """Return `text` safe for a terminal: control, escape and bidi characters become visible `\\xNN` forms."""
    if text.isprintable():
        return text
    return "".join(ch if harmless(ch) or (keep_newlines and ch in "\n\t") else _visible(ch) for ch in text)


def harmless(ch: str) -> bool:
    """Tell whether a terminal shows this character and does nothing else: no control, escape or bidi character."""
    if ch.isprintable():
        return True
    # Late: ordinary text needs no table. Odd blanks and characters that are not assigned yet do no harm.
    import unicodedata

    return unicodedata.category(ch) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _visible(ch: str) -> str:
    code = ord(ch)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
