"""A worker's place outside the repository: `work` for the agent, `proof` for the harness, and setup in both.

Places are slots below the state directory, taken by an OS lock that dies with the process, and reused as CI runners do:
reset to the base, untracked files removed, ignored ones and what setup made kept.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.base.errors import MachineError
from ostinato.base.globs import matches
from ostinato.git.harvest import harvest
from ostinato.git.lfs import lfs_of_person
from ostinato.git.repository import Repository, alternates
from ostinato.git.run import Git
from ostinato.git.submodules import object_directories_of_submodules
from ostinato.git.worktree import Sources, Trees, Worktree
from ostinato.verify.types import Change, CommandResult

if TYPE_CHECKING:
    from ostinato.loop.ports import Checkout, Checkouts

RunSetup = Callable[[str, Path, Path, float], Awaitable[CommandResult]]
"""Runs one setup command: (command, checkout, home, time limit in seconds)."""

_TAIL = 12
_SPECIAL = re.compile(rb"[\\*?\[ !#]")


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """The commands that make a checkout usable, the globs of the files that they depend on, seconds for each."""

    commands: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    timeout: float = 1800.0


class Place:
    """One slot, held. Implements `loop.ports.Checkouts`."""

    def __init__(self, folder: Path, lock: int, repository: Repository, setup: SetupPlan, run_setup: RunSetup) -> None:
        objects = repository.object_directories()
        self.workshop = folder / "workshop.git"
        self.home = folder / "home"
        self._folder = folder
        self._lock = lock
        self._setup = setup
        self._run_setup = run_setup
        self.home.mkdir(parents=True, exist_ok=True)
        form = repository.object_format()
        common = repository.common_dir
        _make_workshop(self.workshop, (*objects, *object_directories_of_submodules(common)), form)
        trees = Trees()
        sources = Sources(lfs_of_person(Git(repository.top, own_config=True), common), common)
        self._trees = {
            name: Worktree(folder / name, self.workshop, objects, form, trees, sources) for name in ("work", "proof")
        }
        self.work: Checkout = self._trees["work"]
        self.proof: Checkout = self._trees["proof"]

    @property
    def workshop_git(self) -> Git:
        """Git in the harness's own directory, which sees the person's objects and its own."""
        return Git(self.workshop, {"GIT_DIR": str(self.workshop)})

    async def harvest(self, base: str, scope: tuple[str, ...], written: frozenset[str] = frozenset()) -> Change:
        """Take the tree out of `work`; see `git.harvest`."""
        return await asyncio.to_thread(harvest, self._trees["work"], base, scope, written)

    async def ensure_setup(self, checkout: Checkout) -> None:
        """Run the setup commands in `checkout` unless they ran there for the same commands and inputs."""
        if not self._setup.commands:
            return
        tree = self._trees[checkout.path.name]
        digest = await asyncio.to_thread(_digest, tree, self._setup)
        if tree.setup_stamp.is_file() and tree.setup_stamp.read_text() == digest:
            return
        tree.setup_stamp.unlink(missing_ok=True)
        for command in self._setup.commands:
            result = await self._run_setup(command, tree.path, self.home, self._setup.timeout)
            if result.exit_code != 0:
                raise MachineError(_setup_failed(command, result, self._setup.timeout))
        await asyncio.to_thread(_keep_what_setup_made, tree)
        tree.setup_stamp.write_text(digest)

    def release(self) -> None:
        """Give the slot back; a second time does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def acquire(state: Path, repository: Repository, setup: SetupPlan, run_setup: RunSetup) -> Place:
    """Take the first free slot below `state`. Raises MachineError when the directory cannot be written."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 0
        while True:
            lock = os.open(state / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                number += 1
                continue
            return Place(state / f"slot-{number}", lock, repository, setup, run_setup)
    except OSError as error:
        raise MachineError(
            f"cannot make checkouts in {state}: {error.strerror}: check its space and permissions"
        ) from error


def setup_states(state: Path, setup: SetupPlan) -> list[bool]:
    """Return for each checkout below `state` in which setup ran whether it is still what would run now. Reads only."""
    found = []
    for stamp in sorted(state.glob("slot-*/*.setup")):
        tree = Worktree(stamp.with_suffix(""), stamp.parent / "workshop.git", ())
        try:
            found.append(stamp.read_text() == _digest(tree, setup))
        except (MachineError, OSError):
            found.append(False)  # a checkout that a run is changing at this moment
    return found


def _digest(tree: Worktree, setup: SetupPlan) -> str:
    digest = hashlib.sha256("\0".join(setup.commands).encode())
    names = tree.git.raw("ls-files", "-z").split(b"\0")
    for raw in names:
        name = raw.decode("utf-8", "surrogateescape")
        if raw and matches(name, setup.inputs):
            path = tree.path / name
            digest.update(b"\0" + raw + b"\0")
            digest.update(path.read_bytes() if path.is_file() and not path.is_symlink() else b"")
    return digest.hexdigest()


def _make_workshop(path: Path, objects: tuple[Path, ...], object_format: str) -> None:
    """Make the harness's bare git directory, or repair it after a crash: it holds nothing that is needed later."""
    # A power cut may leave files without their content.
    if path.is_dir() and not Git(path, {"GIT_DIR": str(path)}).succeeds("rev-parse", "--git-dir"):
        shutil.rmtree(path)
    if not (path / "HEAD").is_file():
        path.mkdir(parents=True, exist_ok=True)
        Git(path).run("init", "-q", "--bare", "--template=", f"--object-format={object_format}", str(path))
    (path / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (path / "objects" / "info" / "alternates").write_bytes(alternates(objects))


def _keep_what_setup_made(tree: Worktree) -> None:
    """Restore tracked files that setup changed, and note its untracked ones so that no reset removes them."""
    made = tree.git.raw("ls-files", "-z", "--others", "--exclude-standard", "--directory", config=tree.exclusion)
    known = {line for line in tree.excludes.read_bytes().split(b"\n") if line}
    # A pattern cannot say a line break: such a file is removed again, as any other stray one.
    known.update(b"/" + _SPECIAL.sub(rb"\\\g<0>", name) for name in made.split(b"\0") if name and b"\n" not in name)
    tree.excludes.write_bytes(b"".join(line + b"\n" for line in sorted(known)))
    tree.git.run("checkout-index", "-f", "-a")
    tree.make_git()


def _setup_failed(command: str, result: CommandResult, timeout: float) -> str:
    how = f"took longer than {timeout:.0f} s" if result.exit_code is None else f"failed (exit {result.exit_code})"
    last = " | ".join((result.stdout + result.stderr).strip().splitlines()[-_TAIL:])
    return f"the setup command `{command}` {how}: {last or 'no output'}; mend [setup] in .ostinato/config.toml"


if TYPE_CHECKING:

    def _fits(place: Place) -> Checkouts:
        return place
