"""A recorded model: what it writes is what was said, and plays again as a script, assertions included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.models.test_recording_file import HEAD

from ostinato.agent.ports import ProviderRefused
from ostinato.chat.messages import Message, Reply, Request, ToolMessage, ToolSpec, UserMessage
from ostinato.models.limits import TransportLimits
from ostinato.models.recording import RecordingModel, answer_of, requests_in
from ostinato.models.recording_file import RecordingWriter, read_recording
from ostinato.models.scripted import ScriptedModel
from ostinato.testing.fake_clock import FakeClock

TOOLS = (ToolSpec("run_command", "Run.", {"type": "object"}),)
CALLS = [{"name": "run_command", "arguments": {"command": "true"}}]
REPLIES: list[dict[str, Any]] = [
    {"text": "one", "reasoning": "hm", "tool_calls": CALLS, "error": {"kind": "cut", "times": 2}},
    {"text": "two", "usage": {"input": 7, "output": 3, "cost_usd": 0.5}},
    {"error": {"kind": "refused", "message": "no more"}},
]


def scripted(path: Path) -> ScriptedModel:
    return ScriptedModel(path, limits=TransportLimits(), clock=FakeClock(tick=0.0), random=lambda: 0.5)


async def talk(model: Any, told: list[str]) -> list[Reply]:
    """Ask twice, each request going on from the one before it, and hear the refusal of the third."""
    messages: list[Message] = [UserMessage("## Task: os-1.2 Add greeting\nAttempt: 2 of 3\n")]
    found: list[Reply] = []
    for _ in range(2):
        found.append(await model.reply(Request("sys", tuple(messages), TOOLS), lambda why, _s: told.append(why)))
        messages += [found[-1].message, *(ToolMessage(c.id, c.name, "ok") for c in found[-1].message.tool_calls)]
        messages.append(UserMessage("go on"))
    with pytest.raises(ProviderRefused, match="no more"):
        await model.reply(Request("sys", tuple(messages), TOOLS))
    return found


async def recorded(folder: Path) -> tuple[Path, list[Reply]]:
    (folder / "script.json").write_text(json.dumps({"version": 1, "conversations": [{"replies": REPLIES}]}))
    writer = RecordingWriter(folder / "r", {})
    writer.write("head", **HEAD)
    told: list[str] = []
    said = await talk(RecordingModel(scripted(folder / "script.json"), "coder", writer, lambda: True), told)
    assert len(told) == 2
    writer.close()
    return folder / "r", said


async def test_what_was_asked_and_answered_is_read_again_whole(tmp_path: Path) -> None:
    path, said = await recorded(tmp_path)
    found = requests_in(read_recording(path)[0])
    answers = [answer_of(line) for line, _ in found]
    assert [answer.message for answer in answers[:2] if isinstance(answer, Reply)] == [one.message for one in said]
    assert isinstance(answers[2], ProviderRefused)
    assert [len(request["messages"]) for _, request in found] == [1, 4, 6]
    assert [line.fields["request"]["keep"] for line, _ in found] == [0, 1, 4]
    assert [len(line.fields["retries"]) for line, _ in found] == [2, 0, 0]


async def test_a_recording_plays_as_a_script_and_says_the_same(tmp_path: Path) -> None:
    path, said = await recorded(tmp_path)
    again = await talk(scripted(path), [])
    assert [(one.message, one.spending, one.stop) for one in again] == [
        (one.message, one.spending, one.stop) for one in said
    ]


async def test_an_expectation_written_beside_a_recorded_reply_holds(tmp_path: Path) -> None:
    path, _ = await recorded(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    next(line for line in lines if line["t"] == "reply")["expect"] = {"system_contains": "be kind"}
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(ProviderRefused, match="be kind"):
        await talk(scripted(path), [])


@pytest.mark.parametrize(
    ("key", "value"),
    [("keep", 9), ("messages", [7]), ("tools", "none"), ("system", None)],
)
async def test_a_spoilt_request_is_refused_with_its_line(tmp_path: Path, key: str, value: Any) -> None:
    path, _ = await recorded(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    place = next(number for number, line in enumerate(lines) if line["t"] == "reply")
    lines[place]["request"][key] = value
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(Exception, match=f"line {place + 1}: the request"):
        scripted(path)
