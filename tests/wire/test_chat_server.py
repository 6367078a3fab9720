"""The double itself, where its own conduct decides whether other tests can be trusted."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from ostinato.base.spending import Spending
from ostinato.testing.chat_server import Answer, ChatServer, Fault, RuleBroken, in_turn, usage
from ostinato.testing.credentials import credential_values


def test_a_request_that_its_client_never_finished_breaks_no_rule() -> None:
    """A client that is killed while it sends must not look like one that sends nonsense."""
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0)) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{}")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        assert (server.problems, server.requests) == ([], [])


CHAT = {"model": "m", "stream": True, "stream_options": {"include_usage": True}}
RULES = {"role": "system", "content": "rules"}
GO = {"role": "user", "content": "go"}
FORM = {"type": "object", "properties": {}}
LOOK = {"type": "function", "function": {"name": "look", "parameters": FORM}}


def called(*ids: str) -> dict[str, Any]:
    calls = [{"id": one, "type": "function", "function": {"name": "look", "arguments": "{}"}} for one in ids]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def answered(identifier: str, words: str = "seen") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identifier, "content": words}


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**CHAT, "messages": [RULES, GO, *messages], "tools": [LOOK], **more}


def posts(server: ChatServer, *bodies: dict[str, Any], path: str = "/chat/completions", key: str = "") -> list[int]:
    """Send requests down one connection, as one process does; return the statuses of their answers."""
    headers = {"Content-Type": "application/json", "anthropic-version": "1", "Authorization": f"Bearer {key}"}
    address = urlsplit(server.url)
    client = HTTPConnection(address.netloc)
    statuses = []
    for body in bodies:
        client.request("POST", address.path + path, json.dumps(body).encode(), headers)
        answer = client.getresponse()
        statuses.append(answer.status)
        answer.read()
    client.close()
    return statuses


FIRST = chat()
SECOND = chat(called("a"), answered("a"))
BROKEN_RULES = {
    "an answer is missing": ([chat(called("a", "b"), answered("a"))], "not answered"),
    "a call is answered twice": ([chat(called("a"), answered("a"), answered("a"))], "was not asked or is answered"),
    "an answer is an orphan": ([chat(answered("a"))], "was not asked"),
    "an id is used again": ([chat(called("a"), answered("a"), called("a"), answered("a"))], "used for earlier calls"),
    "a turn is empty": ([chat({"role": "assistant", "content": ""}, GO)], "says and calls nothing"),
    "the beginning changed": ([SECOND, chat(called("b"), answered("b"), GO)], "no prefix"),
    "a result changed": ([SECOND, chat(called("a"), answered("a", "other"), GO)], "no prefix"),
    "the end was taken back": (
        [chat(called("a"), answered("a"), called("b"), answered("b")), chat(called("b"), answered("b"))],
        "no prefix",
    ),
    "the rules changed": (
        [FIRST, {**SECOND, "messages": [{**RULES, "content": "other"}, *SECOND["messages"][1:]]}],
        "changed within the conversation",
    ),
    "the tools changed": ([FIRST, {**SECOND, "tools": [LOOK, LOOK]}], "changed within the conversation"),
    "a field is unknown": ([chat(prompt_cache_key="k")], "unrecognized request argument supplied: prompt_cache_key"),
    "a message has a field too many": ([chat({**GO, "id": "1"})], r"unknown parameter: messages\[2\].id"),
    "usage is not asked for": ([chat(stream_options=None)], "usage is not asked for"),
    "the key is sent along": ([chat({"role": "user", "content": "my key is sk-0123456789"})], "a credential"),
}


@pytest.mark.parametrize("case", BROKEN_RULES)
def test_a_broken_rule_is_refused_and_fails_whoever_uses_the_server(case: str) -> None:
    bodies, complaint = BROKEN_RULES[case]
    with pytest.raises(RuleBroken, match=complaint), ChatServer(in_turn(Answer(text="ok"))) as server:
        statuses = posts(server, *bodies, key="sk-0123456789")
        assert statuses == [200] * (len(bodies) - 1) + [400]


def test_results_cleared_to_save_room_and_sums_of_what_came_before_break_no_rule() -> None:
    both = chat(called("a"), answered("a"), called("b"), answered("b"))
    shorter = chat(called("a"), answered("a", "(cleared to save room)"), called("b"), answered("b"))
    summed = chat(
        {"role": "user", "content": "What came before, summed up to save room: all fine."}, called("c"), answered("c")
    )
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        assert posts(server, both, shorter, summed, FIRST, FIRST) == [200] * 5


def test_a_process_that_takes_a_conversation_up_may_come_with_other_rules() -> None:
    """A person who was away may be there to be asked, say."""
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        assert posts(server, SECOND) == [200]
        assert posts(server, {**SECOND, "tools": [LOOK, LOOK]}) == [200]


def test_a_credential_of_the_environment_or_in_the_address_is_refused() -> None:
    with pytest.raises(RuleBroken, match="a credential"), ChatServer(in_turn(Answer(text="ok"))) as server:
        server.secrets |= credential_values({"GITLAB_TOKEN": "glpat-abcdefgh", "TOKEN_FILE": "chat/completions"})
        assert posts(server, chat()) == [200]
        assert posts(server, chat({"role": "user", "content": "export glpat-abcdefgh"})) == [400]
        assert posts(server, chat(), path="/chat/completions?key=glpat-abcdefgh") == [400]


def messages(*turns: dict[str, Any], marked: bool = True) -> dict[str, Any]:
    marker = {"cache_control": {"type": "ephemeral"}} if marked else {}
    rules = [{"type": "text", "text": "rules", **marker}]
    return {"model": "m", "max_tokens": 9, "system": rules, "messages": list(turns), "stream": True}


def turn(role: str, *words: str, mark: bool = True) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [{"type": "text", "text": word} for word in words]
    if role == "user" and mark:
        blocks[-1]["cache_control"] = {"type": "ephemeral"}
    return {"role": role, "content": blocks}


MARKERS = {
    "none behind the rules": ([messages(turn("user", "go"), marked=False)], "behind the tools and rules"),
    "none at the end": ([messages(turn("user", "go", mark=False))], "at the end of the conversation"),
    "none near the former end": (
        [
            messages(turn("user", "go")),
            messages(turn("user", "go", mark=False), turn("assistant", "yes"), turn("user", *map(str, range(20)))),
        ],
        "within 20 blocks of where the last request ended",
    ),
    "more than four": ([messages(*[turn(("user", "assistant")[n % 2], "x") for n in range(9)])], "a maximum of 4"),
}


@pytest.mark.parametrize("case", MARKERS)
def test_cache_markers_must_stand_where_they_save_most(case: str) -> None:
    bodies, complaint = MARKERS[case]
    with pytest.raises(RuleBroken, match=complaint), ChatServer(in_turn(Answer(text="ok"))) as server:
        assert posts(server, *bodies, path="/messages") == [200] * (len(bodies) - 1) + [400]


def test_what_answers_cost_is_summed_and_what_broke_is_kept_apart() -> None:
    answers = Answer(text="ok", usage=usage(10, 2, cached=4)), Answer(text="ok", fault=Fault.CUT), Answer(status=500)
    with ChatServer(in_turn(*answers, Answer(text="ok", whole=True))) as server:
        assert posts(server, *[chat()] * 4) == [200, 200, 500, 200]
        assert server.bills.told == Spending(input=110, cached_input=4, output=12, calls=2)
        assert server.bills.broken == [len(server.requests[1].raw)]
