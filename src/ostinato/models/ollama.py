"""Ollama on this machine or another: the Chat Completions protocol at OLLAMA_HOST, without a key and free of cost.

It adds what only Ollama's users need to hear: that nobody listens, and that a model was not pulled yet. The protocol
itself is `models.openai_chat`'s.
"""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

from ostinato.agent.ports import ContextTooLong, Model, OnRetry, ProviderDown, ProviderError
from ostinato.agent.sizes import size_of
from ostinato.base.clock import Clock
from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request
from ostinato.models.endpoint import checked_address, is_loopback, shown
from ostinato.models.failures import Endpoint
from ostinato.models.limits import TransportLimits
from ostinato.models.openai_chat import ChatWire
from ostinato.models.wire_model import WireModel

VARIABLE = "OLLAMA_HOST"
_PORT = 11434
_USUAL_PORTS = {"http": 80, "https": 443}
_START = f"start it with `ollama serve`, or set {VARIABLE} to where it runs"


def ollama_address(said: str | None) -> str:
    """Return the address of Ollama's Chat Completions from OLLAMA_HOST, read as Ollama's own programs read it.

    `host`, `host:port`, `:port` and `http://…`; without a scheme the port is 11434 unless said. An address to listen
    on (0.0.0.0) is this machine. Raises UsageError.
    """
    text = (said or "").strip().strip("\"'")
    if "://" not in text:
        text = f"http://{_with_port(text)}"
    try:
        address = checked_address(text, VARIABLE)
    except UsageError:
        raise UsageError(f"{VARIABLE} must be such as 127.0.0.1:{_PORT} or https://host, not {shown(text)!r}") from None
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in {"0.0.0.0", "::"}:
        address = address.replace(f"//{parts.netloc}", f"//127.0.0.1:{parts.port or _USUAL_PORTS[parts.scheme]}", 1)
    return address if address.endswith("/v1") else f"{address}/v1"


def _with_port(text: str) -> str:
    """Return `host:port/path` of a text without a scheme, what it leaves out filled in."""
    place, slash, path = text.partition("/")
    if _is_ipv6(place):
        place = f"[{place}]"
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    if not colon:
        host, port = place, str(_PORT)
    return f"{host or '127.0.0.1'}:{port or _PORT}{slash}{path}"


def _is_ipv6(text: str) -> bool:
    try:
        return ip_address(text).version == 6
    except ValueError:
        return False


def loaded_window(address: str, name: str) -> int | None:
    """Return the context that Ollama gave the loaded model, None where it does not say. Waits two seconds at most."""
    names = {name, f"{name}:latest"}
    try:
        with urlopen(f"{address.removesuffix('/v1')}/api/ps", timeout=2.0) as answer:
            models = json.load(answer)["models"]
            return next((int(one["context_length"]) for one in models if one.get("model") in names), None) or None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # an older Ollama, or another server in its place


class OllamaModel:
    """A model that Ollama serves at `address` (see `ollama_address`)."""

    def __init__(self, name: str, address: str, *, limits: TransportLimits, clock: Clock) -> None:
        self.name = f"ollama:{name}"
        self.context_window = limits.context_window
        self._pulled = name
        self._address = address
        self._shown = shown(address).removesuffix("/v1")
        self._listened = False
        self._window: int | None = None
        endpoint = Endpoint(self.name, self._shown, key_variable=VARIABLE, address_variable=VARIABLE)
        wire = ChatWire(name, "", False, limits)
        self._model = WireModel(wire, endpoint, address, limits=limits, clock=clock)

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask once, as `Model` says. Before the first call, nobody listening is no outage to be waited for.

        Ollama cuts in silence what does not fit the context that it gave the model, which is known once the model is
        loaded: such a request is ContextTooLong, and an answer to it is dropped.
        """
        if not self._listened:
            await self._require_listener()
            self._listened = True
        self._require_room(request)
        try:
            reply = await self._model.reply(request, on_retry)
        except ProviderError as error:
            error.message = self._said(error)
            error.args = (error.message,)
            raise
        if self._window is None:
            self._window = await asyncio.to_thread(loaded_window, self._address, self._pulled)
            self.context_window = min(self.context_window, self._window or self.context_window)
            self._require_room(request, reply.spending)
        return reply

    async def close(self) -> None:
        """Release connections."""
        await self._model.close()

    async def _require_listener(self) -> None:
        parts = urlsplit(self._address)
        if not is_loopback(parts.hostname):
            return
        try:
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or _USUAL_PORTS[parts.scheme])
        except OSError as error:
            raise ProviderDown(f"nobody listens at {self._shown}: {_START}") from error
        writer.close()

    def _require_room(self, request: Request, spent: Spending | None = None) -> None:
        if self._window and size_of(request) > self._window:
            raise ContextTooLong(
                f"Ollama gives {self._pulled} a context of {self._window} tokens, and the conversation needs about "
                f"{size_of(request)}: start it with OLLAMA_CONTEXT_LENGTH=32768 or more",
                spending=spent,
            )

    def _said(self, error: ProviderError) -> str:
        if error.status == 404:
            return f"Ollama at {self._shown} has no model {self._pulled}: run `ollama pull {self._pulled}`"
        if isinstance(error, ProviderDown) and error.status is None:
            return f"{error.message}; is Ollama still running? {_START}"
        return error.message


if TYPE_CHECKING:

    def _fits(model: OllamaModel) -> Model:
        return model
