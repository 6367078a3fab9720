"""Mounts and environment as values: nothing is started here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.sandbox.bubblewrap import inside_work, sandbox_options
from ostinato.sandbox.profile import Machine, SandboxProfile, environment, read_only_mounts


def machine(home: Path, *, setup_path: str = "/usr/bin:/bin", **variables: str) -> Machine:
    return Machine(home, {"PATH": setup_path, **variables})


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "SIGNING_KEY",
        "NPM_AUTH",
        "SESSION_COOKIE",
        "MY_SECRET",
    ],
)
def test_a_variable_that_looks_like_a_credential_is_not_passed_by_name(tmp_path: Path, name: str) -> None:
    profile = SandboxProfile(env=(name,))
    env = environment(profile, machine(tmp_path, **{name: "x"}), setup=False, home="/h", setup_home=None)
    assert name not in env


@pytest.mark.parametrize("name", ["CI", "MONKEY", "GIT_AUTHOR_NAME", "KEYBOARD", "DJANGO_SETTINGS_MODULE"])
def test_an_ordinary_variable_is_passed_by_name(tmp_path: Path, name: str) -> None:
    profile = SandboxProfile(env=(name, "NOT_SET"))
    env = environment(profile, machine(tmp_path, **{name: "x"}), setup=False, home="/h", setup_home=None)
    assert env[name] == "x"
    assert "NOT_SET" not in env


def test_setup_does_not_inherit_the_places_of_the_persons_caches(tmp_path: Path) -> None:
    given = {
        "CARGO_HOME": "/c",
        "UV_CACHE_DIR": "/u",
        "npm_config_cache": "/n",
        "PIP_TARGET": "/t",
        "CARGO_NET_RETRY": "9",
    }
    env = environment(SandboxProfile(), machine(tmp_path, **given), setup=True, home="/h", setup_home=None)
    assert set(env) & set(given) == {"CARGO_NET_RETRY"}


def test_the_home_itself_is_never_mounted(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    here = machine(tmp_path, setup_path=f"{tmp_path}:{tmp_path}/bin:/usr/bin", PIP_FIND_LINKS=str(tmp_path))
    for setup in (False, True):
        mounts = read_only_mounts(SandboxProfile(), here, setup=setup)
        assert tmp_path not in mounts
        assert tmp_path / "bin" in mounts


def test_only_setup_shares_the_network_and_the_package_managers_files(tmp_path: Path) -> None:
    here = machine(tmp_path)
    work = sandbox_options(SandboxProfile(), here, tmp_path, setup_home=None)
    setup = sandbox_options(SandboxProfile(), here, tmp_path, setup_home=tmp_path)
    assert "--unshare-net" in work
    assert "--unshare-net" not in setup
    for isolation in (
        "--unshare-user",
        "--disable-userns",
        "--unshare-pid",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ):
        assert isolation in work
        assert isolation in setup
    assert "/etc/resolv.conf" not in work


def test_the_root_is_closed_after_the_last_mount(tmp_path: Path) -> None:
    options = sandbox_options(SandboxProfile(), machine(tmp_path), tmp_path, setup_home=None)
    closed = options.index("--remount-ro")
    assert not {"--ro-bind", "--bind", "--tmpfs", "--dir", "--symlink"} & set(options[closed:])


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, "/work"), ("", "/work"), ("src", "/work/src"), ("./a/b", "/work/a/b"), ("/work/a", "/work/a")],
)
def test_a_working_directory_is_below_work(given: str | None, expected: str) -> None:
    assert inside_work(given) == expected


def test_what_npm_installed_globally_comes_with_the_links_to_it(tmp_path: Path) -> None:
    prefix = tmp_path / ".npm-global"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "lib" / "node_modules").mkdir(parents=True)
    mounts = read_only_mounts(SandboxProfile(), machine(tmp_path, setup_path=f"{prefix}/bin:/usr/bin"), setup=False)
    assert {prefix / "bin", prefix / "lib" / "node_modules"} <= set(mounts)
    assert prefix not in mounts


def test_a_version_manager_outside_of_the_home_is_there_whole(tmp_path: Path) -> None:
    home, pyenv = tmp_path / "home" / "pat", tmp_path / "srv" / "pyenv"
    for folder in (home, pyenv / "shims", pyenv / "libexec"):
        folder.mkdir(parents=True)
    path = f"{pyenv}/shims:/usr/bin"
    # Its shims alone run nothing: they start what lies beside them.
    here = machine(home, setup_path=path, PYENV_ROOT=str(pyenv))
    assert pyenv in read_only_mounts(SandboxProfile(), here, setup=False)
    for not_there in (str(tmp_path), "/", "", str(tmp_path / "elsewhere")):
        mounts = read_only_mounts(SandboxProfile(), machine(home, setup_path=path, PYENV_ROOT=not_there), setup=False)
        assert {tmp_path, pyenv, Path("/")}.isdisjoint(mounts)
