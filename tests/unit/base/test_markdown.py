"""Foreign text in Markdown shows as it was written."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from ostinato.base.markdown import block, code, inline, quote

TEXTS = (
    "plain words",
    "1. not a list",
    "- not a list",
    "# not a heading",
    "> not a quotation",
    "*not* _emphasis_ **at all**",
    "[not](http://a.link) ![nor](a.picture)",
    "<script>alert(1)</script> <b>x</b> &amp; &lt;",
    "a `tick and ``two`` of them",
    "back\\slash \\* | a bar ~~not gone~~",
    "===",
    "---",
    "2.5 seconds",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_reader_sees_the_text_as_it_was_written(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(inline(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == text


@pytest.mark.parametrize("text", [*TEXTS, "`", "``` fence", " blank "])
def test_a_code_span_holds_exactly_the_text(text: str) -> None:
    (tick,) = MarkdownIt("commonmark").parseInline(f"x {code(text)} y")[0].children[1:2]  # type: ignore[index]
    assert tick.type == "code_inline"
    assert tick.content == text.strip()


def test_a_block_cannot_be_closed_by_what_it_holds() -> None:
    (fence,) = MarkdownIt("commonmark").parse(block("```\n# heading\n````\n<b>"))
    assert fence.content == "```\n# heading\n````\n<b>\n"


def test_nobody_is_called_and_nothing_is_closed() -> None:
    assert "@everyone" not in inline("ask @everyone")
    assert "#12" not in inline("fixes #12").replace("\\", "")


def test_escapes_and_directions_become_visible_and_lines_one() -> None:
    assert inline("a\x1b[31m\nb\u202ec") == "a\\\\x1b\\[31m b\\\\u202ec"
    assert quote("one\n\n- two") == "> one\n>\n> \\- two"
