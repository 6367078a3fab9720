"""The scripted model: which reply, what it asserts, how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, ProviderDown, ProviderRefused, ProviderUnsteady
from ostinato.base.errors import ConfigError
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage, ToolSpec, UserMessage
from ostinato.models.limits import TransportLimits
from ostinato.models.scripted import ScriptedModel
from ostinato.testing.fake_clock import FakeClock


class Play:
    """A script in a file, and a model that plays it."""

    def __init__(self, folder: Path, *conversations: dict[str, Any], **more: Any) -> None:
        self.path = folder / "script.json"
        self.path.write_text(json.dumps({"version": 1, "conversations": conversations, **more}))
        self.clock = FakeClock(tick=0.0)
        self.model = self.reopened()

    def reopened(self) -> ScriptedModel:
        return ScriptedModel(self.path, limits=TransportLimits(), clock=self.clock, random=lambda: 0.5)

    async def say(self, *messages: Message, system: str = "sys", tools: tuple[str, ...] = ()) -> AssistantMessage:
        specs = tuple(ToolSpec(name, "", {"type": "object"}) for name in tools)
        return (await self.model.reply(Request(system, messages, specs))).message


GO = UserMessage("# Goal\n\n## Task: os-1.2 Add greeting\nAttempt: 2 of 3\n")


async def test_next_reply_follows_from_the_request_alone_when_the_process_restarts(tmp_path: Path) -> None:
    play = Play(tmp_path, {"replies": [{"text": "one"}, {"text": "two"}]})
    first = await play.say(GO)
    play.model = play.reopened()
    assert (await play.say(GO, first, UserMessage("go on"))).text == "two"
    assert (await play.say(GO)).text == "one"


@pytest.mark.parametrize(
    ("when", "plays"),
    [
        ({}, True),
        ({"system_contains": "sys"}, True),
        ({"system_contains": ["sys", "planner"]}, False),
        ({"user_contains": "greeting"}, True),
        ({"user_contains": ["greeting", "farewell"]}, False),
        ({"task": "Add greeting"}, True),
        ({"task": "greeting"}, False),
        ({"attempt": 2}, True),
        ({"attempt": 1}, False),
        ({"attempt": 20}, False),
        ({"tool": "signal"}, True),
        ({"tool": "propose_plan"}, False),
        ({"attempt": 2, "tool": "propose_plan"}, False),
    ],
)
async def test_conversation_is_chosen_by_its_conditions(tmp_path: Path, when: dict[str, Any], plays: bool) -> None:
    play = Play(tmp_path, {"when": when, "replies": [{"text": "chosen"}]}, otherwise=[{"text": "otherwise"}])
    assert (await play.say(GO, tools=("signal",))).text == ("chosen" if plays else "otherwise")


async def test_first_conversation_wins_when_several_match(tmp_path: Path) -> None:
    play = Play(tmp_path, {"replies": [{"text": "first"}]}, {"replies": [{"text": "second"}]})
    assert (await play.say(GO)).text == "first"


async def test_calls_get_arguments_and_ids(tmp_path: Path) -> None:
    calls = [
        {"name": "a", "arguments": {"x": "ü"}},
        {"name": "b", "arguments": "raw {", "id": "mine"},
        {"name": "c"},
    ]
    play = Play(tmp_path, {"replies": [{"tool_calls": calls}, {"tool_calls": calls}]})
    first = await play.say(GO)
    second = await play.say(GO, first, UserMessage("x"))
    assert [call.arguments for call in first.tool_calls] == ['{"x": "ü"}', "raw {", "{}"]
    assert first.tool_calls[1].id == "mine"
    assert first.tool_calls[0].id not in {call.id for call in second.tool_calls}


async def test_script_refuses_naming_file_and_place_when_it_has_no_further_reply(tmp_path: Path) -> None:
    play = Play(tmp_path, {"when": {"user_contains": "Goal"}, "replies": [{"text": "one"}]})
    with pytest.raises(
        ProviderRefused, match=r"script\.json has no further reply \(conversations\[0\] has 1, number 2"
    ):
        await play.say(GO, AssistantMessage("one"))
    with pytest.raises(ProviderRefused, match=r"script\.json has no conversation .*'hello'"):
        await play.say(UserMessage("hello"))


@pytest.mark.parametrize(
    "expect",
    [
        {"last_contains": "absent"},
        {"tool_result_contains": ["42", "absent"]},
        {"tool_result_contains": "old result"},
        {"system_contains": "absent"},
        {"user_contains": "absent"},
        {"lacks": "secret"},
    ],
)
async def test_script_refuses_when_what_it_expects_is_not_there(tmp_path: Path, expect: dict[str, Any]) -> None:
    play = Play(tmp_path, {"replies": [{}, {}, {"expect": expect}]})
    said = AssistantMessage("", (ToolCall("1", "t", "{}"),))
    messages = (GO, said, ToolMessage("1", "t", "old result"), said, ToolMessage("1", "t", "it is 42, secret"))
    with pytest.raises(ProviderRefused, match=r"expected .*conversations\[0\], reply 3"):
        await play.say(*messages)


async def test_script_goes_on_when_what_it_expects_is_there(tmp_path: Path) -> None:
    expect = {
        "last_contains": "well?",
        "tool_result_contains": "42",
        "system_contains": "sys",
        "user_contains": ["Goal", "Attempt"],
        "lacks": "secret",
    }
    play = Play(tmp_path, {"replies": [{}, {"text": "yes", "expect": expect}]})
    said = AssistantMessage("", (ToolCall("1", "t", "{}"),))
    assert (await play.say(GO, said, ToolMessage("1", "t", "it is 42"), UserMessage("well?"))).text == "yes"


async def test_usage_is_as_written_or_estimated_and_free(tmp_path: Path) -> None:
    written = {"input": 100, "cached_input": 40, "output": 10, "reasoning": 5, "cost_usd": 0.25}
    play = Play(tmp_path, {"replies": [{"usage": written}, {"text": "x" * 40}]})
    first = await play.model.reply(Request("sys", (GO,)))
    assert first.spending == Spending(100, 40, 0, 10, 5, 1, 0.25)
    second = await play.model.reply(Request("sys", (GO, first.message, UserMessage("y" * 400))))
    assert second.spending.output == 10
    assert second.spending.input > 100
    assert second.spending.cost_usd == 0.0


async def test_reply_comes_after_the_errors_when_they_happen_n_times(tmp_path: Path) -> None:
    error = {"status": 429, "headers": {"Retry-After": "7"}, "times": 2}
    play = Play(tmp_path, {"replies": [{"text": "ok", "error": error}]})
    told: list[float] = []
    reply = await play.model.reply(Request("sys", (GO,)), lambda why, seconds: told.append(seconds))
    assert reply.message.text == "ok"
    assert told == play.clock.slept == [7.0, 7.0]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ({"status": 401}, ProviderRefused),
        ({"status": 400, "code": "context_length_exceeded"}, ContextTooLong),
        ({"status": 429, "code": "insufficient_quota"}, ProviderRefused),
        ({"status": 503}, ProviderDown),
        ({"status": 500}, ProviderUnsteady),
        ({"kind": "cut"}, ProviderUnsteady),
        ({"kind": "garbage"}, ProviderUnsteady),
        ({"kind": "connection"}, ProviderDown),
        ({"kind": "refused"}, ProviderRefused),
        ({"kind": "context"}, ContextTooLong),
        ({"kind": "down"}, ProviderDown),
        ({"kind": "unsteady"}, ProviderUnsteady),
    ],
)
async def test_error_is_of_its_kind_when_it_never_ends(tmp_path: Path, error: dict[str, Any], raised: type) -> None:
    play = Play(tmp_path, {"replies": [{"text": "never", "error": error}]})
    with pytest.raises(raised) as caught:
        await play.say(GO)
    assert type(caught.value) is raised


async def test_delay_is_waited_on_the_clock(tmp_path: Path) -> None:
    play = Play(tmp_path, {"replies": [{"text": "ok", "delay": 3600}]})
    await play.say(GO)
    assert play.clock.slept == [3600.0]


async def test_ids_made_at_run_time_are_found_and_filled_in(tmp_path: Path) -> None:
    find = {"option": r"(os-[0-9.]+) Use tabs", "quoted": 'say (".*")'}
    call = {"name": "choose_option", "arguments": {"option": "<<option>>", "rationale": "<<quoted>>"}}
    play = Play(tmp_path, {"replies": [{}, {"text": "took <<option>>", "tool_calls": [call], "find": find}]})
    said = AssistantMessage("", (ToolCall("1", "t", "{}"),))
    result = ToolMessage("1", "t", 'os-7.1 Use blanks, os-7.2 Use tabs, say "hi"')
    reply = await play.say(GO, said, result)
    assert reply.text == "took os-7.2"
    assert json.loads(reply.tool_calls[0].arguments) == {"option": "os-7.2", "rationale": '"hi"'}
    with pytest.raises(ProviderRefused, match="found nothing like"):
        await play.say(GO, said, ToolMessage("1", "t", "nothing"))


def test_context_window_is_the_scripts_when_it_names_one(tmp_path: Path) -> None:
    assert Play(tmp_path, context_window=5000).model.context_window == 5000
    assert Play(tmp_path).model.context_window == TransportLimits().context_window


ONE = {"replies": [{"tool_calls": [{"name": "a"}]}]}
MALFORMED: list[tuple[Any, str]] = [
    ([], "must be an object"),
    ({}, "version is missing"),
    ({"version": 2}, "version must be 1"),
    ({"version": 1, "conversation": []}, "unknown key 'conversation'"),
    ({"version": 1, "conversations": {}}, "conversations must be a list"),
    ({"version": 1, "conversations": [ONE, {"when": {"system": "x"}}]}, r"conversations\[1\]: when: unknown key"),
    ({"version": 1, "conversations": [{"when": {"attempt": "1"}}]}, "attempt must be a whole number"),
    ({"version": 1, "conversations": [{"replies": ["hi"]}]}, r"conversations\[0\]: replies\[0\]: must be an object"),
    ({"version": 1, "otherwise": [{"text": 1}]}, r"otherwise\[0\]: text must be a text"),
    ({"version": 1, "otherwise": [{"tool_calls": [{}]}]}, r"tool_calls\[0\]: name is missing"),
    ({"version": 1, "otherwise": [{"tool_calls": [{"name": "a", "arguments": 1}]}]}, "arguments must be an object"),
    ({"version": 1, "otherwise": [{"error": {}}]}, "either status or kind"),
    ({"version": 1, "otherwise": [{"error": {"kind": "odd"}}]}, "kind must be one of"),
    ({"version": 1, "otherwise": [{"error": {"status": 200}}]}, "status must be from 300"),
    ({"version": 1, "otherwise": [{"usage": {"input": -1}}]}, "input must be a whole number"),
    ({"version": 1, "otherwise": [{"delay": "1s"}]}, "delay must be a number"),
    ({"version": 1, "otherwise": [{"stop": "end"}]}, "stop must be one of"),
    ({"version": 1, "otherwise": [{"expect": {"contains": "x"}}]}, "expect: unknown key"),
    ({"version": 1, "otherwise": [{"find": {"x": "("}}]}, "find holds no regular expression"),
]


@pytest.mark.parametrize(("document", "message"), MALFORMED)
def test_place_is_named_when_a_script_is_malformed(tmp_path: Path, document: Any, message: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=message) as caught:
        ScriptedModel(path, limits=TransportLimits(), clock=FakeClock())
    assert "script.json" in caught.value.message


def test_script_is_refused_when_it_is_not_json(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"script\.json is not JSON"):
        ScriptedModel(path, limits=TransportLimits(), clock=FakeClock())
