"""Finds out by running it whether the sandbox holds on this machine, and names the fix where it does not."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ostinato.base.errors import MachineError
from ostinato.sandbox.bubblewrap import bubblewrap, sandbox_options
from ostinato.sandbox.profile import Machine, SandboxProfile

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_NAMESPACES = Path("/proc/sys/user/max_user_namespaces")
_CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")
_CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_INSTALL = {
    "debian": "apt install",
    "ubuntu": "apt install",
    "fedora": "dnf install",
    "rhel": "dnf install",
    "arch": "pacman -S",
    "alpine": "apk add",
    "suse": "zypper install",
    "opensuse": "zypper install",
    "gentoo": "emerge",
    "void": "xbps-install",
}
_LIMIT = 20.0


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """Whether bubblewrap runs here with all that we ask of it: the layers that hold, or the problem and its fix."""

    works: bool
    layers: tuple[str, ...] = ()
    problem: str = ""
    fix: str = ""


def probe() -> SandboxReport:
    """Run `true` exactly as a command would run."""
    if sys.platform != "linux":
        return SandboxReport(False, (), "it needs Linux", "use a Linux machine")
    try:
        program = bubblewrap()
    except MachineError:
        return SandboxReport(False, (), "it is not installed", f"install it: {install_command('bubblewrap')}")
    with tempfile.TemporaryDirectory() as folder:
        options = sandbox_options(SandboxProfile(), Machine.present(), Path(folder), setup_home=None)
        try:
            done = subprocess.run(
                [program, *options, "--", "/bin/sh", "-c", "true"], capture_output=True, timeout=_LIMIT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return SandboxReport(False, (), f"bubblewrap cannot run: {error}", "see its own message")
    if done.returncode == 0:
        layers = ("read-only root", "no network", "own processes", "no home", "no new namespaces", "no capabilities")
        return SandboxReport(True, layers)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    problem = said[-1] if said else f"exit {done.returncode}"
    return SandboxReport(False, (), problem, _fix(problem))


def require_sandbox() -> None:
    """Raise MachineError that names the choices when commands cannot run in the sandbox here."""
    report = probe()
    if report.works:
        return
    raise MachineError(
        f"commands run in bubblewrap, which does not work here: {report.problem}. Either "
        f"{report.fix}, or accept commands without a sandbox: OSTINATO_SANDBOX=none, or "
        'sandbox = "none" in your own configuration (never in the project\'s)'
    )


def install_command(package: str, os_release: Path = Path("/etc/os-release")) -> str:
    """Return how this distribution installs a package, in the words of its own tool."""
    try:
        lines = os_release.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    names = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".replace('"', "").split()
    return next((f"{_INSTALL[name]} {package}" for name in names if name in _INSTALL), f"the package {package}")


def _fix(problem: str) -> str:
    if "nknown option" in problem:
        return f"update bubblewrap to 0.8 or newer: {install_command('bubblewrap')}"
    if _says(_APPARMOR, "1"):
        return (
            "let AppArmor allow user namespaces to bwrap (a profile for /usr/bin/bwrap with `userns,`: man apparmor.d)"
        )
    if _says(_NAMESPACES, "0"):
        return "allow user namespaces: sysctl user.max_user_namespaces=15000"
    if _says(_CLONE, "0"):
        return "allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1"
    if any(place.exists() for place in _CONTAINERS):
        return (
            "start this container with a seccomp profile that allows user namespaces and with /proc unmasked "
            "(docker run --security-opt seccomp=PROFILE --security-opt systempaths=unconfined)"
        )
    return "allow unprivileged user namespaces (sysctl user.max_user_namespaces), or update bubblewrap to 0.8 or newer"


def _says(file: Path, value: str) -> bool:
    try:
        return file.read_text().strip() == value
    except OSError:
        return False
