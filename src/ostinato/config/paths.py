"""Where Ostinato keeps things: the XDG base directories, on macOS too. It creates nothing and reads no file.

What leads to the database is text: it is asked for at every start, of which pathlib would cost a tenth.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def database_file(environ: Mapping[str, str]) -> str:
    """Return the default database: `ostinato/ostinato.db` in the data directory."""
    return os.path.join(_base(environ, "XDG_DATA_HOME", ".local/share"), "ostinato.db")


def database_path(environ: Mapping[str, str]) -> Path:
    """Return the same as a path."""
    return _path(database_file(environ))


def state_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory of checkouts and caches, which may be deleted while nothing runs."""
    return _path(_base(environ, "XDG_STATE_HOME", ".local/state"))


def user_config_path(environ: Mapping[str, str]) -> str:
    """Return the person's own configuration: `ostinato/config.toml` in the config directory."""
    return os.path.join(_base(environ, "XDG_CONFIG_HOME", ".config"), "config.toml")


def user_config_file(environ: Mapping[str, str]) -> Path:
    """Return the same as a path."""
    return _path(user_config_path(environ))


def project_config_file(project: Path) -> Path:
    """Return the configuration of the project whose checkout's top is `project`."""
    return project / ".ostinato" / "config.toml"


def _base(environ: Mapping[str, str], variable: str, default: str) -> str:
    # The XDG specification: a relative path is invalid and ignored.
    said = environ.get(variable) or ""
    if not os.path.isabs(said):
        said = os.path.join(environ.get("HOME") or os.path.expanduser("~"), default)
    return os.path.join(said, "ostinato")


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)
