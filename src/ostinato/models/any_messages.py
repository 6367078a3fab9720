"""Requests as pydantic-ai's messages, and its responses as Replies. Pure; it needs the extra `any`.

A response with more in it than text and calls (signed reasoning, ids of the vendor's own) is kept whole, in
pydantic-ai's own JSON form, as `AssistantMessage.native`, and read back from there for the model that made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, assert_never

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from ostinato.agent.sizes import size_of, tokens_of
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Native, Reply, Request, ToolCall, ToolMessage, UserMessage
from ostinato.models.answers import with_own_ids
from ostinato.models.foreign_calls import NINE, USUAL, ids_in_native, safe_name, with_portable_ids

_STOPS = {"stop": "stop", "tool_call": "tool_calls", "length": "length", "content_filter": "refused"}


def parameters_of(request: Request) -> ModelRequestParameters:
    """Return the tools as pydantic-ai offers them."""
    tools = [
        ToolDefinition(name=spec.name, description=spec.description, parameters_json_schema=spec.parameters)
        for spec in request.tools
    ]
    return ModelRequestParameters(function_tools=tools)


def messages_of(request: Request, model: str) -> list[ModelMessage]:
    """Return the conversation for `model`; what another one keeps in its own form goes as plain text and calls."""
    form = NINE if model.startswith("any:mistral:") else USUAL
    request = with_portable_ids(request, ids_in_native(request, model), form)
    found: list[ModelMessage] = []
    waiting: list[ModelRequestPart] = [SystemPromptPart(request.system)] if request.system else []
    for message in request.messages:
        if isinstance(message, AssistantMessage):
            found += [ModelRequest(waiting)] if waiting else []
            waiting = []
            found.append(_response(message, model))
        else:
            waiting.append(_request_part(message))
    return [*found, ModelRequest(waiting)] if waiting else found


def reply_of(response: ModelResponse, request: Request, model: str) -> Reply:
    """Return what was said, without cost. Missing and doubled call ids are replaced by ones that are new."""
    response = _with_own_ids(response, request)
    calls = tuple(ToolCall(part.tool_call_id, part.tool_name, _arguments(part)) for part in _calls(response))
    message = AssistantMessage(
        text="".join(part.content for part in response.parts if isinstance(part, TextPart)),
        tool_calls=calls,
        reasoning="".join(part.content for part in response.parts if isinstance(part, ThinkingPart)),
        native=_native(response, model),
    )
    stop = _STOPS.get(reason_of(response), "stop")
    stop = "tool_calls" if calls and stop == "stop" else stop
    return Reply(message, spending_of(response, request), stop, model, reported=is_reported(response))


def reason_of(response: ModelResponse) -> str:
    """Return why the answer ended, "" where the vendor did not say."""
    # A reason that pydantic-ai does not know stands in the details alone.
    return response.finish_reason or str((response.provider_details or {}).get("finish_reason") or "").lower()


def is_reported(response: ModelResponse) -> bool:
    """Tell whether the vendor said what the answer took."""
    return bool(response.usage.input_tokens or response.usage.output_tokens)


def spending_of(response: ModelResponse, request: Request) -> Spending:
    """Return the usage that the vendor reported, or an estimate of about four characters a token; no cost yet."""
    usage = response.usage
    if not is_reported(response):
        return Spending(input=size_of(request), output=sum(_size(part) for part in response.parts), calls=1)
    return Spending(
        input=usage.input_tokens,
        cached_input=min(usage.cache_read_tokens, usage.input_tokens),
        cache_write=min(usage.cache_write_tokens, usage.input_tokens),
        output=usage.output_tokens,
        reasoning=min(usage.output_reasoning_tokens, usage.output_tokens),
        calls=1,
    )


def _request_part(message: UserMessage | ToolMessage) -> ModelRequestPart:
    match message:
        case UserMessage():
            return UserPromptPart(message.text)
        case ToolMessage():
            outcome: Any = "failed" if message.is_error else "success"
            return ToolReturnPart(safe_name(message.name), message.text, message.call_id, outcome=outcome)
        case _:
            assert_never(message)


def _response(message: AssistantMessage, model: str) -> ModelResponse:
    native = message.native
    if native is not None and native.model == model:
        (kept,) = ModelMessagesTypeAdapter.validate_python(list(native.items))
        assert isinstance(kept, ModelResponse)
        return kept
    calls = [ToolCallPart(safe_name(call.name), call.arguments or "{}", call.id) for call in message.tool_calls]
    return ModelResponse([*([TextPart(message.text)] if message.text else []), *calls])


def _native(response: ModelResponse, model: str) -> Native | None:
    if all(_is_plain(part) for part in response.parts):
        return None
    items: list[dict[str, Any]] = ModelMessagesTypeAdapter.dump_python([response], mode="json")
    return Native(model, tuple(items))


def _is_plain(part: Any) -> bool:
    """Tell whether our own message says all that the part holds."""
    return isinstance(part, (TextPart, ToolCallPart)) and not (part.id or part.provider_details)


def _calls(response: ModelResponse) -> Iterator[ToolCallPart]:
    return (part for part in response.parts if isinstance(part, ToolCallPart))


def _with_own_ids(response: ModelResponse, request: Request) -> ModelResponse:
    made = [part for part in response.parts if isinstance(part, ToolCallPart)]
    # pydantic-ai fills in ids that no vendor gave; ours pass with every vendor.
    ids = ["" if part.tool_call_id.startswith("pyd_ai_") else part.tool_call_id for part in made]
    calls = iter(with_own_ids((ToolCall(one, "", "") for one in ids), request))
    parts = [
        replace(part, tool_call_id=next(calls).id) if isinstance(part, ToolCallPart) else part
        for part in response.parts
    ]
    return replace(response, parts=parts)


def _arguments(part: ToolCallPart) -> str:
    if isinstance(part.args, str):
        return part.args
    return json.dumps(part.args or {}, ensure_ascii=False)


def _size(part: Any) -> int:
    if isinstance(part, ToolCallPart):
        return tokens_of(part.tool_name) + tokens_of(_arguments(part))
    return tokens_of(part.content) if isinstance(part, (TextPart, ThinkingPart)) else 0
