"""Arguments as models write them, answers that are bounded, failures that are results."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ostinato.agent.ports import ToolResult
from ostinato.agent.profiles import BUILT_IN, PLANNER
from ostinato.agent.sizes import schema_text
from ostinato.base.errors import ClaimLostError, RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.chat.messages import ToolCall
from ostinato.graph.actors import Actor
from ostinato.graph.iterations import Claim
from ostinato.tools.critique import CritiqueBook
from ostinato.tools.files import FileTools
from ostinato.tools.graph_reading import GraphReading
from ostinato.tools.graph_writing import GraphWriting
from ostinato.tools.paths import Checkout
from ostinato.tools.planning import PlanBuilder, ask_tool
from ostinato.tools.search import search_tool
from ostinato.tools.shell import shell_tool
from ostinato.tools.signal import signal_tool
from ostinato.tools.tool import FLAG, NUMBER, TEXT, TEXTS, Arguments, Tool
from ostinato.tools.toolbox import Toolbox
from ostinato.tools.verdict import VerdictBook
from ostinato.verify.types import CommandResult

SCHEMA = {"name": TEXT, "count": NUMBER, "deep": FLAG, "items": TEXTS}


def echo(failure: BaseException | None = None, text: str | None = None) -> Toolbox:
    async def run(arguments: Arguments) -> ToolResult:
        if failure is not None:
            raise failure
        return ToolResult(json.dumps(arguments) if text is None else text)

    return Toolbox([Tool("echo", "Echo.", run, SCHEMA, ("name",))])


async def ask(box: Toolbox, raw: str, name: str = "echo") -> ToolResult:
    return await box.run(ToolCall("1", name, raw))


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ('{"name": "a", "count": "3", "deep": "True"}', {"name": "a", "count": 3, "deep": True}),
        ('{"name": "a", "count": 3.0, "deep": null}', {"name": "a", "count": 3}),
        ('{"name": "a\nb"}', {"name": "a\nb"}),
        ('{"name": "a\\ud83d b"}', {"name": "a\ufffd b"}),
        ('{"name": "a", "items": "x"}', {"name": "a", "items": ["x"]}),
        ('{"name": "a", "items": "[\\"x\\", \\"y\\"]"}', {"name": "a", "items": ["x", "y"]}),
    ],
)
async def test_arguments_are_read_when_nothing_can_be_misread(raw: str, read: dict[str, Any]) -> None:
    assert json.loads((await ask(echo(), raw)).text) == read


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('{"name": "a"', "not valid JSON"),
        ("[" * 200_000, "not valid JSON"),
        ("[1]", "must be a JSON object"),
        ("", "missing argument 'name'"),
        ('{"name": "a", "nmae": 1, "count": "x"}', "unknown argument 'nmae'; count must be"),
        ('{"name": 5}', "name must be a string"),
        ('{"name": "a", "count": true}', "count must be an integer"),
    ],
)
async def test_wrong_arguments_are_results_that_name_the_right_ones(raw: str, said: str) -> None:
    result = await ask(echo(), raw)
    assert result.is_error
    assert said in result.text
    assert len(result.text) < 33_000


async def test_an_unknown_tool_is_a_result_that_names_the_tools() -> None:
    result = await ask(echo(), "{}", "ecco")
    assert result.is_error
    assert "echo" in result.text


@pytest.mark.parametrize("failure", [RuleError("the rule"), OSError(28, "No space left"), ValueError("odd")])
async def test_a_failing_tool_is_a_result(failure: Exception) -> None:
    result = await ask(echo(failure), '{"name": "a"}')
    assert result.is_error
    assert str(failure) in result.text


@pytest.mark.parametrize("failure", [ClaimLostError("gone"), asyncio.CancelledError()])
async def test_a_lost_claim_and_cancellation_pass_through(failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        await ask(echo(failure), '{"name": "a"}')


async def test_answers_are_bounded_and_can_be_sent() -> None:
    result = await ask(echo(text="start" + "x" * 90_000 + "end"), '{"name": "a"}')
    assert len(result.text) < 32_100
    assert result.text.startswith("start")
    assert result.text.endswith("end")
    assert (await ask(echo(text="a\udce9\0b é"), '{"name": "a"}')).text == "a\ufffd\ufffdb é"


class Untouched:
    """Stands for the store and the sandbox where only definitions are asked for."""

    async def __call__(self, work: Any) -> Any:
        raise AssertionError("not to be called")

    async def run(
        self, command: str, checkout: Path, *, timeout: float, working_dir: str | None = None, sink: object = None
    ) -> CommandResult:
        raise AssertionError("not to be called")


def offered(tmp_path: Path) -> dict[str, Tool]:
    checkout, files, none = Checkout(tmp_path), FileTools(Checkout(tmp_path)), Untouched()

    async def no_findings(draft: object) -> list[Any]:
        return []

    async def nobody(question: str, options: tuple[str, ...]) -> str:
        raise AssertionError("not to be called")

    tools = (
        *PlanBuilder(no_findings).tools(),
        ask_tool(nobody),
        CritiqueBook().tool(),
        VerdictBook().tool(),
        *files.reading(),
        search_tool(checkout),
        *files.conventions(),
        *GraphReading(none, ProjectId("proj-1"), NodeId("os-1")).tools(),
        *files.writing(),
        shell_tool(none, tmp_path),
        *GraphWriting(none, Claim(NodeId("os-1.1"), 1, "coder", None), NodeId("os-1"), Actor()).tools(),
        signal_tool(),
    )
    return {tool.name: tool for tool in tools}


def test_every_tool_of_every_profile_exists_and_none_is_left_over(tmp_path: Path) -> None:
    granted = {name for profile in (PLANNER, *BUILT_IN.values()) for name in profile.tools}
    assert granted == set(offered(tmp_path))


def test_definitions_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    first, second = (Toolbox(offered(tmp_path).values()).specs() for _ in range(2))
    assert [schema_text(spec) for spec in first] == [schema_text(spec) for spec in second]
