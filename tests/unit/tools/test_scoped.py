"""Tools that a profile limits, and the reviewer's word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ostinato.agent.profiles import TESTER
from ostinato.chat.messages import ToolCall
from ostinato.graph.opinion import Opinion
from ostinato.tools.files import FileTools
from ostinato.tools.paths import Checkout
from ostinato.tools.scoped import within
from ostinato.tools.toolbox import Toolbox
from ostinato.tools.verdict import VerdictBook


def box_of(root: Path) -> Toolbox:
    files = FileTools(Checkout(root))
    return Toolbox(within(tool, TESTER.scopes, "tester") for tool in (*files.reading(), *files.writing()))


@pytest.mark.parametrize("path", ["src/a.py", "tests/../src/a.py", "/work/src/a.py", "./src/a.py", "attests/a.py"])
async def test_writing_out_of_reach_is_refused_however_the_path_is_written(tmp_path: Path, path: str) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("a = 1\n")
    box = box_of(tmp_path)
    for name, more in (("write_file", {"content": "x"}), ("edit_file", {"old": "a", "new": "b"})):
        result = await box.run(ToolCall("1", name, json.dumps({"path": path, **more})))
        assert result.is_error
        assert "is out of reach of a tester, which writes only" in result.text
    assert (tmp_path / "src" / "a.py").read_text() == "a = 1\n"
    assert not (await box.run(ToolCall("1", "read_file", json.dumps({"path": "src/a.py"})))).is_error


@pytest.mark.parametrize("path", ["tests/new/a.py", "pkg/tests/a.py", "web/app.test.ts", "src/test_a.py", "a_test.go"])
async def test_tests_are_within_reach(tmp_path: Path, path: str) -> None:
    result = await box_of(tmp_path).run(ToolCall("1", "write_file", json.dumps({"path": path, "content": "x"})))
    assert not result.is_error, result.text
    assert (tmp_path / path).read_text() == "x"


async def test_verdict_ends_the_conversation_and_a_no_needs_reasons() -> None:
    book = VerdictBook()
    box = Toolbox([book.tool()])
    empty = await box.run(ToolCall("1", "verdict", '{"approve": false, "reasons": [" "]}'))
    assert empty.is_error and "say in reasons what is wrong" in empty.text
    assert book.opinion() is None
    result = await box.run(ToolCall("1", "verdict", '{"approve": false, "reasons": ["a.py:1 breaks", ""]}'))
    assert result.signal is not None and result.signal.outcome == "complete"
    assert book.opinion() == Opinion(False, ("a.py:1 breaks",))
