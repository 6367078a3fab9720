from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.config.paths import database_path, state_directory, user_config_file


def test_paths_are_the_defaults_under_home_when_no_variable_is_set() -> None:
    environ = {"HOME": "/home/ada"}
    assert database_path(environ) == Path("/home/ada/.local/share/ostinato/ostinato.db")
    assert state_directory(environ) == Path("/home/ada/.local/state/ostinato")
    assert user_config_file(environ) == Path("/home/ada/.config/ostinato/config.toml")


def test_paths_follow_the_xdg_variables_when_they_are_set() -> None:
    environ = {"HOME": "/home/ada", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c"}
    assert database_path(environ) == Path("/d/ostinato/ostinato.db")
    assert state_directory(environ) == Path("/s/ostinato")
    assert user_config_file(environ) == Path("/c/ostinato/config.toml")


@pytest.mark.parametrize("value", ["", "relative/dir", "./x"])
def test_an_xdg_variable_is_ignored_when_it_is_not_absolute(value: str) -> None:
    environ = {"HOME": "/home/ada", "XDG_DATA_HOME": value}
    assert database_path(environ) == Path("/home/ada/.local/share/ostinato/ostinato.db")
