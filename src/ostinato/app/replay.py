"""`ostinato replay`: runs a recorded session again, offline, and says where it goes another way.

The loop, the briefings, the verdicts, the tools of the graph and the database are real, and made anew in a directory
that goes away. Models, clocks, ids, files, commands, checks, git and setup come from the recording, in their order.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from ostinato.agent.profile_rules import Library, Resolved
from ostinato.agent.profiles import Profile
from ostinato.app.crew import SessionCrew
from ostinato.app.lanes import LaneBridge
from ostinato.app.opening import Opened, open_bench
from ostinato.app.recording import NOT_KEPT, changes, through
from ostinato.app.replay_side import Apart, Cut, Enough, Playback, ReplayClock, ReplayModel, rows_text
from ostinato.base.clock import SystemClock
from ostinato.base.errors import ConfigError, DatabaseError, MachineError, OstinatoError
from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.config.load import load_settings
from ostinato.config.paths import user_config_file
from ostinato.config.profile_files import load_profiles
from ostinato.config.settings import SandboxSettings, Settings
from ostinato.git.goal_branch import GitGoalBranch
from ostinato.git.repository import Repository
from ostinato.git.run import Git
from ostinato.loop.interruption import Interruption
from ostinato.loop.limits import SessionLimits
from ostinato.loop.ralph import ralph
from ostinato.models.recording_file import Redacted, Section, read_recording
from ostinato.store.snapshots import Flat, Rows, flat, made_of, newest_session, rows_of
from ostinato.store.store import open_store

if TYPE_CHECKING:
    from ostinato.graph.types import Node

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found. `apart` is the first difference, None where there was none.

    `requests` and `iterations` count what was compared and found equal; `whole` tells whether the recording has an end,
    `stopped` how the session ended there, "" where the replay did not get so far. `changed_prompts` are the prompt
    files that are not those of the recording.
    """

    goal: str
    iterations: int
    requests: int
    whole: bool
    stopped: str
    apart: Apart | None
    changed_prompts: tuple[str, ...] = ()


async def replay_file(path: Path, until: int | None = None, library: Library | None = None) -> list[Replayed]:
    """Replay each ralph session of the file, up to the first that differs; stop each after iteration `until`.

    `library` stands in the place of the recorded profiles. Raises ConfigError for a file that is no recording or holds
    no ralph session, naming the line where one is wrong.
    """
    sections = [section for section in read_recording(path) if section.head["mode"] == "ralph"]
    if not sections:
        raise ConfigError(f"{path} holds no ralph session: a plan session is played with --model scripted:{path}")
    found: list[Replayed] = []
    for section in sections:
        try:
            found.append(await _replayed(section, until, library))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"recording {path} is malformed: {type(error).__name__}: {error}") from error
        if found[-1].apart is not None:
            break
    return found


async def _replayed(section: Section, until: int | None, library: Library | None) -> Replayed:
    if not any(line.kind == "begin" for line in section.lines):
        raise ConfigError("the recording was cut off before its session began: there is nothing to replay")
    with tempfile.TemporaryDirectory(prefix="ostinato-replay-", ignore_cleanup_errors=True) as folder:
        play = Playback(section)
        opened = _opened(Path(folder), section, play, library)
        try:
            return await _Replay(section, play, opened, until).run()
        finally:
            await opened.close()


class _Replay:
    """One session, played again."""

    def __init__(self, section: Section, play: Playback, opened: Opened, until: int | None) -> None:
        self._section = section
        self._play = play
        self._opened = opened
        self._until = until
        self._cut = Redacted({})
        self._expected: Flat = {}

    async def run(self) -> Replayed:
        interruption = Interruption()
        opened, play = self._opened, self._play
        clock = ReplayClock("loop", play, interruption.ask)
        model = ReplayModel(str(self._section.head.get("model", "")), play)
        bench = open_bench(opened, interruption, lambda _what, _session=None: None)
        bench = through(bench, play, clock, self._compared, model)
        bench = replace(bench, agent=str(self._section.head["agent"]), critic=None)
        goal: Node = await opened.bridge(lambda s: s.graph.get(NodeId(str(self._section.head["goal"]))))
        self._expected = await self._state(SessionId(""))
        play.lane.enter()
        stopped, apart = "", None
        try:
            end = await ralph(bench, goal)
            play.lane.leave()
            stopped = end.stop.reason.value
            apart = await self._ended(stopped, end.stop.detail)
        except Apart as found:
            apart = found
        except (Cut, Enough):
            pass
        except OstinatoError as error:
            apart = Apart("run", f"the replay ended with an error that the recording does not have: {error.message}")
        finally:
            play.lane.leave()
        if apart is not None:
            apart.iteration = apart.iteration or play.iterations + 1
        whole, goal_id = self._section.whole, str(goal.id)
        return Replayed(goal_id, play.iterations, play.requests, whole, stopped, apart, play.changed_prompts())

    async def _compared(self) -> None:
        """Stands where the graph is shared after each iteration: compares it with the recording."""
        line = self._play.next_iteration()
        await self._equal(line, self._play.iterations + 1)
        self._play.iterations += 1
        self._play.step = 0
        if self._until is not None and self._play.iterations >= self._until:
            raise Enough

    async def _ended(self, stopped: str, detail: str) -> Apart | None:
        line = self._play.end()
        if line is None:
            return None
        said, says = f"{line['stopped']}: {line['detail']}", f"{stopped}: {self._cut.text(detail)}"
        if said != says:
            return Apart("run", f"the session ended otherwise\n-{said}\n+{says}")
        try:
            await self._equal(line["rows"], 0)
        except Apart as found:
            return found
        left = self._play.left()
        return Apart("run", f"the session ended before the recording does: {left}") if left else None

    async def _equal(self, rows: Mapping[str, Any], iteration: int) -> None:
        now = await self._state(None)
        expected = {**self._expected, **rows}
        wanted: Flat = {key: row for key, row in expected.items() if row is not None}
        if differing := sorted(changes(wanted, now)):
            raise Apart(
                "graph",
                rows_text({key: wanted.get(key) for key in differing}, {key: now.get(key) for key in differing}),
                iteration,
            )
        self._expected = wanted

    async def _state(self, session: SessionId | None) -> Flat:
        project = self._opened.project.id
        rows = await self._opened.bridge(
            lambda s: flat(rows_of(s.db, project, newest_session(s.db, project) if session is None else session))
        )
        cut: Flat = self._cut.value(rows)
        return cut


def _opened(folder: Path, section: Section, play: Playback, library: Library | None) -> Opened:
    """Return adapters over a database that holds the recorded rows, and over an empty repository."""
    database = folder / "replay.db"
    rows: Rows = {}
    for line in section.lines:
        if line.kind == "rows":
            rows.setdefault(str(line.fields["table"]), []).extend(line.fields["rows"])
    try:
        made_of(database, rows, SystemClock())
    except DatabaseError as error:
        raise ConfigError(f"the recording cannot be replayed: {error.message}") from error
    store = open_store(database, ReplayClock("store", play), create=True, new_id=play.new_id)
    # A file from elsewhere says nothing of whom to tell and of what to reach.
    said = {name: value for name, value in section.head["settings"].items() if name not in NOT_KEPT}
    settings = restored(Settings, said)
    settings = replace(settings, sandbox=SandboxSettings())
    limits = restored(SessionLimits, section.head["limits"])
    project = store.projects.get(ProjectId(str(section.head["project"])))
    repository = _empty_repository(folder / "repo")
    bridge = LaneBridge(store, play.lane)
    branch, state = GitGoalBranch(repository), folder / "checkouts"
    crew = SessionCrew(library or _library(section.head["profiles"]), settings.models, limits, SystemClock(), {})
    opened = Opened(database, repository, settings, limits, None, project, store, bridge, branch, state, crew)
    opened.quote = crew.quote_of("coder")
    return opened


def library_here() -> Library:
    """Return the profiles as they hold in the present directory now. Raises ConfigError for a file that is wrong."""
    user_file = user_config_file(os.environ)
    code, top = Git(Path.cwd()).code("rev-parse", "--show-toplevel")
    project = Path(top) if code == 0 and top else None
    return load_profiles(project, user_file, load_settings(project, user_file, os.environ).settings.models, os.environ)


def _library(profiles: Mapping[str, Any]) -> dict[str, Resolved]:
    """Return the recorded profiles: their texts in files of the program are read anew."""
    return {name: Resolved(restored(Profile, value), {}) for name, value in profiles.items()}


def _empty_repository(top: Path) -> Repository:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=replay", "-c", "user.email=replay@ostinato.invalid")
    for arguments in (
        ("init", "--quiet", str(top)),
        ("-C", str(top), *who, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "Nothing"),
    ):
        try:
            subprocess.run(["git", *arguments], env=environment, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MachineError(f"git cannot make a repository in {top}: {error}") from error
    return Repository.find(top)


def restored(cls: type[D], values: Mapping[str, Any]) -> D:
    """Return a frozen dataclass from the JSON values that `asdict` gave; unknown ones are left out."""
    hints = get_type_hints(cls)
    found: dict[str, Any] = {}
    for one in fields(cls):  # type: ignore[arg-type]
        if one.name in values:
            found[one.name] = _as(hints[one.name], values[one.name])
    return cls(**found)


def _as(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return restored(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if get_origin(hint) is tuple and isinstance(value, list):
        inner = get_args(hint)[0]
        return tuple(_as(inner, item) for item in value)
    return value
