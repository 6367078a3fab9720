"""Whatever is asked, an edit changes just a place that says what `old` says, or the text stays as it was."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ostinato.tools.edits import edited
from ostinato.tools.matching import Misfit, overlap, places
from ostinato.tools.tool import ToolRefusal

_SAME = str.maketrans("\u201c\u201d\u2019\u2013\u00a0", '""\'- ')
_INDENTED = st.sampled_from(["", "  ", "    ", "\t", "\t\t"])
_WORDS = ["a", "b", "foo(a)", 'say("x")', "say(\u201cx\u201d)", "cafe\u0301", "caf\u00e9", "1-2", "1\u20132", ""]
_SAID = st.sampled_from(_WORDS)
_ENDS = st.sampled_from(["", "", " ", "\t"])
LINE = st.builds(lambda *parts: "".join(parts), _INDENTED, _SAID, _ENDS)
LINES = st.lists(LINE, min_size=1, max_size=7)
BREAK = st.sampled_from(["\n", "\r\n"])


def said(text: str) -> str:
    """Return what a text says: without any blank, in plain characters."""
    plain = unicodedata.normalize("NFC", text).translate(_SAME)
    return "".join(plain.split())


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, str, str]:
    """Return a file, a text that was once taken from it and came back changed, and what is to stand there."""
    lines = draw(LINES)
    content = "".join(line + draw(BREAK) for line in lines)
    first = draw(st.integers(0, len(lines) - 1))
    taken = lines[first : draw(st.integers(first + 1, len(lines)))]
    more = draw(_INDENTED)
    changed = [more + line.translate(_SAME) + draw(_ENDS) for line in taken] if draw(st.booleans()) else taken
    return content, "\n".join(changed) + draw(st.sampled_from(["", "\n"])), "\n".join(draw(LINES))


@given(asked(), st.booleans())
def test_a_place_says_what_old_says_and_gets_what_new_says(edit: tuple[str, str, str], whole: bool) -> None:
    content, old, new = edit
    try:
        found = places(content, old, new, whole_lines=whole) if old else []
    except Misfit:
        return
    for place in found:
        assert said(content[place.start : place.end]) == said(old)
        assert said(place.new) == said(new)
    assert [place.start for place in found] == sorted(place.start for place in found)


@given(asked(), st.booleans())
def test_all_around_the_places_stays_byte_for_byte(edit: tuple[str, str, str], every: bool) -> None:
    content, old, new = edit
    try:
        after = edited("a.txt", content, old, new, every=every)
    except ToolRefusal:
        return
    found = places(content, old, new)
    assert found and not overlap(found) and len(found) == after.places and (every or len(found) == 1)
    at = rest = 0
    for place in found:
        kept = content[at : place.start]
        assert after.text[rest : rest + len(kept)] == kept
        at = place.end
        # The next kept part begins where what was written ends: after as much as `new` says.
        rest += len(kept) + _length(after.text[rest + len(kept) :], place.new)
    assert after.text[rest:] == content[at:]


def _length(text: str, new: str) -> int:
    """Return how far `new` reaches into `text`, which may have other line ends."""
    at = 0
    for character in new.replace("\r\n", "\n"):
        if character == "\n" and text[at : at + 2] == "\r\n":
            at += 1
        assert text[at] == character
        at += 1
    return at


@given(LINES, LINES, st.text(st.sampled_from('xyz \u201c"\n'), max_size=12))
def test_the_only_exact_place_is_the_one(before: list[str], after: list[str], new: str) -> None:
    content = "\n".join([*before, "MARK one", *after])
    assert edited("a.txt", content, "MARK one", new).text == content.replace("MARK one", new)


@given(asked(), st.sampled_from("QW"))
def test_what_says_something_else_is_refused(edit: tuple[str, str, str], letter: str) -> None:
    content, old, new = edit
    for at in {0, len(old) // 2, len(old)}:
        other = old[:at] + letter + old[at:]
        try:
            edited("a.txt", content, other, new, every=True)
        except ToolRefusal:
            continue
        raise AssertionError(f"{other!r} was found in {content!r}")
