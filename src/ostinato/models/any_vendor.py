"""Every other vendor (Bedrock, Google, Groq, Mistral …) as a Model, through pydantic-ai's model classes.

Streaming, tools and reasoning are theirs; retries, time-outs, prices and the meaning of failures are ours, so that a
vendor behaves here like any other. It needs the extra `any`, whose import takes half a second.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model as VendorModel
from pydantic_ai.models import StreamedResponse, infer_model
from pydantic_ai.providers import Provider, infer_provider_class
from pydantic_ai.settings import ModelSettings

from ostinato.agent.ports import Model, OnRetry, ProviderError
from ostinato.base.clock import Clock
from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.base.text import clip, one_line
from ostinato.chat.messages import Reply, Request
from ostinato.models.any_failures import failure_of_any
from ostinato.models.any_messages import messages_of, parameters_of, reason_of, reply_of, spending_of
from ostinato.models.endpoint import checked_address, checked_key, is_loopback, shown
from ostinato.models.failures import Endpoint, Transient
from ostinato.models.limits import TransportLimits
from ostinato.models.prices import cost_at_vendor
from ostinato.models.retry import Retries, jitter

_KEYS = {
    "bedrock": "AWS_PROFILE, AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK",
    "google": "GOOGLE_API_KEY",
    "google-cloud": "GOOGLE_APPLICATION_CREDENTIALS",
}
_OWN = frozenset({"anthropic", "ollama", "openai", "openai-chat"})


def open_any(vendor: str, name: str, *, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> AnyModel:
    """Return the model `name` of a vendor as pydantic-ai calls it; no connection is made yet.

    Keys come from the vendor's usual variables, an address from `VENDOR_BASE_URL` where the vendor takes one. Raises
    UsageError for an unknown vendor, a missing package or key, and a malformed address.
    """
    spec = f"any:{vendor}:{name}"
    try:
        provider = _provider(vendor, env)
        model = infer_model(f"{vendor}:{name}", provider_factory=lambda _: provider)
    except ImportError as error:
        raise UsageError(_missing_package(spec, vendor, str(error))) from error
    except UserError as error:
        raise UsageError(_missing_key(spec, error.message)) from error
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{spec} cannot be set up: {clip(one_line(str(error)), 200)}") from error
    return AnyModel(spec, model, provider, _endpoint(spec, vendor, model, env), limits=limits, clock=clock)


class AnyModel:
    """A vendor's model behind pydantic-ai. Serves one event loop; calls may run side by side."""

    def __init__(
        self,
        spec: str,
        model: VendorModel[Any],
        provider: Provider[Any],
        endpoint: Endpoint,
        *,
        limits: TransportLimits,
        clock: Clock,
        random: Callable[[], float] = jitter,
    ) -> None:
        self.name = spec
        self.context_window = limits.context_window
        self._model = model
        self._provider = provider
        self._endpoint = endpoint
        self._limits = limits
        self._clock = clock
        self._retries = Retries(spec, limits, clock, random)
        self._entered = False

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask once; transient failures are retried inside. Raises ProviderError. Cancellation passes through."""
        if not self._entered:
            await self._provider.__aenter__()
            self._entered = True
        return await self._retries.run(lambda: self._ask(request), on_retry)

    async def close(self) -> None:
        """Release connections."""
        if self._entered:
            self._entered = False
            await self._provider.__aexit__(None, None, None)

    async def _ask(self, request: Request) -> Reply:
        arrived: list[StreamedResponse] = []
        try:
            response = await self._response(request, arrived)
        except (Transient, ProviderError) as failure:
            failure.spending = self._lost(arrived, request)
            raise
        reply = reply_of(response, request, self.name)
        return replace(reply, spending=self._priced(reply.spending))

    async def _response(self, request: Request, arrived: list[StreamedResponse]) -> ModelResponse:
        """Return the whole response; `arrived` gets the stream as soon as anything was said in it."""
        host, limits, loop = self._endpoint.address, self._limits, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limits.first_byte) as quiet, self._stream(request) as stream:
                async for _ in stream:
                    arrived[:] = [stream]
                    quiet.reschedule(loop.time() + limits.silence)
                response: ModelResponse = stream.get()
        except TimeoutError as error:
            if not quiet.expired():
                raise Transient(f"{host} took too long") from error
            if arrived:
                raise Transient(f"{host} fell silent for {limits.silence:g} s (models.silence_timeout)") from error
            wait = f"{limits.first_byte:g} s (models.first_byte_timeout)"
            raise Transient(f"{host} said nothing within {wait}") from error
        except Exception as error:
            raise failure_of_any(error, self._endpoint, self._clock.now()) from error
        if reason_of(response) in {"", "error"} or response.state != "complete":
            raise Transient(f"{host} cut the stream before its end")
        return response

    def _stream(self, request: Request) -> Any:
        unsupported = self._model.unsupported_settings
        wanted: dict[str, Any] = {
            # Ours retries; a second one inside would multiply the waits.
            "max_retries": 0,
            "timeout": max(self._limits.first_byte, self._limits.silence),
            "max_tokens": request.max_output_tokens or self._limits.max_output_tokens,
            "thinking": self._limits.reasoning_effort,
        }
        chosen = {key: value for key, value in wanted.items() if value is not None and key not in unsupported}
        return model_request_stream(
            self._model,
            messages_of(request, self.name),
            model_settings=cast(ModelSettings, chosen),
            model_request_parameters=parameters_of(request),
            instrument=False,
        )

    def _lost(self, arrived: list[StreamedResponse], request: Request) -> Spending:
        # The vendor bills what a cut stream had made already, reported or not.
        return self._priced(spending_of(arrived[0].get(), request)) if arrived else Spending()

    def _priced(self, spending: Spending) -> Spending:
        if is_loopback(urlsplit(self._endpoint.address).hostname):
            return spending
        _, vendor, name = self.name.split(":", 2)
        return replace(spending, cost_usd=cost_at_vendor(spending, vendor, name))


def _provider(vendor: str, env: Mapping[str, str]) -> Provider[Any]:
    try:
        kind = infer_provider_class(vendor)
    except ValueError:
        raise UsageError(
            f"any:{vendor} is no vendor that pydantic-ai knows; there are bedrock, google, groq, mistral and others"
        ) from None
    takes = inspect.signature(kind.__init__).parameters
    given: dict[str, str] = {}
    address, key = env.get(_variable(vendor, "BASE_URL"), "").strip(), env.get(_variable(vendor, "API_KEY"), "")
    if address and "base_url" in takes:
        given["base_url"] = checked_address(address, _variable(vendor, "BASE_URL"))
    if key.strip() and "api_key" in takes:
        given["api_key"] = checked_key(key, _variable(vendor, "API_KEY"))
    made: Provider[Any] = kind(**given)
    return made


def _variable(vendor: str, of: str) -> str:
    return f"{vendor.upper().replace('-', '_')}_{of}"


def _endpoint(spec: str, vendor: str, model: VendorModel[Any], env: Mapping[str, str]) -> Endpoint:
    key = _variable(vendor, "API_KEY")
    return Endpoint(
        spec,
        shown(str(model.base_url)) if model.base_url else vendor,
        key_variable=_KEYS.get(vendor, key),
        address_variable=_variable(vendor, "BASE_URL"),
        secret=env.get(key, "").strip(),
    )


def _missing_package(spec: str, vendor: str, said: str) -> str:
    if vendor in _OWN:
        return f"{spec} needs a package that is not there: say {spec.removeprefix('any:')}, which needs none"
    found = re.search(r"pydantic-ai-slim\[[a-z0-9-]+\]", said)
    package = found[0] if found else f"pydantic-ai-slim[{vendor}]"
    return f"{spec} needs a package that is not there: pip install '{package}'"


def _missing_key(spec: str, said: str) -> str:
    if "region" in said.lower():
        return f"{spec} needs a region: set AWS_DEFAULT_REGION"
    variables = re.findall(r"\b[A-Z][A-Z0-9]*_(?:API_KEY|TOKEN|REGION)\b", said)
    if variables:
        return f"{spec} needs a key: set {' or '.join(dict.fromkeys(variables))}"
    return f"{spec} cannot be set up: {clip(one_line(said), 200)}"


if TYPE_CHECKING:

    def _fits(model: AnyModel) -> Model:
        return model
