"""How large a request is, by section, in estimated tokens. An estimate for caps and the record, never a bill."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

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


def size_of(request: Request, sizes: Iterable[int] | None = None) -> int:
    """Return the estimated tokens of a whole request; `sizes` are those of its messages, where they are known."""
    said = messages_tokens(request.messages) if sizes is None else sum(sizes)
    return said + specs_tokens(request.tools) + tokens_of(request.system)


def messages_tokens(messages: Iterable[Message]) -> int:
    """Return the estimated tokens of messages."""
    return sum(map(message_tokens, messages))


def message_tokens(message: Message) -> int:
    """Return the estimated tokens of a message, with its reasoning and its calls."""
    if not isinstance(message, AssistantMessage):
        return tokens_of(message.text)
    arguments = sum(tokens_of(call.name) + tokens_of(call.arguments) for call in message.tool_calls)
    return tokens_of(message.text) + tokens_of(message.reasoning) + arguments


def request_sections(
    briefing: Mapping[str, int],
    messages: Sequence[Message],
    specs: Iterable[ToolSpec],
    sizes: Iterable[int] | None = None,
) -> dict[str, int]:
    """Return the estimated tokens of a request by section; their sum is the whole request.

    `briefing` holds the sections of the system prompt and of the first user message, which is not counted again;
    `sizes` are those of the messages, where they are known.
    """
    sections = {**briefing, "tool_schemas": specs_tokens(specs), "replies": 0, "tool_results": 0, "harness": 0}
    known = map(message_tokens, messages) if sizes is None else sizes
    for place, (message, size) in enumerate(zip(messages, known, strict=True)):
        if isinstance(message, AssistantMessage):
            sections["replies"] += size
        elif isinstance(message, ToolMessage):
            sections["tool_results"] += size
        elif place > 0:
            sections["harness"] += size
    return sections
