"""One HTTP call with its time-outs, its faults told apart. It knows nothing of what is asked or answered.

Importing this module imports httpx2, so do it in the first call. No redirects are followed (the key would go along);
proxies and certificates come from the usual variables. Messages never hold the key or credentials of the address.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from ostinato.agent.ports import ProviderRefused
from ostinato.base.errors import system_reason
from ostinato.base.text import one_line
from ostinato.models.endpoint import is_loopback, shown
from ostinato.models.failures import Endpoint, Transient
from ostinato.models.limits import TransportLimits

_KEEP_ALIVE = 120.0
_DRAIN = 0.5
_WRONG_PROTOCOL = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})


@dataclass(slots=True)
class Incoming:
    """An answer that is arriving. `headers` have lower-case names; bytes come once, through `pieces`."""

    status: int
    headers: dict[str, str]
    _limits: TransportLimits
    _host: str
    _first_byte_at: float
    _body: AsyncIterator[bytes]

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it arrives. Raises Transient for a broken connection and for silence."""
        quiet = asyncio.timeout_at(self._first_byte_at)
        late = f"{self._host} sent no byte within {self._limits.first_byte:g} s (models.first_byte_timeout)"
        while True:
            with _faults(self._host):
                try:
                    async with quiet:
                        piece = await anext(self._body, None)
                except TimeoutError:
                    raise Transient(late) from None
            if piece is None:
                return
            yield piece
            quiet = asyncio.timeout(self._limits.silence)
            late = f"{self._host} fell silent for {self._limits.silence:g} s (models.silence_timeout)"

    async def drain(self) -> None:
        """Read what is left, for a moment at most: only a connection whose answer was read to its end is kept."""
        with suppress(TimeoutError, httpx2.HTTPError):
            async with asyncio.timeout(_DRAIN):
                async for _ in self._body:
                    pass


class HttpStream:
    """Connections to one provider, kept alive between calls. Use it in one event loop, and close it."""

    def __init__(self, endpoint: Endpoint, limits: TransportLimits) -> None:
        """Raises ProviderRefused when the variables for proxies and certificates make no sense."""
        self._limits = limits
        self._host = endpoint.address
        timeout = httpx2.Timeout(connect=limits.connect, read=None, write=limits.first_byte, pool=None)
        try:
            self._client = httpx2.AsyncClient(
                timeout=timeout,
                limits=httpx2.Limits(keepalive_expiry=_KEEP_ALIVE),
                verify=_trust(endpoint.address),
                follow_redirects=False,
            )
        except ImportError as error:
            raise ProviderRefused(
                "a SOCKS proxy needs one more package: pip install socksio, or set HTTPS_PROXY and ALL_PROXY to an "
                "http:// proxy"
            ) from error
        except (ValueError, OSError, httpx2.InvalidURL) as error:
            # A malformed proxy, a certificate file that is not there.
            why = f"cannot set up connections: {one_line(str(error))}"
            raise ProviderRefused(f"{why}: check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and SSL_CERT_FILE") from error

    @asynccontextmanager
    async def post(self, url: str, headers: dict[str, str], content: bytes) -> AsyncIterator[Incoming]:
        """Send and yield the answer once its headers are here; leaving the block closes what is unread.

        Raises Transient, and ProviderRefused where the machine's TLS set-up or the address makes it hopeless.
        """
        request = self._client.build_request("POST", url, headers=headers, content=content)
        deadline = asyncio.get_running_loop().time() + self._limits.first_byte
        with _faults(self._host, self._limits.connect):
            try:
                async with asyncio.timeout_at(deadline):
                    response = await self._client.send(request, stream=True)
            except TimeoutError:
                wait = f"{self._limits.first_byte:g} s (models.first_byte_timeout)"
                raise Transient(f"{self._host} sent no byte within {wait}") from None
        try:
            names = {name.lower(): value for name, value in response.headers.items()}
            yield Incoming(response.status_code, names, self._limits, self._host, deadline, response.aiter_bytes())
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


@contextmanager
def _faults(host: str, connect: float = 0.0) -> Iterator[None]:
    """Turn httpx2's errors into ours, grouped by what another try may do."""
    try:
        yield
    except httpx2.ConnectTimeout as error:
        wait = f"{connect:g} s (models.connect_timeout)"
        raise Transient(f"no connection to {host}{_by_proxy(host)} within {wait}", outage=True) from error
    except httpx2.ProxyError as error:
        raise Transient(f"the proxy in HTTPS_PROXY or HTTP_PROXY failed: {error}", outage=True) from error
    except httpx2.ConnectError as error:
        raise_for_tls(host, error)
        raise Transient(f"cannot reach {host}{_by_proxy(host)}: {_innermost(error)}", outage=True) from error
    except httpx2.TransportError as error:
        raise_for_tls(host, error)
        raise Transient(f"the connection to {host} broke: {_innermost(error)}") from error
    except httpx2.DecodingError as error:
        raise Transient(f"{host} sent an answer whose compression is broken") from error


def raise_for_tls(host: str, error: BaseException) -> None:
    """Raise ProviderRefused where this machine's TLS set-up or the address makes every further try hopeless."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"TLS: the certificate of {host} is not trusted here ({cause.verify_message})"
            raise ProviderRefused(f"{why}: set SSL_CERT_FILE to your authority's certificates") from error
        if isinstance(cause, ssl.SSLError) and cause.reason in _WRONG_PROTOCOL:
            raise ProviderRefused(f"TLS: {host} does not speak it: is the address http:// rather than https://?")
        cause = cause.__cause__ or cause.__context__


def _by_proxy(host: str) -> str:
    """Return ` through the proxy …` where calls to `host` go through one, without its credentials."""
    parts = urlsplit(host)
    proxies = getproxies()
    variable = next((name for name in (parts.scheme, "all") if proxies.get(name)), None)
    if variable is None or proxy_bypass(parts.hostname or ""):
        return ""
    return f" through the proxy {shown(proxies[variable])} ({variable.upper()}_PROXY)"


def _innermost(error: BaseException) -> str:
    return system_reason(error) or str(error) or type(error).__name__


def _trust(address: str) -> ssl.SSLContext | bool:
    parts = urlsplit(address)
    if parts.scheme == "http" and is_loopback(parts.hostname):
        # Loading the authorities costs over 100 ms and is never used here; this context trusts nobody at all.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return True
