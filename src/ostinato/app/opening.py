"""Opens the adapters for one run, in the order in which a person wants to hear what is missing, and ties them up.

Repository, settings, model and key, identity, sandbox: each is looked at before anything is made. Then the database,
and last a place for checkouts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.agent.circles import CircleLimits
from ostinato.agent.facts import BriefingRules
from ostinato.agent.ports import Model, OnRetry
from ostinato.app.budgets import goal_budget, task_budget
from ostinato.app.conventions import near_conventions, root_conventions
from ostinato.app.crew import SessionCrew
from ostinato.app.models import most_output, open_role, stronger_specs
from ostinato.app.sharing import share
from ostinato.base.clock import Clock, SystemClock
from ostinato.base.errors import MachineError
from ostinato.base.ids import IterationId, NodeId
from ostinato.base.process import current_process
from ostinato.chat.messages import Reply, Request
from ostinato.config.load import load_settings
from ostinato.config.paths import database_path, state_directory, user_config_file
from ostinato.config.profile_files import load_profiles
from ostinato.config.settings import Settings
from ostinato.git.checkouts import Place, SetupPlan, acquire
from ostinato.git.goal_branch import GitGoalBranch, commit_message
from ostinato.git.moving import finish_cut_move
from ostinato.git.repository import Objects, Repository
from ostinato.graph.budgets import Quote, no_price
from ostinato.graph.projects import Project
from ostinato.graph.types import Check, Node
from ostinato.loop.bridge import ThreadBridge
from ostinato.loop.limits import SessionLimits
from ostinato.loop.ports import Progress
from ostinato.loop.workbench import Policy, Workbench
from ostinato.sandbox.bubblewrap import BubblewrapRunner
from ostinato.sandbox.direct import DirectRunner
from ostinato.sandbox.probe import require_sandbox
from ostinato.sandbox.profile import SandboxProfile

if TYPE_CHECKING:
    from ostinato.app.recording import Recorder
    from ostinato.loop.interruption import Interruption
    from ostinato.store.store import Store

Runner = BubblewrapRunner | DirectRunner


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the person chose on the command line; None where nothing was said. `max_time` in seconds."""

    database: Path | None = None
    project: str | None = None
    model: str | None = None
    fallback: str | None = None
    autonomy: str | None = None
    max_iterations: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    max_time: float | None = None
    critique: bool = False
    record: Path | None = None
    record_over: bool = False
    record_more: bool = False


@dataclass(slots=True)
class Opened:
    """The adapters of one run. `place` is taken when the first checkout is needed; `branch` can commit from then on."""

    database: Path
    repository: Repository
    settings: Settings
    limits: SessionLimits
    model: Model | None
    project: Project
    store: Store
    bridge: ThreadBridge[Store]
    branch: GitGoalBranch
    state: Path
    crew: SessionCrew
    place: Place | None = None
    critic: Model | None = None
    recorder: Recorder | None = None
    stronger: Model | None = None
    quote: Quote = no_price

    async def close(self) -> None:
        """Release everything; a second time does nothing."""
        if self.place is not None:
            self.place.release()
        for model in filter(None, (self.model, self.critic, self.stronger)):
            await model.close()
        await self.crew.close()
        self.bridge.close()
        self.store.db.close()
        if self.recorder is not None:
            self.recorder.close()


def open_adapters(options: JobOptions, role: str | None, clock: Clock) -> Opened:
    """Open what a run needs. `role` (planner, coder) says whose model; None for no model.

    Raises UsageError, ConfigError or MachineError before anything was made.
    """
    from ostinato.store.store import open_store

    environ = os.environ
    database = options.database or database_path(environ)
    repository = Repository.find(_project_path(options, database))
    finish_cut_move(repository)
    settings = load_settings(repository.top, user_config_file(environ), environ).settings
    limits = _limits(options, settings)
    library = load_profiles(repository.top, user_config_file(environ), settings.models, environ)
    crew = SessionCrew(library, settings.models, limits, clock, environ, (options.model, options.fallback))
    model = None if role is None else crew.open(role)
    critic = crew.open("critic") if role == "planner" and options.critique else None
    strong = stronger_specs(settings.models, model=options.model) if role == "coder" else ()
    stronger = open_role(settings.models, strong, limits, env=environ, clock=clock) if strong else None
    repository.identity()
    if settings.sandbox.mode != "none":
        require_sandbox()
    recorder = _recorder(options)
    store = _recorded_store(database, recorder) if recorder else open_store(database, SystemClock(), create=True)
    project = store.projects.add(str(repository.top))
    state = state_directory(environ) / "checkouts" / project.id
    branch = GitGoalBranch(repository)
    if options.autonomy:
        settings = replace(settings, autonomy=options.autonomy)
    bridge = recorder.bridge(store) if recorder else ThreadBridge(store)
    opened = Opened(database, repository, settings, limits, model, project, store, bridge, branch, state, crew)
    opened.critic, opened.stronger = critic, stronger
    opened.quote = no_price if role is None else crew.quote_of(role)
    if recorder is not None:
        opened.recorder = recorder
        opened.model = model and recorder.model(model, role or "")
        opened.critic = critic and recorder.model(critic, "critic")
        opened.stronger = stronger and recorder.model(stronger, role or "")
    return opened


def _recorder(options: JobOptions) -> Recorder | None:
    """Return what records the run, where the person asked for it; last of all, since it makes a file."""
    if options.record is None:
        return None
    from ostinato.app.recording import Recorder

    return Recorder(options.record, replacing=options.record_over, append=options.record_more)


def _recorded_store(database: Path, recorder: Recorder) -> Store:
    from ostinato.store.store import open_store

    return open_store(database, recorder.clock("store"), create=True, new_id=recorder.new_id)


def open_bench(opened: Opened, interruption: Interruption, show: Progress) -> Workbench:
    """Take a place for checkouts and tie everything together for a session."""
    from ostinato.app.tools import coder_tools_for, critic_for, planner_tools_for

    settings, repository = opened.settings, opened.repository
    runner = runner_for(repository, settings, None)
    place = acquire(opened.state, repository, setup_plan(settings), runner.run_setup)
    opened.place = place
    opened.branch = opened.branch.using(place.workshop)
    runner = runner_for(repository, settings, place.home)
    bench = Workbench(
        project=opened.project,
        agent="coder",
        store=opened.bridge,
        model=opened.model or _NoModel(),
        places=place,
        branch=opened.branch,
        files=Objects(place.workshop_git),
        runner=runner,
        coder_tools=coder_tools_for(opened, place, runner),
        planner_tools=planner_tools_for(opened, place),
        conventions=lambda: root_conventions(repository),
        conventions_near=lambda scope: near_conventions(repository, scope),
        process=current_process(),
        clock=SystemClock(),
        policy=_policy(settings, opened.limits),
        interruption=interruption,
        progress=show,
        commit_message=_message,
        share=lambda: _share(opened, show),
        critic=critic_for(opened, place),
        crew=opened.crew,
        stronger=opened.stronger,
        quote=opened.quote,
    )
    return bench if opened.recorder is None else opened.recorder.bench(bench)


async def _share(opened: Opened, show: Progress) -> None:
    for said in await opened.bridge(lambda store: share(store, opened.project)):
        show(said)


class _NoModel:
    """Stands where a run asks no model; asking it is a bug."""

    name = "none"
    context_window = 0

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Refuse."""
        raise AssertionError("this run asks no model")

    async def close(self) -> None:
        """Do nothing."""


def _project_path(options: JobOptions, database: Path) -> Path:
    """Return the registered project's path, or the present directory."""
    if options.project is None:
        return Path.cwd()
    from ostinato.app import open_store_for

    store = open_store_for(database, create=False)
    try:
        project = store.projects.get(options.project)
    finally:
        store.db.close()
    if not Path(project.path).is_dir():
        raise MachineError(f"the repository of project {project.name} is not at {project.path} any more: put it back")
    return Path(project.path)


def _limits(options: JobOptions, settings: Settings) -> SessionLimits:
    said = settings.limits
    minutes = None if said.session_minutes is None else said.session_minutes * 60
    return SessionLimits(
        iterations=options.max_iterations or said.session_iterations,
        tokens=options.max_tokens or said.session_tokens,
        cost=options.max_cost or said.session_cost,
        seconds=options.max_time or minutes,
    )


def _policy(settings: Settings, limits: SessionLimits) -> Policy:
    said = settings.limits
    return Policy(
        steps=said.steps,
        tokens=said.tokens,
        seconds=said.minutes * 60,
        attempts=said.attempts,
        check_timeout=settings.verify.timeout,
        proof_cap=settings.verify.proof_cap,
        project_checks=tuple(Check(command) for command in settings.verify.commands),
        protected=settings.protected,
        gates=settings.verify.gates,
        limits=limits,
        briefing=BriefingRules(
            settings.briefing.tokens,
            timedelta(days=settings.briefing.full_days),
            timedelta(days=settings.briefing.outcome_days),
        ),
        circles=CircleLimits(settings.circles.repeats, settings.circles.end, settings.circles.idle),
        park_after=settings.circles.attempts,
        asks=settings.autonomy != "full",
        cost=said.cost,
        goal_budget=goal_budget(said),
        task_budget=task_budget(said),
        most_output=most_output(settings.models),
    )


def setup_plan(settings: Settings) -> SetupPlan:
    """Return `[setup]` as checkouts take it."""
    return SetupPlan(settings.setup.commands, settings.setup.inputs, settings.setup.timeout)


def runner_for(repository: Repository, settings: Settings, home: Path | None) -> Runner:
    """Return what runs commands for this repository; `home` is the one that setup fills, None before there is one."""
    sandbox = settings.sandbox
    profile = SandboxProfile(
        objects=repository.object_directories(),
        read_only=sandbox.read_only,
        env=sandbox.env,
        setup_home=home if settings.setup.commands else None,
    )
    return DirectRunner(profile) if sandbox.mode == "none" else BubblewrapRunner(profile)


def _message(task: Node, said: str, goal: NodeId, iteration: IterationId) -> str:
    return commit_message(task.title, said, goal, task.id, iteration)
