"""The first requests of a planner and a coder on each wire, compared with those that were last reviewed.

In `snapshots/`, `texts-*.txt` are what the models read and `*.json` how each wire wraps it, with sizes: a longer prompt
or another field is a diff that somebody reads. After a change that is meant:

    OSTINATO_RENEW=1 .venv/bin/pytest -n 0 tests/scenario/test_wires.py -k each_wire
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ostinato.testing.chat_server import Received
from ostinato.testing.dialect import dialect_of

_HERE = Path(__file__).parent / "snapshots"
_RENEW = "OSTINATO_RENEW=1 .venv/bin/pytest -n 0 tests/scenario/test_wires.py -k each_wire"
_VOLATILE = (
    (re.compile(r"\b(os|iter|sess|proj|e)-[0-9a-f]{8,16}\b"), "ID"),
    (re.compile(r"\bostinato-[0-9a-f]{16}\b"), "CACHE-KEY"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(T[0-9:.]+Z)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{7,40}\b"), "COMMIT"),
)


def differences(wire: str, requests: Iterable[Received]) -> list[str]:
    """Return which reviewed files the first requests of this wire differ from; with OSTINATO_RENEW, renew them."""
    found: dict[str, str] = {}
    wraps: dict[str, Any] = {}
    for role, request in _firsts(requests).items():
        dialect = dialect_of(request.path)
        assert dialect is not None
        normal = dialect.normal_form(request.body)
        found[f"texts-{role}.txt"] = _still(_texts(normal))
        size = len(_still(request.raw.decode()).encode())
        wraps[role] = {"bytes": size, "body": _wrapped(request.body, _named(normal))}
    found[f"{wire}.json"] = _still(json.dumps(wraps, indent=1, ensure_ascii=False)) + "\n"
    return [said for name, text in found.items() for said in _held(_HERE / name, text)]


def _firsts(requests: Iterable[Received]) -> dict[str, Received]:
    """Return the first request of each role; a planner is known by its tool."""
    firsts: dict[str, Received] = {}
    for request in requests:
        firsts.setdefault("planner" if b'"propose_plan"' in request.raw else "coder", request)
    return firsts


def _texts(normal: dict[str, Any]) -> str:
    said = [f"=== {message['role']} ===\n{message['content']}\n" for message in normal["messages"]]
    tools = [tool["function"] for tool in normal["tools"]]
    told = [f"=== {tool['name']} ===\n{tool['description']}\n{json.dumps(tool['parameters'])}\n" for tool in tools]
    return "\n".join([*said, *told])


def _named(normal: dict[str, Any]) -> dict[str, str]:
    """Return short names for the texts and schemas that `_texts` shows in full."""
    names = {json.dumps(message["content"]): message["role"] for message in normal["messages"]}
    for tool in normal["tools"]:
        for part in ("description", "parameters"):
            names[json.dumps(tool["function"][part])] = f"{part} of {tool['function']['name']}"
    return names


def _wrapped(value: Any, names: dict[str, str]) -> Any:
    text = json.dumps(value)
    if text in names:
        return f"<{names[text]}, {len(_still(text).encode())} bytes>"
    if isinstance(value, dict):
        return {name: _wrapped(held, names) for name, held in value.items()}
    return [_wrapped(held, names) for held in value] if isinstance(value, list) else value


def _still(text: str) -> str:
    """Return the text without what is another in each run."""
    for volatile, name in _VOLATILE:
        text = volatile.sub(name, text)
    return text


def _held(place: Path, text: str) -> Iterable[str]:
    if os.environ.get("OSTINATO_RENEW"):
        place.write_text(text)
    elif not place.exists() or place.read_text() != text:
        before = place.read_text().splitlines() if place.exists() else []
        line, old, new = _first_change(before, text.splitlines())
        yield f"{place.name}, line {line}: {old!r} became {new!r}; when that is meant: {_RENEW}"


def _first_change(before: list[str], now: list[str]) -> tuple[int, str, str]:
    """Return the first line, from 1, that is another one, as it was and as it is."""
    length = max(len(before), len(now))
    for number, (old, new) in enumerate(zip(_filled(before, length), _filled(now, length), strict=True), 1):
        if old != new:
            return number, old, new
    return length, "", ""


def _filled(lines: list[str], length: int) -> list[str]:
    return lines + [""] * (length - len(lines))
