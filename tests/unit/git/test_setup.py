"""Setup runs once per checkout and digest, and what it made stays."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from ostinato.base.errors import MachineError
from ostinato.git.checkouts import Place, SetupPlan, acquire
from ostinato.verify.types import CommandResult
from tests.unit.git.conftest import Person


class Setups:
    """Runs setup commands with sh and counts them."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.exit_code: int | None = None

    async def __call__(self, command: str, checkout: Path, home: Path, timeout: float) -> CommandResult:
        self.ran.append((checkout.name, command))
        done = await asyncio.to_thread(
            subprocess.run, ["sh", "-c", command], cwd=checkout, capture_output=True, text=True, check=False
        )
        return CommandResult(done.returncode if self.exit_code is None else None, done.stdout, done.stderr, 0.1)


@pytest.fixture
def setups() -> Setups:
    return Setups()


def place_with(person: Person, tmp_path: Path, setups: Setups, *commands: str, inputs: tuple[str, ...] = ()) -> Place:
    return acquire(tmp_path / "state", person.repository(), SetupPlan(commands, inputs, 7.0), setups)


async def test_setup_runs_once_for_each_checkout(person: Person, tmp_path: Path, setups: Setups) -> None:
    place = place_with(person, tmp_path, setups, "echo one", "echo two")
    head = person.repository().head()
    for _ in range(2):
        for checkout in (place.work, place.proof):
            await checkout.reset(head)
            await place.ensure_setup(checkout)
    assert setups.ran == [(n, c) for n in ("work", "proof") for c in ("echo one", "echo two")]


async def test_setup_runs_again_when_an_input_or_a_command_changed(
    person: Person, tmp_path: Path, setups: Setups
) -> None:
    first = person.commit({"locks/a.lock": "1", "other": "1"})
    place = place_with(person, tmp_path, setups, "echo one", inputs=("locks/*.lock",))
    await place.work.reset(first)
    await place.ensure_setup(place.work)
    await place.work.reset(person.commit({"other": "2"}))
    await place.ensure_setup(place.work)
    assert len(setups.ran) == 1
    await place.work.reset(person.commit({"locks/a.lock": "2"}))
    await place.ensure_setup(place.work)
    assert len(setups.ran) == 2
    place.release()
    place = place_with(person, tmp_path, setups, "echo three", inputs=("locks/*.lock",))
    await place.work.reset(person.repository().head())
    await place.ensure_setup(place.work)
    assert setups.ran[-1] == ("work", "echo three")


async def test_what_setup_made_survives_resets_and_is_not_harvested(
    person: Person, tmp_path: Path, setups: Setups
) -> None:
    make = (
        "mkdir -p .venv node_modules 'odd [x]'; echo v > .venv/v; echo n > node_modules/n;"
        "echo o > 'odd [x]/!o'; echo c >> README.md"
    )
    place = place_with(person, tmp_path, setups, make)
    head = person.repository().head()
    await place.work.reset(head)
    await place.ensure_setup(place.work)
    # Tracked files that setup changed are put back.
    assert (place.work.path / "README.md").read_text() == "# A project\n"
    assert person.git("status", "--porcelain", cwd=place.work.path) == ""
    (place.work.path / "stray").write_text("x")
    assert (await place.harvest(head, ())).paths == ("stray",)
    await place.work.reset(head)
    made = {
        str(p.relative_to(place.work.path)) for p in place.work.path.rglob("*") if p.is_file() and ".git" not in p.parts
    }
    assert made == {"README.md", "src/app.py", ".gitignore", ".venv/v", "node_modules/n", "odd [x]/!o"}


async def test_a_file_that_setup_made_counts_when_the_agent_wrote_it(
    person: Person, tmp_path: Path, setups: Setups
) -> None:
    place = place_with(person, tmp_path, setups, "echo generated > package-lock.json")
    head = person.repository().head()
    await place.work.reset(head)
    await place.ensure_setup(place.work)
    assert (await place.harvest(head, ())).empty
    (place.work.path / "package-lock.json").write_text("by hand")
    assert (await place.harvest(head, (), frozenset({"package-lock.json"}))).paths == ("package-lock.json",)


async def test_a_failing_setup_says_what_failed_and_runs_again(person: Person, tmp_path: Path, setups: Setups) -> None:
    place = place_with(person, tmp_path, setups, "echo hello; echo 'no such package' >&2; exit 9")
    await place.work.reset(person.repository().head())
    for _ in range(2):
        with pytest.raises(MachineError, match=r"exit 9.*no such package.*\[setup\]"):
            await place.ensure_setup(place.work)
    assert len(setups.ran) == 2


async def test_a_setup_that_takes_too_long_is_told_so(person: Person, tmp_path: Path, setups: Setups) -> None:
    place = place_with(person, tmp_path, setups, "true")
    setups.exit_code = 0
    await place.work.reset(person.repository().head())
    with pytest.raises(MachineError, match="took longer than 7 s"):
        await place.ensure_setup(place.work)


async def test_setup_runs_again_when_the_checkout_was_lost(person: Person, tmp_path: Path, setups: Setups) -> None:
    place = place_with(person, tmp_path, setups, "mkdir node_modules")
    head = person.repository().head()
    await place.work.reset(head)
    await place.ensure_setup(place.work)
    (place.work.path / "node_modules").rmdir()
    for path in sorted(place.work.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    place.work.path.rmdir()
    place.work.path.write_text("a file")
    await place.work.reset(head)
    await place.ensure_setup(place.work)
    assert len(setups.ran) == 2


async def test_setup_cannot_lead_the_harness_out_of_the_checkout(
    person: Person, tmp_path: Path, setups: Setups
) -> None:
    (tmp_path / "trap" / "info").mkdir(parents=True)
    place = place_with(
        person,
        tmp_path,
        setups,
        f"rm -rf .git src; ln -s {tmp_path}/trap .git; ln -s {tmp_path}/trap src; echo x > made",
    )
    head = person.repository().head()
    await place.work.reset(head)
    await place.ensure_setup(place.work)
    assert [p for p in (tmp_path / "trap").rglob("*") if p.is_file()] == []
    assert person.git("status", "--porcelain", cwd=place.work.path) == ""
