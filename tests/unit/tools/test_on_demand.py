"""Rare tools are told and run through one tool; what is offered never changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostinato.agent.ports import ToolResult
from ostinato.chat.messages import ToolCall
from ostinato.tools.tool import NUMBER, TEXT, TEXTS, Arguments, Tool
from ostinato.tools.toolbox import Toolbox


async def look(arguments: Arguments) -> ToolResult:
    return ToolResult(f"seen {sorted(arguments.items())}", summary="looked")


TOOLS = (
    Tool("look", "Look.", look, {"where": TEXT}),
    Tool("rare", "Do it.", look, {"title": TEXT, "count": NUMBER, "ids": TEXTS}, ("title",)),
    Tool("odd", "Be odd.", look),
)


@pytest.fixture
def box() -> Toolbox:
    return Toolbox(TOOLS, frozenset({"rare", "odd", "not granted"}))


async def asked(box: Toolbox, **arguments: Any) -> ToolResult:
    return await box.run(ToolCall("1", "more_tools", json.dumps(arguments)))


async def test_the_rare_ones_are_told_with_their_arguments_and_run(box: Toolbox) -> None:
    assert [spec.name for spec in box.specs()] == ["look", "more_tools"]
    assert "rare, odd" in box.specs()[-1].description
    told = (await asked(box)).text
    assert told == "rare(title: string, count?: integer, ids?: array of strings): Do it.\nodd(): Be odd."
    ran = await asked(box, name="rare", arguments={"title": "t", "count": 2})
    assert (ran.text, ran.summary) == ("seen [('count', 2), ('title', 't')]", "rare: looked")
    assert [spec.name for spec in box.specs()] == ["look", "more_tools"]


async def test_a_rare_tool_is_run_by_its_own_name_too(box: Toolbox) -> None:
    assert (await box.run(ToolCall("1", "rare", '{"title": "t"}'))).text == "seen [('title', 't')]"


async def test_what_is_wrong_with_a_call_is_said_as_for_any_tool(box: Toolbox) -> None:
    missing = await asked(box, name="rare", arguments={"number": 3})
    assert missing.is_error
    assert "Its arguments are title, count?, ids?" in missing.text
    unknown = await asked(box, name="not granted")
    assert unknown.is_error
    assert "there is no tool 'not granted'" in unknown.text
    again = await asked(box, name="more_tools", arguments={"name": "more_tools"})
    assert "rare(" in again.text
