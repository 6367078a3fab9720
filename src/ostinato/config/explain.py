"""Says of each setting what holds, where it comes from to the line, what it means and what it may be.

Values that may hold a secret are masked here, so that no face can show one. It changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostinato.base.errors import NotFoundError
from ostinato.base.redaction import Redaction
from ostinato.config.load import Facts, load_settings, near_setting, setting_facts
from ostinato.config.settings import Settings

_HEADER = re.compile(r"^\s*\[\s*([\w-]+)\s*\]")
_SETTING = re.compile(r"""^\s*["']?([\w-]+)["']?(?:\s*\.\s*["']?([\w-]+)["']?)?\s*=""")
_SECRET_KEY = re.compile(r"(?i)secret|token$|password|api_?key|webhook")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_MASK = "…"


@dataclass(frozen=True, slots=True)
class Explained:
    """One setting. `source` is a file, a `$VARIABLE` or `default`; `line` in it; `masked`: not the whole value."""

    key: str
    value: Any
    source: str
    line: int | None
    facts: Facts
    masked: bool

    @property
    def place(self) -> str:
        """Where the value comes from, as an editor opens it."""
        return f"{self.source}:{self.line}" if self.line else self.source


def explain(project: Path | None, user_file: Path, environ: Mapping[str, str], wanted: str | None) -> list[Explained]:
    """Return every setting, or the one (or the section) called `wanted`. Raises NotFoundError, ConfigError."""
    facts = setting_facts()
    keys = [key for key in facts if wanted is None or key == wanted or key.startswith(f"{wanted}.")]
    if not keys:
        near = near_setting(wanted or "")
        said = f"did you mean {near}?" if near else "`ostinato config explain` lists them"
        raise NotFoundError(f"no setting {wanted}: {said}")
    loaded = load_settings(project, user_file, environ)
    found, redacted = [], Redaction(environ)
    for key in keys:
        source = loaded.sources.get(key, "default")
        value = _value(loaded.settings, key)
        shown = _masked(key, value, redacted)
        line = _line(Path(source), key) if source != "default" and not source.startswith("$") else None
        found.append(Explained(key, shown, source, line, facts[key], shown != value))
    return found


def line_of(text: str, key: str) -> int | None:
    """Return the number of the line that sets `key` in a TOML text, None where it cannot be told."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = header[1]
        elif setting := _SETTING.match(line):
            named = ".".join(part for part in (section, setting[1], setting[2]) if part)
            # `sandbox = "none"` and an inline table set what stands below them.
            if named == key or (not section and key.startswith(f"{named}.")):
                return number
    return None


def _line(file: Path, key: str) -> int | None:
    try:
        return line_of(file.read_text("utf-8-sig"), key)
    except (OSError, UnicodeDecodeError):
        return None


def _value(settings: Settings, key: str) -> Any:
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _masked(key: str, value: Any, redacted: Redaction) -> Any:
    if isinstance(value, tuple):
        return tuple(_masked(key, one, redacted) for one in value)
    if not isinstance(value, str):
        return value
    if key == "sandbox.env" and "=" in value:
        return f"{value.partition('=')[0]}={_MASK}"
    if _SECRET_KEY.search(key):
        return _MASK
    return redacted(_USERINFO.sub(f"{_MASK}@", value))
