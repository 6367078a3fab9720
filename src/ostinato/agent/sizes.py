"""How large a request is, by section, in estimated tokens. An estimate for caps and the record, never a bill."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ostinato.chat.messages import AssistantMessage, Message, Request, ToolMessage, ToolSpec

CHARACTERS_PER_TOKEN = 4


def tokens_of(text: str) -> int:
    """Return the estimated tokens of a text: four characters a token, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def specs_tokens(specs: Iterable[ToolSpec]) -> int:
    """Return the estimated tokens of the tools' definitions."""
    return sum(tokens_of(schema_text(spec)) for spec in specs)


def schema_text(spec: ToolSpec) -> str:
    """Return a tool's definition as compact JSON, much as every protocol sends it."""
    definition = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return json.dumps(definition, ensure_ascii=False, separators=(",", ":"))


def size_of(request: Request) -> int:
    """Return the estimated tokens of a whole request."""
    sections = request_sections({}, request.messages, request.tools)
    first = tokens_of(request.messages[0].text) if request.messages else 0
    return sum(sections.values()) + first + tokens_of(request.system)


def request_sections(
    briefing: Mapping[str, int], messages: Iterable[Message], specs: Iterable[ToolSpec]
) -> dict[str, int]:
    """Return the estimated tokens of a request by section; their sum is the whole request.

    `briefing` holds the sections of the system prompt and of the first user message, which is not counted again.
    """
    sections = {**briefing, "tool_schemas": specs_tokens(specs), "replies": 0, "tool_results": 0, "harness": 0}
    for place, message in enumerate(messages):
        if isinstance(message, AssistantMessage):
            arguments = sum(tokens_of(call.name) + tokens_of(call.arguments) for call in message.tool_calls)
            sections["replies"] += tokens_of(message.text) + tokens_of(message.reasoning) + arguments
        elif isinstance(message, ToolMessage):
            sections["tool_results"] += tokens_of(message.text)
        elif place > 0:
            sections["harness"] += tokens_of(message.text)
    return sections
