"""`ostinato demo`: the main job on a packaged example, played by the scripted model in a new git repository.

Everything but the model is real: the run is `ostinato run` in a process of its own, with its tools, sandbox, checks,
commits and landing. The example has a database, a state directory and a git identity of its own, so that neither the
person's data nor their git configuration is touched or needed. What the demo shows stands in `demo_files`: `goal.txt`,
`script.json` and `seed/`, where a name that begins with `dot_` stands for one that begins with a dot.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import MachineError, UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import clean_block, json_line, remark

if TYPE_CHECKING:
    from subprocess import CompletedProcess

FILES = Path(__file__).parent / "demo_files"
SAMPLE_RUN = ("python3", "-m", "almanac", "data/tidewick-2024.csv")
TEST_RUN = ("python3", "-m", "unittest", "discover")
_RULE = 78
# Settings of the person's that hold for any run on this machine; all else of ours and of git's is the demo's own.
_KEPT = frozenset({"OSTINATO_SANDBOX", "OSTINATO_DEBUG"})


@click.command(cls=Command, examples=["ostinato demo", "ostinato demo --directory ~/almanac", "ostinato --json demo"])
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make the repository here (new or empty); by default in a new temporary directory.",
)
@click.option("--keep", is_flag=True, help="Keep the checkouts and caches of the run too, which are removed otherwise.")
@pass_invocation
def demo(invocation: Invocation, directory: Path | None, keep: bool) -> int:
    """Plan, build and land a small real program in a new git repository. Needs no key, no network and no money.

    A scripted model says what a model would say; all else is what any run does. It ends with the handoff notes, the
    commits, the tests and the program's own output. The repository and the demo's database stay, to look around in.
    """
    return run_demo(invocation, directory, keep=keep)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one demo happens: the repository, and beside it what is Ostinato's."""

    repository: Path

    @property
    def beside(self) -> Path:
        """The directory of the demo's database and state."""
        return self.repository.with_name(self.repository.name + ".ostinato")

    @property
    def database(self) -> Path:
        """The demo's own database."""
        return self.beside / "ostinato.db"

    @property
    def state(self) -> Path:
        """The demo's own checkouts and caches."""
        return self.beside / "state"


def run_demo(invocation: Invocation, directory: Path | None, *, keep: bool) -> int:
    """Make the example, have it built, show what came of it. Returns the exit code of the run, 1 for red tests.

    Raises UsageError for a directory that holds something, MachineError where git or python3 is missing.
    """
    environment = demo_environment(os.environ)
    _require("git", "python3", path=environment["PATH"])
    place = make_place(directory)
    environment |= {
        "OSTINATO_DB": str(place.database),
        "XDG_STATE_HOME": str(place.state),
        "XDG_DATA_HOME": str(place.beside / "data"),
    }
    make_repository(place.repository, environment)
    if not invocation.json:
        _introduce(place)
    built = _build(place, environment, as_json=invocation.json)
    if built.returncode:
        if built.stdout:
            json_line(_whereabouts(place, built.stdout))
        remark(invocation, f"the demo's run ended with exit code {built.returncode}; it is in {place.repository}")
        return built.returncode
    green = _show(invocation, place, environment, built.stdout)
    if not keep:
        import shutil

        shutil.rmtree(place.state, ignore_errors=True)
    return 0 if green else 1


def _build(place: Place, environment: Mapping[str, str], *, as_json: bool) -> CompletedProcess[str]:
    """Plan, work and land, by the command line in a process of its own: literally the code of any run.

    Its progress and its messages go where ours go; stdout is kept with `as_json` only.
    """
    import subprocess

    arguments = [*("run", "--yes", "--land", "--autonomy", "full"), "--model", f"scripted:{FILES / 'script.json'}"]
    command = [*_ostinato(as_json=as_json), *arguments, (FILES / "goal.txt").read_text("utf-8")]
    with _interrupts_left_to_the_run():
        return subprocess.run(
            command,
            cwd=place.repository,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if as_json else None,
            encoding="utf-8",
            check=False,
        )


def _ostinato(*, as_json: bool = False) -> list[str]:
    # -P: what stands in the demo's repository must not be imported in our place.
    return [sys.executable, "-P", "-m", "ostinato", *(["--json"] if as_json else [])]


@contextmanager
def _interrupts_left_to_the_run() -> Iterator[None]:
    """Let Ctrl-C reach the run alone, which ends its step first; `subprocess.run` would kill it instead."""
    import signal

    # A handler, unlike SIG_IGN, is not inherited.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def make_place(directory: Path | None) -> Place:
    """Return a place whose repository directory exists and is empty, with nothing beside it. Raises UsageError."""
    if directory is None:
        import tempfile

        return Place(Path(tempfile.mkdtemp(prefix="ostinato-demo-")).resolve() / "almanac")
    place = Place(directory.expanduser().resolve())
    if not place.repository.name:
        raise UsageError(f"{directory} cannot hold the demo: name a directory that is new or empty")
    for path in (place.repository, place.beside):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{path} is not empty: name a directory for the demo that is new or empty")
    return place


def make_repository(repository: Path, environment: Mapping[str, str]) -> None:
    """Make a git repository that holds the seed in one commit, with an identity of its own. Raises MachineError."""
    try:
        lay_out_seed(repository)
    except OSError as error:
        raise MachineError(f"cannot write {error.filename or repository}: {error.strerror}") from error
    for arguments in (
        ("init", "--quiet"),
        # Not `init --initial-branch`, which git before 2.28 does not know.
        ("symbolic-ref", "HEAD", "refs/heads/main"),
        ("config", "user.name", "Ostinato Demo"),
        ("config", "user.email", "demo@ostinato.invalid"),
        # Forced: the person's ignore file must not thin out the seed.
        ("add", "--all", "--force"),
        ("commit", "--quiet", "--no-verify", "--message", "What we have, and what we want to see"),
    ):
        _git(repository, environment, *arguments)


def lay_out_seed(repository: Path) -> None:
    """Copy the seed's files into `repository`, made where it is missing."""
    seed = FILES / "seed"
    for source in sorted(seed.rglob("*")):
        # Installers compile the seed's modules.
        if source.is_dir() or "__pycache__" in source.parts:
            continue
        parts = [f".{part[4:]}" if part.startswith("dot_") else part for part in source.relative_to(seed).parts]
        target = repository.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())


def demo_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of everything that the demo starts: no setting of the person's runs, none of their git's.

    The interpreter that runs Ostinato comes first on PATH: it is new enough for the example, and no version manager
    has to find it again for each of the many checks.
    """
    kept = {
        name: value for name, value in environ.items() if name in _KEPT or not name.startswith(("OSTINATO_", "GIT_"))
    }
    path = kept.get("PATH") or os.defpath
    own = Path(sys.base_exec_prefix) / "bin"
    if (own / "python3").exists():
        path = f"{own}{os.pathsep}{path}"
    return {**kept, "PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _require(*programs: str, path: str) -> None:
    import shutil

    for program in programs:
        if shutil.which(program, path=path) is None:
            raise MachineError(f"the demo needs {program}, which is not on PATH: install it")


def _introduce(place: Place) -> None:
    click.echo(f"A new repository in {place.repository}")
    click.echo("The model is a script; the tools, the sandbox, the checks and the commits are real. The goal:\n")
    click.echo("\n".join(clean_block((FILES / "goal.txt").read_text("utf-8"))) + "\n")


def _show(invocation: Invocation, place: Place, environment: Mapping[str, str], run_document: str | None) -> bool:
    """Show notes, commits, tests and the program at work; tell whether the tests are green and the program ran."""
    notes = _notes(place, environment)
    log = _git(place.repository, environment, "log", "--oneline", "--graph")
    tests = _run(place, environment, TEST_RUN)
    page = _run(place, environment, SAMPLE_RUN)
    if invocation.json:
        json_line(_document(place, run_document, notes, log, tests, page))
    else:
        _section("Handoff notes: what the next session must know", notes)
        _section("git log --oneline --graph", log)
        _section(shlex.join(TEST_RUN), tests.stdout)
        _section(shlex.join(SAMPLE_RUN), page.stdout)
        _close(place)
    return tests.returncode == 0 and page.returncode == 0


def _document(
    place: Place,
    run_document: str | None,
    notes: str,
    log: str,
    tests: CompletedProcess[str],
    page: CompletedProcess[str],
) -> dict[str, Any]:
    return {
        **_whereabouts(place, run_document),
        "notes": notes,
        "log": log.splitlines(),
        "tests": {"exit_code": tests.returncode, "output": tests.stdout},
        "page": page.stdout,
    }


def _whereabouts(place: Place, run_document: str | None) -> dict[str, Any]:
    import json

    return {
        "directory": str(place.repository),
        "database": str(place.database),
        "run": json.loads(run_document or "null"),
    }


def _notes(place: Place, environment: Mapping[str, str]) -> str:
    done = _run(place, environment, [*_ostinato(), "notes"])
    if done.returncode:
        raise MachineError(f"the demo was built, but its notes cannot be read: {done.stdout.strip()}")
    return done.stdout


def _section(title: str, text: str) -> None:
    _rule(title)
    click.echo("\n".join(clean_block(text.rstrip("\n"), indent="")))


def _rule(title: str) -> None:
    click.echo("\n" + f"── {title} ".ljust(_RULE, "─"))


def _close(place: Place) -> None:
    ostinato = f"ostinato --db {shlex.quote(str(place.database))}"
    _rule("To look around")
    for line in (f"cd {shlex.quote(str(place.repository))}", "git log --stat", f"{ostinato} notes"):
        click.echo(f"  {line}")
    for words in ("status", "report", "search spell", "events --readable"):
        click.echo(f"  {ostinato} {words}")


def _run(place: Place, environment: Mapping[str, str], command: Sequence[str]) -> CompletedProcess[str]:
    """Run a command in the repository; stdout and stderr come together, as they would on a terminal."""
    import subprocess

    return subprocess.run(
        command,
        cwd=place.repository,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _git(repository: Path, environment: Mapping[str, str], *arguments: str) -> str:
    done = _run(Place(repository), environment, ["git", *arguments])
    if done.returncode:
        raise MachineError(f"git {arguments[0]} failed in {repository}: {done.stdout.strip() or 'it said nothing'}")
    return done.stdout
