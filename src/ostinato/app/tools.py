"""Binds the agents' tools to a place, a sandbox and the store; a profile says which of them are offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ostinato.agent.ports import Tools
from ostinato.agent.profiles import Profile, who_plans
from ostinato.base.ids import IterationId
from ostinato.graph.actors import Actor
from ostinato.graph.iterations import Claim
from ostinato.graph.plan import Critique
from ostinato.graph.sessions import Session
from ostinato.loop.workbench import AskPerson, CoderTools, Critic, DraftCheck, PlannerTools
from ostinato.tools.critique import CritiqueBook
from ostinato.tools.files import FileTools
from ostinato.tools.graph_reading import GraphReading
from ostinato.tools.graph_writing import GraphWriting
from ostinato.tools.on_demand import ON_DEMAND
from ostinato.tools.outputs import Outputs
from ostinato.tools.paths import Checkout
from ostinato.tools.planning import PlanBuilder, ask_tool
from ostinato.tools.scoped import within
from ostinato.tools.search import search_tool
from ostinato.tools.shell import shell_tool
from ostinato.tools.signal import signal_tool
from ostinato.tools.tool import Tool
from ostinato.tools.toolbox import Toolbox
from ostinato.tools.verdict import VerdictBook

if TYPE_CHECKING:
    from ostinato.app.opening import Opened
    from ostinato.git.checkouts import Place
    from ostinato.verify.types import CommandRunner


def coder_tools_for(
    opened: Opened, place: Place, runner: CommandRunner
) -> Callable[[Claim, Profile, IterationId, Session], CoderTools]:
    """Return what makes the tools of one iteration."""

    def make(claim: Claim, profile: Profile, iteration: IterationId, session: Session) -> CoderTools:
        checkout = Checkout(place.work.path)
        outputs = Outputs(place.work.path.parent / "outputs")
        files, book = FileTools(checkout, outputs), VerdictBook()
        writing = GraphWriting(
            opened.bridge, claim, session.goal_id, Actor(f"agent:{profile.called}", session.id, iteration)
        )
        offered = (
            *_reading(opened, checkout, files, session, outputs),
            *files.writing(),
            shell_tool(runner, place.work.path, outputs),
            *writing.tools(),
            book.tool(),
            signal_tool(),
        )
        return CoderTools(
            _box(profile, offered),
            lambda: frozenset(files.written),
            lambda: writing.children,
            lambda: writing.recorded,
            book.opinion,
            outputs.clear,
        )

    return make


def planner_tools_for(opened: Opened, place: Place) -> Callable[[DraftCheck, AskPerson | None, Session], PlannerTools]:
    """Return what makes the tools of one planning conversation; `ask_user` only where there is a person."""

    def make(check: DraftCheck, ask: AskPerson | None, session: Session) -> PlannerTools:
        checkout = Checkout(place.work.path)
        files = FileTools(checkout)
        builder = PlanBuilder(check)
        offered = (
            *_reading(opened, checkout, files, session),
            *((ask_tool(ask),) if ask else ()),
            *builder.tools(),
            signal_tool(),
        )
        box = _box(who_plans(opened.crew.profile("planner"), asks=ask is not None), offered)
        return PlannerTools(box, builder.draft, builder.adopt, builder.replay)

    return make


def critic_for(opened: Opened, place: Place) -> Critic | None:
    """Return the critic where the person asked for one."""
    if opened.critic is None:
        return None

    def make(session: Session) -> tuple[Tools, Callable[[], Critique | None]]:
        checkout = Checkout(place.work.path)
        files, book = FileTools(checkout), CritiqueBook()
        offered = (
            *_reading(opened, checkout, files, session),
            book.tool(),
        )
        return _box(opened.crew.profile("critic"), offered), book.critique

    return Critic(opened.critic, make, opened.crew.quote_of("critic"))


def _reading(
    opened: Opened, checkout: Checkout, files: FileTools, session: Session, outputs: Outputs | None = None
) -> Iterator[Tool]:
    """Yield what every agent may read with: the files of its checkout, and the graph."""
    yield from files.reading()
    yield search_tool(checkout, outputs)
    yield from files.conventions()
    yield from GraphReading(opened.bridge, opened.project.id, session.goal_id).tools()


def _box(profile: Profile, offered: Iterable[Tool]) -> Toolbox:
    """Return the tools that the profile grants, in its order and its scopes; one that nobody offers is a bug."""
    known = {tool.name: within(tool, profile.scopes, profile.called) for tool in offered}
    later: frozenset[str] = ON_DEMAND if "write_file" in profile.tools else frozenset()
    return Toolbox((known[name] for name in profile.tools), later)
