"""From `provider:model` to a Model: the only place that knows which providers there are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from ostinato.agent.ports import Model
from ostinato.base.clock import Clock
from ostinato.base.errors import UsageError
from ostinato.models.endpoint import checked_address, checked_key, is_anthropic, is_openai
from ostinato.models.limits import TransportLimits

OPENAI_ADDRESS = "https://api.openai.com/v1"
ANTHROPIC_ADDRESS = "https://api.anthropic.com"
KNOWN = ("anthropic:NAME", "openai:NAME", "openai-chat:NAME", "ollama:NAME", "any:PROVIDER:NAME", "scripted:FILE")


def open_model(spec: str, *, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> Model:
    """Return the model that `spec` names; no connection is made yet.

    Reads each vendor's own variables for key and address from `env`. Raises UsageError for an unknown provider, a
    missing name, a malformed address, and a missing key where the vendor itself would be asked (other servers may need
    none); ConfigError for a malformed script.
    """
    provider, colon, name = spec.strip().partition(":")
    if not colon or not name.strip():
        raise UsageError(f"{spec!r} names no model; a model is {_known()}")
    name = name.strip()
    match provider:
        case "anthropic":
            return _anthropic(name, env, limits, clock)
        case "openai" | "openai-chat":
            return _openai(provider, name, env, limits, clock)
        case "any":
            return _any(name, env, limits, clock)
        case "ollama":
            return _ollama(name, env, limits, clock)
        case "scripted":
            from ostinato.models.scripted import ScriptedModel

            return ScriptedModel(Path(name).expanduser(), limits=limits, clock=clock)
    raise UsageError(f"unknown provider {provider!r} in {spec!r}; a model is {_known()}")


def address_of(spec: str, env: Mapping[str, str]) -> str:
    """Return where calls to the model that `spec` names go, "" where none are made. It is not checked here."""
    match spec.strip().partition(":")[0]:
        case "anthropic":
            return env.get("ANTHROPIC_BASE_URL", "").strip() or ANTHROPIC_ADDRESS
        case "openai" | "openai-chat":
            return env.get("OPENAI_BASE_URL", "").strip() or OPENAI_ADDRESS
    return ""


def _openai(provider: str, name: str, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> Model:
    key = checked_key(env.get("OPENAI_API_KEY"), "OPENAI_API_KEY")
    address = checked_address(address_of(f"{provider}:{name}", env), "OPENAI_BASE_URL")
    if not key and is_openai(address):
        raise UsageError(
            f"{provider}:{name} needs a key: set OPENAI_API_KEY, or set OPENAI_BASE_URL to a server that needs none"
        )
    if provider == "openai":
        from ostinato.models.openai_responses import openai_model

        return openai_model(name, address, key, limits=limits, clock=clock)
    from ostinato.models.openai_chat import openai_chat_model

    return openai_chat_model(name, address, key, limits=limits, clock=clock)


def _anthropic(name: str, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> Model:
    from ostinato.models.anthropic import anthropic_model

    key = checked_key(env.get("ANTHROPIC_API_KEY"), "ANTHROPIC_API_KEY")
    address = checked_address(address_of(f"anthropic:{name}", env), "ANTHROPIC_BASE_URL")
    if not key and is_anthropic(address):
        raise UsageError(
            f"anthropic:{name} needs a key: set ANTHROPIC_API_KEY, "
            "or set ANTHROPIC_BASE_URL to a server that needs none"
        )
    return anthropic_model(name, address, key, limits=limits, clock=clock)


def _ollama(name: str, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> Model:
    from ostinato.models.ollama import OllamaModel, ollama_address

    return OllamaModel(name, ollama_address(env.get("OLLAMA_HOST")), limits=limits, clock=clock)


def _any(name: str, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> Model:
    vendor, colon, name = name.partition(":")
    if not colon or not vendor.strip() or not name.strip():
        raise UsageError("any: needs a vendor and a model, such as any:mistral:mistral-large-latest")
    if find_spec("pydantic_ai") is None:
        raise UsageError(f"any:{vendor}:{name} needs pydantic-ai: pip install 'ostinato[any]'")
    from ostinato.models.any_vendor import open_any

    return open_any(vendor.strip(), name.strip(), env=env, limits=limits, clock=clock)


def _known() -> str:
    return ", ".join(KNOWN[:-1]) + f" or {KNOWN[-1]}"
