"""Addresses of providers: checked, made into a call's URL, and made fit to be shown. No I/O."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from ostinato.base.errors import UsageError


def checked_address(address: str, variable: str) -> str:
    """Return `address` without blanks around it and slash behind it. Raises UsageError that names `variable`."""
    address = address.strip()
    try:
        parts = urlsplit(address)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine or any(ch.isspace() or not ch.isprintable() for ch in address):
        without_password = re.sub(r"//[^/]*@", "//", address)
        raise UsageError(f"{variable} must be an address such as https://host/v1, not {without_password!r}")
    return address.rstrip("/")


def checked_key(key: str | None, variable: str) -> str:
    """Return the key without blanks around it, empty when there is none. Raises UsageError, never showing the key."""
    key = (key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{variable} holds characters that no key has: set it again")
    return key


def call_url(address: str, path: str) -> str:
    """Return the URL of `path` under `address`, whose own query (an API version, say) is kept."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


def shown(address: str) -> str:
    """Return `address` without credentials and query."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def is_openai(address: str) -> bool:
    """Tell whether OpenAI itself, or its service on Azure, answers there."""
    host = urlsplit(address).hostname or ""
    return host in {"api.openai.com"} or host.endswith((".openai.com", ".openai.azure.com"))


def is_anthropic(address: str) -> bool:
    """Tell whether Anthropic itself answers there."""
    host = urlsplit(address).hostname or ""
    return host == "anthropic.com" or host.endswith(".anthropic.com")


def is_loopback(host: str | None) -> bool:
    """Tell whether `host` is this machine."""
    if not host:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
