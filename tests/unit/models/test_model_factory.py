"""From `provider:model` to a model, or to an error that says what to set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ostinato.base.errors import ConfigError, UsageError
from ostinato.models.endpoint import call_url, is_openai, shown
from ostinato.models.factory import address_of, open_model
from ostinato.models.limits import TransportLimits
from ostinato.testing.fake_clock import FakeClock


def opened(spec: str, **env: str):
    return open_model(spec, env=env, limits=TransportLimits(context_window=1000), clock=FakeClock())


def test_model_keeps_its_name_when_it_holds_colons_and_slashes() -> None:
    model = opened("openai-chat:org/qwen3:8b", OPENAI_BASE_URL="http://localhost:1/v1")
    assert (model.name, model.context_window) == ("openai-chat:org/qwen3:8b", 1000)


def test_key_is_asked_for_by_name_when_openai_itself_would_be_called() -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        opened("openai-chat:gpt-5")
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        opened("openai-chat:gpt-5", OPENAI_API_KEY="  ", OPENAI_BASE_URL="")
    assert opened("openai-chat:gpt-5", OPENAI_API_KEY="sk-x").name == "openai-chat:gpt-5"


@pytest.mark.parametrize(
    ("spec", "key", "address"),
    [
        ("anthropic:claude-sonnet-5", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        ("openai:gpt-5", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ],
)
def test_each_vendor_has_variables_of_its_own(spec: str, key: str, address: str) -> None:
    with pytest.raises(UsageError, match=f"{key}.*{address}"):
        opened(spec)
    with pytest.raises(UsageError, match=address):
        opened(spec, **{address: "host:1"})
    with pytest.raises(UsageError, match=key) as caught:
        opened(spec, **{key: "sk-secret\u2026more"})
    assert "secret" not in caught.value.message
    assert opened(spec, **{key: "sk-x"}).name == spec
    assert opened(spec, **{address: "http://localhost:1"}).name == spec


@pytest.mark.parametrize(
    ("spec", "env", "address"),
    [
        ("anthropic:m", {}, "https://api.anthropic.com"),
        ("anthropic:m", {"ANTHROPIC_BASE_URL": " https://gate/v1 ", "OPENAI_BASE_URL": "https://o"}, "https://gate/v1"),
        ("openai:m", {"ANTHROPIC_BASE_URL": "https://gate"}, "https://api.openai.com/v1"),
        ("openai-chat:m", {"OPENAI_BASE_URL": "https://o"}, "https://o"),
        ("scripted:file.json", {"OPENAI_BASE_URL": "https://o"}, ""),
    ],
)
def test_prices_are_looked_up_where_calls_go(spec: str, env: dict[str, str], address: str) -> None:
    assert address_of(spec, env) == address


@pytest.mark.parametrize("spec", ["gpt-5", "openai-chat:", ":x", "", "nobody:x", "openai_chat:x"])
def test_known_providers_are_listed_when_the_spec_is_wrong(spec: str) -> None:
    with pytest.raises(
        UsageError,
        match=r"anthropic:NAME, openai:NAME, .*ollama:NAME, any:PROVIDER:NAME or scripted",
    ):
        opened(spec)


@pytest.mark.parametrize("address", ["localhost:8080", "ftp://x/v1", "http://", "http://h:99999/", "http://a b/"])
def test_address_is_refused_when_it_is_none(address: str) -> None:
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        opened("openai-chat:m", OPENAI_BASE_URL=address)


def test_secrets_stay_out_of_the_message_when_key_or_address_is_malformed() -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as caught:
        opened("openai-chat:m", OPENAI_API_KEY="sk-secret\u2026more")
    assert "secret" not in caught.value.message
    with pytest.raises(UsageError) as caught:
        opened("openai-chat:m", OPENAI_BASE_URL="ftp://me:secret@host/v1")
    assert "secret" not in caught.value.message


def test_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.json"):
        opened(f"scripted:{tmp_path / 'missing.json'}")


def test_addresses_are_joined_and_shown_without_secrets() -> None:
    address = "https://me:secret@host:8/v1/?api-version=1"
    assert call_url(address, "/chat/completions") == "https://me:secret@host:8/v1/chat/completions?api-version=1"
    assert shown(address) == "https://host:8/v1/"


@pytest.mark.parametrize(
    ("address", "openai"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://mine.openai.azure.com/openai", True),
        ("https://api.openai.com.evil.example/v1", False),
        ("https://notopenai.com/v1", False),
    ],
)
def test_openai_is_known_by_its_host(address: str, openai: bool) -> None:
    assert is_openai(address) is openai


@pytest.mark.parametrize("spec", ["openai-chat:m", "openai:m", "anthropic:m"])
def test_heavy_libraries_stay_out_when_a_model_is_only_named(spec: str) -> None:
    env = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}
    code = (
        "import sys; from ostinato.models.factory import open_model; "
        "from ostinato.models.limits import TransportLimits; from ostinato.base.clock import SystemClock; "
        f"open_model({spec!r}, env={env!r}, limits=TransportLimits(), clock=SystemClock()); "
        "print([name for name in ('httpx2', 'genai_prices') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
