"""What a sandboxed command may see: mounts and environment, computed from the machine. It starts nothing.

The root is an allow-list: system directories, a small /etc, toolchains on PATH, the checkout at /work. Everything else
(the home, other repositories, sockets, the database) is simply not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

WORK = "/work"
SETUP_HOME = "/home/ostinato"
HOME = "/tmp/home"

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt")
_ETC = (
    "passwd", "group", "hosts", "host.conf", "nsswitch.conf", "services", "protocols", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "alternatives", "localtime", "timezone", "locale.alias", "mime.types", "magic", "ssl/certs",
    "ssl/openssl.cnf", "ca-certificates", "ca-certificates.conf", "pki/tls/certs", "pki/ca-trust", "fonts", "java",
    "java-17-openjdk", "java-21-openjdk", "maven", "gitattributes", "inputrc", "os-release", "debian_version",
    "lsb-release", "python3", "python3.11", "python3.12", "python3.13", "npmrc", "profile.d", "perl", "terminfo",
)  # fmt: skip
_NETWORK_ETC = ("resolv.conf", "pip.conf", "gai.conf")
# Below the home, what belongs to a toolchain whose programs are on PATH.
_TOOLCHAINS = {
    ".pyenv": (".pyenv",),
    ".nvm": (".nvm",),
    ".volta": (".volta",),
    ".asdf": (".asdf",),
    ".rbenv": (".rbenv",),
    ".bun": (".bun",),
    ".deno": (".deno",),
    ".sdkman": (".sdkman",),
    ".cargo": (".cargo/bin", ".rustup"),
    ".rustup": (".rustup",),
    "go": ("go",),
    ".local": (".local/bin", ".local/share/uv", ".local/share/pnpm", ".local/share/mise", ".local/pipx"),
    ".linuxbrew": (".linuxbrew",),
}
_PASSED = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "JAVA_HOME",
    "GOROOT",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "NVM_DIR",
    "VOLTA_HOME",
)
_SETUP_PASSED = re.compile(
    r"(?i)^(pip_\w+|uv_\w+|npm_config_\w+|yarn_\w+|cargo_\w+|goproxy|gosumdb|gonosumdb|goprivate|http_proxy|https_proxy"
    r"|no_proxy|all_proxy|ssl_cert_file|ssl_cert_dir|requests_ca_bundle|curl_ca_bundle|node_extra_ca_certs|git_ssl_cainfo)$"
)
_SECRET = re.compile(r"(?i)(secret|token|passw|api_?key|credential|private_?key|auth)")
_SETUP_FILES = (
    ".config/pip/pip.conf",
    ".pip/pip.conf",
    ".npmrc",
    ".config/uv/uv.toml",
    ".cargo/config.toml",
    ".condarc",
)


@dataclass(frozen=True, slots=True)
class SandboxProfile:
    """Where commands run. `objects` are the person's object stores; `read_only` and `env` come from `[sandbox]`.

    `env` holds names that are passed on and `NAME=value` pairs; `setup_home` is the home that setup filled, or None.
    """

    objects: tuple[Path, ...] = ()
    read_only: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    setup_home: Path | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts of this machine that mounts and environment depend on."""

    home: Path
    environ: Mapping[str, str]

    @classmethod
    def present(cls) -> Machine:
        """Return this machine's facts."""
        return cls(Path.home(), dict(os.environ))

    @property
    def path(self) -> tuple[str, ...]:
        """The directories of PATH that exist, each once, in order."""
        entries = self.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")
        return tuple(dict.fromkeys(entry for entry in entries if entry.startswith("/") and Path(entry).is_dir()))


def read_only_mounts(profile: SandboxProfile, machine: Machine, *, setup: bool) -> tuple[Path, ...]:
    """Return the host paths that are mounted read-only at the same place, parents first."""
    found: list[Path] = [Path("/etc", name) for name in (*_ETC, *(_NETWORK_ETC if setup else ()))]
    found += _toolchains(machine)
    found += profile.objects
    found += [Path(one).expanduser() for one in profile.read_only]
    if setup:
        found += _configuration_files(machine)
    existing = dict.fromkeys(path for path in found if path.exists())
    return tuple(sorted(path for path in existing if not _inside_system(path)))


def system_mounts() -> tuple[tuple[str, str | None], ...]:
    """Return (path, link target or None) of the system directories of this machine."""
    return tuple(
        (name, str(Path(name).readlink()) if Path(name).is_symlink() else None)
        for name in _SYSTEM
        if Path(name).exists()
    )


def environment(profile: SandboxProfile, machine: Machine, *, setup: bool, home: str) -> dict[str, str]:
    """Return the whole environment of a command: nothing secret, nothing that was not asked for."""
    env = {
        "PATH": ":".join((*machine.path,)) or "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": "/tmp",
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "USER": "ostinato",
        "LOGNAME": "ostinato",
    }
    env.update({name: machine.environ[name] for name in _PASSED if name in machine.environ})
    rustup = machine.home / ".rustup"
    if rustup.is_dir():
        env["RUSTUP_HOME"] = str(rustup)
    if setup:
        env.update({name: value for name, value in machine.environ.items() if _SETUP_PASSED.match(name)})
    elif profile.setup_home is not None:
        env.update(_caches(profile.setup_home))
    for entry in profile.env:
        name, equals, value = entry.partition("=")
        if equals:
            env[name] = value
        elif name in machine.environ and not _SECRET.search(name):
            env[name] = machine.environ[name]
    return env


def _caches(home: Path) -> dict[str, str]:
    """Point tools at what setup fetched, which is mounted read-only at the place where setup saw it."""
    places = {"CARGO_HOME": ".cargo", "GOMODCACHE": "go/pkg/mod", "UV_PYTHON_INSTALL_DIR": ".local/share/uv/python"}
    return {name: f"{SETUP_HOME}/{place}" for name, place in places.items() if (home / place).is_dir()}


def _toolchains(machine: Machine) -> Iterable[Path]:
    for entry in machine.path:
        path = Path(entry)
        if not path.is_relative_to(machine.home):
            yield path
            continue
        first = path.relative_to(machine.home).parts[:1]
        for name in _TOOLCHAINS.get(first[0], ()) if first else ():
            yield machine.home / name
        if len(path.relative_to(machine.home).parts) > 1:
            yield path


def _configuration_files(machine: Machine) -> Iterable[Path]:
    """Yield the package managers' files, and the files and folders that their variables point to."""
    yield from (machine.home / name for name in _SETUP_FILES)
    resolv = Path("/etc/resolv.conf")
    if resolv.is_symlink():
        yield resolv.resolve()
    for name, value in machine.environ.items():
        if _SETUP_PASSED.match(name):
            for word in value.removeprefix("file://").split():
                path = Path(word.removeprefix("file://"))
                if path.is_absolute() and path != machine.home and path != Path("/") and path.exists():
                    yield path


def _inside_system(path: Path) -> bool:
    return any(path.is_relative_to(name) for name in _SYSTEM)
