"""Where Ostinato keeps things: the XDG base directories, on macOS too. It creates nothing and reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def database_path(environ: Mapping[str, str]) -> Path:
    """Return the default database: `ostinato/ostinato.db` in the data directory."""
    return _base(environ, "XDG_DATA_HOME", ".local/share") / "ostinato.db"


def state_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory of checkouts and caches, which may be deleted while nothing runs."""
    return _base(environ, "XDG_STATE_HOME", ".local/state")


def user_config_file(environ: Mapping[str, str]) -> Path:
    """Return the person's own configuration: `ostinato/config.toml` in the config directory."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "config.toml"


def project_config_file(project: Path) -> Path:
    """Return the configuration of the project whose checkout's top is `project`."""
    return project / ".ostinato" / "config.toml"


def _base(environ: Mapping[str, str], variable: str, default: str) -> Path:
    # The XDG specification: a relative path is invalid and ignored.
    said = Path(environ.get(variable) or "")
    if not said.is_absolute():
        home = environ.get("HOME")
        said = (Path(home) if home else Path.home()) / default
    return said / "ostinato"
