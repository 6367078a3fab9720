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

from ostinato.base.redaction import SECRET_NAME

WORK = "/work"
_NEVER = tuple(map(Path, ("/", "/etc", "/home", "/root", "/var", "/tmp", "/proc", "/sys", "/dev", "/run", WORK)))
SETUP_HOME = "/home/ostinato"
HOME = "/tmp/home"

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store")
_ETC = (
    "passwd", "group", "hosts", "host.conf", "nsswitch.conf", "services", "protocols", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "alternatives", "localtime", "timezone", "locale.alias", "mime.types", "magic", "ssl/certs",
    "ssl/openssl.cnf", "ca-certificates", "ca-certificates.conf", "pki/tls/certs", "pki/ca-trust", "fonts", "java*",
    "maven", "inputrc", "os-release", "debian_version", "lsb-release", "python3*", "perl", "terminfo",
)  # fmt: skip
# Only for setup: npm's and pip's may hold the password of an index.
_NETWORK_ETC = ("resolv.conf", "gai.conf", "pip.conf", "npmrc", "uv/uv.toml")
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
_ROOTS = ("PYENV_ROOT", "NVM_DIR", "VOLTA_HOME")
_PASSED = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "JAVA_HOME",
    "GOROOT",
    "PYENV_VERSION",
    *_ROOTS,
)
# Where package managers keep what they make: in setup's own HOME, never at the person's places.
_PLACES = re.compile(
    r"(?i)^(cargo_home|cargo_target_dir|cargo_install_root|\w+_cache(_dir|_folder)?|npm_config_(prefix|tmp|globalconfig)"
    r"|pip_(target|prefix|root|user|log|src|build)|uv_(python_install_dir|python_bin_dir|tool_dir|tool_bin_dir"
    r"|install_dir|project_environment))$"
)
_SETUP_PASSED = re.compile(
    r"(?i)^(pip_\w+|uv_\w+|npm_config_\w+|yarn_\w+|cargo_\w+|goproxy|gosumdb|gonosumdb|goprivate|http_proxy|https_proxy"
    r"|no_proxy|all_proxy|ssl_cert_file|ssl_cert_dir|requests_ca_bundle|curl_ca_bundle|node_extra_ca_certs|git_ssl_cainfo)$"
)
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
    names = (*_ETC, *(_NETWORK_ETC if setup else ()))
    found = [path for name in names for path in Path("/etc").glob(name)]
    found += _toolchains(machine)
    found += profile.objects
    found += [Path(one).expanduser() for one in profile.read_only]
    if setup:
        found += _named_by_variables(machine)
    existing = dict.fromkeys(path for path in found if path.exists() and path not in _NEVER)
    return tuple(sorted(path for path in existing if not _inside_system(path)))


def system_mounts() -> tuple[tuple[str, str | None], ...]:
    """Return (path, link target or None) of the system directories of this machine."""
    return tuple(
        (name, str(Path(name).readlink()) if Path(name).is_symlink() else None)
        for name in _SYSTEM
        if Path(name).exists()
    )


def environment(
    profile: SandboxProfile, machine: Machine, *, setup: bool, home: str, setup_home: Path | None
) -> dict[str, str]:
    """Return the whole environment of a command: nothing secret, nothing that was not asked for.

    `setup_home` is where the command finds what setup left. A variable that is named in `profile.env` and looks like a
    credential is left out; one that is written there with its value is not.
    """
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
        env.update({name: value for name, value in machine.environ.items() if _for_setup(name)})
    elif profile.setup_home is not None and setup_home is not None:
        env.update(_caches(profile.setup_home, setup_home))
    for entry in profile.env:
        name, equals, value = entry.partition("=")
        if equals:
            env[name] = value
        elif name in machine.environ and not SECRET_NAME.search(name):
            env[name] = machine.environ[name]
    return env


def configuration_files(machine: Machine) -> tuple[tuple[Path, str], ...]:
    """Return the package managers' files of the person, each with its place below a HOME. Only setup sees them."""
    return tuple((machine.home / name, name) for name in _SETUP_FILES if (machine.home / name).is_file())


def configuration_variables(machine: Machine) -> dict[str, str]:
    """Return variables that point at the person's files where no mount can bring them into a HOME."""
    names = {"NPM_CONFIG_USERCONFIG": ".npmrc", "PIP_CONFIG_FILE": ".config/pip/pip.conf"}
    found = {name: machine.home / place for name, place in names.items() if name not in machine.environ}
    return {name: str(path) for name, path in found.items() if path.is_file()}


def _caches(kept: Path, seen: Path) -> dict[str, str]:
    """Point tools at what setup fetched: it is `kept` on the machine, and `seen` by the command, read-only."""
    places = {
        "CARGO_HOME": ".cargo",
        "GOMODCACHE": "go/pkg/mod",
        "UV_PYTHON_INSTALL_DIR": ".local/share/uv/python",
        "COREPACK_HOME": ".cache/node/corepack",
    }
    return {name: str(seen / place) for name, place in places.items() if (kept / place).is_dir()}


def _toolchains(machine: Machine) -> Iterable[Path]:
    yield from _roots(machine)
    for entry in machine.path:
        path = Path(entry)
        yield from _virtual_environment(path)
        # The programs that `npm install -g` makes are links to here, with a prefix of one's own too.
        yield path.parent / "lib" / "node_modules"
        if not path.is_relative_to(machine.home):
            yield path
            continue
        parts = path.relative_to(machine.home).parts
        yield from (machine.home / name for name in _TOOLCHAINS.get(parts[0], ())) if parts else ()
        if len(parts) > 1 or parts == ("bin",):
            yield path


def _roots(machine: Machine) -> Iterable[Path]:
    """Yield the roots of version managers whose programs are on PATH, wherever they are: each is passed by name too."""
    for name in _ROOTS:
        root = Path(machine.environ.get(name) or "/")
        if root.is_absolute() and not machine.home.is_relative_to(root):
            yield from (root for entry in machine.path if Path(entry).is_relative_to(root))


def _virtual_environment(path: Path) -> Iterable[Path]:
    """Yield the environment whose `bin` is on PATH and the interpreter below it: one without the other does not run."""
    if (path.parent / "pyvenv.cfg").is_file():
        yield path.parent
        interpreter = (path / "python").resolve()
        if interpreter.parent.name == "bin":
            yield interpreter.parent.parent


def _for_setup(name: str) -> bool:
    return bool(_SETUP_PASSED.match(name)) and not _PLACES.match(name)


def _named_by_variables(machine: Machine) -> Iterable[Path]:
    """Yield the files and folders that the package managers' variables point to: indexes, certificates."""
    resolv = Path("/etc/resolv.conf")
    if resolv.is_symlink():
        yield resolv.resolve()
    for name, value in machine.environ.items():
        if _for_setup(name):
            for word in value.split():
                path = Path(word.removeprefix("file://"))
                if path.is_absolute() and not machine.home.is_relative_to(path) and path.exists():
                    yield path


def _inside_system(path: Path) -> bool:
    return any(path.is_relative_to(name) for name in _SYSTEM)
