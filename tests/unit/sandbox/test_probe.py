"""The probe runs the real thing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ostinato.base.errors import MachineError
from ostinato.sandbox.bubblewrap import bubblewrap
from ostinato.sandbox.probe import install_command, probe, require_sandbox


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a bwrap before the real one that fails as the real one does where user namespaces are forbidden."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    bubblewrap.cache_clear()


@pytest.fixture(autouse=True)
def _fresh() -> object:
    yield
    bubblewrap.cache_clear()


@pytest.mark.needs_bwrap
def test_the_layers_are_named_when_the_sandbox_runs() -> None:
    report = probe()
    assert report.works
    assert "no network" in report.layers
    require_sandbox()


@pytest.mark.usefixtures("broken")
def test_the_reason_and_a_fix_are_named_when_it_is_forbidden() -> None:
    report = probe()
    assert not report.works
    assert "Permission denied" in report.problem
    assert report.fix


@pytest.mark.usefixtures("broken")
def test_requiring_names_both_choices_when_it_does_not_run() -> None:
    with pytest.raises(MachineError, match=r"Permission denied.*OSTINATO_SANDBOX=none.*never in the project's"):
        require_sandbox()


def test_a_missing_program_is_told_from_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap.cache_clear()
    report = probe()
    assert (report.works, report.problem) == (False, "it is not installed")
    assert "bubblewrap" in report.fix


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ID=debian\n", "apt install bubblewrap"),
        ('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt install bubblewrap"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install bubblewrap"),
        ("ID=arch\n", "pacman -S bubblewrap"),
        ("ID=unheard-of\n", "the package bubblewrap"),
    ],
)
def test_the_package_is_named_as_the_distribution_installs_it(tmp_path: Path, text: str, command: str) -> None:
    (tmp_path / "os-release").write_text(text)
    assert install_command("bubblewrap", tmp_path / "os-release") == command
    assert install_command("bubblewrap", tmp_path / "absent") == "the package bubblewrap"


def test_a_bubblewrap_that_is_too_old_is_told_from_one_that_is_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: Unknown option --disable-userns' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    bubblewrap.cache_clear()
    assert "0.8 or newer" in probe().fix
