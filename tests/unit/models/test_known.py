"""What the table knows of a model before it is asked."""

from __future__ import annotations

import pytest

from ostinato.models.known import USUAL_WINDOW, has_price, window_of

HERE = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
GATEWAY = {"OPENAI_BASE_URL": "https://gateway.example/v1", "ANTHROPIC_BASE_URL": "https://gateway.example"}


@pytest.mark.parametrize(
    ("spec", "env", "window"),
    [
        ("openai-chat:gpt-4.1", {}, 1_000_000),
        ("openai:gpt-5", {}, 400_000),
        ("openai:gpt-5", GATEWAY, 400_000),
        ("anthropic:claude-sonnet-4-5", {}, 200_000),
        ("any:anthropic:claude-sonnet-4-5", {}, 200_000),
        ("openai-chat:gpt-4.1", HERE, USUAL_WINDOW),
        ("openai-chat:nobody-knows", {}, USUAL_WINDOW),
        ("openai-chat:gpt-4.1", GATEWAY, USUAL_WINDOW),
        ("ollama:qwen3", {}, USUAL_WINDOW),
        ("scripted:gpt-5.json", {}, USUAL_WINDOW),
        ("any:nobody:x", {}, USUAL_WINDOW),
        ("nonsense", {}, USUAL_WINDOW),
    ],
)
def test_window_is_the_models_own_or_the_usual_one(spec: str, env: dict[str, str], window: int) -> None:
    assert window_of(spec, env) == window


@pytest.mark.parametrize(
    ("spec", "env", "known"),
    [
        ("openai-chat:gpt-4o", {}, True),
        ("anthropic:claude-sonnet-4-5", {}, True),
        ("any:mistral:mistral-large-latest", {}, True),
        ("openai-chat:anything", HERE, True),
        ("ollama:qwen3", {}, True),
        ("scripted:x.json", {}, True),
        ("openai-chat:gpt-4o", GATEWAY, False),
        ("anthropic:claude-sonnet-4-5", GATEWAY, False),
        ("any:mistral:no-such-model", {}, False),
    ],
)
def test_price_is_known_or_not_before_anything_is_asked(spec: str, env: dict[str, str], known: bool) -> None:
    assert has_price(spec, env) is known
