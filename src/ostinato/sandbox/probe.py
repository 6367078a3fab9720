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
        return SandboxReport(False, (), "it is not installed", "install the package bubblewrap (apt, dnf, pacman …)")
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
    return SandboxReport(False, (), said[-1] if said else f"exit {done.returncode}", _fix())


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


def _fix() -> str:
    if _APPARMOR.exists() and _APPARMOR.read_text().strip() == "1":
        return (
            "let AppArmor allow user namespaces to bwrap (a profile for /usr/bin/bwrap with `userns,`: man apparmor.d)"
        )
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "start this container with a seccomp profile that allows user namespaces"
    return "allow unprivileged user namespaces (sysctl user.max_user_namespaces), or update bubblewrap to 0.8 or newer"
